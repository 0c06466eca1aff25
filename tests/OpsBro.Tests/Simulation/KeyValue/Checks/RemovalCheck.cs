using OpsBro.Core.KeyValue;

namespace OpsBro.Tests.Simulation.KeyValue;

/// <summary>Guarantee 2: what was removed does not come back. A value that is there at the end is newer than every acknowledged removal.</summary>
static class RemovalCheck
{
    /// <summary>What does not hold at the end, on any node.</summary>
    public static IEnumerable<Fault> Faults(History history, FinalState final)
    {
        foreach (var holding in final.Holdings)
            foreach (var (key, entry) in holding.Entries)
                if (!entry.IsDeleted)
                    foreach (var removal in history.Of(key))
                    {
                        if (removal.What.Verb != KeyValueVerb.Delete || removal.Fate != Fate.Done) continue;
                        if (removal.Version >= entry.Version)
                            yield return new Fault(key, $"{holding.Node} has {Attempt.Show(entry)}, older than removal #{removal.Number} @{removal.Version}");
                        else if (removal.Version == 0 && history.Put(Attempt.NumberOf(entry)) is { Fate: Fate.Done } put && put.End < removal.Begin)
                            yield return new Fault(key, $"{holding.Node} has {Attempt.Show(entry)}, acknowledged before removal #{removal.Number} began");
                    }
    }
}
