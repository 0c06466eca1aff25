using OpsBro.Core.KeyValue;

namespace OpsBro.Tests.Simulation.KeyValue;

/// <summary>
/// Guarantee 4: compare and set is linearizable. Each key whose writers all compare is a register; its steps are the writes, and the reads that saw the
/// value in their refusal. Where ring changes come one at a time reads from a majority and plain writes are steps as well.
/// </summary>
static class RegisterCheck
{
    /// <summary>Places of a search; runs are sized so that a tenth of it is enough.</summary>
    public const int Limit = 300_000;

    /// <summary>What does not hold.</summary>
    /// <param name="history">The attempts.</param>
    /// <param name="isRegister">Keys to look at.</param>
    /// <param name="withReads">Reads from a majority are steps.</param>
    /// <param name="limit">Places of a search.</param>
    public static IEnumerable<Fault> Faults(History history, Func<string, bool> isRegister, bool withReads, int limit = Limit)
    {
        foreach (var key in history.Keys.Where(isRegister))
        {
            foreach (var fault in Versions(history, key)) yield return fault;
            var steps = Steps(history, key, withReads);
            var (verdict, longest) = Linearizability.Search(steps, limit);
            if (verdict == Verdict.NotLinearizable)
            {
                var placed = longest.ToHashSet();
                var left = steps.Where(s => s.End is not null && !placed.Contains(s.Number)).OrderBy(s => s.End).Select(s => $"#{s.Number}").Take(6);
                yield return new Fault(key, $"no order explains what was seen; the longest ends with "
                    + $"{string.Join(" ", longest.TakeLast(8).Select(n => $"#{n}"))} and has no place for {string.Join(" ", left)}",
                    steps.Where(s => s.End is not null && !placed.Contains(s.Number)).Min(s => s.End));
            }
            if (verdict == Verdict.TooLong) yield return new Fault(key, $"{steps.Count} steps are too many to look at: make the histories of this run shorter");
        }
    }

    /// <summary>The steps of a key.</summary>
    public static IReadOnlyList<RegisterStep> Steps(History history, string key, bool withReads)
    {
        var seen = new HashSet<int>();
        foreach (var attempt in history.Of(key))
        {
            if (attempt.Result?.Entry is { IsDeleted: false } entry && !(attempt.IsWrite && attempt.Fate == Fate.Done)) seen.Add(Attempt.NumberOf(entry));
            if (attempt.What.Expected is not null) seen.Add(attempt.Expected);
        }
        var steps = new List<RegisterStep>();
        foreach (var attempt in history.Of(key))
        {
            var status = attempt.Result?.Status;
            if (attempt.IsWrite)
            {
                var value = attempt.What.Verb == KeyValueVerb.Put ? attempt.Number : 0;
                if (attempt.Fate == Fate.Unknown && value > 0 && !seen.Contains(value)) continue;   // helps nobody: no later step could see it or build on it
                if (status == KeyValueStatus.Conflict)
                    steps.Add(new(attempt.Number, StepKind.RefusedSwap, attempt.Expected, Attempt.NumberOf(attempt.Result!.Entry), attempt.Begin, attempt.End));
                else if (attempt.Fate != Fate.Refused)
                    steps.Add(new(attempt.Number, attempt.What.Expected is null ? StepKind.Write : StepKind.Swap, attempt.Expected, value, attempt.Begin,
                        attempt.Fate == Fate.Done ? attempt.End : null));
            }
            else if (withReads && attempt.What is { Verb: KeyValueVerb.Get, Consistency: Consistency.Quorum }
                && status is KeyValueStatus.Ok or KeyValueStatus.NotFound)
                steps.Add(new(attempt.Number, StepKind.Read, 0, Attempt.NumberOf(attempt.Result!.Entry), attempt.Begin, attempt.End));
        }
        return steps;
    }

    /// <summary>The version grows with each write that compares.</summary>
    static IEnumerable<Fault> Versions(History history, string key)
    {
        foreach (var attempt in history.Of(key))
            if (attempt is { Fate: Fate.Done, IsWrite: true } && attempt.What.Expected >= attempt.Version && attempt.What.Verb == KeyValueVerb.Put)
                yield return new Fault(key, $"#{attempt.Number} replaced @{attempt.What.Expected} with @{attempt.Version}");
    }
}
