using OpsBro.Core.KeyValue;

namespace OpsBro.Tests.Simulation.KeyValue;

/// <summary>Removals while a node is away for hours, past the time after which they are forgotten.</summary>
static class Hours
{
    const int Keys = 60;

    /// <summary>Plays it.</summary>
    public static KeyValueSimulation Play(ulong seed)
    {
        var run = KeyValueScenario.Begin(seed, 2, 5, 1);
        for (var i = 0; i < Keys; i++) Write(run, $"c/{i}");
        run.Settle();
        var away = run.Pick(n => n.IsMember)!;
        switch (seed % 5)
        {
            case 0: run.Kill(away); break;
            case 1: run.Leave(away); break;
            case 2: run.Partition(n => n == away); break;
            case 3: run.Regroup(away, isMember: false); break;
            default: away = run.AddNode(isMember: true); break;   // nobody is away; a new one comes later
        }
        if (seed % 3 == 0) run.Settle(but: away);
        for (var i = 0; i < Keys; i += 2) Remove(run, away, $"c/{i}");
        for (var i = 1; i < Keys; i += 4) Write(run, $"c/{i}", away);
        if (seed % 2 == 0) run.Run(TimeSpan.FromMinutes(65 + run.Chance.Below(60)));
        else
        {
            run.Skip(TimeSpan.FromHours(seed % 4 == 1 ? 2 : 75));   // after 72 a failed member is forgotten
            run.Run(TimeSpan.FromMinutes(3));
        }
        for (var i = 0; i < Keys; i += 10) Write(run, $"c/{i}", away);
        for (var i = 3; i < Keys; i += 8) Remove(run, away, $"c/{i}");
        run.Heal();
        away.IsMember = true;
        if (!away.IsRunning) run.Start(away);
        else run.Regroup(away, isMember: true);
        run.Calm();
        Endings.Check(run, oneAtATime: false, compares: false);
        run.Skip(TimeSpan.FromHours(25));
        run.Run(TimeSpan.FromMinutes(5));
        foreach (var node in run.Running) run.Require(node.Tombstones == 0, $"{node.Name} remembers {node.Tombstones} removals");
        var final = run.Final();
        run.Require(ConvergenceCheck.Faults(final));
        run.Require(RemovalCheck.Faults(run.History, final));
        run.Require(DurabilityCheck.Faults(run.History, final));
        return run;
    }

    static void Write(KeyValueSimulation run, string key, SimulatedNode? but = null) =>
        run.AskAndWait(run.Pick(n => n.IsRunning && n != but)!, Workload.Put(key, run.NextNumber) with
        {
            Acknowledgement = (Acknowledgement)run.Chance.Below(2),
            TimeToLive = run.Chance.Below(10) == 0 ? 1 + run.Chance.Below(5_000_000) : 0,
        });

    static void Remove(KeyValueSimulation run, SimulatedNode but, string key) =>
        run.AskAndWait(run.Pick(n => n.IsRunning && n != but)!, new() { Verb = KeyValueVerb.Delete, Key = key });
}
