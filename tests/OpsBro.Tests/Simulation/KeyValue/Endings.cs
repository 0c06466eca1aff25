using OpsBro.Core.KeyValue;

namespace OpsBro.Tests.Simulation.KeyValue;

/// <summary>What is looked at when a run has calmed down.</summary>
static class Endings
{
    /// <summary>Writes of the calm that watchers must hear of.</summary>
    const int CalmWrites = 12;

    /// <summary>All guarantees.</summary>
    /// <param name="run">A run that has calmed down.</param>
    /// <param name="oneAtATime">Ring changes came one at a time, so reads from a majority saw all that had been acknowledged.</param>
    /// <param name="compares">Compare and set had a majority of copies that did not change under it.</param>
    public static void Check(KeyValueSimulation run, bool oneAtATime, bool compares)
    {
        var final = run.Final();
        run.Require(ConvergenceCheck.Faults(final));
        run.Require(DurabilityCheck.Faults(run.History, final));
        run.Require(RemovalCheck.Faults(run.History, final));
        AskAll(run);
        Watch(run);
        run.Require(ListFaults(run, final));
        run.Require(ExpiryCheck.Faults(run.History, run.Final()));
        run.Require(run.AnswerFaults());
        if (oneAtATime) run.Require(QuorumReadCheck.Faults(run.History));
        if (compares) run.Require(RegisterCheck.Faults(run.History, key => key[0] == 'r' || (oneAtATime && key[0] == 'm'), oneAtATime));
        var acknowledged = run.History.Attempts.Count(a => a.Fate == Fate.Done);
        run.Figures = $"{run.History.Attempts.Count} operations, {acknowledged} done, {run.Network.Messages} messages";
    }

    /// <summary>Every node reads every register: what it says is part of the history.</summary>
    static void AskAll(KeyValueSimulation run)
    {
        foreach (var key in run.History.Keys.Where(k => k[0] is 'r' or 'm').ToList())
            foreach (var node in run.Running)
            {
                var read = run.AskAndWait(node, new() { Verb = KeyValueVerb.Get, Key = key });
                if (read.Fate == Fate.Unknown) run.Fail(key, $"{node.Name} cannot read in the calm: {read}");
            }
    }

    /// <summary>Everybody watches, somebody writes, everybody hears.</summary>
    static void Watch(KeyValueSimulation run)
    {
        var watchers = new List<Watched>();
        foreach (var node in run.Running)
        {
            node.Watched = new Watched(node.Name, node.Index % 2 == 0 ? ["w/"] : ["w/1", "w/3"]);
            watchers.Add(node.Watched);
            node.Do(engine => engine.Watch(node.Watched.Prefixes, node.Clock));
        }
        run.Run(5);
        var writes = new List<Attempt>();
        for (var i = 0; i < CalmWrites; i++)
        {
            var node = run.Running.ElementAt(run.Chance.Below(run.Running.Count()));
            var write = run.AskAndWait(node, Workload.Put($"w/{i}", run.NextNumber));
            if (write.Fate == Fate.Done && i % 3 == 0) write = run.AskAndWait(node, new() { Verb = KeyValueVerb.Delete, Key = $"w/{i}" });
            if (write.Fate != Fate.Done) run.Fail($"w/{i}", $"cannot write in the calm: {write}");
            writes.Add(write);
        }
        run.Run(5);
        run.Require(WatchCheck.Faults(writes, watchers));
    }

    /// <summary>Every node lists all that is there, page by page.</summary>
    static List<Fault> ListFaults(KeyValueSimulation run, FinalState final)
    {
        var faults = new List<Fault>();
        var there = final.Holdings.SelectMany(h => h.Entries.Values)
            .Where(e => !e.IsDeleted && e.ExpiresAt == 0 && !e.Key.StartsWith("w/", StringComparison.Ordinal))
            .Select(e => e.Key).Distinct().Order(StringComparer.Ordinal).ToList();
        foreach (var node in run.Running)
        {
            var listed = new List<KeyValueEntry>();
            for (var (after, more) = ("", true); more;)
            {
                var page = run.AskAndWait(node, new() { Verb = KeyValueVerb.List, Key = "", After = after, Limit = 25 });
                if (page.Fate != Fate.Done) return [new Fault("", $"{node.Name} cannot list in the calm: {page}")];
                listed.AddRange(page.Result!.Entries);
                more = page.Result.HasMore;
                if (more && page.Result.Entries.Count == 0) return [new Fault("", $"{node.Name} lists nothing and says that there is more")];
                if (more) after = listed[^1].Key;
            }
            var keys = listed.Select(e => e.Key).ToList();
            if (!keys.Order(StringComparer.Ordinal).SequenceEqual(keys) || keys.Distinct().Count() != keys.Count)
                faults.Add(new Fault("", $"{node.Name} lists out of order: {string.Join(" ", keys)}"));
            foreach (var key in there.Except(keys)) faults.Add(new Fault(key, $"{node.Name} does not list it"));
        }
        return faults;
    }
}
