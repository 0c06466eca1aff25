namespace OpsBro.Tests.Simulation.KeyValue;

/// <summary>
/// Two coordinators compare and set the same keys over slow links: an owner is thought dead and comes back while work of the one that stood in for it
/// is under way, and the two hear each other late, so that the third copy's promises are all that keeps them apart.
/// </summary>
static class Duel
{
    const int Rounds = 20, Registers = 1, Clients = 8;

    /// <summary>Plays it.</summary>
    public static KeyValueSimulation Play(ulong seed)
    {
        var run = KeyValueScenario.Begin(seed, 3, 4, 1);
        run.Network.Delay = TimeSpan.FromMilliseconds(10 + run.Chance.Below(50));
        run.Workload = new Workload { Think = TimeSpan.FromMilliseconds(40), Registers = Registers, IsRegistersOnly = true };
        run.StartClients(Clients);
        for (var i = 0; i < Rounds; i++) Round(run, $"r/{run.Chance.Below(Registers)}");
        run.Calm();
        Endings.Check(run, oneAtATime: false, compares: true);
        return run;
    }

    static void Round(KeyValueSimulation run, string key)
    {
        var names = run.Running.First(n => n.IsMember).Engine!.Owners(key);
        var (owner, other) = (run.Nodes.Single(n => n.Name == names[0]), run.Nodes.Single(n => n.Name == names[1]));
        var time = TimeSpan.FromSeconds(0.3 + 0.5 * run.Chance.Fraction());
        foreach (var observer in run.Nodes)
            if (observer != owner) run.Gossip.Slander(observer, owner, time);
        run.Run(time + run.Network.Delay * (1.5 + 2 * run.Chance.Fraction()));   // both have taken what they missed, or have not
        run.Note(null, "", $"{owner.Name} and {other.Name} hear each other late");
        run.Network.Slow(owner.Index, other.Index, TimeSpan.FromSeconds(0.3 + 0.5 * run.Chance.Fraction()));
        run.Run(0.5 + run.Chance.Fraction());
        run.Network.Slow(owner.Index, other.Index, TimeSpan.Zero);
        run.Run(1 + 2 * run.Chance.Fraction());
    }
}
