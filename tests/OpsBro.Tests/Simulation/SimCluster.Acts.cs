using OpsBro.Core.Gossip;

namespace OpsBro.Tests.Simulation;

/// <content>What a scenario does to the hosts, and what it may ask of all.</content>
sealed partial class SimCluster
{
    /// <summary>A cluster whose agents know each other.</summary>
    public static SimCluster Converged(int nodes, ulong seed, SimOptions? options = null)
    {
        var sim = new SimCluster(nodes, seed, options);
        if (nodes >= SimOptions.AssumedFrom) sim.StartAssumed();
        else sim.StartAndJoinAll();
        sim.Require(sim.RunUntil(sim.AllSeeAll, TimeSpan.FromSeconds(60)), $"the agents do not find together: {sim.Blind()}");
        if (sim.States is { } states)
            sim.Require(sim.RunUntil(() => states.AllKnowAll, TimeSpan.FromSeconds(30)), $"what they say does not get around: {states.Lacking()}");
        sim.Run(TimeSpan.FromSeconds(5));
        return sim;
    }

    /// <summary>Starts an agent that knows nobody.</summary>
    public void Start(int node, uint? incarnation = null)
    {
        Running++;
        Nodes[node].Start(incarnation);
    }

    /// <summary>Starts all agents; each knows nobody.</summary>
    public void StartAll()
    {
        for (var i = 0; i < Nodes.Count; i++) Start(i);
    }

    /// <summary>Lets an agent join through another.</summary>
    public void Join(int node, int through)
    {
        Nodes[node].Engine.Join(Nodes[through].Address, ignoreOldEvents: true, Now);
        Nodes[node].Settle();
    }

    /// <summary>Starts all agents and lets all join the first at once.</summary>
    public void StartAndJoinAll()
    {
        StartAll();
        for (var i = 1; i < Nodes.Count; i++) Join(i, 0);
    }

    /// <summary>Starts all agents, which know each other and what each says of itself.</summary>
    public void StartAssumed()
    {
        StartAll();
        var all = Nodes.Select(node => (node.Engine.Facts, node.SavedIncarnation)).ToList();
        foreach (var node in Nodes) node.Assume(all);
        Views.AllSeeAll();
    }

    /// <summary>Kills an agent (kill -9), or the whole host.</summary>
    public void Kill(int node, bool host = false)
    {
        Running--;
        Nodes[node].Stop(host);
    }

    /// <summary>Stops an agent for some time (SIGSTOP, SIGCONT).</summary>
    public void Pause(int node, TimeSpan time)
    {
        var life = Nodes[node].Life;
        Nodes[node].Pause();
        At(Now + time, () =>
        {
            if (Nodes[node].Life == life) Nodes[node].Resume();
        });
    }

    /// <summary>Lets an agent say goodbye; it goes on until it is killed.</summary>
    public void Leave(int node)
    {
        Nodes[node].Engine.Leave(Now);
        Nodes[node].Settle();
    }

    /// <summary>What the run found out, beside that the claim holds.</summary>
    public string Figures { get; set; } = "";

    /// <summary>Notes a figure.</summary>
    public void Note(string figure) => Figures = Figures.Length == 0 ? figure : $"{Figures}; {figure}";

    /// <summary>For messages: how many pairs do not see each other, and one of them.</summary>
    public string Blind()
    {
        var (pairs, example) = (0, "");
        foreach (var observer in Nodes.Where(node => node.IsRunning))
            foreach (var subject in Nodes.Where(node => node.IsRunning && Views.Of(observer.Index, node.Index) != MemberStatus.Alive))
            {
                if (pairs++ == 0) example = $"{observer.Name} holds {subject.Name} for {Views.Of(observer.Index, subject.Index)}".ToLowerInvariant();
            }
        return pairs == 0 ? "all running agents see each other" : $"{pairs} pairs do not see each other, for instance {example}";
    }

    /// <summary>Every running agent sees every running agent alive, and nobody else.</summary>
    public bool AllSeeAll()
    {
        foreach (var node in Nodes)
            if (Views.AliveTo(node.Index) != (node.IsRunning ? Running : 0)) return false;
        return true;
    }

    /// <summary>Nobody took a running agent for failed, except one that the scenario names.</summary>
    public void RequireNoFalseFailure(Func<SimFailure, bool>? unless = null)
    {
        foreach (var failure in Views.Failures)
            if (unless is null || !unless(failure))
                Require(false, $"{SimNode.NameOf(failure.Observer)} took {SimNode.NameOf(failure.Subject)} for failed "
                + $"at {failure.At.TotalSeconds:0.00} s: {failure.Cause}");
    }
}
