using OpsBro.Core.KeyValue;

namespace OpsBro.Tests.Simulation.KeyValue;

/// <summary>
/// Guarantee 6: a read from a majority sees every write that a majority had acknowledged before the read began. Holds when ring changes come one
/// at a time; with several at once copies that stand in on two sides of a partition do not see one another.
/// </summary>
static class QuorumReadCheck
{
    /// <summary>What does not hold.</summary>
    public static IEnumerable<Fault> Faults(History history)
    {
        foreach (var key in history.Keys)
        {
            var writes = history.Of(key).Where(a => a is { Fate: Fate.Done, Version: > 0 } && a.What.Acknowledgement != Acknowledgement.One)
                .OrderBy(a => a.End).ToList();
            var (next, newest) = (0, (Attempt?)null);
            foreach (var read in history.Of(key))
            {
                if (read.What is not { Verb: KeyValueVerb.Get, Consistency: Consistency.Quorum }) continue;
                for (; next < writes.Count && writes[next].End < read.Begin; next++)
                    if (newest is null || writes[next].Version > newest.Version) newest = writes[next];
                if (newest is null || read.Result is not { } result) continue;
                if (result.Status == KeyValueStatus.Ok && result.Entry!.Version < newest.Version)
                    yield return new Fault(key, $"read #{read.Number} found {Attempt.Show(result.Entry)}; "
                        + $"#{newest.Number} @{newest.Version} had been acknowledged", read.End);
                if (result.Status == KeyValueStatus.NotFound && !history.MayBeGone(key, newest.Version, read.End!.Value, read.Fastest))
                    yield return new Fault(key, $"read #{read.Number} found nothing; #{newest.Number} @{newest.Version} had been acknowledged", read.End);
            }
        }
    }
}
