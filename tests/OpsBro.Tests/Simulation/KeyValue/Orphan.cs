using OpsBro.Core.KeyValue;

namespace OpsBro.Tests.Simulation.KeyValue;

/// <summary>
/// Two coordinators compare and set one key, and each gets its value to its own disk alone: the first cannot be heard, the second, which was promised more
/// by the third copy and did not know of the first value, dies. The first value is repaired and read; then the second coordinator comes back.
/// </summary>
static class Orphan
{
    const int Drills = 3;

    /// <summary>So long a question takes from a coordinator to the third copy: it is cut off when the question is there and the record is not.</summary>
    static readonly TimeSpan way = TimeSpan.FromMilliseconds(200);

    /// <summary>Plays it.</summary>
    public static KeyValueSimulation Play(ulong seed)
    {
        var run = KeyValueScenario.Begin(seed, 3, 6, 1);
        for (var i = 0; i < Drills; i++) Drill(run, $"r/{i}", run.Chance.Below(3));
        run.Calm();
        Endings.Check(run, oneAtATime: true, compares: true);
        return run;
    }

    static void Drill(KeyValueSimulation run, string key, int kind)
    {
        var owners = OwnersOf(run, key);
        var (one, other, third) = (owners[0], owners[1], owners[2]);
        foreach (var node in run.Nodes) node.Disk = TimeSpan.FromMilliseconds(2);
        var first = run.AskAndWait(one, Workload.Put(key, run.NextNumber) with { Expected = 0 });
        run.Require(first.Fate == Fate.Done, $"all is well: {first}");
        run.Settle();

        Write(run, one, third, key, first);
        run.Run(KeyValueLimits.Patience);   // it gives up
        run.Note(null, "", $"all believe that {one.Name} has failed");
        foreach (var observer in run.Nodes)
            if (observer != one) run.Gossip.Slander(observer, one, TimeSpan.FromSeconds(6));
        run.Run(4);
        Write(run, other, third, key, first);
        run.Note(other, "", "is killed, with all that was written on its disk");
        other.Kill(most => most - 1);
        run.Gossip.Change();
        run.Run(2 * run.Chance.Fraction());
        run.Network.Hear(one.Index);
        run.Network.Heal();
        if (kind == 0) run.Run(10 * run.Chance.Fraction());
        else run.Settle();
        // a copy that stands in was not asked for promises, and answers beside the one that has the first value
        if (kind == 2 && OwnersOf(run, key).Count == 3) run.Network.Deafen(third.Index);
        for (var i = 0; i < 12; i++)
        {
            run.Ask(run.Pick(n => n.IsRunning)!, new() { Verb = KeyValueVerb.Get, Key = key });
            run.Run(0.5);
        }
        run.Run(KeyValueLimits.Patience);
        run.Network.Heal();
        run.Start(other);
        run.Settle();
        foreach (var reader in run.Running.ToList()) run.AskAndWait(reader, new() { Verb = KeyValueVerb.Get, Key = key });
    }

    /// <summary>A coordinator is promised by the third copy and writes to its own disk alone.</summary>
    static void Write(KeyValueSimulation run, SimulatedNode by, SimulatedNode third, string key, Attempt first)
    {
        foreach (var node in run.Nodes)
            if (node != by && node != third) run.Network.Silence(by.Index, node.Index);
        run.Network.Slow(by.Index, third.Index, way);
        var put = Workload.Put(key, run.NextNumber) with { Expected = first.Version };
        run.Ask(by, put, first.Number);
        run.Run(way * 1.5);
        run.Note(by, "", "is heard by nobody");
        run.Network.Silence(by.Index, third.Index);
        run.Run(way * 2);
        run.Network.Slow(by.Index, third.Index, TimeSpan.Zero);
    }

    static List<SimulatedNode> OwnersOf(KeyValueSimulation run, string key)
    {
        var names = run.Running.First(n => n.IsMember).Engine!.Owners(key);
        return [.. names.Select(name => run.Nodes.Single(n => n.Name == name))];
    }
}
