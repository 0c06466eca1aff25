using OpsBro.Core.KeyValue;

namespace OpsBro.Tests.Simulation.KeyValue;

/// <summary>Two sides of a partition write the same keys: both values are shown until somebody writes again.</summary>
static class Sides
{
    const int Keys = 10;

    /// <summary>Plays it.</summary>
    public static KeyValueSimulation Play(ulong seed)
    {
        var run = KeyValueScenario.Begin(seed, 2, 7, 1);
        for (var i = 0; i < Keys; i += 2) Write(run, run.Pick(n => n.IsRunning)!, $"c/{i}");
        run.Settle();
        var cut = 1 + run.Chance.Below(run.Nodes.Count(n => n.IsMember) - 1);
        run.Partition(n => n.Index < cut);
        run.Run(15);   // each side has noticed: its owners stay the same from here
        var last = new Dictionary<string, List<Attempt>>();
        for (var i = 0; i < Keys; i++)
        {
            var writes = new List<Attempt>();
            foreach (var isFirst in new[] { true, false })
            {
                Attempt? write = null;
                for (var again = run.Chance.Below(2); again >= 0; again--) write = Write(run, run.Pick(n => n.IsMember && n.Index < cut == isFirst)!, $"c/{i}");
                if (i % 5 == 4 && isFirst) run.AskAndWait(run.Pick(n => n.IsMember && n.Index < cut)!, new()
                {
                    Verb = KeyValueVerb.Delete,
                    Key = $"c/{i}",
                    Acknowledgement = Acknowledgement.One,
                });
                else writes.Add(write!);
            }
            last[$"c/{i}"] = writes;
        }
        if (seed % 3 == 0) run.PowerCut();
        run.Calm();
        if (seed % 3 == 1)   // what lost is on the disks as well
        {
            run.PowerCut();
            run.Calm();
        }
        Shown(run, last);
        for (var i = 0; i < Keys; i += 2) last[$"c/{i}"] = [Write(run, run.Pick(n => n.IsRunning)!, $"c/{i}", Acknowledgement.Quorum)];
        run.Run(5);
        Shown(run, last);
        Endings.Check(run, oneAtATime: false, compares: false);
        return run;
    }

    static Attempt Write(KeyValueSimulation run, SimulatedNode node, string key, Acknowledgement acknowledgement = Acknowledgement.One)
    {
        var write = run.AskAndWait(node, Workload.Put(key, run.NextNumber) with { Acknowledgement = acknowledgement });
        run.Require(write.Fate == Fate.Done, $"its owner is there: {write}");
        return write;
    }

    /// <summary>Every copy, and every read, shows the last write of each side and no other value.</summary>
    static void Shown(KeyValueSimulation run, Dictionary<string, List<Attempt>> last)
    {
        foreach (var (key, writes) in last)
        {
            var wanted = writes.Select(w => w.Number).Order().ToList();
            foreach (var holding in run.Final().Holdings)
                if (holding.Entries.TryGetValue(key, out var entry)) Compare(holding.Node, entry);
            foreach (var node in run.Running)
            {
                var read = run.AskAndWait(node, new() { Verb = KeyValueVerb.Get, Key = key });
                if (read.Result?.Status == KeyValueStatus.Ok) Compare($"the read #{read.Number} at {node.Name}", read.Result.Entry!);
            }

            void Compare(string where, KeyValueEntry entry)
            {
                var values = entry.Conflicts.Prepend(entry).Where(e => !e.IsDeleted).Select(Attempt.NumberOf).Order().ToList();
                run.Require(values.SequenceEqual(wanted) ? []
                    : [new Fault(key, $"{where} shows {Attempt.Show(entry)}; puts {string.Join(" and ", wanted)} stand side by side")]);
            }
        }
    }
}
