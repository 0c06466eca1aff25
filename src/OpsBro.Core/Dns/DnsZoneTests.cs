using System.Net;
using OpsBro.Core.Checks;
using OpsBro.Core.Dns;

namespace OpsBro.Tests.Dns;

/// <summary>What names there are, and who is behind them.</summary>
public class DnsZoneTests
{
    static readonly DnsNode web1 = DnsRig.Node("web1", "10.0.0.1,fd00::1", groups: ["web", "linux"]) with
    {
        DisplayName = "Front.1",
        Services = [DnsRig.Service("redis", port: 6379, weight: 10, tags: ["primary"]), DnsRig.Service("noport")],
        Distance = 0.002,
    };

    static readonly DnsNode web2 = DnsRig.Node("web2", "10.0.0.2", zone: "cloud", groups: ["web", "zone::cloud"]) with
    {
        Services = [DnsRig.Service("redis", CheckState.Warning, port: 6380, weight: 30)],
        Distance = 0.001,
    };

    static readonly DnsNode web3 = DnsRig.Node("web3", "10.0.0.3", state: "failed", groups: ["web", "old"]) with { Services = [DnsRig.Service("redis")] };

    static readonly DnsNode web4 = DnsRig.Node("a.b.web4", "10.0.0.4", groups: ["web"]) with { Services = [DnsRig.Service("redis", CheckState.Critical)] };

    static readonly DnsNode web5 = DnsRig.Node("web5", "10.0.0.5", groups: ["web"]) with { Checks = [("web", CheckState.Critical), ("cpu", CheckState.Ok)] };

    static DnsRig Rig() => new(web1, web2, web3, web4, web5);

    [Theory]
    [InlineData("web.group.dc1.opsbro")]
    [InlineData("web.group.opsbro")]
    [InlineData("WEB.Group.anything.OPSBRO")]
    public void A_group_has_the_nodes_that_are_alive_and_well(string name) =>
        Assert.Equal(["10.0.0.1", "10.0.0.2", "10.0.0.4"], Rig().Data(name, DnsType.A));

    [Fact]
    public void A_zone_as_third_label_restricts_to_its_nodes()
    {
        var rig = Rig();

        Assert.Equal(["10.0.0.2"], rig.Data("web.group.CLOUD.opsbro", DnsType.A));
        Assert.Equal(["10.0.0.1", "10.0.0.4"], rig.Data("web.group.lan.opsbro", DnsType.A));
        Assert.Equal("NXDOMAIN 0", rig.Look("web.group.empty.opsbro"));
        Assert.Equal("NXDOMAIN 0", rig.Look("web1.name.cloud.opsbro"));
        Assert.Equal(["10.0.0.1"], rig.Data("web1.name.lan.opsbro", DnsType.A));
    }

    [Fact]
    public void Only_what_is_all_right_is_ok()
    {
        var rig = Rig();

        Assert.Equal(["10.0.0.1"], rig.Data("ok.web.group.dc1.opsbro", DnsType.A));
        Assert.Equal("NOERROR 0", rig.Look("ok.web.group.cloud.opsbro"));
        Assert.Equal("NXDOMAIN 0", rig.Look("ok.nothing.group.cloud.opsbro"));
    }

    [Fact]
    public void Services_leave_out_who_is_critical()
    {
        var rig = Rig();

        Assert.Equal(["10.0.0.1", "10.0.0.2"], rig.Data("redis.service.dc1.opsbro", DnsType.A));
        Assert.Equal(["10.0.0.1"], rig.Data("primary.redis.service.dc1.opsbro", DnsType.A));
        Assert.Equal(["10.0.0.1"], rig.Data("linux.redis.service.opsbro", DnsType.A));
        Assert.Equal(["10.0.0.1", "10.0.0.2"], rig.Data("web.redis.service.opsbro", DnsType.A));
        Assert.Equal("NOERROR 0", rig.Look("old.redis.service.opsbro"));
        Assert.Equal("NXDOMAIN 0", rig.Look("old.noport.service.opsbro"));
        Assert.Equal("NXDOMAIN 0", rig.Look("nosuch.redis.service.opsbro"));
        Assert.Equal("NXDOMAIN 0", rig.Look("primary.redis.service.cloud.opsbro"));
    }

