namespace OpsBro.Tests.Simulation.KeyValue;

/// <summary>Two nodes die, return, join or leave at the same time while clients work, and all settle before the next two.</summary>
static class TwoAtOnce
{
    const int Changes = 4;
    const int MostMembers = 7;

    /// <summary>Plays it.</summary>
    public static KeyValueSimulation Play(ulong seed)
    {
        var run = KeyValueScenario.Begin(seed, 4, 6, 1);
        run.Network.Delay = TimeSpan.FromMilliseconds(seed % 3 == 0 ? 60 : 4);
        run.Network.Loss = seed % 2 == 0 ? 0.002 : 0;
        run.Workload = new Workload { Think = TimeSpan.FromMilliseconds(500), Recheck = 0.5 };
        run.StartClients(8);
        run.Run(5);
        for (var i = 0; i < Changes; i++)
        {
            var back = new List<Action>();
            for (var j = 0; j < 2; j++)
            {
                Change(run, back);
                if (run.Chance.Below(2) == 0) run.Run(6 * run.Chance.Fraction());
            }
            run.Settle();
            foreach (var undo in back)
            {
                undo();
                if (run.Chance.Below(2) == 0) run.Run(6 * run.Chance.Fraction());
            }
            run.Settle();
        }
        run.Calm();
        Endings.Check(run, oneAtATime: true, compares: true);
        return run;
    }

    static void Change(KeyValueSimulation run, List<Action> back)
    {
        if (run.Pick(n => n is { IsMember: true, IsRunning: true }) is not { } node) return;
        switch (run.Chance.Below(4))
        {
            case 0 or 1:
                run.Kill(node);
                back.Add(() => run.Start(node));
                break;
            case 2 when run.Nodes.Count(n => n.IsMember) < MostMembers:
                run.Start(run.AddNode(isMember: true));
                break;
            case 3 when run.Running.Count(n => n.IsMember) > 3:
                run.Leave(node);
                back.Add(() => run.Start(node));
                break;
            default:
                run.Kill(node);
                back.Add(() => run.Start(node));
                break;
        }
    }
}
