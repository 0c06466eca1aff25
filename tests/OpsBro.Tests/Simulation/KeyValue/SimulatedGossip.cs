using OpsBro.Core.Gossip;
using OpsBro.Core.KeyValue;

namespace OpsBro.Tests.Simulation.KeyValue;

/// <summary>
/// What gossip and NodeState would tell each agent: who is in group kv, how they stand, what they announce. Each node learns of each change in its own
/// time: a death after seconds, a return sooner, an announcement up to three seconds late.
/// </summary>
sealed class SimulatedGossip(KeyValueSimulation simulation, Chance chance)
{
    readonly Dictionary<(int Observer, int Subject), KeyValueMember> views = [];
    readonly Dictionary<(int Observer, int Subject), int> heard = [];
    readonly Dictionary<int, int> published = [];

    /// <summary>Soonest that a death is noticed.</summary>
    public TimeSpan SoonestDeath { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How much later others notice it at the latest.</summary>
    public TimeSpan DeathSpread { get; set; } = TimeSpan.FromSeconds(6);

    /// <summary>Latest that anything else is noticed.</summary>
    public TimeSpan News { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Something changed: everybody will notice, each in its time.</summary>
    public void Change()
    {
        foreach (var observer in simulation.Nodes)
        {
            if (!observer.IsRunning) continue;
            var reached = simulation.Network.ReachableFrom(observer.Index, simulation.Nodes);
            foreach (var subject in simulation.Nodes)
            {
                if (subject == observer || !subject.WasMember) continue;
                var delay = reached[subject.Index] || subject.HasLeft ? chance.Within(News) : SoonestDeath + chance.Within(DeathSpread);
                var (one, life) = (observer, observer.Life);
                simulation.At(simulation.Now + delay, () =>
                {
                    if (one.Life == life) Perceive(one, subject);
                });
            }
        }
    }

    /// <summary>An agent has just started: it knows itself alone.</summary>
    public void Begin(SimulatedNode node)
    {
        foreach (var subject in simulation.Nodes) views.Remove((node.Index, subject.Index));
        Tell(node);
        Change();
    }

    /// <summary>A node says something new of itself.</summary>
    public void Publish(SimulatedNode node)
    {
        var number = published[node.Index] = published.GetValueOrDefault(node.Index) + 1;
        Tell(node);
        foreach (var observer in simulation.Nodes)
            if (observer != node) Spread(node, observer, number, node.Announced);
    }

    /// <summary>One thinks wrongly for a while that another has failed.</summary>
    public void Slander(SimulatedNode observer, SimulatedNode subject, TimeSpan time)
    {
        var pair = (observer.Index, subject.Index);
        if (!observer.IsRunning || !views.TryGetValue(pair, out var view) || view.Standing != MemberStanding.Alive) return;
        views[pair] = view with { Standing = MemberStanding.Failed };
        Tell(observer);
        var life = observer.Life;
        simulation.At(simulation.Now + time, () =>
        {
            if (observer.Life == life) Perceive(observer, subject);
        });
    }

    /// <summary>A node alive in the view of another.</summary>
    public bool Sees(SimulatedNode observer, SimulatedNode subject) =>
        views.TryGetValue((observer.Index, subject.Index), out var view) && view.Standing == MemberStanding.Alive;

    void Spread(SimulatedNode node, SimulatedNode observer, int number, string announcement)
    {
        var (life, pair) = (observer.Life, (observer.Index, node.Index));
        simulation.At(simulation.Now + chance.Within(News), () =>
        {
            if (observer.Life != life || !observer.IsRunning || !Hears(observer, node) || heard.GetValueOrDefault(pair) >= number) return;
            heard[pair] = number;
            if (!views.TryGetValue(pair, out var view)) return;
            views[pair] = view with { Announcement = announcement };
            Tell(observer);
        });
    }

    bool Hears(SimulatedNode observer, SimulatedNode node) =>
        node.IsRunning && simulation.Network.ReachableFrom(observer.Index, simulation.Nodes)[node.Index];

    void Perceive(SimulatedNode observer, SimulatedNode subject)
    {
        var pair = (observer.Index, subject.Index);
        var isReached = subject.IsRunning && simulation.Network.ReachableFrom(observer.Index, simulation.Nodes)[subject.Index];
        var isNew = !views.TryGetValue(pair, out var before);
        var standing = subject.HasLeft || (isReached && !subject.IsMember) ? MemberStanding.Left
            : isReached ? MemberStanding.Alive
            : before is { Standing: MemberStanding.Left } && !isNew ? MemberStanding.Left : MemberStanding.Failed;
        var view = new KeyValueMember(subject.Name, subject.Id, standing, isNew ? "" : before.Announcement);
        if (!isNew && view == before) return;
        views[pair] = view;
        if (standing == MemberStanding.Alive && (isNew || before.Standing != MemberStanding.Alive))
        {
            heard[pair] = 0;
            Spread(subject, observer, published.GetValueOrDefault(subject.Index), subject.Announced);
        }
        Tell(observer);
    }

    /// <summary>The engine of a node is told what its agent knows.</summary>
    public void Tell(SimulatedNode node)
    {
        var members = new List<KeyValueMember>();
        foreach (var subject in simulation.Nodes)
            if (subject == node)
            {
                if (node.IsMember) members.Add(new KeyValueMember(node.Name, node.Id, MemberStanding.Alive, node.Announced));
            }
            else if (views.TryGetValue((node.Index, subject.Index), out var view)) members.Add(view);
        node.Do(engine => engine.Members(members, node.Clock));
    }
}
