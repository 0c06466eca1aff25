using System.Diagnostics;
using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using OpsBro.Core.Checks;
using OpsBro.Core.Dns;
using OpsBro.Dns;

namespace OpsBro.Benchmarks;

/// <summary>
/// The DNS server over nodes that are made up, for dnsperf and for a comparison with other decoders:
/// <c>dns-server PORT [NODES [GROUPS [FORWARDER]]]</c>. Node 7 of 50 groups is <c>node0007</c>, 10.0.0.8 and fd00::7, in <c>group07</c>, with
/// the service <c>web</c> on port 8080. It prints a line when it listens, ends with its standard
/// input, and answers each line of that with its queries by UDP, its faults, and the bytes that the process allocated.
/// </summary>
static class DnsServing
{
    public static int Run(string[] args)
    {
        int Number(int at, int otherwise) => args.Length > at ? int.Parse(args[at], CultureInfo.InvariantCulture) : otherwise;
        var (port, nodes, groups) = (Number(0, DnsOptions.DefaultPort), Number(1, 1_000), Number(2, 50));
        var options = new DnsOptions { IsEnabled = true, Port = port, Forwarders = args.Length > 3 ? [IPEndPoint.Parse(args[3])] : [] };
        DnsNode[] all = [.. Enumerable.Range(0, nodes).Select(i => NodeOf(i, groups))];
        var settings = new DnsZoneSettings { Serial = 1, Server = [IPAddress.Loopback] };
        for (var i = 0; i < 30; i++) DnsZone.Of(all, settings);   // compiled
        var began = Stopwatch.GetTimestamp();
        var zone = DnsZone.Of(all, settings);
        var took = Stopwatch.GetElapsedTime(began);
        using var server = new DnsServer(options, zone, TimeProvider.System, NullLogger.Instance);
        server.Open();
        foreach (var problem in server.Problems) Console.Error.WriteLine(problem);
        var places = string.Join(", ", server.Listens);
        Console.WriteLine($"{nodes} nodes in {groups} groups, {zone.Count} names, made in {took.TotalMilliseconds:0.0} ms, on {places}");
        while (Console.ReadLine() is not null)
            Console.WriteLine($"{server.Counts.Udp.Sum(c => c.Queries)} {server.Faults} {GC.GetTotalAllocatedBytes(precise: true)}");
        return server.Problems.Length > 0 ? 1 : 0;
    }

    static DnsNode NodeOf(int number, int groups) => new()
    {
        Name = string.Create(CultureInfo.InvariantCulture, $"node{number:0000}"),
        Zone = "internet",
        State = "alive",
        Addresses = [new IPAddress((byte[])[10, 0, (byte)(number / 250), (byte)(number % 250 + 1)]), IPAddress.Parse($"fd00::{number:x}")],
        Groups = [string.Create(CultureInfo.InvariantCulture, $"group{number % groups:00}"), .. Enumerable.Range(0, 15).Select(i => $"usual{i}"), "linux"],
        Checks = [.. Enumerable.Range(0, 20).Select(i => ($"check{i}", CheckState.Ok))],
        Services = [new DnsService("web", CheckState.Ok, 8080, DnsService.DefaultWeight, [])],
        Facts = [new("version", "0.6.0"), new("os", "Debian GNU/Linux 12 (bookworm)")],
    };
}
