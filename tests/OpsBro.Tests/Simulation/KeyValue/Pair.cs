using OpsBro.Core.KeyValue;

namespace OpsBro.Tests.Simulation.KeyValue;

/// <summary>
/// Two copies of a key fail in the same moment, with a write that the third had not taken yet: until one of them is back nobody may say that the key is
/// not there, also after all others were restarted, and of keys that were elsewhere they say so as ever.
/// </summary>
static class Pair
{
    const int Drills = 3;

    /// <summary>Plays it.</summary>
    public static KeyValueSimulation Play(ulong seed)
    {
        var run = KeyValueScenario.Begin(seed, 4, 7, 1);
        for (var i = 0; i < Drills; i++) Drill(run, $"c/{i}", run.Chance.Below(3));
        run.Calm();
        Endings.Check(run, oneAtATime: false, compares: false);
        return run;
    }

    static void Drill(KeyValueSimulation run, string key, int kind)
    {
        var owners = OwnersOf(run, key);
        var absent = Enumerable.Range(0, 1_000).Select(i => $"absent/{i}").First(other => OwnersOf(run, other).Intersect(owners[..2]).Count() == 1);
        Deafen(run, owners[2]);
        var put = run.AskAndWait(owners[0], Workload.Put(key, run.NextNumber));
        run.Require(put.Fate == Fate.Done, $"a majority hears: {put}");
        run.Kill(owners[0]);
        run.Kill(owners[1]);
        run.Network.Hear(owners[2].Index);
        Look(run, key, 20);
        if (kind == 1)   // what they know of the two must be on their disks
        {
            var others = run.Running.ToList();
            run.PowerCut();
            foreach (var node in others)
            {
                run.Start(node);
                run.Run(2 * run.Chance.Fraction());
            }
            Look(run, key, 20);
        }
        run.Settle();
        Look(run, key, 2);
        foreach (var reader in run.Running.ToList())
        {
            var read = run.AskAndWait(reader, new() { Verb = KeyValueVerb.Get, Key = absent });
            if (read.Result?.Status != KeyValueStatus.NotFound) run.Fail(absent, $"of its three copies two are there: {read}");
        }
        foreach (var node in owners[..2])
        {
            run.Start(node);
            Look(run, key, 8);
            run.Settle();
            foreach (var reader in run.Running.ToList())
            {
                var read = run.AskAndWait(reader, new() { Verb = KeyValueVerb.Get, Key = key });
                if (read.Result?.Status != KeyValueStatus.Ok) run.Fail(key, $"{node.Name}, which has it, is back: {read}");
            }
        }
    }

    /// <summary>It is read and listed anywhere: nobody may say that it is not there.</summary>
    static void Look(KeyValueSimulation run, string key, int times)
    {
        for (var i = 0; i < times; i++)
        {
            var consistency = (Consistency)(i % 3);
            var read = run.AskAndWait(run.Pick(n => n.IsRunning)!, new() { Verb = KeyValueVerb.Get, Key = key, Consistency = consistency });
            if (read.Result?.Status == KeyValueStatus.NotFound) run.Fail(key, $"it was acknowledged, two copies of three are away: {read}");
            if (i % 4 == 0)
            {
                var list = run.AskAndWait(run.Pick(n => n.IsRunning)!, new() { Verb = KeyValueVerb.List, Key = "c/" });
                if (list.Fate == Fate.Done && list.Result!.Entries.All(e => e.Key != key)) run.Fail(key, $"it was acknowledged, and is not listed: {list}");
            }
            run.Run(run.Chance.Fraction());
        }
    }

    static void Deafen(KeyValueSimulation run, SimulatedNode node)
    {
        run.Note(node, "", "hears nothing on its links");
        run.Network.Deafen(node.Index);
    }

    static List<SimulatedNode> OwnersOf(KeyValueSimulation run, string key)
    {
        var names = run.Running.First(n => n.IsMember).Engine!.Owners(key);
        return [.. names.Select(name => run.Nodes.Single(n => n.Name == name))];
    }
}
