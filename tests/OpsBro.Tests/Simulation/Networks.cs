namespace OpsBro.Tests.Simulation;

/// <summary>Scenarios of bad networks: accuracy under loss, partitions that heal, one-way links, deaf nodes.</summary>
static class Networks
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<Scenario> All { get; } =
    [
        new("join", "all that join one agent at once see all within 10 s", [3, 10, 30, 60, 100], Join),
        new("loss", "nobody is failed while 30 % of everything is lost, doubled and out of order", [3, 5, 10, 20], Loss),
        new("partition", "a partition of 90 s shows to both sides and heals within 10 s", [4, 10, 10, 20], Partition),
        new("one-way", "a link that is shut one way, and a pair that cannot talk, fail nobody", [4, 10, 30], OneWay),
        new("deaf", "of a node that hears nothing only that node is failed", [5, 10, 30], Deaf),
        new("mute", "of a node that can say nothing only that node is failed", [5, 10, 30], Mute),
        new("idle", "an idle node sends at most 308 bytes a second (1.15 times serf's), with the headers", [10, 50, 100], Idle),
    ];

    /// <summary>Bytes that a node may send in a second.</summary>
    const double IdleBytes = 1.15 * 268;

    static SimCluster Join(int nodes, ulong seed)
    {
        var sim = new SimCluster(nodes, seed);
        sim.StartAll();
        sim.Run(TimeSpan.FromSeconds(2));
        var begin = sim.Now;
        for (var i = 1; i < nodes; i++) sim.Join(i, 0);

        var all = sim.RunUntil(sim.AllSeeAll, TimeSpan.FromSeconds(10));

        sim.Require(all, $"not all see all after 10 s: {sim.Blind()}");
        sim.Note($"all saw all after {(sim.Now - begin).TotalSeconds:0.0} s");
        sim.RequireNoFalseFailure();
        return sim;
    }

    static SimCluster Loss(int nodes, ulong seed)
    {
        var sim = SimCluster.Converged(nodes, seed);
        sim.Links.Loss = 0.3;
        sim.Links.Duplication = 0.05;
        sim.Links.Jitter = TimeSpan.FromMilliseconds(20);
        sim.Run(TimeSpan.FromSeconds(120));
        sim.RequireNoFalseFailure();
        return sim;
    }

    static SimCluster Partition(int nodes, ulong seed)
    {
        var sim = SimCluster.Converged(nodes, seed);
        var sides = Enumerable.Range(0, nodes).Select(i => i % 2 == 0).ToArray();
        sim.Links.Partition(i => sides[i]);
        sim.Run(TimeSpan.FromSeconds(90));
        for (var i = 0; i < nodes; i++)
            sim.Require(sim.Views.AliveTo(i) == sides.Count(side => side == sides[i]),
                $"{SimNode.NameOf(i)} is alive to {sim.Views.AliveTo(i)} in the middle of the partition");
        sim.RequireNoFalseFailure(unless: failure => sides[failure.Observer] != sides[failure.Subject]);

        sim.Links.Heal();
        var healed = sim.Now;
        var all = sim.RunUntil(sim.AllSeeAll, TimeSpan.FromSeconds(10));

        sim.Require(all, $"the partition is over for 10 s: {sim.Blind()}");
        sim.Note($"healed after {(sim.Now - healed).TotalSeconds:0.0} s");
        return sim;
    }

    static SimCluster OneWay(int nodes, ulong seed)
    {
        var sim = SimCluster.Converged(nodes, seed);
        sim.Links.Cut(0, 1);
        sim.Links.Cut(2, 3);
        sim.Links.Cut(3, 2);
        sim.Run(TimeSpan.FromSeconds(60));
        sim.RequireNoFalseFailure();
        return sim;
    }

    static SimCluster Deaf(int nodes, ulong seed) => Sick(nodes, seed, (sim, node) => sim.Links.Deafen(node));

    static SimCluster Mute(int nodes, ulong seed) => Sick(nodes, seed, (sim, node) => sim.Links.Silence(node));

    static SimCluster Sick(int nodes, ulong seed, Action<SimCluster, int> break_)
    {
        var sim = SimCluster.Converged(nodes, seed);
        var node = sim.Chance.Below(nodes);
        break_(sim, node);
        sim.Run(TimeSpan.FromSeconds(45));
        var observers = Enumerable.Range(0, nodes).Where(i => i != node);
        sim.Require(observers.All(i => sim.Views.Of(i, node) == Core.Gossip.MemberStatus.Failed), $"{SimNode.NameOf(node)} is not failed to all others");
        sim.RequireNoFalseFailure(unless: failure => failure.Subject == node || failure.Observer == node);

        sim.Links.Mend();
        var all = sim.RunUntil(sim.AllSeeAll, TimeSpan.FromSeconds(20));

        sim.Require(all, $"the network is well for 20 s: {sim.Blind()}");
        sim.RequireNoFalseFailure(unless: failure => failure.Subject == node || failure.Observer == node);
        return sim;
    }

    static SimCluster Idle(int nodes, ulong seed)
    {
        var sim = SimCluster.Converged(nodes, seed, new SimOptions { Compress = true, NodeState = true });
        sim.Run(TimeSpan.FromSeconds(60));
        var (bytes, packets) = (sim.Bytes, sim.Nodes.Sum(node => node.PacketsSent));
        sim.Run(TimeSpan.FromSeconds(120));

        var each = (sim.Bytes - bytes) / 120.0 / nodes;

        sim.Note($"{each:0} B/s and {(sim.Nodes.Sum(node => node.PacketsSent) - packets) / 120.0 / nodes:0.0} packets/s a node");
        sim.Require(each <= IdleBytes, $"an idle node sends {each:0} bytes a second");
        sim.RequireNoFalseFailure();
        return sim;
    }
}
