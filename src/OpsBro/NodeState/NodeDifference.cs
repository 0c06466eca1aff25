using OpsBro.Core.Checks;
using OpsBro.Core.NodeState;

namespace OpsBro.NodeState;

/// <summary>A check of another node changed.</summary>
/// <param name="Id">As on the node itself: <c>linux/cpu</c>, <c>service:…</c>.</param>
/// <param name="State">ok, warning, critical or unknown; <c>gone</c> when the node has the check no longer.</param>
/// <param name="Before">The state before; null when it was not known.</param>
/// <param name="Output">One line.</param>
internal sealed record CheckDifference(string Id, string State, string? Before, string Output);

/// <summary>What differs between two maps of a node.</summary>
internal static class NodeDifference
{
    /// <summary>The state of a check that is not there any more.</summary>
    public const string Gone = "gone";

    /// <summary>Groups that came and went.</summary>
    public static IEnumerable<(string Group, bool IsPresent)> Groups(NodeMap before, NodeMap after) =>
        from change in All(before, after, NodeKeys.Group)
        where change.Before is null || change.After is null
        select (change.Name, change.After is not null);

    /// <summary>Checks and services whose state is another one.</summary>
    public static IEnumerable<CheckDifference> Checks(NodeMap before, NodeMap after) =>
        from change in All(before, after, NodeKeys.Check).Concat(All(before, after, NodeKeys.Service).Select(c => c with { Name = $"service:{c.Name}" }))
        let was = change.Before is null ? null : CheckValue.Parse(change.Before)
        let now = change.After is null ? null : CheckValue.Parse(change.After)
        where was?.State != now?.State || was?.Since != now?.Since
        select new CheckDifference(change.Name, now?.State.Word() ?? Gone, was?.State.Word(), now?.Output ?? "");

    sealed record Change(string Name, string? Before, string? After);

    static List<Change> All(NodeMap before, NodeMap after, string prefix)
    {
        var changes = new List<Change>();
        var known = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in before.Entries)
            if (entry.Value is { } value && entry.Key.StartsWith(prefix, StringComparison.Ordinal)) known[entry.Key] = value;
        foreach (var entry in after.Entries)
        {
            if (entry.Value is null || !entry.Key.StartsWith(prefix, StringComparison.Ordinal)) continue;
            known.Remove(entry.Key, out var was);
            if (was != entry.Value) changes.Add(new Change(entry.Key[prefix.Length..], was, entry.Value));
        }
        changes.AddRange(known.Select(k => new Change(k.Key[prefix.Length..], k.Value, null)));
        return changes;
    }
}
