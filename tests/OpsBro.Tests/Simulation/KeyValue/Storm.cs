namespace OpsBro.Tests.Simulation.KeyValue;

/// <summary>Everything at once.</summary>
static class Storm
{
    const double Seconds = 60;

    /// <summary>Members stay the same: they fail and return, and cannot be reached.</summary>
    public static KeyValueSimulation Play(ulong seed) => Play(seed, churn: false);

    /// <summary>Members leave, join and return as well.</summary>
    public static KeyValueSimulation PlayChurn(ulong seed) => Play(seed, churn: true);

    static KeyValueSimulation Play(ulong seed, bool churn)
    {
        var run = KeyValueScenario.Begin(seed, churn ? 2 : 3, churn ? 5 : 7, 1);
        if (seed % 3 == 0)
        {
            run.Network.KeepsOrder = false;
            (run.Network.Loss, run.Network.Duplication, run.Network.Straggling) = (0.03, 0.03, 0.01);
        }
        else run.Network.Loss = 0.001;
        if (seed % 2 == 0)   // much is on its way to the disks
            foreach (var node in run.Nodes) node.Disk = TimeSpan.FromMilliseconds(run.Chance.Below(150) + 1);
        run.StartClients(8);
        var end = run.Now + TimeSpan.FromSeconds(Seconds);
        while (run.Now < end)
        {
            Strike(run, churn);
            run.Run(run.Chance.Fraction() * run.Chance.Fraction() * 8);
        }
        foreach (var node in run.Nodes) if (churn) node.IsMember = node.WasMember;
        run.Calm();
        Endings.Check(run, oneAtATime: false, compares: !churn);
        return run;
    }

    /// <summary>A node starts; sometimes it is killed again before its first writes are on the disk, and starts once more.</summary>
    static void Return(KeyValueSimulation run, SimulatedNode node)
    {
        run.Start(node);
        for (var again = run.Chance.Below(3); again > 0; again--)
        {
            run.Run(0.05 * run.Chance.Fraction());
            run.Kill(node);
            run.Start(node);
        }
    }

    static void Strike(KeyValueSimulation run, bool churn)
    {
        var node = run.Nodes[run.Chance.Below(run.Nodes.Count)];
        if (run.Chance.Below(12) == 0)
        {
            run.WhenAcknowledged(run.PowerCut);
            run.Run(2);
            run.WhenAcknowledged(null);   // nobody could write
            foreach (var each in run.Nodes.Where(n => !n.IsRunning && run.Chance.Below(4) > 0).ToList()) run.Start(each);
        }
        switch (run.Chance.Below(churn ? 18 : 14))
        {
            case < 3:
                run.Kill(node);
                break;
            case < 6:
                if (run.Pick(n => !n.IsRunning) is { } down) Return(run, down);
                break;
            case 6:
                var side = run.Nodes.Select(_ => run.Chance.Below(2) == 0).ToList();
                run.Partition(n => n.Index < side.Count && side[n.Index]);
                break;
            case 7:
                run.Partition(n => n == node);
                break;
            case 8:
                if (run.Pick(n => n != node) is { } deaf) run.CutOneWay(node, deaf);
                break;
            case 9 or 10:
                run.Heal();
                break;
            case 11:
                if (node.IsRunning) run.RefuseWrites(node, 5 * run.Chance.Fraction());
                break;
            case 12:
                run.Jump(node, 2_000);
                break;
            case 13:
                if (run.Pick(n => n.WasMember && n != node) is { } slandered)
                    run.Gossip.Slander(node, slandered, TimeSpan.FromSeconds(6 * run.Chance.Fraction()));
                break;
            case 14:
                if (node.IsRunning && run.Running.Count() > 1) run.Leave(node);
                break;
            case 15:
                if (run.Nodes.Count < 7) run.Start(run.AddNode(isMember: true));
                break;
            default:
                if (node is { WasMember: true, IsRunning: true }) run.Regroup(node, !node.IsMember);
                break;
        }
    }
}
