using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;

namespace OpsBro.Tests.Gossip;

/// <summary>What others do wrong and we do not: serf-wire.md A10 a-d, cluster-design.md F4. The rest is in the simulated scenarios.</summary>
public class SwimDefectsTests
{
    readonly SwimRig rig = new();

    static TimeSpan Milliseconds(double milliseconds) => TimeSpan.FromMilliseconds(milliseconds);

    static Alive AliveOf(string name, int number, uint incarnation) =>
        new(incarnation, name, SwimRig.Address(number).Addr, 7946, default, ProtocolVersions.Ours.ToBytes());

    [Fact]
    public void A_stale_alive_gets_the_accusation_sent_straight_back()
    {
        var self = rig.Add("self");
        self.Hear(SwimRig.Address(20), AliveOf("bob", 10, 100), new Dead(100, "bob", "eve"));
        self.Sent.Clear();

        self.Hear(SwimRig.Address(20), AliveOf("bob", 10, 1));

        var (to, _, body) = Assert.Single(self.SentMessages(), sent => sent.Type == MessageType.Dead);
        Assert.Equal(SwimRig.Address(10), to);
        Assert.Equal(new Dead(100, "bob", "self"), Dead.TryRead(body));
        Assert.Equal(NodeStatus.Dead, self.StateOf("bob"));
    }

    [Fact]
    public void A_dead_node_does_not_rise_by_an_alive_below_its_last_death()
    {
        var self = rig.Add("self");
        self.Hear(SwimRig.Address(20), AliveOf("bob", 10, 1), new Dead(1, "bob", "eve"), new Dead(10, "bob", "eve"));

        self.Hear(SwimRig.Address(20), AliveOf("bob", 10, 2));

        Assert.Equal((NodeStatus.Dead, 10u), (self.Node("bob")!.State, self.Node("bob")!.Incarnation));
    }

    [Fact]
    public void An_incarnation_out_of_all_proportion_is_not_adopted()
    {
        var self = rig.Add("self");
        self.Hear(SwimRig.Address(20), AliveOf("bob", 10, 1));

        self.Hear(SwimRig.Address(20), AliveOf("bob", 10, uint.MaxValue), new Suspect(uint.MaxValue, "bob", "eve"), new Dead(uint.MaxValue, "bob", "eve"));
        self.Hear(SwimRig.Address(20), new Dead(uint.MaxValue, "self", "eve"));

        Assert.Equal((NodeStatus.Alive, 1u), (self.Node("bob")!.State, self.Node("bob")!.Incarnation));
        Assert.Equal(1u, self.Swim.Self.Incarnation);
        Assert.Equal(4, self.Swim.Counters.RefusedJumps);
    }

    [Fact]
    public void Own_lateness_counts_against_our_own_health_once_for_one_stop()
    {
        var self = rig.Add("self");

        self.Do(swim => swim.Late(Milliseconds(99), rig.Now));
        Assert.Equal(0, self.Swim.Health);
        self.Do(swim => swim.Late(Milliseconds(400), rig.Now));
        self.Do(swim => swim.Late(Milliseconds(400), rig.Now));

        Assert.Equal(1, self.Swim.Health);
        Assert.Equal(2, self.Swim.Counters.Late);
    }

    [Fact]
    public void Who_is_known_to_answer_quickly_is_not_waited_for_as_long()
    {
        var hosts = rig.Cluster(4);
        rig.Run(TimeSpan.FromSeconds(10));
        rig.Link = (_, to, isStream) => isStream || to != hosts[3];
        foreach (var host in hosts) host.Sent.Clear();
        var asked = new Dictionary<uint, TimeSpan>();
        uint? passedOn = null;

        rig.RunUntil(() =>
        {
            foreach (var (_, type, body) in hosts[0].SentMessages())
                if (type == MessageType.Ping) asked.TryAdd(Ping.TryRead(body)!.SeqNo, rig.Now);
                else if (type == MessageType.IndirectPing) passedOn ??= IndirectPing.TryRead(body)!.SeqNo;
            return passedOn is not null;
        }, TimeSpan.FromSeconds(15));

        Assert.InRange((rig.Now - asked[passedOn!.Value]).TotalMilliseconds, 80, 120);   // three round trips of 2 ms, but 100 ms at least; else 500
    }

    [Fact]
    public void A_node_that_does_not_answer_holds_up_no_other_probe()
    {
        var hosts = rig.Cluster(4);
        hosts[3].Stopped = true;
        var before = hosts[0].Swim.Counters.Probes;

        rig.Run(TimeSpan.FromSeconds(10));

        Assert.NotEqual(0, hosts[0].Swim.Counters.IndirectProbes);
        Assert.InRange(hosts[0].Swim.Counters.Probes - before, 9, 11);   // one a second, whether answered or not
    }

    [Fact]
    public void An_encrypted_message_that_comes_twice_is_a_replay()
    {
        using var keys = new Keyring([new byte[16]]);
        var self = rig.Add("self", settings => settings with { Keys = keys });
        var writer = new PacketWriter(keys, []);
        var packet = writer.Write(SwimHost.Encoded(AliveOf("bob", 10, 1)), checksum: false, nonce: new byte[12]).ToArray();

        self.Do(swim => swim.Receive(SwimRig.Address(10), packet, rig.Now));
        self.Hear(SwimRig.Address(10));
        self.Do(swim => swim.Receive(SwimRig.Address(66), packet, rig.Now));

        Assert.Equal(1, self.Swim.Counters.Replays);
        Assert.Single(self.Swim.Live);
    }

    [Fact]
    public void An_ack_goes_to_a_member_or_back_to_where_the_ping_came_from()
    {
        var self = rig.Add("self");
        self.Hear(SwimRig.Address(20), AliveOf("bob", 10, 1));
        self.Sent.Clear();
        PeerAddress Ask(PeerAddress from, int claimed, string name)
        {
            self.Sent.Clear();
            self.Hear(from, new Ping("self", 7, SwimRig.Address(claimed).Addr, 7946, name));
            return Assert.Single(self.SentMessages(), sent => sent.Type == MessageType.Ack).To;
        }

        Assert.Equal(SwimRig.Address(10), Ask(SwimRig.Address(11), 10, "bob"));         // behind NAT, say: bob does live there
        Assert.Equal(SwimRig.Address(11), Ask(SwimRig.Address(11), 66, "bob"));         // he does not: no reflection
        Assert.Equal(SwimRig.Address(11), Ask(SwimRig.Address(11), 66, "stranger"));
    }

    [Fact]
    public void Who_is_not_answered_by_anybody_tells_nobody_that_they_are_dead()
    {
        var hosts = rig.Cluster(5);
        rig.Link = (from, _, _) => from != hosts[0];   // it can say nothing

        rig.Run(TimeSpan.FromSeconds(60));
        Assert.Contains(hosts.Skip(1), host => hosts[0].StateOf(host.Settings.Name) == NodeStatus.Dead);
        hosts[0].Sent.Clear();
        rig.Link = (_, _, _) => true;
        rig.Run(TimeSpan.FromSeconds(15));

        for (var i = 1; i < 5; i++)
            for (var j = 1; j < 5; j++) Assert.Equal(NodeStatus.Alive, hosts[i].StateOf($"n{j}"));
        Assert.All(hosts.Skip(1), host => Assert.DoesNotContain(host.Log, line => line.StartsWith("dead", StringComparison.Ordinal) && !line.Contains("n0")));
    }
}