    [Fact]
    public void Services_are_told_with_port_and_weight_and_the_addresses_of_their_hosts()
    {
        var answer = Rig().Ask("_redis._tcp.service.dc1.opsbro", DnsType.Srv, udpSize: 1232);

        Assert.Equal(["0 10 6379 web1.name.lan.opsbro.", "0 30 6380 web2.name.cloud.opsbro."],
            answer.Answers.Select(r => r.Data).Order(StringComparer.Ordinal));
        Assert.Equal(["web1.name.lan.opsbro. A 10.0.0.1", "web1.name.lan.opsbro. AAAA fd00::1", "web2.name.cloud.opsbro. A 10.0.0.2"],
            answer.Additionals.Where(r => r.Type != DnsType.Opt).Select(r => $"{r.Name} {r.Type.Word()} {r.Data}").Order(StringComparer.Ordinal));
        Assert.Equal("NOERROR 0", Rig().Look("_redis._tcp.service.dc1.opsbro", DnsType.A));
        Assert.Equal("NOERROR 0", Rig().Look("_noport._udp.service.opsbro", DnsType.Srv));
        Assert.Equal("NXDOMAIN 0", Rig().Look("_nosuch._tcp.service.opsbro", DnsType.Srv));
        Assert.Equal(["0 10 6379 web1.name.lan.opsbro."], Rig().Data("primary.redis.service.opsbro", DnsType.Srv));
        Assert.Equal(["0 10 6379 web1.name.lan.opsbro."], Rig().Data("linux._redis._tcp.service.opsbro", DnsType.Srv));
    }

    [Fact]
    public void Nodes_have_their_name_and_the_one_that_people_use()
    {
        var rig = Rig();

        Assert.Equal(["10.0.0.1"], rig.Data("web1.name.dc1.opsbro", DnsType.A));
        Assert.Equal(["fd00::1"], rig.Data("front.1.name.dc1.opsbro", DnsType.Aaaa));
        Assert.Equal(["10.0.0.4"], rig.Data("a.b.web4.name.opsbro", DnsType.A));
        Assert.Equal(["10.0.0.5"], rig.Data("web5.name.opsbro", DnsType.A));
        Assert.Equal(["10.0.0.2"], rig.Data("zone::cloud.group.opsbro", DnsType.A));
    }

    [Theory]
    // a known name without this type, or without anybody now
    [InlineData("web2.name.opsbro", DnsType.Aaaa, "NOERROR 0")]
    [InlineData("web3.name.opsbro", DnsType.A, "NOERROR 0")]
    [InlineData("old.group.dc1.opsbro", DnsType.A, "NOERROR 0")]
    [InlineData("web.group.dc1.opsbro", DnsType.Mx, "NOERROR 0")]
    // names between names: resolvers that ask label by label come by here
    [InlineData("dc1.opsbro", DnsType.A, "NOERROR 0")]
    [InlineData("group.opsbro", DnsType.A, "NOERROR 0")]
    [InlineData("group.dc1.opsbro", DnsType.A, "NOERROR 0")]
    [InlineData("name.lan.opsbro", DnsType.Ns, "NOERROR 0")]
    [InlineData("_tcp.service.dc1.opsbro", DnsType.Srv, "NOERROR 0")]
    [InlineData("b.web4.name.dc1.opsbro", DnsType.A, "NOERROR 0")]
    [InlineData("web4.name.opsbro", DnsType.A, "NOERROR 0")]
    [InlineData("opsbro", DnsType.A, "NOERROR 0")]
    // no such names
    [InlineData("nosuch.group.dc1.opsbro", DnsType.A, "NXDOMAIN 0")]
    [InlineData("nosuch.group.opsbro", DnsType.A, "NXDOMAIN 0")]
    [InlineData("x.web1.name.opsbro", DnsType.A, "NXDOMAIN 0")]
    [InlineData("web.groups.dc1.opsbro", DnsType.A, "NXDOMAIN 0")]
    [InlineData("web.group.dc1.more.opsbro", DnsType.A, "NXDOMAIN 0")]
    [InlineData("c.web4.name.dc1.opsbro", DnsType.A, "NXDOMAIN 0")]
    // not ours
    [InlineData("example.com", DnsType.A, "REFUSED 0")]
    [InlineData("web.group.dc1.notopsbro", DnsType.A, "REFUSED 0")]
    [InlineData(".", DnsType.Ns, "REFUSED 0")]
    public void What_is_not_there_and_what_has_nothing_differ(string name, DnsType type, string said) => Assert.Equal(said, Rig().Look(name, type));

