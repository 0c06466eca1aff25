using System.Diagnostics;
using OpsBro.Core.Gossip;

namespace OpsBro.Tests.Simulation;

/// <summary>Scenarios of agents that die, stop, come back and go: strong completeness, accuracy, monotone incarnations.</summary>
static class Failures
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<Scenario> All { get; } =
    [
        new("kill", "a killed agent is failed everywhere within the theory's time, and nobody else", [3, 4, 10, 10, 30, 60, 100], Kill),
        new("host-down", "so is a host that is switched off", [3, 10, 30], HostDown),
        new("pause", "nobody is failed by pauses up to a second", [3, 10, 30], Pause),
        new("stopped", "an agent stopped for a minute is failed, refutes within 3 s, and blames nobody", [5, 10, 30], Stopped),
        new("restart", "an agent that comes back is alive to all in 2 s, whatever its file holds", [3, 10, 30], Restart),
        new("leave", "an agent that leaves has left everywhere and failed nowhere", [3, 10, 50], Leave),
        new("churn", "after agents died and came back for a minute, all agree within 15 s", [10, 20, 40], Churn),
        new("many", "of thousands one is killed: in 30 s at most it is failed everywhere, and nobody else", [300], Many, IsLarge: true),
        new("mass-restart", "after all restarted within 5 s, all see all within 15 s", [10, 50], MassRestart),
    ];

    /// <summary>Longest time from a death until all know: five probes until one hits, one to be sure, the suspicion, and the rumour.</summary>
    public static TimeSpan DetectionBound(GossipProfile profile, int nodes)
    {
        var scale = Math.Max(1, Math.Log10(Math.Max(1, nodes)));
        var least = profile.SuspicionMult * scale * profile.ProbeInterval;
        return 5 * profile.ProbeInterval + profile.ProbeInterval + least * profile.SuspicionMaxTimeoutMult + Rumours.Bound(profile, nodes);
    }

    static SimCluster Kill(int nodes, ulong seed) => Die(nodes, seed, host: false);

    static SimCluster HostDown(int nodes, ulong seed) => Die(nodes, seed, host: true);

    static SimCluster Die(int nodes, ulong seed, bool host)
    {
        var sim = SimCluster.Converged(nodes, seed);
        sim.Run(sim.Chance.Within(TimeSpan.FromSeconds(5)));
        var victims = new HashSet<int>();
        while (victims.Count < Math.Max(1, nodes / 20)) victims.Add(sim.Chance.Below(nodes));

        var killed = sim.Now;
        foreach (var victim in victims) sim.Kill(victim, host);
        var bound = DetectionBound(GossipProfile.Lan, nodes);
        var isKnown = sim.RunUntil(() => victims.All(victim => sim.Views.FailedTo(victim) == sim.Running), bound);

        var unknown = victims.Where(v => sim.Views.FailedTo(v) < sim.Running).Select(SimNode.NameOf);
        sim.Require(isKnown, $"{string.Join(", ", unknown)} not failed everywhere after {bound}");
        sim.RequireNoFalseFailure(unless: failure => victims.Contains(failure.Subject));
        var first = sim.Views.Failures[0].At - killed;
        sim.Note($"killed {victims.Count}; failed to the first after {first.TotalSeconds:0.0} s, to all after {(sim.Now - killed).TotalSeconds:0.0} s");
        return sim;
    }

    static SimCluster Many(int nodes, ulong seed)
    {
        var sim = new SimCluster(nodes, seed);
        sim.StartAssumed();
        sim.Note($"{nodes} engines that know each other take {Process.GetCurrentProcess().WorkingSet64 >> 20} MB");
        var end = sim.Now + TimeSpan.FromSeconds(30);
        sim.Run(TimeSpan.FromSeconds(3));
        var victim = sim.Chance.Below(nodes);
        var killed = sim.Now;
        sim.Kill(victim);

        var isKnown = sim.RunUntil(() => sim.Views.FailedTo(victim) == sim.Running, end - sim.Now);

        sim.Require(isKnown, $"{SimNode.NameOf(victim)} is failed to {sim.Views.FailedTo(victim)} of {sim.Running}");
        sim.Note($"failed to the first after {(sim.Views.Failures[0].At - killed).TotalSeconds:0.0} s, to all after {(sim.Now - killed).TotalSeconds:0.0} s");
        if (sim.Now < end) sim.Run(end - sim.Now);
        sim.RequireNoFalseFailure(unless: failure => failure.Subject == victim);
        return sim;
    }

    static SimCluster Pause(int nodes, ulong seed)
    {
        var sim = SimCluster.Converged(nodes, seed);
        for (var round = 0; round < 60; round++)
        {
            for (var i = Math.Max(1, nodes / 10); i > 0; i--)
            {
                var node = sim.Chance.Below(nodes);
                if (!sim.Nodes[node].IsPaused) sim.Pause(node, TimeSpan.FromMilliseconds(200 + sim.Chance.Below(801)));
            }
            sim.Run(TimeSpan.FromSeconds(1));
        }
        sim.RequireNoFalseFailure();
        return sim;
    }

    static SimCluster Stopped(int nodes, ulong seed)
    {
        var sim = SimCluster.Converged(nodes, seed);
        var node = sim.Chance.Below(nodes);
        sim.Pause(node, TimeSpan.FromSeconds(60));
        sim.Run(TimeSpan.FromSeconds(59.5));
        sim.Require(sim.Views.FailedTo(node) == nodes - 1, $"{SimNode.NameOf(node)} was stopped for a minute and is failed only to {sim.Views.FailedTo(node)}");

        sim.Run(TimeSpan.FromSeconds(0.5));
        var isBack = sim.RunUntil(sim.AllSeeAll, TimeSpan.FromSeconds(3));

        sim.Require(isBack, $"{SimNode.NameOf(node)} goes on and is not alive to all after 3 s: {sim.Views.AliveTo(node)} of {nodes}; {sim.Blind()}");
        sim.RequireNoFalseFailure(unless: failure => failure.Subject == node);
        return sim;
    }

    static SimCluster Restart(int nodes, ulong seed)
    {
        var sim = SimCluster.Converged(nodes, seed);
        var node = sim.Chance.Below(nodes);
        var before = sim.Nodes[node].SavedIncarnation;
        sim.Kill(node);
        // before anybody noticed, while it is suspected, and long after; with the file, and with nothing but the number one (as Serf does)
        sim.Run(sim.Chance.Within(TimeSpan.FromSeconds(20)));
        var forgets = sim.Chance.Below(2) == 0;
        sim.Start(node, forgets ? 1u : null);
        sim.Join(node, (node + 1) % nodes);

        var isBack = sim.RunUntil(sim.AllSeeAll, TimeSpan.FromSeconds(2));

        sim.Require(isBack, $"{SimNode.NameOf(node)} came back {(forgets ? "with incarnation 1 " : "")}"
            + $"and is alive to {sim.Views.AliveTo(node)} of {nodes} after 2 s");
        sim.Require(forgets || sim.Nodes[node].SavedIncarnation > before, "its incarnation went down");
        sim.Run(TimeSpan.FromSeconds(30));
        sim.Require(sim.AllSeeAll(), $"{SimNode.NameOf(node)} came back and did not stay");
        sim.RequireNoFalseFailure(unless: failure => failure.Subject == node);
        return sim;
    }

    static SimCluster Leave(int nodes, ulong seed)
    {
        var sim = SimCluster.Converged(nodes, seed);
        var node = sim.Chance.Below(nodes);
        sim.Leave(node);
        var hasLeft = sim.RunUntil(() => sim.Nodes[node].HasLeft, TimeSpan.FromSeconds(15));
        sim.Require(hasLeft, $"{SimNode.NameOf(node)} does not come to an end with leaving");
        sim.Kill(node);

        var isKnown = sim.RunUntil(() => sim.Views.LeftTo(node) == sim.Running, TimeSpan.FromSeconds(5));

        sim.Require(isKnown, $"{SimNode.NameOf(node)} has left, to {sim.Views.LeftTo(node)} of {sim.Running} only");
        sim.Run(TimeSpan.FromSeconds(30));
        sim.RequireNoFalseFailure();
        return sim;
    }

    static SimCluster Churn(int nodes, ulong seed)
    {
        var sim = SimCluster.Converged(nodes, seed);
        var touched = new HashSet<int>();
        for (var second = 0; second < 60; second++)
        {
            var node = 1 + sim.Chance.Below(nodes - 1);
            touched.Add(node);
            if (sim.Nodes[node].IsRunning) sim.Kill(node);
            else Back(sim, node);
            sim.Run(TimeSpan.FromSeconds(1));
        }
        for (var node = 1; node < nodes; node++)
            if (!sim.Nodes[node].IsRunning) Back(sim, node);

        var agree = sim.RunUntil(sim.AllSeeAll, TimeSpan.FromSeconds(15));

        sim.Require(agree, $"no agreement 15 s after the last came back: {sim.Blind()}");
        sim.RequireNoFalseFailure(unless: failure => touched.Contains(failure.Subject));
        return sim;
    }

    static SimCluster MassRestart(int nodes, ulong seed)
    {
        var sim = SimCluster.Converged(nodes, seed);
        for (var node = 0; node < nodes; node++)
        {
            var back = node;
            sim.At(sim.Now + sim.Chance.Within(TimeSpan.FromSeconds(5)), () =>
            {
                sim.Kill(back);
                Back(sim, back);
            });
        }
        sim.Run(TimeSpan.FromSeconds(5));

        var agree = sim.RunUntil(sim.AllSeeAll, TimeSpan.FromSeconds(15));

        sim.Require(agree, $"no agreement 15 s after all restarted: {sim.Blind()}");
        return sim;
    }

    static void Back(SimCluster sim, int node)
    {
        sim.Start(node);
        sim.Join(node, node == 0 ? 1 : 0);
    }
}
