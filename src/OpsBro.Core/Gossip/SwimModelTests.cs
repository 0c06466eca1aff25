using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;

namespace OpsBro.Tests.Gossip;

/// <summary>The state machine of serf-wire.md A10, with our fixes, against a model written from that page alone; and the formulas of A11.</summary>
public class SwimModelTests
{
    static readonly string[] names = ["self", "ann", "bob", "cid", "dan", "eve"];

    public static TheoryData<ulong> Seeds => [.. Enumerable.Range(1, 20).Select(i => (ulong)i)];

    [Theory, MemberData(nameof(Seeds))]
    public void Whatever_is_said_the_engine_does_as_the_model(ulong seed)
    {
        var chance = new Chance(seed);
        var rig = new SwimRig(seed);
        var self = rig.Add("self", settings => settings with { Incarnation = 3 });
        var model = new Model(3);
        var highest = new Dictionary<string, uint>();
        for (var step = 0; step < 3_000; step++)
        {
            var (name, from) = (names[chance.Below(names.Length)], names[chance.Below(names.Length)]);
            var known = self.Swim.Find(name)?.Incarnation ?? 0;
            // mostly near to what is known: there the rules differ
            var incarnation = chance.Below(20) == 0 ? uint.MaxValue - (uint)chance.Below(2) : (uint)Math.Max(0, known + chance.Below(5) - 2L);
            var kind = chance.Below(7);
            Say(self, kind, name, from, incarnation);
            switch (kind)
            {
                case 0 or 1 or 3: model.Alive(name, incarnation); break;
                case 2 or 4: model.Suspect(name, incarnation, kind == 4 ? "self" : from); break;
                case 5: model.Dead(name, incarnation, from); break;
                default: model.Dead(name, incarnation, name); break;
            }

            var where = $"seed {seed}, step {step}: kind {kind} of {name} by {from} at {incarnation}";
            foreach (var each in names)
            {
                var node = self.Swim.Find(each);
                Assert.True(model.Of(each) == (node?.State, node?.Incarnation ?? 0, node?.Suspicion?.Accusers.Count ?? 0),
                    $"{where}: {each} is {node?.State} {node?.Incarnation} {node?.Suspicion?.Accusers.Count}, and {model.Of(each)} to the model");
                Assert.True((node?.Incarnation ?? 0) >= highest.GetValueOrDefault(each), $"{where}: the incarnation of {each} went down");
                highest[each] = node?.Incarnation ?? 0;
            }
        }
        Assert.Equal(model.Refutations, self.Swim.Counters.Refutations);
    }

    static void Say(SwimHost self, int kind, string name, string from, uint incarnation)
    {
        var address = name == "self" ? self.Address : SwimRig.Address(10 + Array.IndexOf(names, name));
        var versions = ProtocolVersions.Ours.ToBytes();
        var meta = self.Swim.Self.Meta;
        var state = kind == 3 ? NodeStatus.Alive : NodeStatus.Dead;
        switch (kind)
        {
            case 0 or 1: self.Swim.Receive(address, SwimHost.Encoded(new Alive(incarnation, name, address.Addr, address.Port, meta, versions)), Now); break;
            case 2: self.Swim.Receive(address, SwimHost.Encoded(new Suspect(incarnation, name, from)), Now); break;
            case 3 or 4:
                var node = new PushPullNode(name, address.Addr, address.Port, meta, incarnation, (int)state, versions);
                self.Swim.Accept(SwimRig.Address(99), SwimHost.Encoded(new PushPull(false, [node], default)), Now);
                break;
            case 5: self.Swim.Receive(address, SwimHost.Encoded(new Dead(incarnation, name, from)), Now); break;
            default: self.Swim.Receive(address, SwimHost.Encoded(new Dead(incarnation, name, name)), Now); break;
        }
    }

    static readonly TimeSpan Now = TimeSpan.FromSeconds(1_000);   // it stands still: timers are another matter

    [Theory]
    [InlineData(1, 4, 24), InlineData(10, 4, 24), InlineData(50, 6.8, 41), InlineData(100, 8, 48), InlineData(1_000, 12, 72), InlineData(5_000, 14.8, 89)]
    [InlineData(10_000, 16, 96)]
    public void A_suspicion_takes_the_time_of_the_table(int nodes, double least, double most)
    {
        var time = Suspicion.Least(GossipProfile.Lan, nodes);

        Assert.Equal(least, time.TotalSeconds, 0.05);
        Assert.Equal(most, (time * GossipProfile.Lan.SuspicionMaxTimeoutMult).TotalSeconds, 0.5);
    }

