using OpsBro.Core.KeyValue;

namespace OpsBro.Tests.Simulation.KeyValue;

/// <summary>What a watching node was told: the newest change of each key.</summary>
sealed class Watched(string node, IReadOnlyList<string> prefixes)
{
    readonly Dictionary<string, KeyChange> newest = [];

    /// <summary>The node.</summary>
    public string Node { get; } = node;

    /// <summary>What it watches.</summary>
    public IReadOnlyList<string> Prefixes { get; } = prefixes;

    /// <summary>It is told.</summary>
    public void Tell(in KeyChange change)
    {
        if (!newest.TryGetValue(change.Key, out var known) || change.Version >= known.Version) newest[change.Key] = change;
    }

    /// <summary>The newest that was told of a key.</summary>
    public KeyChange? Newest(string key) => newest.TryGetValue(key, out var change) ? change : null;

    /// <summary>It watches this key.</summary>
    public bool Covers(string key) => Prefixes.Any(prefix => key.StartsWith(prefix, StringComparison.Ordinal));
}

/// <summary>Whoever watches a prefix hears of each acknowledged write below it that was made while all was well.</summary>
static class WatchCheck
{
    /// <summary>What does not hold.</summary>
    /// <param name="calm">Acknowledged writes, each to a key of its own, made while all was well and everybody watched.</param>
    /// <param name="watchers">What everybody was told.</param>
    public static IEnumerable<Fault> Faults(IEnumerable<Attempt> calm, IReadOnlyList<Watched> watchers)
    {
        foreach (var write in calm)
            foreach (var watcher in watchers.Where(w => w.Covers(write.What.Key)))
            {
                var told = watcher.Newest(write.What.Key);
                if (told is not { } change)
                    yield return new Fault(write.What.Key, $"{watcher.Node} was never told of #{write.Number} @{write.Version}");
                else if (change.Version != write.Version || change.IsDeleted != (write.What.Verb == KeyValueVerb.Delete))
                    yield return new Fault(write.What.Key, $"{watcher.Node} was told {change}, not of #{write.Number} @{write.Version}");
            }
    }
}
