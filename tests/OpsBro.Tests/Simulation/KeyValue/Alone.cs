using OpsBro.Core.KeyValue;

namespace OpsBro.Tests.Simulation.KeyValue;

/// <summary>Agents without a member of group kv among them, until some come.</summary>
static class Alone
{
    const int Keys = 40;

    /// <summary>Plays it.</summary>
    public static KeyValueSimulation Play(ulong seed)
    {
        var run = KeyValueScenario.Begin(seed, 0, 0, 4);
        run.Start(run.AddNode(isMember: false));
        run.Run(15);
        for (var i = 0; i < Keys; i++)
        {
            var node = run.Pick(n => n.IsRunning)!;
            var put = run.AskAndWait(node, Workload.Put($"c/{run.Chance.Below(Keys)}", run.NextNumber) with { TimeToLive = i % 10 == 0 ? 30_000 : 0 });
            run.Require(put.Fate == Fate.Done, $"not kept: {put}");
            var read = run.AskAndWait(node, new() { Verb = KeyValueVerb.Get, Key = put.What.Key });
            run.Require(Attempt.NumberOf(read.Result?.Entry) == put.Number, $"{read}; it had been put by #{put.Number}");
            if (i % 5 == 0) run.AskAndWait(node, new() { Verb = KeyValueVerb.Delete, Key = put.What.Key });
        }
        if (seed % 3 == 0)
        {
            run.PowerCut();
            foreach (var node in run.Nodes) run.Start(node);
        }
        run.StartClients(4);
        for (var i = run.Chance.Below(4); i >= 0; i--)
        {
            if (run.Chance.Below(2) == 0 || !run.Nodes.Any(n => n.IsMember)) run.Start(run.AddNode(isMember: true));
            else if (run.Pick(n => !n.IsMember && n.IsRunning) is { } node) run.Regroup(node, isMember: true);
            run.Run(20 * run.Chance.Fraction());
        }
        run.Calm();
        Endings.Check(run, oneAtATime: false, compares: false);
        return run;
    }
}
