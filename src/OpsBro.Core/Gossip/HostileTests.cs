using System.Text;
using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;

namespace OpsBro.Tests.Gossip;

/// <summary>Messages that are well formed and still meant to harm.</summary>
public class HostileTests
{
    const uint Seconds = 217_000_000;   // since 2020: what agents begin with

    [Fact]
    public void A_node_that_was_accused_of_a_far_incarnation_is_known_to_newcomers_too()
    {
        // far: the whole way in one step, and the most that is believed
        foreach (var far in new[] { Seconds + (1u << 31), GossipLimits.MaxIncarnation }) NewcomerMeets(far);
    }

    static void NewcomerMeets(uint far)
    {
        var rig = new SwimRig();
        var hosts = rig.Cluster(3, settings => settings with { Incarnation = Seconds });
        foreach (var host in hosts) host.Hear(SwimRig.Address(99), new Suspect(far, "n1", "eve"));
        rig.Run(TimeSpan.FromSeconds(5));

        var late = rig.Add("late", settings => settings with { Incarnation = Seconds });
        late.Do(swim => swim.Join(hosts[0].Address, rig.Now));
        rig.Run(TimeSpan.FromSeconds(60));

        Assert.Equal(NodeStatus.Alive, late.StateOf("n1"));
    }

    [Fact]
    public void No_few_messages_take_an_incarnation_to_its_end()
    {
        var rig = new SwimRig();
        var hosts = rig.Cluster(3, settings => settings with { Incarnation = Seconds });
        uint[] steps = [GossipLimits.MaxIncarnation, Seconds + (1u << 31), uint.MaxValue - 1, uint.MaxValue];
        foreach (var incarnation in steps)
        {
            foreach (var host in hosts) host.Hear(SwimRig.Address(99), new Dead(incarnation, "n1", "eve"));
            rig.Run(TimeSpan.FromSeconds(5));
            Assert.All(hosts, host => Assert.Equal(NodeStatus.Alive, host.StateOf("n1")));
        }

        Assert.True(hosts[1].Swim.Self.Incarnation <= GossipLimits.MaxIncarnation + 1);
    }

    [Fact]
    public void A_rumour_that_fits_no_datagram_is_not_kept_for_ever()
    {
        var cluster = MemoryCluster.Of(3);
        cluster.Nodes[0].Hears(new UserEvent(5, "big", new byte[5_000], false));
        cluster.RunFor(30);

        Assert.Equal((0, 0, 0), cluster.Nodes[0].Engine.Queues);
    }

    [Fact]
    public void Huge_events_and_queries_cost_bounded_memory()
    {
        var cluster = MemoryCluster.Of(2);
        var node = cluster.Nodes[0];
        var before = GC.GetTotalMemory(true);
        for (var i = 0u; i < 1_500; i++)
        {
            node.Hears(new UserEvent(5 + i, "big", new byte[9_000], false));
            node.Hears(new Query(5 + i, i, new byte[] { 10, 0, 0, 2 }, 7946, "n1", null, QueryFlags.None, 0, long.MaxValue, "big", new byte[9_000]));
        }
        node.News.Clear();
        var grown = (GC.GetTotalMemory(true) - before) >> 20;
        GC.KeepAlive(node);

        Assert.True(grown < 20, $"{grown} MB");
    }
}
