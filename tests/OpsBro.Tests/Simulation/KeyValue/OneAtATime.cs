namespace OpsBro.Tests.Simulation.KeyValue;

/// <summary>Nodes die, return, leave, join, lose their disks: one after the other, each when all have settled, while clients work.</summary>
static class OneAtATime
{
    const int Changes = 5;
    const int MostMembers = 7;

    /// <summary>Plays it.</summary>
    public static KeyValueSimulation Play(ulong seed)
    {
        var run = KeyValueScenario.Begin(seed, 1, 5, 2);
        run.Network.Delay = TimeSpan.FromMilliseconds(seed % 3 == 0 ? 60 : 4);
        run.Network.Loss = seed % 2 == 0 ? 0.002 : 0;
        run.Workload = new Workload { Think = TimeSpan.FromMilliseconds(700), Recheck = 0.5 };
        run.StartClients(8);
        run.Run(5);
        for (var i = 0; i < Changes; i++) Change(run);
        run.Calm();
        Endings.Check(run, oneAtATime: true, compares: true);
        return run;
    }

    static void Change(KeyValueSimulation run)
    {
        var members = run.Nodes.Count(n => n.IsMember);
        var node = run.Pick(n => n.IsMember)!;
        switch (run.Chance.Below(10))
        {
            case 0 or 1:
                run.Kill(node);
                run.Settle();
                run.Start(node);
                break;
            case 2:   // back before anybody noticed
                run.Kill(node);
                run.Run(0.1 + run.Chance.Fraction());
                run.Start(node);
                break;
            case 3:
                run.Partition(n => n == node);
                run.Settle(but: node);
                run.Heal();
                break;
            case 4 when members > 1:
                run.Leave(node);
                run.Settle();
                run.Start(node);
                break;
            case 5 when members < MostMembers:
                run.Start(run.AddNode(isMember: true));
                break;
            case 6 when members > 2:
                Wipe(run, node);
                break;
            case 7 when members > 1:
                run.Regroup(node, isMember: false);
                run.Settle();
                run.Run(5);
                run.Regroup(node, isMember: true);
                break;
            case 8:
                run.RefuseWrites(node, 1 + 7 * run.Chance.Fraction());
                break;
            default:
                run.Jump(node, 2_000);
                break;
        }
        run.Settle();
    }

    /// <summary>A disk is lost after all copies are equal: what only this disk had was promised to nobody, but for writes with <c>w=one</c>.</summary>
    static void Wipe(KeyValueSimulation run, SimulatedNode node)
    {
        run.Pause();
        run.Settle();
        run.Run(5);
        run.Kill(node);
        run.Note(node, "", "loses its disk");
        node.Wipe();
        run.Resume();
        run.Settle();
        run.Start(node);
    }
}
