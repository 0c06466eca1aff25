using OpsBro.Core.KeyValue;

namespace OpsBro.Tests.Simulation.KeyValue;

/// <summary>Stores with little room.</summary>
static class Full
{
    const int Room = 100_000, Value = 4_000, Keys = 40;   // what removals count until they are forgotten is a fifth of the room

    /// <summary>Plays it.</summary>
    public static KeyValueSimulation Play(ulong seed)
    {
        var run = KeyValueScenario.Begin(seed, 1, 4, 1, room: Room);
        run.StartClients(2);
        var refused = 0;
        for (var i = 0; i < Keys; i++)
        {
            if (Write(run, $"f/{i}").Result?.Status == KeyValueStatus.NoSpace) refused++;
            if (i == Keys / 2 && run.Pick(n => n.IsMember) is { } node)
            {
                run.Kill(node);
                run.Run(1);
                run.Start(node);
            }
            Within(run);
        }
        run.Require(run.Nodes.Count(n => n.IsMember) > 3 || refused > 0,
            $"{Keys * KeyEntry.SizeOf("f/00", Value)} bytes went into stores of {Room}");
        run.ClientsWork = false;
        run.Run(15);   // a copy that has no room for what the others have cannot be settled
        for (var i = 0; i < Keys; i++)
        {
            var removal = run.AskAndWait(run.Pick(n => n.IsRunning)!, new() { Verb = KeyValueVerb.Delete, Key = $"f/{i}" });
            run.Require(removal.Fate == Fate.Done, $"a full store must take removals: {removal}");
        }
        var put = Write(run, "f/again");
        run.Require(put.Fate == Fate.Done, $"there is room again: {put}");
        run.Calm();
        Within(run);
        Endings.Check(run, oneAtATime: true, compares: true);
        return run;
    }

    static Attempt Write(KeyValueSimulation run, string key) => run.AskAndWait(run.Pick(n => n.IsRunning)!,
        new() { Verb = KeyValueVerb.Put, Key = key, Value = Attempt.ValueOf(run.NextNumber, Value) });

    /// <summary>No node holds more than its room; what others hold for it, or had acknowledged, may be a write or two beyond.</summary>
    static void Within(KeyValueSimulation run)
    {
        foreach (var node in run.Running)
        {
            var bytes = node.Engine!.LocalEntries("").Sum(e => KeyEntry.SizeOf(e.Key, e.Size) + e.Conflicts.Sum(c => KeyValueLimits.Overhead + c.Size));
            run.Require(bytes <= Room + 4 * Value, $"{node.Name} holds {bytes} bytes in a store of {Room}");
            var counted = node.Engine!.Statistics.Bytes;
            run.Require(counted >= bytes, $"{node.Name} holds {bytes} bytes and counts {counted}");
        }
    }
}
