using OpsBro.Core.KeyValue;

namespace OpsBro.Tests.Simulation.KeyValue;

/// <summary>What the clients of a run did and saw.</summary>
sealed class History
{
    readonly List<Attempt> attempts = [];
    readonly Dictionary<string, List<Attempt>> byKey = [];

    /// <summary>All, in the order of their beginnings; the number of one is its place from 1.</summary>
    public IReadOnlyList<Attempt> Attempts => attempts;

    /// <summary>Keys that somebody asked for, lists left out.</summary>
    public IEnumerable<string> Keys => byKey.Keys;

    /// <summary>Adds one.</summary>
    public Attempt Add(Attempt attempt)
    {
        if (attempt.Number != attempts.Count + 1) throw new InvalidOperationException($"attempt {attempt.Number} is number {attempts.Count + 1}");
        attempts.Add(attempt);
        if (attempt.What.Verb == KeyValueVerb.List) return attempt;
        if (!byKey.TryGetValue(attempt.What.Key, out var ofKey)) byKey[attempt.What.Key] = ofKey = [];
        ofKey.Add(attempt);
        return attempt;
    }

    /// <summary>Those of a key.</summary>
    public IReadOnlyList<Attempt> Of(string key) => byKey.TryGetValue(key, out var ofKey) ? ofKey : [];

    /// <summary>The put that made a value; null when there is none.</summary>
    public Attempt? Put(int number) =>
        number > 0 && number <= attempts.Count && attempts[number - 1].What.Verb == KeyValueVerb.Put ? attempts[number - 1] : null;

    /// <summary>
    /// Something other than the put of a version can have made the key vanish: a removal or the end of a time to live that may be newer.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="version">The version that should be there.</param>
    /// <param name="by">When it was seen that nothing is there.</param>
    /// <param name="fastest">The highest wall clock of any node until then.</param>
    public bool MayBeGone(string key, long version, TimeSpan by, long fastest)
    {
        foreach (var attempt in Of(key))
        {
            if (!attempt.IsWrite || attempt.Fate == Fate.Refused || attempt.Begin > by) continue;
            if (attempt.Version != 0 && attempt.Version < version) continue;
            if (attempt.What.Verb == KeyValueVerb.Delete) return true;
            if (attempt.What.TimeToLive == 0) continue;
            var vanishes = attempt.Fate == Fate.Done ? attempt.Result!.Entry!.ExpiresAt : attempt.Slowest + attempt.What.TimeToLive;
            if (fastest >= vanishes) return true;
        }
        return false;
    }
}

/// <summary>Something that must not be.</summary>
/// <param name="Key">The key; empty when it is about no key.</param>
/// <param name="Text">What was seen, and what had to be.</param>
/// <param name="At">When; nothing for the end of the run.</param>
readonly record struct Fault(string Key, string Text, TimeSpan? At = null);

/// <summary>What a node holds at the end.</summary>
/// <param name="Node">Its name.</param>
/// <param name="Wall">Its wall clock.</param>
/// <param name="IsSettled">Its engine says so.</param>
/// <param name="Entries">What it holds.</param>
/// <param name="OwnersOf">Who should hold a key, as it sees it.</param>
sealed record Holding(string Node, long Wall, bool IsSettled, IReadOnlyDictionary<string, KeyValueEntry> Entries, Func<string, IReadOnlyList<string>> OwnersOf);

/// <summary>All nodes that run, at the end.</summary>
/// <param name="At">Virtual time.</param>
/// <param name="Fastest">The highest wall clock that any node ever had.</param>
/// <param name="Holdings">What each holds.</param>
sealed record FinalState(TimeSpan At, long Fastest, IReadOnlyList<Holding> Holdings)
{
    /// <summary>What the key's owner holds.</summary>
    public KeyValueEntry? Entry(string key)
    {
        var owners = Holdings[0].OwnersOf(key);
        var owner = Holdings.FirstOrDefault(h => owners.Count > 0 && h.Node == owners[0]);
        return owner?.Entries.GetValueOrDefault(key);
    }
}
