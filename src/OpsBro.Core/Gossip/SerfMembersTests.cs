using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;

namespace OpsBro.Tests.Gossip;

public class SerfMembersTests
{
    [Fact]
    public void A_new_engine_knows_itself()
    {
        var node = new MemoryCluster().Add("self", settings => settings with { Tags = [new("role", "web"), new("zone", "paris")], Clock = 41 });

        var self = node.Engine.Self;
        Assert.Equal(("self", MemoryCluster.Address(1), MemberStatus.Alive, "web"), (self.Name, self.Address, self.Status, self.Tag("role")));
        Assert.Equal([self.Name], node.Engine.Members().Select(member => member.Name));
        Assert.Equal((1, 41ul), (node.Engine.Count, node.Engine.Clock));
        Assert.Equal(MemberChange.Join, Assert.Single(node.Told<MemberNews>()).Change);
        Assert.Null(node.Engine.Find("other"));
        Assert.Null(self.RoundTrip);
    }

    [Fact]
    public void A_failed_member_that_is_soon_back_flaps_and_a_late_one_does_not()
    {
        var cluster = new MemoryCluster();
        var node = cluster.Add("self");
        node.Meets("n", 2, incarnation: 1);

        node.Loses("n", incarnation: 1);
        node.Meets("n", 2, incarnation: 2);
        Assert.Equal(1, node.Engine.Counters.Flaps);
        node.Loses("n", incarnation: 2);
        cluster.RunFor(GossipLimits.FlapTimeout.TotalSeconds + 1);
        node.Meets("n", 2, incarnation: 3);

        Assert.Equal((1, MemberStatus.Alive), (node.Engine.Counters.Flaps, node.Engine.Find("n")!.Status));
    }

    [Fact]
    public void Tags_are_told_to_all()
    {
        var cluster = MemoryCluster.Of(3);

        cluster.Nodes[0].Do((engine, now) => Assert.Null(engine.SetTags([new("role", "db")], now)));

        cluster.RunUntil(() => cluster.Nodes.All(node => node.Engine.Find("n0")!.Tag("role") == "db"), "all know the tag", 3);
        var news = Assert.Single(cluster.Nodes[2].Told<MemberNews>());
        Assert.Equal((MemberChange.Update, "db"), (news.Change, news.Member.Tag("role")));
    }

    [Fact]
    public void Too_many_tags_are_refused_with_their_size()
    {
        var node = new MemoryCluster().Add("self");
        List<KeyValuePair<string, string>> Tags(int size) => [new("k", new string('x', size))];

        Assert.Contains("513", node.Engine.SetTags(Tags(506), default));
        Assert.Null(node.Engine.SetTags(Tags(505), default));
        Assert.Equal(505, node.Engine.Self.Tag("k")!.Length);
    }

    [Fact]
    public void The_role_of_Serfs_old_protocol_is_a_tag()
    {
        var node = new MemoryCluster().Add("self");

        node.Meets("old", 2, meta: "web"u8.ToArray());
        node.Meets("odd", 3, meta: new byte[] { 255, 0xc1 });

        Assert.Equal("web", node.Engine.Find("old")!.Tag("role"));
        Assert.Empty(node.Engine.Find("odd")!.Tags);
    }

    [Fact]
    public void A_message_of_ours_comes_straight_and_is_never_passed_on()
    {
        var cluster = MemoryCluster.Of(3);
        foreach (var node in cluster.Nodes) node.Records = true;
        var large = new byte[5_000];

        cluster.Nodes[0].Do((engine, now) => engine.SendDirect(cluster.Nodes[1].Address, [1, 2, 3], now));
        cluster.Nodes[0].Do((engine, now) => engine.SendDirect(cluster.Nodes[1].Address, large, now));
        cluster.RunFor(5);

        Assert.Equal([[1, 2, 3], large], cluster.Nodes[1].Directs.Select(direct => direct.Body));
        Assert.Equal(cluster.Nodes[0].Address, cluster.Nodes[1].Directs[0].From);
        Assert.Empty(cluster.Nodes[2].Directs);
        Assert.Equal([cluster.Nodes[1].Address], cluster.Nodes.SelectMany(node => node.Sent).Where(sent => sent.Message[0] == 200)
            .Select(sent => sent.To));
    }

    [Fact]
    public void A_ping_measures_and_brings_a_coordinate()
    {
        var cluster = MemoryCluster.Of(2);
        var id = 0ul;

        cluster.Nodes[0].Do((engine, now) => id = engine.Ping("n1", now));
        cluster.RunFor(1);

        var news = Assert.Single(cluster.Nodes[0].Told<PingNews>());
        Assert.Equal((id, "n1", TimeSpan.FromMilliseconds(2)), (news.Id, news.Node, news.RoundTrip));
        Assert.NotNull(cluster.Nodes[0].Engine.CoordinateOf("n1"));
        Assert.Equal(0ul, cluster.Nodes[0].Engine.Ping("nobody", cluster.Now));
    }

    [Fact]
    public void Members_that_are_probed_have_a_round_trip()
    {
        var cluster = MemoryCluster.Of(5);

        cluster.RunFor(300);

        foreach (var node in cluster.Nodes)
        {
            Assert.All(node.Engine.Members().Where(member => member.Name != node.Name),
                member => Assert.InRange(member.RoundTrip!.Value.TotalMilliseconds, 0.5, 4));
            Assert.Equal(node.Engine.OwnCoordinate, node.Engine.CoordinateOf(node.Name));
        }
    }

    /// <summary>Bytes of datagrams that the first of two sends in 100 s, once both coordinates have settled.</summary>
    static long BytesOfTheFirst(params bool[] areOurs)
    {
        var cluster = new MemoryCluster();
        foreach (var isOurs in areOurs)
            cluster.Add($"n{cluster.Nodes.Count}", settings => settings with { Tags = [new(isOurs ? Serf.OurTag : "xx", "1")] });
        cluster.Nodes[1].Do((engine, now) => engine.Join(cluster.Nodes[0].Address, false, now));
        cluster.RunFor(3 * GossipLimits.CoordinateUnsettled);
        var before = cluster.Nodes[0].Engine.Counters.BytesOut;
        cluster.RunFor(100);
        Assert.NotNull(cluster.Nodes[1].Engine.CoordinateOf("n0"));
        return cluster.Nodes[0].Engine.Counters.BytesOut - before;
    }

    [Fact]
    public void A_coordinate_that_has_settled_goes_seldom_to_our_kind_and_always_to_Serf()
    {
        var (amongOurs, toSerf, ofSerf) = (BytesOfTheFirst(true, true), BytesOfTheFirst(true, false), BytesOfTheFirst(false, false));

        Assert.Equal(ofSerf, toSerf);
        Assert.InRange(amongOurs, 0.4 * toSerf, 0.75 * toSerf);
    }

    [Fact]
    public void What_makes_no_sense_is_counted()
    {
        var node = new MemoryCluster().Add("self");
        void Receive(params byte[] datagram) => node.Do((engine, now) => engine.Receive(MemoryCluster.Address(2), datagram, now));

        Receive(8, 0, 0xc1);    // a leave that is none
        Receive(8, 3);
        Receive(8, 77, 1, 2);   // a type to come

        Assert.Equal((2, 1), (node.Engine.Counters.Malformed, node.Engine.Counters.Unknown));
    }
}