    [Fact]
    public void Nothing_comes_with_the_SOA_that_says_for_how_long()
    {
        foreach (var name in (string[])["nosuch.group.dc1.opsbro", "old.group.dc1.opsbro", "dc1.opsbro", "opsbro"])
        {
            var answer = Rig().Ask(name, DnsType.A);

            var soa = Assert.Single(answer.Authorities);
            Assert.Equal((DnsType.Soa, "opsbro.", 2u), (soa.Type, soa.Name, soa.Ttl));
            Assert.Equal("ns.opsbro. hostmaster.opsbro. 7 3600 600 86400 2", soa.Data);
            Assert.True(answer.Header.Has(DnsHeader.Authoritative));
        }
    }

    [Fact]
    public void The_domain_has_a_server_that_can_be_reached()
    {
        var rig = Rig();
        var answer = rig.Ask("opsbro", DnsType.Ns);

        Assert.Equal(["ns.opsbro."], answer.Answers.Select(r => r.Data));
        Assert.Equal(["127.0.0.1"], answer.Additionals.Select(r => r.Data));
        Assert.Equal(["127.0.0.1"], rig.Data("ns.opsbro", DnsType.A));
        Assert.Equal("NOERROR 0", rig.Look("ns.opsbro", DnsType.Aaaa));
        Assert.Equal("NOERROR 1", rig.Look("opsbro", DnsType.Soa));
    }

    [Fact]
    public void Addresses_lead_to_names_of_nodes_that_are_alive()
    {
        var rig = Rig();

        Assert.Equal(["web1.name.lan.opsbro."], rig.Data("1.0.0.10.in-addr.arpa", DnsType.Ptr));
        Assert.Equal(["web1.name.lan.opsbro."],
            rig.Data("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.D.F.ip6.arpa", DnsType.Ptr));
        Assert.Equal("NXDOMAIN 0", rig.Look("3.0.0.10.in-addr.arpa", DnsType.Ptr));
        Assert.Equal("NOERROR 0", rig.Look("1.0.0.10.in-addr.arpa", DnsType.A));
    }

    [Theory]
    [InlineData("9.0.0.10.in-addr.arpa", "NXDOMAIN", "0.0.10.in-addr.arpa.")]
    [InlineData("0.0.10.in-addr.arpa", "NOERROR", "0.0.10.in-addr.arpa.")]     // there may be names below it
    [InlineData("10.IN-addr.ARPA", "NOERROR", "10.IN-addr.ARPA.")]
    [InlineData("5.0/25.9.0.0.10.in-addr.arpa", "NXDOMAIN", "0/25.9.0.0.10.in-addr.arpa.")]
    [InlineData("2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa", "NXDOMAIN",
        "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa.")]
    [InlineData("d.f.ip6.arpa", "NOERROR", "d.f.ip6.arpa.")]
    [InlineData("in-addr.arpa", "REFUSED", "")]
    [InlineData("arpa", "REFUSED", "")]
    [InlineData("9.0.0.10.xin-addr.arpa", "REFUSED", "")]
    public void Addresses_that_nobody_has_are_names_of_which_there_is_nothing(string name, string rcode, string zone)
    {
        var answer = Rig().Ask(name, DnsType.Ptr);

        Assert.Equal(rcode, answer.Rcode.Word());
        Assert.Empty(answer.Answers);
        Assert.Equal(zone, string.Concat(answer.Authorities.Select(soa => soa.Name)));
        Assert.Equal(rcode != "REFUSED", answer.Header.Has(DnsHeader.Authoritative));
    }

    [Fact]
    public void Any_is_answered_with_little()
    {
        var answer = Rig().Ask("web.group.opsbro", DnsType.Any);

        Assert.Equal(["HINFO \"RFC8482\" \"\""], answer.Answers.Select(r => $"{r.Type.Word()} {r.Data}"));
        Assert.Equal("NXDOMAIN 0", Rig().Look("nosuch.group.opsbro", DnsType.Any));
    }

    [Fact]
    public void Texts_tell_facts_groups_and_age()
    {
        var text = Assert.Single(Rig().Data("web1.name.opsbro", DnsType.Txt));

        Assert.Equal("\"name=web1\" \"zone=lan\" \"checks=ok\" \"groups=web,linux\" \"version=1.2\" \"age=60\"", text);
    }

