using OpsBro.Core.KeyValue;

namespace OpsBro.Tests.Simulation.KeyValue;

/// <summary>
/// Copies that hear nothing on their links though gossip says that they live, and then the kill of the one that has everything: what was handed over or
/// collected without asking them is missed then.
/// </summary>
static class Deaf
{
    const int Drills = 2;

    /// <summary>Plays it.</summary>
    public static KeyValueSimulation Play(ulong seed)
    {
        var run = KeyValueScenario.Begin(seed, 4, 6, 1);
        for (var i = 0; i < Drills; i++)
        {
            if (i % 2 == 0) HandOver(run, $"h/{i}");
            else Collect(run, $"d/{i}");
        }
        run.Calm();
        Endings.Check(run, oneAtATime: true, compares: true);
        return run;
    }

    /// <summary>A home copy returns while it and another one are deaf; the one that agreed to take over what was kept for it is killed.</summary>
    static void HandOver(KeyValueSimulation run, string key)
    {
        Done(run, OwnersOf(run, key)[0], Workload.Put(key, run.NextNumber));
        var away = run.Pick(node => OwnersOf(run, key).Contains(node))!;
        run.Kill(away);
        run.Settle();
        var (owner, deaf) = (OwnersOf(run, key)[0], OwnersOf(run, key)[1]);
        Deafen(run, deaf);
        Done(run, owner, Workload.Put(key, run.NextNumber));   // it has it, and the one that stands in
        Deafen(run, away);
        run.Start(away);
        run.Run(5 + 3 * run.Chance.Fraction());
        Lose(run, owner, key);
    }

    /// <summary>One copy has the value and does not hear of its removal, one hears of the removal alone; hours later the third is killed.</summary>
    static void Collect(KeyValueSimulation run, string key)
    {
        Done(run, OwnersOf(run, key)[0], Workload.Put(key, run.NextNumber));
        var owners = OwnersOf(run, key);
        var (behind, ahead) = run.Chance.Below(2) == 0 ? (owners[1], owners[2]) : (owners[2], owners[1]);
        Deafen(run, ahead);
        Done(run, owners[0], Workload.Put(key, run.NextNumber));
        Deafen(run, behind);
        run.Network.Hear(ahead.Index);
        Done(run, owners[0], new() { Verb = KeyValueVerb.Delete, Key = key });
        Deafen(run, ahead);
        run.Skip(KeyValueLimits.KeepRemovals * (1.1 + run.Chance.Fraction()));
        run.Run(25);   // all partitions are looked through in sixteen rounds
        Lose(run, owners[0], key);
    }

    /// <summary>A node dies, everybody hears again, and nobody may read what is older than what was acknowledged.</summary>
    static void Lose(KeyValueSimulation run, SimulatedNode node, string key)
    {
        run.Kill(node);
        run.Note(null, "", "all hear again");
        foreach (var each in run.Nodes) run.Network.Hear(each.Index);
        for (var i = 0; i < 12; i++)
        {
            run.Ask(run.Pick(n => n.IsRunning)!, new() { Verb = KeyValueVerb.Get, Key = key });
            run.Run(1);
        }
        run.Settle();
        foreach (var reader in run.Running.ToList())
        {
            var read = run.AskAndWait(reader, new() { Verb = KeyValueVerb.Get, Key = key });
            if (read.Fate == Fate.Unknown) run.Fail(key, $"one member is down and nothing moves: {read}");
        }
        run.Start(node);
        run.Settle();
    }

    static void Deafen(KeyValueSimulation run, SimulatedNode node)
    {
        run.Note(node, "", "hears nothing on its links");
        run.Network.Deafen(node.Index);
    }

    static void Done(KeyValueSimulation run, SimulatedNode node, KeyValueOperation what)
    {
        var attempt = run.AskAndWait(node, what);
        run.Require(attempt.Fate == Fate.Done, $"a majority hears: {attempt}");
    }

    static List<SimulatedNode> OwnersOf(KeyValueSimulation run, string key)
    {
        var names = run.Running.First(n => n.IsMember).Engine!.Owners(key);
        return [.. names.Select(name => run.Nodes.Single(n => n.Name == name))];
    }
}
