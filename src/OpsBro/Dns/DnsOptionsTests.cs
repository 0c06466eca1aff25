using System.Net;
using OpsBro.Config;
using OpsBro.Dns;
using OpsBro.Tests.Config;

namespace OpsBro.Tests.Dns;

/// <summary>The section <c>dns</c>, networks, and what is told of services.</summary>
public class DnsOptionsTests
{
    static (DnsOptions Options, List<string> Problems) Read(string section)
    {
        using var files = new TemporaryConfig();
        files.Write("agent.yml", $"dns: {section}\n");
        var problems = new List<Problem>();
        return (DnsOptions.Read(files.Load().Agent, problems), [.. problems.Select(p => p.Message)]);
    }

    [Fact]
    public void It_is_off_and_on_loopback_until_told_otherwise()
    {
        var (options, problems) = Read("{}");

        Assert.Empty(problems);
        Assert.False(options.IsEnabled);
        Assert.Equal([IPAddress.Loopback], options.Addresses);
        Assert.Equal((6766, "opsbro"), (options.Port, options.Domain));
        Assert.False(options.MayForward([127, 0, 0, 1]));
    }

    [Fact]
    public void Everything_can_be_set()
    {
        var (options, problems) = Read("{enabled: true, address: [10.0.0.1, '::1'], port: 53, domain: .Cluster.LAN, ttl: 1m, negative_ttl: 5s, near: true, "
            + "udp_size: 4096, tcp_connections: 10, tcp_idle: 30s, rate_limit: 0, forwarders: [9.9.9.9, '[2620:fe::fe]:5353'], forward_for: [10.0.0.0/8]}");

        Assert.Empty(problems);
        Assert.Equal(("cluster.lan", 60, 5), (options.Domain, (int)options.Ttl.TotalSeconds, (int)options.NegativeTtl.TotalSeconds));
        Assert.Equal([IPEndPoint.Parse("10.0.0.1:53"), IPEndPoint.Parse("[::1]:53")], options.Places);
        Assert.Equal([IPEndPoint.Parse("9.9.9.9:53"), IPEndPoint.Parse("[2620:fe::fe]:5353")], options.Forwarders);
        Assert.True(options.MayForward([10, 1, 2, 3]));
        Assert.False(options.MayForward([127, 0, 0, 1]));
        Assert.True(options.HasTheSocketsOf(options with { Ttl = TimeSpan.Zero, Addresses = [.. options.Addresses] }));
        Assert.False(options.HasTheSocketsOf(options with { Port = 54 }));
    }

    [Theory]
    [InlineData("{address: here}", "address holds \"here\"")]
    [InlineData("{domain: a..b}", "domain is \"a..b\"")]
    [InlineData("{domain: in-addr.arpa}", "domain is")]
    [InlineData("{forwarders: [dns.example]}", "forwarders holds \"dns.example\"")]
    [InlineData("{port: 53, forwarders: [127.0.0.1]}", "which is this server itself")]
    [InlineData("{port: 53, address: 0.0.0.0, forwarders: [127.0.0.53]}", "which is this server itself")]
    [InlineData("{forward_for: [10.0.0.0/33]}", "forward_for holds")]
    [InlineData("{udp_size: 100}", "udp_size is \"100\"")]
    [InlineData("{neer: true}", "unknown key \"neer\" in dns (did you mean \"near\"?)")]
    public void What_is_wrong_is_told(string section, string problem) => Assert.Contains(problem, Assert.Single(Read(section).Problems));

    [Theory]
    [InlineData("10.0.0.0/8", "10.255.0.1", true)]
    [InlineData("10.0.0.0/8", "11.0.0.1", false)]
    [InlineData("192.168.4.0/22", "192.168.7.255", true)]
    [InlineData("192.168.4.0/22", "192.168.8.0", false)]
    [InlineData("0.0.0.0/0", "1.2.3.4", true)]
    [InlineData("0.0.0.0/0", "::1", false)]
    [InlineData("fd00::/8", "fdff::1", true)]
    [InlineData("fd00::/8", "fe00::1", false)]
    [InlineData("10.0.0.7", "10.0.0.7", true)]
    [InlineData("10.0.0.7", "10.0.0.6", false)]
    public void A_network_has_the_addresses_that_begin_as_it_does(string range, string address, bool isIn) =>
        Assert.Equal(isIn, AddressRange.TryParse(range)!.Contains(IPAddress.Parse(address).GetAddressBytes()));

    [Theory]
    [InlineData("127.1.2.3", true)]
    [InlineData("::1", true)]
    [InlineData("10.0.0.1", false)]
    [InlineData("::2", false)]
    public void This_host_is_known(string address, bool isLoopback) =>
        Assert.Equal(isLoopback, AddressRange.IsLoopback(IPAddress.Parse(address).GetAddressBytes()));

    [Fact]
    public void What_is_told_of_services_is_read_as_far_as_it_can_be()
    {
        var all = ServiceFacts.Parse("redis|6379|10|a,b;web|80|1|;bad;worse|x|1|;|1|1|;far|70000|1|");

        Assert.Equal(["redis", "web"], all.Keys);
        Assert.Equal((6379, 10), (all["redis"].Port, all["redis"].Weight));
        Assert.Equal(["a", "b"], all["redis"].Tags);
        Assert.Equal(["cpu", "redis#2", "a/b"],
            [ServiceFacts.NameOf("conf.d/cpu", false), ServiceFacts.NameOf("redis#2", false), ServiceFacts.NameOf("pack/a/b", true)]);
    }
}
