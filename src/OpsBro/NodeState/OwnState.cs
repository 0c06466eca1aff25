using OpsBro.Core.NodeState;

namespace OpsBro.NodeState;

/// <summary>
/// Makes what this node says of itself what it should be: tells what differs and no more, the urgent at once, the rest together after a
/// while. What exceeds a bound is a problem that the operator sees, and never a lie: an old value that cannot be replaced is taken back.
/// </summary>
internal sealed class OwnState
{
    /// <summary>Changes that are not urgent are gathered so long.</summary>
    public static readonly TimeSpan Debounce = TimeSpan.FromSeconds(2);

    /// <summary>Refused keys that are shown; of more, the number is.</summary>
    public const int MaxShown = 5;

    readonly SortedDictionary<string, string> refused = new(StringComparer.Ordinal);
    TimeSpan? waitingSince;
    volatile string[] problems = [];

    /// <summary>Why something cannot be told to the others; for any thread.</summary>
    public IReadOnlyList<string> Problems => problems;

    /// <summary>When it must be called again; <see cref="TimeSpan.MaxValue"/> when only news can change something.</summary>
    public TimeSpan Due => waitingSince is { } since ? since + Debounce : TimeSpan.MaxValue;

    /// <summary>Another map: everything has to be said again.</summary>
    public void Forget()
    {
        refused.Clear();
        waitingSince = null;
        problems = [];
    }

    /// <summary>Compares what should be said with what is said, and says it when it is time.</summary>
    /// <param name="engine">Whom to tell.</param>
    /// <param name="wanted">Keys and values, the most important first: when not all fit, the last ones are left out.</param>
    /// <param name="now">Monotonic.</param>
    public void Take(NodeStateEngine engine, IReadOnlyList<(string Key, string Value)> wanted, TimeSpan now)
    {
        var said = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in engine.Self.Entries)
            if (entry.Value is { } value) said[entry.Key] = value;
        var changed = wanted.Where(w => said.GetValueOrDefault(w.Key) != w.Value && !refused.ContainsKey(w.Key)).ToList();
        var keys = wanted.Select(w => w.Key).ToHashSet(StringComparer.Ordinal);
        var gone = said.Keys.Where(key => !keys.Contains(key)).ToList();
        var retried = refused.Keys.ToList();
        if (changed.Count + gone.Count == 0 && retried.Count == 0)
        {
            waitingSince = null;
            return;
        }
        waitingSince ??= now;
        if (now < Due && said.Count > 0 && !changed.Any(c => IsUrgent(c.Key, said.GetValueOrDefault(c.Key), c.Value))) return;
        waitingSince = null;
        foreach (var key in gone) engine.Remove(key, urgent: false, now);   // first: it makes room
        refused.Clear();
        foreach (var (key, value) in wanted)
            if (said.GetValueOrDefault(key) != value) Say(engine, key, value, IsUrgent(key, said.GetValueOrDefault(key), value), now);
        problems = [.. Shown()];
    }

    /// <summary>A new group, a check that became critical, and one that is so no longer.</summary>
    public static bool IsUrgent(string key, string? before, string after)
    {
        if (key.StartsWith(NodeKeys.Group, StringComparison.Ordinal)) return before is null;
        return IsCheck(key) && CheckValue.IsUrgent(before, after);
    }

    static bool IsCheck(string key) =>
        key.StartsWith(NodeKeys.Check, StringComparison.Ordinal) || key.StartsWith(NodeKeys.Service, StringComparison.Ordinal);

    void Say(NodeStateEngine engine, string key, string value, bool isUrgent, TimeSpan now)
    {
        if (engine.Set(key, value, isUrgent, now) is not { } why) return;
        refused[key] = why;
        // the state alone is worth more than nothing, and an old one would be a lie
        if (IsCheck(key) && CheckValue.Parse(value) is { } check && engine.Set(key, check.Head, isUrgent, now) is null) return;
        engine.Remove(key, isUrgent, now);
    }

    IEnumerable<string> Shown()
    {
        foreach (var why in refused.Values.Distinct().Take(MaxShown))
            yield return $"the other nodes are not told everything: {why}";
        if (refused.Count > MaxShown) yield return $"the other nodes are not told {refused.Count} things of this one; have fewer checks or groups";
    }
}
