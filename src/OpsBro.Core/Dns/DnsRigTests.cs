using System.Net;
using OpsBro.Core.Checks;
using OpsBro.Core.Dns;
using OpsBro.Core.Gossip;

namespace OpsBro.Tests.Dns;

/// <summary>Asks a responder as a client does, and reads its answer with the reader for people.</summary>
sealed class DnsRig
{
    public const long Now = 1_800_000_000_000;

    static readonly byte[] home = [127, 0, 0, 1];

    readonly byte[] buffer = new byte[DnsLimits.MaxMessage];

    public DnsRig(params DnsNode[] nodes) : this(new DnsZoneSettings { Serial = 7, Server = [IPAddress.Loopback], Zones = ["empty"] }, nodes) { }

    public DnsRig(DnsZoneSettings settings, params DnsNode[] nodes) => Zone = DnsZone.Of(nodes, settings);

    public DnsZone Zone { get; set; }

    public DnsRateLimit Limit { get; init; } = new(0, 1);

    public DnsCookies Cookies { get; } = new(new byte[16]);

    public bool CanForward { get; init; }

    public byte[] Address { get; set; } = home;

    public bool IsLimited { get; set; }

    public long Time { get; set; } = Now;

    public DnsResponder Responder => responder ??= new DnsResponder(Cookies, Limit, new Chance(5), CanForward);

    DnsResponder? responder;

    /// <summary>The bytes of the answer; empty when there is none; null when others are to be asked.</summary>
    public byte[]? Send(ReadOnlySpan<byte> message, bool isStream = false)
    {
        var length = Responder.Answer(Zone, message, buffer, new DnsClient(Address, isStream, IsLimited, mayForward: true), Time);
        return length == DnsResponder.ToForward ? null : buffer[..length];
    }

    public DnsMessage Ask(string name, DnsType type, bool isStream = false, int udpSize = 0)
    {
        var sent = Send(Query(name, type, udpSize), isStream);
        return sent is null ? throw new InvalidOperationException("to forward") : DnsMessage.TryRead(sent)!;
    }

    public static byte[] Query(string name, DnsType type, int udpSize = 0, ushort @class = 1, ushort flags = DnsHeader.RecursionDesired)
    {
        byte[] question = [.. DnsNames.Wire(name)!, (byte)((int)type >> 8), (byte)type, (byte)(@class >> 8), (byte)@class];
        var into = new byte[600];
        return into[..DnsQuery.Write(into, 0x1234, flags, question, udpSize, false)];
    }

    /// <summary>The data of the answers, sorted.</summary>
    public string[] Data(string name, DnsType type) => [.. Ask(name, type).Answers.Select(r => r.Data).Order(StringComparer.Ordinal)];

    /// <summary>The rcode and the number of answers: <c>NOERROR 0</c>.</summary>
    public string Look(string name, DnsType type = DnsType.A)
    {
        var answer = Ask(name, type);
        return $"{answer.Rcode.Word()} {answer.Answers.Count}";
    }

    public static DnsNode Node(string name, string address, string zone = "lan", string state = "alive", params string[] groups) => new()
    {
        Name = name,
        Zone = zone,
        State = state,
        Addresses = [.. address.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(IPAddress.Parse)],
        Groups = groups,
        Since = (Now / 1000) - 60,
        Facts = [new("version", "1.2")],
    };

    public static DnsService Service(string name, CheckState state = CheckState.Ok, int port = 0, int weight = 1, params string[] tags) =>
        new(name, state, port, weight, tags);

    /// <summary>Many nodes in groups: <c>node0007</c> is 10.0.0.7 and in <c>group07</c>.</summary>
    public static DnsNode[] Many(int nodes, int groups) =>
        [.. Enumerable.Range(0, nodes).Select(i => Node($"node{i:0000}", $"10.0.{i / 250}.{i % 250 + 1}", groups: [$"group{i % groups:00}", "all"]))];
}
