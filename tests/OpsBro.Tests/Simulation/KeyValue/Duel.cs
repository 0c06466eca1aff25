namespace OpsBro.Tests.Simulation.KeyValue;

/// <summary>
/// Several coordinators compare and set the same few keys at once over slow links: owners are thought dead and come back while work of theirs, and of
/// those that stood in, is under way.
/// </summary>
static class Duel
{
    const int Rounds = 10;

    /// <summary>Plays it.</summary>
    public static KeyValueSimulation Play(ulong seed)
    {
        var run = KeyValueScenario.Begin(seed, 3, 4, 1);
        run.Network.Delay = TimeSpan.FromMilliseconds(20 + run.Chance.Below(180));
        run.Workload = new Workload { Think = TimeSpan.FromMilliseconds(60), Registers = 2, IsRegistersOnly = true };
        run.StartClients(6);
        for (var i = 0; i < Rounds; i++)
        {
            var name = run.Running.First(n => n.IsMember).Engine!.Owners($"r/{run.Chance.Below(2)}")[0];
            var owner = run.Nodes.Single(n => n.Name == name);
            var time = TimeSpan.FromSeconds(0.2 + run.Chance.Fraction() * 1.5);
            foreach (var other in run.Nodes)
                if (other != owner) run.Gossip.Slander(other, owner, time);
            run.Run(time + TimeSpan.FromSeconds(run.Chance.Fraction()));
        }
        run.Calm();
        Endings.Check(run, oneAtATime: false, compares: true);
        return run;
    }
}