    [Fact]
    public void Nearest_first_when_it_is_asked_for()
    {
        var rig = new DnsRig(new DnsZoneSettings { IsNearestFirst = true }, web1, web2, web3, web4, web5);

        for (var i = 0; i < 20; i++)
            Assert.Equal(["10.0.0.2", "10.0.0.1", "10.0.0.4"], rig.Ask("web.group.opsbro", DnsType.A).Answers.Select(r => r.Data));
        Assert.Equal(["0 30 6380 web2.name.cloud.opsbro.", "1 10 6379 web1.name.lan.opsbro."], rig.Data("redis.service.opsbro", DnsType.Srv));
    }

    [Fact]
    public void Otherwise_everyone_comes_first_as_often()
    {
        var rig = new DnsRig(DnsRig.Many(10, 1));
        var first = new Dictionary<string, int>();

        for (var i = 0; i < 10_000; i++)
        {
            var answers = rig.Ask("all.group.opsbro", DnsType.A).Answers;
            Assert.Equal(10, answers.Select(a => a.Data).Distinct().Count());
            first[answers[0].Data] = first.GetValueOrDefault(answers[0].Data) + 1;
        }

        Assert.All(first.Values, count => Assert.InRange(count, 850, 1150));
        Assert.Equal(10, first.Count);
    }

    [Fact]
    public void Who_has_three_times_the_weight_comes_first_three_times_as_often()
    {
        var rig = Rig();
        var second = 0;

        for (var i = 0; i < 10_000; i++)
            if (rig.Ask("redis.service.opsbro", DnsType.A).Answers[0].Data == "10.0.0.2") second++;

        Assert.InRange(second, 7_200, 7_800);
    }

    [Fact]
    public void It_is_told_why_a_node_is_left_out()
    {
        var told = Rig().Zone.Explain("ok.web.group.dc1.opsbro")!;

        Assert.Equal("found", told.Place);
        Assert.Equal(["web2 NotOk", "web1 None", "a.b.web4 NotOk", "web3 NotAlive", "web5 Critical"], told.Nodes.Select(n => $"{n.Node.Name} {n.Reason}"));
        Assert.Equal("missing", Rig().Zone.Explain("nosuch.group.opsbro")!.Place);
        Assert.Null(Rig().Zone.Explain("a..b"));
        // letters beyond ASCII have no case, and 62 bytes of them stay 62
        var label = string.Concat(Enumerable.Repeat("Ⱥ", 31));
        Assert.Equal("found", DnsZone.Of([DnsRig.Node(label, "10.0.0.1")], new DnsZoneSettings()).Explain($"{label}.name.opsbro")!.Place);
    }

    /// <summary>One member with such a name must not take DNS away from all.</summary>
    [Theory]
    [InlineData("_redis._tcp")]
    [InlineData("_REDIS._udp")]
    public void A_service_that_is_named_like_the_name_of_another_takes_nothing_from_it(string name)
    {
        var odd = DnsRig.Node("odd", "10.0.0.9") with { Services = [DnsRig.Service(name, port: 99)] };

        var rig = new DnsRig(odd, web1, web2);

        Assert.Equal(["0 10 6379 web1.name.lan.opsbro.", "0 30 6380 web2.name.cloud.opsbro."], rig.Data("_redis._tcp.service.opsbro", DnsType.Srv));
        Assert.Equal(["10.0.0.1", "10.0.0.2"], rig.Data("redis.service.opsbro", DnsType.A));
        Assert.Equal(["10.0.0.9"], rig.Data("odd.name.opsbro", DnsType.A));
    }

    [Fact]
    public void Names_that_DNS_cannot_write_are_told()
    {
        var zone = DnsZone.Of([DnsRig.Node("..", "10.0.0.1", groups: [new string('x', 64), "fine"])], new DnsZoneSettings());

        Assert.Equal(["..", new string('x', 64)], zone.Unnamed);
        Assert.Contains("fine.group", zone.Names);
    }

    [Fact]
    public void A_domain_may_have_several_labels()
    {
        var rig = new DnsRig(new DnsZoneSettings { Domain = ".Cluster.Example.org." }, web1);

        Assert.Equal(["10.0.0.1"], rig.Data("web.group.dc1.cluster.example.org", DnsType.A));
        Assert.Equal("REFUSED 0", rig.Look("example.org"));
        Assert.Equal("cluster.example.org.", rig.Ask("no.group.cluster.example.org", DnsType.A).Authorities[0].Name);
    }
}
