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
    public void A_node_that_said_goodbye_is_not_brought_back_by_a_peer_that_missed_it()
    {
        var rig = new SwimRig();
        var self = rig.Add("self");
        var bob = SwimRig.Address(50);
        self.Hear(bob, new Alive(5, "bob", bob.Addr, bob.Port, default, ProtocolVersions.Ours.ToBytes()));
        self.Hear(bob, new Dead(5, "bob", "bob"));
        rig.Run(GossipProfile.Lan.GossipToTheDeadTime * 2);

        // a peer was stopped for a minute
        var late = new PushPullNode("bob", bob.Addr, bob.Port, default, 5, (int)NodeStatus.Alive, ProtocolVersions.Ours.ToBytes());
        self.Do(swim => swim.Accept(SwimRig.Address(60), SwimHost.Encoded(new PushPull(false, [late], default)), rig.Now));

        Assert.Equal(NodeStatus.Left, self.StateOf("bob"));
    }

    [Fact]
    public void One_datagram_makes_us_send_a_few_at_most()
    {
        var rig = new SwimRig();
        var self = rig.Add("self");
        self.Sent.Clear();
        var ping = SwimHost.Encoded(new Ping("", 1, default, 0, ""));
        var packet = new SpanWriter();
        Compressed.Write(packet, Nested(Nested(ping, 255), 8));

        self.Do(swim => swim.Receive(SwimRig.Address(50), packet.Written, rig.Now));

        var sent = self.Sent.Sum(one => one.Bytes.Length);
        Assert.True(sent < 2 * packet.Written.Length, $"{sent} bytes for {packet.Written.Length}");
        Assert.InRange(self.Sent.Count, 1, GossipLimits.MaxRepliesToPacket);
    }

    [Fact]
    public void One_datagram_passes_a_few_answers_on_at_most()
    {
        var cluster = new MemoryCluster();
        var self = cluster.Add("self");
        self.Meets("bob", 2);
        self.Records = true;
        var answer = new QueryResponse(1, 1, "eve", QueryFlags.None, default);
        var to = MemoryCluster.Address(2);
        var relay = SwimHost.Encoded(new Relay(to.Addr, to.Port, "", "bob", SwimHost.Encoded(answer)));

        var packet = Nested([(byte)MessageType.User, .. relay], 200);
        self.Do((engine, now) => engine.Receive(MemoryCluster.Address(9), packet, now));

        Assert.InRange(self.Sent.Count(sent => sent.Message[0] == (byte)SerfType.QueryResponse), 1, GossipLimits.MaxRepliesToPacket);
    }

    static byte[] Nested(byte[] part, int times)
    {
        var compound = new byte[65_536];
        byte[] parts = [.. Enumerable.Repeat(part, times).SelectMany(one => one)];
        var lengths = Enumerable.Repeat(part.Length, times).ToArray();
        compound[0] = (byte)MessageType.Compound;
        compound[1] = (byte)times;
        for (var i = 0; i < times; i++) System.Buffers.Binary.BinaryPrimitives.WriteUInt16BigEndian(compound.AsSpan(2 + 2 * i), (ushort)lengths[i]);
        parts.CopyTo(compound, 2 + 2 * times);
        return compound[..(2 + 2 * times + parts.Length)];
    }

    [Fact]
    public void A_rumour_that_fits_no_datagram_is_not_kept_for_ever()
    {
        var cluster = MemoryCluster.Of(3);
        cluster.Nodes[0].Hears(new UserEvent(5, "big", new byte[5_000], false));
        cluster.RunFor(30);

        Assert.Equal((0, 0, 0), cluster.Nodes[0].Engine.Queues);
    }
}
