namespace OpsBro.Tests.Simulation.KeyValue;

/// <summary>
/// Guarantee 1: each acknowledged put is the value, or a later version took its place, or it stands among the conflicts.
/// And what is there was put by somebody, once, with that version.
/// </summary>
static class DurabilityCheck
{
    /// <summary>What does not hold at the end.</summary>
    public static IEnumerable<Fault> Faults(History history, FinalState final)
    {
        foreach (var key in history.Keys)
        {
            var entry = final.Entry(key);
            foreach (var put in history.Of(key))
            {
                if (put.What.Verb != Core.KeyValue.KeyValueVerb.Put || put.Fate != Fate.Done) continue;
                if (put.Version == 0)
                {
                    yield return new Fault(key, $"put #{put.Number} was acknowledged without a version");
                    continue;
                }
                if (entry is null)
                {
                    if (!history.MayBeGone(key, put.Version, final.At, final.Fastest))
                        yield return new Fault(key, $"put #{put.Number} @{put.Version} was acknowledged, and nothing is there");
                    continue;
                }
                if (entry.IsDeleted && entry.Version == put.Version && history.MayBeGone(key, put.Version, final.At, final.Fastest)) continue;   // it expired
                if (entry.Version > put.Version || entry.Conflicts.Any(c => c.Version == put.Version)) continue;
                if (entry.Version != put.Version || Attempt.NumberOf(entry) != put.Number)
                    yield return new Fault(key, $"put #{put.Number} @{put.Version} was acknowledged, and there is {Attempt.Show(entry)}");
            }
            if (entry is null) continue;
            foreach (var version in entry.Conflicts.Prepend(entry))
                if (Invented(history, key, version) is { } text) yield return new Fault(key, text);
        }
        foreach (var key in final.Holdings.SelectMany(h => h.Entries.Keys).Distinct())
            if (history.Of(key).Count == 0) yield return new Fault(key, "nobody ever wrote this key");
    }

    /// <summary>Why a version cannot be; null when it can.</summary>
    public static string? Invented(History history, string key, Core.KeyValue.KeyValueEntry version)
    {
        if (version.IsDeleted) return null;
        var number = Attempt.NumberOf(version);
        if (history.Put(number) is not { } put || put.What.Key != key) return $"nobody put {Attempt.Show(version)}";
        if (put.Fate == Fate.Refused) return $"put #{number} was refused, and there is {Attempt.Show(version)}";
        if (put.Version != 0 && put.Version != version.Version) return $"put #{number} got version {put.Version}, and there is {Attempt.Show(version)}";
        return null;
    }
}
