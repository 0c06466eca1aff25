using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging.Abstractions;
using OpsBro.Core.Dns;
using OpsBro.Dns;
using OpsBro.Tests.Dns;

namespace OpsBro.Tests.EndToEnd;

/// <summary>
/// What programs see that ask through the system: Debian's unbound, dnsmasq and bind9, set up as docs/dns.md says, between dig and our server.
/// unbound validates, mixes the case of what it asks, and asks label by label without mercy.
/// </summary>
public sealed partial class DnsResolversEndToEndTests : IDisposable
{
    /// <summary>So long, and so unlike anybody's default, that what is kept can be told from what is asked again.</summary>
    static readonly DnsZoneSettings slow = new() { Ttl = 1500, NegativeTtl = 777 };

    readonly List<DnsServer> open = [];

    public void Dispose()
    {
        foreach (var one in open) one.Dispose();
    }

    DnsServer Start(DnsZoneSettings settings, DnsNode[] nodes)
    {
        for (var tries = 0; ; tries++)
        {
            var options = new DnsOptions { Port = Random.Shared.Next(20_000, 60_000) };
            var server = new DnsServer(options, DnsZone.Of(nodes, settings), TimeProvider.System, NullLogger.Instance);
            open.Add(server);
            server.Open();
            if (server.Problems.Length == 0) return server;
            Assert.True(tries < 20, string.Join("; ", server.Problems));
        }
    }

    static string[] Lines(string text) => [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal)];

    static long Asked(DnsServer server) => server.Counts.Udp.Concat(server.Counts.Tcp).Sum(c => c.Queries);

    /// <summary>The answer that the resolver has without asking the server; a query that it sent twice may still be on its way.</summary>
    static async Task<string> Kept(RunningResolver resolver, DnsServer server, Func<string, bool> isSo, params string[] args)
    {
        await resolver.Until(isSo, args);
        var before = Asked(server);
        return await resolver.Until(said =>
        {
            var (then, now) = (before, before = Asked(server));
            return then == now && isSo(said);
        }, args);
    }

    static bool IsNothing(string said, string rcode) => said.Contains($"status: {rcode}") && said.Contains("ANSWER: 0");

    static long TtlOfSoa(string said) => long.Parse(Soa().Match(said).Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);

    [Theory, InlineData("unbound"), InlineData("dnsmasq"), InlineData("bind9")]
    public async Task A_resolver_that_is_set_up_as_the_page_says_finds_everything(string name)
    {
        var nodes = DnsRig.Many(500, 50);
        nodes[6] = nodes[6] with { Services = [DnsRig.Service("shop", port: 8080, weight: 7)] };
        var server = Start(slow, nodes);
        await using var resolver = await RunningResolver.Started(name, server.Options.Port);

        var ten = Enumerable.Range(0, 10).Select(i => $"10.0.{(3 + i * 50) / 250}.{(3 + i * 50) % 250 + 1}").Order(StringComparer.Ordinal).ToArray();
        await resolver.Until(said => Lines(said).SequenceEqual(ten), "+short", "group03.group.dc1.opsbro");
        await resolver.Until(said => Lines(said).SequenceEqual(ten), "+short", "GROUP03.gRouP.lan.OPSBRO");
        await resolver.Until(said => said.Trim() == "10.0.0.7", "+short", "shop.service.dc1.opsbro");
        await resolver.Until(said => said.Trim() == "0 7 8080 node0006.name.lan.opsbro.", "+short", "_shop._tcp.service.dc1.opsbro", "SRV");
        await resolver.Until(said => said.Trim() == "node0006.name.lan.opsbro.", "+short", "-x", "10.0.0.7");
        await resolver.Until(said => IsNothing(said, "NXDOMAIN"), "-x", "10.0.9.7");     // whatever else asked label by label
        await resolver.Until(said => said.Trim() == "node0007.name.lan.opsbro.", "+short", "-x", "10.0.0.8");
        // too much for UDP, to us and back to dig
        await resolver.Until(said => Lines(said).Count(line => line.StartsWith("10.0.", StringComparison.Ordinal)) == 500, "+short", "all.group.dc1.opsbro");
        Assert.True(server.Counts.Udp.Sum(c => c.Cut) > 0 && server.Counts.Tcp.Sum(c => c.Queries) > 0);
        Assert.Equal(0, server.Faults);
    }

    [Theory, InlineData("unbound"), InlineData("dnsmasq"), InlineData("bind9")]
    public async Task That_there_is_nothing_is_kept(string name)
    {
        var server = Start(slow, DnsRig.Many(10, 2));
        await using var resolver = await RunningResolver.Started(name, server.Options.Port);

        var missing = await Kept(resolver, server, said => IsNothing(said, "NXDOMAIN"), "nosuch.group.dc1.opsbro");
        var nothing = await Kept(resolver, server, said => IsNothing(said, "NOERROR"), "node0003.name.dc1.opsbro", "AAAA");
        await Kept(resolver, server, said => said.Trim() == "10.0.0.4", "+short", "node0003.name.dc1.opsbro");

        if (name == "dnsmasq") return;   // keeps it, and says no SOA with it
        Assert.InRange(TtlOfSoa(missing), slow.NegativeTtl / 2, slow.NegativeTtl);
        Assert.InRange(TtlOfSoa(nothing), slow.NegativeTtl / 2, slow.NegativeTtl);
        // an address that no node has, as the page says
        var nobody = await Kept(resolver, server, said => IsNothing(said, "NXDOMAIN"), "-x", "10.200.1.1");
        Assert.InRange(TtlOfSoa(nobody), slow.NegativeTtl / 2, slow.NegativeTtl);
        if (name != "unbound") return;
        // it did mix the case, and took what came back
        var log = resolver.LogText();
        Assert.Contains("good 0x20-ID in reply qname", log);
        Assert.DoesNotContain("wrong 0x20-ID in reply qname", log);
    }

    [Theory, InlineData("unbound"), InlineData("dnsmasq"), InlineData("bind9")]
    public async Task What_is_new_and_what_is_gone_is_seen_when_the_short_time_is_over(string name)
    {
        var settings = new DnsZoneSettings();
        var server = Start(settings, []);
        await using var resolver = await RunningResolver.Started(name, server.Options.Port);

        await resolver.Until(said => IsNothing(said, "NXDOMAIN"), "all.group.dc1.opsbro");
        var node = DnsRig.Many(1, 1)[0];
        server.Zone = DnsZone.Of([node], settings);
        await resolver.Until(said => said.Trim() == "10.0.0.1", "+short", "all.group.dc1.opsbro");
        server.Zone = DnsZone.Of([node with { State = "failed" }], settings);
        await resolver.Until(said => IsNothing(said, "NOERROR"), "all.group.dc1.opsbro");
    }

    [GeneratedRegex(@"(?:opsbro|1\.200\.10\.in-addr\.arpa)\.\s+(\d+)\s+IN\s+SOA\s")]
    private static partial Regex Soa();
}
