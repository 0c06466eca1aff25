using OpsBro.Core.Gossip;

namespace OpsBro.Tests.Simulation;

/// <summary>Scenarios of what nodes say of themselves: it gets to all at once, and all agree in the end whatever happened.</summary>
static class States
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<Scenario> All { get; } =
    [
        new("urgent", "a group or check change reaches 99 % of all nodes within 1 s", [10, 30, 100, 200], (nodes, seed) => Urgent(nodes, seed, loss: 0)),
        new("urgent-loss", "so it does while 10 % of everything is lost", [10, 30, 100, 200], (nodes, seed) => Urgent(nodes, seed, loss: 0.1)),
        new("state-join", "agents that join one at once know in 10 s what all say", [3, 10, 30, 60], Join),
        new("newcomer", "all see an agent that joins in 10 s, and 99 % what it says; it sees all", [10, 50, 200], Newcomer),
        new("state-split", "after a partition and changes on both sides all know the same, and no deletion comes back", [4, 10, 20], Split),
        new("state-restart", "after restarts the newer life wins; what the dead said is kept and marked as gone", [3, 10, 30], Restart),
    ];

    static SimOptions WithState { get; } = new() { NodeState = true };

    static SimCluster Urgent(int nodes, ulong seed, double loss)
    {
        var sim = SimCluster.Converged(nodes, seed, WithState);
        sim.Links.Loss = loss;
        var slowest = TimeSpan.Zero;
        for (var round = 0; round < 3; round++)
        {
            sim.Run(sim.Chance.Within(TimeSpan.FromSeconds(2)));
            var node = sim.Nodes[sim.Chance.Below(nodes)];
            var began = sim.Now;
            node.Say(round == 0 ? "group/web" : "check/load", round == 0 ? "" : $"CRITICAL {round}", urgent: true);
            var reached = sim.RunUntil(() => sim.States!.KnowingOf(node.Index) >= Math.Floor(0.99 * nodes), TimeSpan.FromSeconds(1));
            sim.Require(reached, $"a change of {node.Name} is known to {sim.States!.KnowingOf(node.Index)} of {nodes} after 1 s");
            if (sim.Now - began > slowest) slowest = sim.Now - began;
        }
        sim.Note($"99 % after {slowest.TotalSeconds:0.00} s");
        sim.Require(sim.RunUntil(() => sim.States!.AllKnowAll, TimeSpan.FromSeconds(30)), $"after 30 s: {sim.States!.Lacking()}");
        return sim;
    }

    static SimCluster Join(int nodes, ulong seed)
    {
        var sim = new SimCluster(nodes, seed, WithState);
        sim.StartAndJoinAll();
        var began = sim.Now;

        var all = sim.RunUntil(() => sim.AllSeeAll() && sim.States!.AllKnowAll, TimeSpan.FromSeconds(10));

        sim.Require(all, $"after 10 s: {sim.Blind()}; {sim.States!.Lacking()}");
        sim.Note($"all knew all after {(sim.Now - began).TotalSeconds:0.0} s");
        sim.RequireNoFalseFailure();
        return sim;
    }

    static SimCluster Newcomer(int nodes, ulong seed)
    {
        var sim = SimCluster.Converged(nodes, seed, WithState);
        var late = sim.Chance.Below(nodes);
        sim.Kill(late);
        sim.Run(TimeSpan.FromSeconds(60));   // long forgotten as a live one
        var began = sim.Now;
        sim.Start(late);
        sim.Join(late, (late + 1) % nodes);

        var seen = sim.RunUntil(sim.AllSeeAll, TimeSpan.FromSeconds(10));
        var seenAfter = sim.Now - began;
        // the last of many to know it is a matter of luck: rounds are random
        sim.RunUntil(() => sim.States!.KnowingOf(late) >= 0.99 * nodes, TimeSpan.FromSeconds(10) - seenAfter);
        var known = sim.States!.KnowingOf(late) >= 0.99 * nodes;
        var knownAfter = sim.Now - began;

        sim.Require(seen && known, $"after 10 s: {sim.Blind()}; {sim.States!.Lacking()}");
        sim.Note($"all saw it after {seenAfter.TotalSeconds:0.0} s, and 99 % knew it after {knownAfter.TotalSeconds:0.0} s");
        sim.Require(sim.RunUntil(() => sim.States!.AllKnowAll, TimeSpan.FromSeconds(15)), $"15 s later: {sim.States!.Lacking()}");
        return sim;
    }

    static SimCluster Split(int nodes, ulong seed)
    {
        var sim = SimCluster.Converged(nodes, seed, WithState);
        foreach (var node in sim.Nodes) node.Say("group/old", "", urgent: true);
        sim.Run(TimeSpan.FromSeconds(15));
        sim.Links.Partition(i => i % 2 == 0);
        for (var i = 0; i < 60; i++)
        {
            var node = sim.Nodes[sim.Chance.Below(nodes)];
            var key = $"check/{sim.Chance.Below(4)}";
            node.Say(key, sim.Chance.Below(3) == 0 ? null : $"{i}", urgent: sim.Chance.Below(2) == 0);
            node.Say("group/old", null, urgent: true);
            sim.Run(TimeSpan.FromSeconds(1));
        }
        sim.Links.Heal();

        var all = sim.RunUntil(() => sim.AllSeeAll() && sim.States!.AllKnowAll, TimeSpan.FromSeconds(20));

        sim.Require(all, $"the partition is over for 20 s: {sim.Blind()}; {sim.States!.Lacking()}");
        foreach (var node in sim.Nodes)
            foreach (var other in sim.Nodes)
                sim.Require(Text(node, other) == Text(other, other), $"{node.Name} holds {Text(node, other)} of {other.Name}, which says {Text(other, other)}");
        return sim;
    }

    static SimCluster Restart(int nodes, ulong seed)
    {
        var sim = SimCluster.Converged(nodes, seed, WithState);
        var (back, dead) = (sim.Chance.Below(nodes), 0);
        do dead = sim.Chance.Below(nodes);
        while (dead == back);
        sim.Nodes[dead].Say("check/load", "CRITICAL last words", urgent: true);
        for (var i = 0; i < 20; i++) sim.Nodes[back].Say("check/load", $"WARNING {i}", urgent: false);
        sim.Run(TimeSpan.FromSeconds(15));
        sim.Kill(dead);
        sim.Kill(back);
        sim.Run(sim.Chance.Within(TimeSpan.FromSeconds(40)));
        sim.Start(back);   // with fewer changes behind it than in its last life
        sim.Join(back, Enumerable.Range(0, nodes).First(i => i != back && i != dead));

        var all = sim.RunUntil(() => sim.States!.AllKnowAll, TimeSpan.FromSeconds(15));

        sim.Require(all, $"15 s after the restart: {sim.States!.Lacking()}");
        sim.Run(TimeSpan.FromSeconds(30));
        foreach (var node in sim.Nodes.Where(node => node.IsRunning))
        {
            sim.Require(node.State.Find("", sim.Nodes[dead].Name)?["check/load"] == "CRITICAL last words", $"{node.Name} lost what the dead one said last");
            sim.Require(node.Gone.Contains(sim.Nodes[dead].Name) || node.Index == back, $"to {node.Name} the dead one is not gone");
            sim.Require(!node.Gone.Contains(sim.Nodes[back].Name), $"to {node.Name} the one that is back is gone");
            sim.Require(node.State.GoneSince("", sim.Nodes[dead].Name) is not null, $"{node.Name} takes the dead one for alive");
        }
        return sim;
    }

    static string Text(SimNode observer, SimNode subject)
    {
        var map = observer == subject ? subject.State.Self : observer.State.Find("", subject.Name);
        return map is null ? "nothing" : string.Join(' ', map.Entries.ToArray().Where(e => !e.IsRemoved).Select(e => $"{e.Key}={e.Value}").Order());
    }
}
