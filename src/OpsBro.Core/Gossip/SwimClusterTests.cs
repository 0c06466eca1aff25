using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;

namespace OpsBro.Tests.Gossip;

/// <summary>Several engines together.</summary>
public class SwimClusterTests
{
    static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);

    static bool AllKnowAll(IReadOnlyList<SwimHost> hosts) =>
        hosts.All(one => hosts.All(other => one.StateOf(other.Settings.Name) == NodeStatus.Alive));

    [Fact]
    public void A_join_makes_two_nodes_know_each_other()
    {
        var rig = new SwimRig();
        var (alpha, beta) = (rig.Add("alpha"), rig.Add("beta"));
        (alpha.State, beta.State) = ([1], [2]);

        beta.Do(swim => swim.Join(alpha.Address, rig.Now));
        rig.Run(Seconds(0.1));

        Assert.Contains("joined beta", alpha.Log);
        Assert.Equal(["joined alpha", "join ended"], beta.Log);
        Assert.Equal([2], Assert.Single(alpha.Merged));
        Assert.Equal([1], Assert.Single(beta.Merged));
        Assert.Equal(2, alpha.Swim.EstimatedNodes);
    }

    [Theory, InlineData(1), InlineData(2), InlineData(3)]
    public void All_know_all_soon_and_nobody_is_blamed(ulong seed)
    {
        var rig = new SwimRig(seed);
        var hosts = rig.Cluster(20);
        Assert.True(AllKnowAll(hosts), $"seed {seed}");

        rig.Run(Seconds(60));

        Assert.True(AllKnowAll(hosts), $"seed {seed}");
        Assert.All(hosts, host => Assert.Equal(0, host.Swim.Counters.Suspicions));
        Assert.All(hosts, host => Assert.True(host.Swim.AllRumoursSent));
        Assert.All(hosts, host => Assert.Equal(0, host.Swim.Counters.Malformed));
    }

    [Theory, InlineData(1), InlineData(2), InlineData(3)]
    public void A_crashed_node_is_dead_to_all_within_the_times_of_Lifeguard(ulong seed)
    {
        var rig = new SwimRig(seed);
        var hosts = rig.Cluster(10);

        hosts[3].Stopped = true;
        var others = hosts.Where(host => host != hosts[3]).ToList();
        rig.RunUntil(() => others.All(host => host.StateOf("n3") == NodeStatus.Dead), Seconds(10));

        Assert.All(others, host => Assert.Single(host.Log, line => line.StartsWith("dead", StringComparison.Ordinal)));
        Assert.All(others, host => Assert.Equal(9, host.Swim.Live.Count + 1));
    }

    [Fact]
    public void A_goodbye_is_no_death()
    {
        var rig = new SwimRig();
        var hosts = rig.Cluster(5);

        hosts[2].Do(swim => swim.Leave(rig.Now));
        rig.Run(Seconds(2));

        Assert.All(hosts.Where(host => host != hosts[2]), host => Assert.Contains("left n2: it said goodbye", host.Log));
        Assert.True(hosts[2].Swim.AllRumoursSent);
        rig.Run(Seconds(20));
        Assert.All(hosts, host => Assert.Equal(NodeStatus.Left, host.StateOf("n2")));
    }

    [Fact]
    public void New_tags_reach_everyone()
    {
        var rig = new SwimRig();
        var hosts = rig.Cluster(5);

        hosts[1].Do(swim => swim.SetMeta(new byte[] { 255, 0x81, 0xa1, 97, 0xa1, 98 }, rig.Now));
        rig.Run(Seconds(2));

        Assert.All(hosts, host => Assert.Equal(6, host.Node("n1")!.Meta.Length));
        Assert.All(hosts, host => Assert.Contains("updated n1", host.Log));
        Assert.Equal(new IncarnationNews(2), hosts[1].News.OfType<IncarnationNews>().Last());
    }

    [Theory, InlineData(false), InlineData(true)]
    public void A_split_network_heals(bool longSplit)
    {
        var rig = new SwimRig();
        var hosts = rig.Cluster(10);

        rig.Link = (from, to, _) => hosts.IndexOf(from) < 5 == hosts.IndexOf(to) < 5;
        rig.Run(Seconds(longSplit ? 120 : 25));
        Assert.Equal(NodeStatus.Dead, hosts[0].StateOf("n9"));
        Assert.Equal(NodeStatus.Alive, hosts[0].StateOf("n4"));
        rig.Link = (_, _, _) => true;

        rig.RunUntil(() => AllKnowAll(hosts), Seconds(10));
    }

    [Fact]
    public void A_broken_link_between_two_is_no_death()
    {
        var rig = new SwimRig();
        var hosts = rig.Cluster(6);

        rig.Link = (from, to, _) => !(from == hosts[0] && to == hosts[1]) && !(from == hosts[1] && to == hosts[0]);
        rig.Run(Seconds(60));

        Assert.True(AllKnowAll(hosts));
        Assert.Equal(0, hosts.Sum(host => host.Swim.Counters.Suspicions));
        Assert.NotEqual(0, hosts[0].Swim.Counters.IndirectProbes);
    }

    [Fact]
    public void Without_UDP_the_stream_answers_and_the_history_says_so()
    {
        var rig = new SwimRig();
        var hosts = rig.Cluster(3);

        rig.Link = (_, to, isStream) => isStream || to != hosts[1];
        rig.Run(Seconds(30));

        Assert.True(AllKnowAll(hosts));
        Assert.NotEqual(0, hosts[0].Swim.Counters.StreamProbes);
        Assert.Contains(hosts[0].News, news => news is HistoryNews { Node: "n1", Kind: "udp" });
    }

    [Theory, InlineData(1), InlineData(2)]
    public void Only_a_deaf_node_is_failed_and_it_comes_back(ulong seed)
    {
        var rig = new SwimRig(seed);
        var hosts = rig.Cluster(10);

        rig.Link = (_, to, _) => to != hosts[0];
        rig.Run(Seconds(45));
        for (var i = 1; i < 10; i++)
            for (var j = 1; j < 10; j++) Assert.NotEqual(NodeStatus.Dead, hosts[i].StateOf($"n{j}"));
        Assert.Equal(NodeStatus.Dead, hosts[1].StateOf("n0"));
        Assert.NotEqual(0, hosts[0].Swim.Health);

        rig.Link = (_, _, _) => true;
        rig.RunUntil(() => AllKnowAll(hosts), Seconds(16));
    }

    [Fact]
    public void A_stopped_node_blames_nobody_when_it_goes_on()
    {
        var rig = new SwimRig();
        var hosts = rig.Cluster(10);

        hosts[0].Stopped = true;
        rig.Run(Seconds(20));
        Assert.Equal(NodeStatus.Dead, hosts[1].StateOf("n0"));
        hosts[0].Stopped = false;
        rig.RunUntil(() => AllKnowAll(hosts), Seconds(6));

        Assert.Equal(0, hosts[0].Swim.Counters.Suspicions);
        Assert.Equal(1, hosts[0].Swim.Counters.Late);
    }

    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4), InlineData(5), InlineData(6)]
    public void Loss_of_a_third_of_all_packets_kills_nobody(ulong seed)
    {
        var rig = new SwimRig(seed);
        var hosts = rig.Cluster(15);
        var chance = new Chance(seed);

        rig.Link = (_, _, _) => chance.Fraction() > 0.3;
        rig.Run(Seconds(60));

        Assert.Equal(0, hosts.Sum(host => host.Swim.Counters.Deaths));
    }

    [Fact]
    public void A_restart_with_a_low_incarnation_is_seen_at_once()
    {
        var rig = new SwimRig();
        var hosts = rig.Cluster(5, settings => settings with { Incarnation = 100 });
        hosts[4].Stopped = true;
        rig.RunUntil(() => hosts.Take(4).All(host => host.StateOf("n4") == NodeStatus.Dead), Seconds(15));

        var again = rig.Add("n4", settings => settings with { Incarnation = 1 }, at: 4);
        again.Do(swim => swim.Join(hosts[0].Address, rig.Now));

        rig.RunUntil(() => hosts.Take(4).All(host => host.StateOf("n4") == NodeStatus.Alive), Seconds(2));
        Assert.True(again.Swim.Self.Incarnation > 100);
    }

    [Fact]
    public void A_dead_name_may_move_and_a_live_one_may_not()
    {
        var rig = new SwimRig();
        var hosts = rig.Cluster(5, settings => settings with { Incarnation = 100 });
        var clone = rig.Add("n4", settings => settings with { Incarnation = 200 }, at: 50);
        clone.Do(swim => swim.Join(hosts[0].Address, rig.Now));
        rig.Run(Seconds(1));
        Assert.Contains("conflict n4", hosts[0].Log);
        Assert.Equal(hosts[4].Address, hosts[0].Node("n4")!.Address);
        clone.Stopped = true;
        rig.Hosts.Remove(clone.Address);

        hosts[4].Stopped = true;
        rig.RunUntil(() => hosts.Take(4).All(host => host.StateOf("n4") == NodeStatus.Dead), Seconds(15));
        var moved = rig.Add("n4", settings => settings with { Incarnation = 1 }, at: 51);
        moved.Do(swim => swim.Join(hosts[0].Address, rig.Now));

        rig.RunUntil(() => hosts.Take(4).All(host => host.StateOf("n4") == NodeStatus.Alive), Seconds(2));
        Assert.Equal(moved.Address, hosts[1].Node("n4")!.Address);
    }

    [Theory, InlineData(""), InlineData("prod")]
    public void Encrypted_pools_with_labels_work_and_strangers_stay_out(string label)
    {
        var rig = new SwimRig();
        using var keys = new Keyring([new byte[16]]);
        using var otherKeys = new Keyring([[.. Enumerable.Repeat((byte)1, 16)]]);
        var hosts = rig.Cluster(4, settings => settings with { Keys = keys, Label = System.Text.Encoding.UTF8.GetBytes(label), Compress = true });
        Assert.True(AllKnowAll(hosts));
        var (plain, foreign) = (rig.Add("plain"), rig.Add("foreign", settings => settings with { Keys = otherKeys, Label = hosts[0].Settings.Label }));

        plain.Do(swim => swim.Join(hosts[0].Address, rig.Now));
        rig.Run(Seconds(1));
        foreign.Do(swim => swim.Join(hosts[0].Address, rig.Now));
        rig.Run(Seconds(1));

        Assert.All(hosts, host => Assert.Equal(4, host.Swim.Nodes.Count));
        Assert.Equal(1, hosts[0].Swim.Counters.Of(StreamFault.WrongKey));
        Assert.Equal("a wrong key", hosts[0].Swim.Counters.LastFault!.Value.Text);
        Assert.Equal(foreign.Address, hosts[0].Swim.Counters.LastFault!.Value.From);
        Assert.StartsWith("join ended", Assert.Single(foreign.Log), StringComparison.Ordinal);
        Assert.Equal(0, hosts.Sum(host => host.Swim.Counters.Replays));
    }

    [Fact]
    public void A_node_alone_is_never_due()
    {
        var rig = new SwimRig();
        var alone = rig.Add("alone");

        alone.Do(swim => swim.SetMeta(new byte[] { 255, 0x80, 0 }, rig.Now));

        Assert.Equal(TimeSpan.MaxValue, alone.Due);
    }

    [Fact]
    public void Idle_nodes_send_little()
    {
        var rig = new SwimRig();
        var hosts = rig.Cluster(50);
        rig.Run(Seconds(20));
        foreach (var host in hosts) host.Sent.Clear();

        rig.Run(Seconds(60));

        var perSecond = hosts.Sum(host => host.Sent.Sum(sent => sent.Bytes.Length + 28)) / 60.0 / hosts.Count;
        Assert.InRange(perSecond, 100, 270);
    }
}