    [Fact]
    public void A_suspicion_gets_shorter_with_each_other_accuser_and_no_more_with_those_beyond()
    {
        var suspicion = Suspicion.Of("ann", GossipProfile.Lan, 100, TimeSpan.Zero);
        Assert.Equal(48, suspicion.Ends.TotalSeconds, 0.01);

        Assert.False(suspicion.Confirm("ann"));
        Assert.True(suspicion.Confirm("bob"));
        // 48 - 40 · ln 2 / ln 3, in whole milliseconds
        Assert.Equal(22.762, suspicion.Ends.TotalSeconds, 0.001);
        Assert.True(suspicion.Confirm("cid"));
        Assert.Equal(8, suspicion.Ends.TotalSeconds, 0.001);
        Assert.False(suspicion.Confirm("dan"));
    }

    [Theory, InlineData(2), InlineData(3)]
    public void Where_too_few_can_confirm_the_shortest_time_is_the_time(int nodes) =>
        Assert.Equal(4, Suspicion.Of("ann", GossipProfile.Lan, nodes, TimeSpan.Zero).Ends.TotalSeconds);

    [Fact]
    public void The_far_profile_gives_more_time() => Assert.Equal(60, Suspicion.Least(GossipProfile.Wan, 100).TotalSeconds);

    [Theory, InlineData(3, 4, 30), InlineData(9, 4, 30), InlineData(10, 8, 30), InlineData(50, 8, 60), InlineData(99, 8, 90), InlineData(100, 12, 90)]
    [InlineData(999, 12, 180), InlineData(1_000, 16, 180), InlineData(9_999, 16, 300)]
    public void Rumours_and_exchanges_grow_with_the_nodes_as_in_the_table(int nodes, int sent, double seconds)
    {
        var swim = new SwimRig().Add("self").Swim;
        for (var i = 1; i < nodes; i++)
            swim.Assume(new NodeFacts($"n{i}", SwimRig.Address(i), default, ProtocolVersions.Ours), 1, Now);

        Assert.Equal(sent, swim.RetransmitLimit);
        Assert.Equal(seconds, swim.PushPullInterval.TotalSeconds);
    }

    /// <summary>The rules and nothing else: no time, no network, no rumours.</summary>
    sealed class Model(uint own)
    {
        readonly Dictionary<string, Node> nodes = [];

        sealed class Node
        {
            public NodeStatus State;
            public uint Incarnation;
            public List<string> Accusers = [];
            public int Needed;
        }

        public int Refutations { get; private set; }

        public (NodeStatus? State, uint Incarnation, int Accusers) Of(string name) =>
            name == "self" ? (NodeStatus.Alive, own, 0)
            : nodes.TryGetValue(name, out var node) ? (node.State, node.Incarnation, node.Accusers.Count) : (null, 0, 0);

        public void Alive(string name, uint incarnation)
        {
            if (name == "self")
            {
                if (incarnation > own && !IsPoison(incarnation, own)) Refute(incarnation);
            }
            else if (!nodes.TryGetValue(name, out var node))
            {
                if (incarnation <= 3u << 30) nodes[name] = new Node { Incarnation = incarnation };
            }
            else if (incarnation > node.Incarnation && !IsPoison(incarnation, node.Incarnation))
                (node.Incarnation, node.State, node.Accusers) = (incarnation, NodeStatus.Alive, []);
        }

        public void Suspect(string name, uint incarnation, string from)
        {
            if (name == "self")
            {
                if (incarnation >= own && !IsPoison(incarnation, own)) Refute(incarnation);
                return;
            }
            if (!nodes.TryGetValue(name, out var node) || incarnation < node.Incarnation || IsPoison(incarnation, node.Incarnation)) return;
            if (node.State is NodeStatus.Dead or NodeStatus.Left) return;
            if (node.State == NodeStatus.Suspect && incarnation == node.Incarnation)
            {
                if (node.Accusers.Count <= node.Needed && !node.Accusers.Contains(from)) node.Accusers.Add(from);
                return;
            }
            (node.Incarnation, node.State, node.Accusers) = (incarnation, NodeStatus.Suspect, [from]);
            node.Needed = nodes.Count + 1 - 2 < 2 ? 0 : 2;
        }

        public void Dead(string name, uint incarnation, string from)
        {
            if (name == "self")
            {
                if (incarnation >= own && !IsPoison(incarnation, own)) Refute(incarnation);
                return;
            }
            if (!nodes.TryGetValue(name, out var node) || incarnation < node.Incarnation || IsPoison(incarnation, node.Incarnation)) return;
            node.Incarnation = incarnation;   // also of one that is dead already: fix b
            if (node.State is NodeStatus.Dead or NodeStatus.Left) return;
            (node.State, node.Accusers) = (from == name ? NodeStatus.Left : NodeStatus.Dead, []);
        }

        void Refute(uint accused)
        {
            Refutations++;
            own = accused + 1;
        }

        static bool IsPoison(uint incarnation, uint known) => incarnation > int.MaxValue && incarnation > known + 1_024L;   // fix c
    }
}
