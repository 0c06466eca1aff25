using OpsBro.Core.KeyValue;

namespace OpsBro.Tests.Simulation.KeyValue;

/// <summary>
/// Guarantee 5: a key with a time to live vanishes when it is over by the clock of the node that looks, and not before; a later put without one
/// keeps the key. The moment of vanishing is the coordinating node's clock and the time to live.
/// </summary>
static class ExpiryCheck
{
    /// <summary>What does not hold.</summary>
    public static IEnumerable<Fault> Faults(History history, FinalState final)
    {
        foreach (var attempt in history.Attempts)
        {
            if (attempt.Result is not { } result) continue;
            foreach (var entry in result.Entries.Append(result.Entry))
            {
                if (entry is null || entry.IsDeleted) continue;
                if (Overdue(attempt, entry) is { } overdue) yield return new Fault(entry.Key, overdue, attempt.End);
                if (attempt.What.Verb != KeyValueVerb.List && history.Put(Attempt.NumberOf(entry)) is { } put && WrongMoment(put, entry) is { } wrong)
                    yield return new Fault(entry.Key, $"#{attempt.Number}: {wrong}", attempt.End);
            }
        }
        foreach (var holding in final.Holdings)
            foreach (var (key, entry) in holding.Entries)
            {
                if (entry.ExpiresAt != 0 && entry.ExpiresAt <= holding.Wall && !entry.IsDeleted)
                    yield return new Fault(key, $"{holding.Node} shows {Attempt.Show(entry)} at {holding.Wall}");
                if (history.Put(Attempt.NumberOf(entry)) is { } put && WrongMoment(put, entry) is { } wrong)
                    yield return new Fault(key, $"{holding.Node}: {wrong}");
            }
    }

    /// <summary>The answer shows what was over: by the asked node's clock for its own copy, by every clock until the answer for others'.</summary>
    static string? Overdue(Attempt attempt, KeyValueEntry entry)
    {
        if (entry.ExpiresAt == 0 || attempt.What.Verb is not (KeyValueVerb.Get or KeyValueVerb.List)) return null;
        var isOwn = attempt.What is { Verb: KeyValueVerb.Get, Consistency: Consistency.Local } && attempt.End == attempt.Begin;
        var clock = isOwn ? attempt.WallAtEnd : attempt.Slowest;
        return entry.ExpiresAt > clock ? null : $"#{attempt.Number} shows {Attempt.Show(entry)} at {clock}";
    }

    static string? WrongMoment(Attempt put, KeyValueEntry entry)
    {
        if (put.What.TimeToLive == 0) return entry.ExpiresAt == 0 ? null : $"{Attempt.Show(entry)} was put without a time to live";
        var earliest = put.Fate == Fate.Done ? put.Slowest + put.What.TimeToLive : 0;
        var latest = put.Fate == Fate.Done ? put.Fastest + put.What.TimeToLive : long.MaxValue;
        return entry.ExpiresAt >= earliest && entry.ExpiresAt <= latest
            ? null : $"{Attempt.Show(entry)} had to vanish between {earliest} and {latest}";
    }
}
