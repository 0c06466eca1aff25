using System.Text;
using OpsBro.Core.Gossip;

namespace OpsBro.Tests.Simulation;

/// <summary>Scenarios of things to tell: events arrive once each, everywhere.</summary>
static class Rumours
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<Scenario> All { get; } =
    [
        new("events", "each event arrives once: 99 % in 10 s, all by the next push/pull", [3, 10, 30, 60], Events),
    ];

    /// <summary>Time in which a rumour has reached everybody: rounds until all have it, twice.</summary>
    public static TimeSpan Bound(GossipProfile profile, int nodes) => 2 * (1 + Math.Ceiling(Math.Log2(nodes + 1))) * profile.GossipInterval;

    static SimCluster Events(int nodes, ulong seed)
    {
        const int Fired = 20;
        const double Share = 0.99;
        var sim = SimCluster.Converged(nodes, seed);
        sim.Links.Duplication = 0.2;
        sim.Links.Jitter = TimeSpan.FromMilliseconds(50);
        for (var i = 0; i < Fired; i++)
        {
            var node = sim.Nodes[sim.Chance.Below(nodes)];
            sim.Require(node.Engine.FireEvent($"e{i}", Encoding.UTF8.GetBytes("payload"), coalesce: false, sim.Now) is null, "an event is refused");
            node.Settle();
            sim.Run(sim.Chance.Within(TimeSpan.FromSeconds(0.5)));
        }

        // an event is sent a few times only, so that one in a hundred misses somebody now and then; a push/pull brings it
        sim.RunUntil(() => sim.Nodes.Sum(node => node.Events.Count) >= Share * Fired * nodes, TimeSpan.FromSeconds(10));
        var soon = sim.Nodes.Sum(node => node.Events.Count);
        sim.Require(soon >= Share * Fired * nodes, $"{soon} of {Fired * nodes} events arrived within 10 s");
        var all = sim.RunUntil(() => sim.Nodes.All(node => node.Events.Count == Fired), 2 * sim.Nodes[0].Engine.PushPullInterval);

        sim.Require(all, $"{sim.Nodes.Min(node => node.Events.Count)} of {Fired} events arrived somewhere");
        sim.Run(TimeSpan.FromSeconds(60));
        foreach (var node in sim.Nodes)
            foreach (var (name, times) in node.Events)
                sim.Require(times == 1, $"{node.Name} got {name} {times} times");
        return sim;
    }
}
