using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using OpsBro.Config;
using OpsBro.Core.Expressions;

namespace OpsBro.Collectors;

/// <summary>
/// The newest snapshot of every collector, for any thread; and the one place that decides what <c>{{collector.…}}</c> means.
/// </summary>
internal sealed class CollectorStore
{
    /// <summary>Data older than this many intervals is no answer.</summary>
    public const int StaleAfterIntervals = 3;

    readonly ConcurrentDictionary<string, CollectorSnapshot> snapshots = new(StringComparer.Ordinal);

    /// <summary>Paths of references whose keys hold dots, as they matched last: found again without allocation.</summary>
    readonly ConditionalWeakTable<Reference, Value[]> joined = [];

    /// <summary>Every collector, sorted by name.</summary>
    public IReadOnlyList<CollectorSnapshot> All =>
        [.. snapshots.Values.OrderBy(s => s.Name, StringComparer.Ordinal)];

    /// <summary>The names, in no order.</summary>
    public IEnumerable<string> Names => snapshots.Keys;

    /// <summary>The newest snapshot of one collector.</summary>
    public bool TryGet(string name, out CollectorSnapshot snapshot) => snapshots.TryGetValue(name, out snapshot!);

    /// <summary>Makes a snapshot the newest one of its collector.</summary>
    public void Publish(CollectorSnapshot snapshot) => snapshots[snapshot.Name] = snapshot;

    /// <summary>Forgets a collector that is not there any more.</summary>
    public void Remove(string name) => snapshots.TryRemove(name, out _);

    /// <summary>
    /// Looks up <c>collector.NAME.a.b</c>. A key that holds dots (a mount, a VLAN) is written as it is: where a part alone is no key,
    /// it is tried joined with the parts after it. A part that is a number takes an item of a list. Allocates nothing when it succeeds.
    /// </summary>
    /// <param name="reference">The path's first part is the collector's name.</param>
    /// <param name="now">As <see cref="Platform.Monotonic"/> gives it.</param>
    /// <param name="value">The value, when the answer is true.</param>
    /// <param name="problem">Why there is none, when the answer is false: no such collector or key, or no data yet.</param>
    /// <exception cref="ExpressionException">The data is stale: the rule fails, whatever default it has. A default says what holds where
    /// there is nothing; a collector that hangs or fails must not look like that.</exception>
    public bool TryResolve(Reference reference, TimeSpan now, out Value value, out string problem)
    {
        value = default;
        problem = "";
        var path = reference.Path;
        if (path.Length == 0)
        {
            problem = "collector alone is no value; write collector.NAME.KEY";
            return false;
        }
        if (path[0].Kind != ValueKind.String || !TryGet(path[0].AsString, out var snapshot))
        {
            problem = NoCollector(Text(path[0]));
            return false;
        }
        if (snapshot.Data.Kind == ValueKind.None)
        {
            problem = NoData(snapshot, now);
            return false;
        }
        if (now - snapshot.At > snapshot.Interval * StaleAfterIntervals)
            throw new ExpressionException(ErrorKind.MissingData, $"{reference.Text} has no value: {NoData(snapshot, now)}", reference.Position);
        if (TryWalk(snapshot.Data, path, out value)) return true;
        if (joined.TryGetValue(reference, out var known) && TryWalk(snapshot.Data, known, out value)) return true;
        if (TryJoin(snapshot.Data, path, 1, [path[0]]) is { } found && TryWalk(snapshot.Data, found, out value))
        {
            joined.AddOrUpdate(reference, found);
            return true;
        }
        problem = NoKey(snapshot, path);
        return false;
    }

    static bool TryWalk(Value tree, Value[] path, out Value value)
    {
        value = tree;
        for (var i = 1; i < path.Length; i++)
            if (!TryStep(value, path[i], out value)) return false;
        return true;
    }

    static bool TryStep(Value value, Value key, out Value next)
    {
        next = default;
        switch (value.Kind)
        {
            case ValueKind.Dict:
                return value.AsDict.TryGet(key, out next);
            case ValueKind.List when TryIndex(key, out var index) && index < value.AsList.Count:
                next = value.AsList[index];
                return true;
            default:
                return false;
        }
    }

    static bool TryIndex(Value key, out int index)
    {
        index = key.Kind == ValueKind.Int && key.AsInt is >= 0 and <= int.MaxValue ? (int)key.AsInt : -1;
        return index >= 0 || (key.Kind == ValueKind.String
            && int.TryParse(key.AsString, System.Globalization.NumberStyles.None, null, out index));
    }

    /// <summary>Searches, depth first, for a way to join parts at the dots so that each is a key; null when there is none.</summary>
    static Value[]? TryJoin(Value tree, Value[] path, int from, List<Value> taken)
    {
        if (from == path.Length) return [.. taken];
        var key = "";
        for (var to = from; to < path.Length; to++)
        {
            key = to == from ? Text(path[to]) : $"{key}.{Text(path[to])}";
            if (!TryStep(tree, to == from ? path[to] : Value.Of(key), out var next)) continue;
            taken.Add(to == from ? path[to] : Value.Of(key));
            if (TryJoin(next, path, to + 1, taken) is { } found) return found;
            taken.RemoveAt(taken.Count - 1);
        }
        return null;
    }

    string NoCollector(string name) => $"no collector is named \"{name}\"{Spelling.Hint(name, Names)}";

    static string NoData(CollectorSnapshot snapshot, TimeSpan now) => snapshot.State switch
    {
        CollectorState.Pending => $"collector {snapshot.Name} has not run yet",
        CollectorState.Disabled => $"collector {snapshot.Name} is disabled in agent.yml",
        CollectorState.NotEligible => $"collector {snapshot.Name} has nothing to read here: {snapshot.Problem}",
        _ when snapshot.Data.Kind == ValueKind.None => $"collector {snapshot.Name} has no data: {snapshot.Problem}",
        _ when snapshot.Problem.Length > 0 => $"{Age(snapshot, now)}: {snapshot.Problem}",
        _ => Age(snapshot, now),
    };

    static string Age(CollectorSnapshot snapshot, TimeSpan now) =>
        $"data of collector {snapshot.Name} is {(now - snapshot.At).TotalSeconds:0} s old, " +
        $"more than {StaleAfterIntervals} intervals of {Durations.Text(snapshot.Interval)}";

    static string NoKey(CollectorSnapshot snapshot, Value[] path)
    {
        var tree = snapshot.Data;
        var place = $"collector.{snapshot.Name}";
        for (var i = 1; i < path.Length; i++)
        {
            var key = Text(path[i]);
            if (TryStep(tree, path[i], out var next))
            {
                (tree, place) = (next, $"{place}.{key}");
                continue;
            }
            return tree.Kind switch
            {
                ValueKind.Dict => $"{place} has no key \"{key}\"{Hint(key, tree.AsDict)}",
                ValueKind.List => $"{place} is a list of {tree.AsList.Count} and has no item \"{key}\"",
                _ => $"{place} is one value and has no key \"{key}\"",
            };
        }
        return $"{place} has no value";
    }

    static string Hint(string key, DictValue keys) => key.Contains('|')
        ? "; write || before a default"
        : Spelling.Hint(key, keys.Entries.Select(e => Text(e.Key)));

    static string Text(Value key) => key.Kind switch
    {
        ValueKind.String => key.AsString,
        ValueKind.Int => key.AsInt.ToString(System.Globalization.CultureInfo.InvariantCulture),
        _ => key.ToDouble().ToString(System.Globalization.CultureInfo.InvariantCulture),
    };
}
