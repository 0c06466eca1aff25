using System.Text.Json.Serialization;
using OpsBro.Storage;

namespace OpsBro.Detectors;

/// <summary>A value that a rule read.</summary>
internal sealed record FactJson(string Reference, string Value);

/// <summary>Why the agent has a group. Fields of detectors are null for <c>static</c> and <c>builtin</c> ones.</summary>
internal sealed record ReasonJson(
    string Source, string? Detector, string? DetectorId, string? Rule, string? Place, IReadOnlyList<FactJson> Values)
{
    /// <summary>As the API shows it.</summary>
    public static ReasonJson Of(GroupReason reason) => new(
        Word(reason.Source), Some(reason.Detector), Some(reason.DetectorId), Some(reason.Rule), Some(reason.Place),
        [.. reason.Facts.Select(f => new FactJson(f.Reference, f.Value))]);

    static string? Some(string text) => text.Length == 0 ? null : text;

    static string Word(GroupSource source) => source switch
    {
        GroupSource.Static => "static",
        GroupSource.BuiltIn => "builtin",
        _ => "detector",
    };
}

/// <summary>One group: <c>source</c> is that of the first reason.</summary>
internal sealed record GroupJson(string Name, string Source, DateTimeOffset Since, IReadOnlyList<ReasonJson> Why)
{
    /// <summary>As the API shows it.</summary>
    public static GroupJson Of(GroupView view)
    {
        ReasonJson[] why = [.. view.Reasons.Select(ReasonJson.Of)];
        return new GroupJson(view.Name, why[0].Source, view.Since, why);
    }
}

/// <summary>The groups of a node of the cluster, as they are known here.</summary>
/// <param name="Node">Its name.</param>
/// <param name="Zone">Its zone.</param>
/// <param name="State">alive, suspect, leaving, left or failed.</param>
/// <param name="IsKnown">False when nothing is known of its groups.</param>
/// <param name="IsStale">The node is gone: these are its last groups.</param>
/// <param name="AgeSeconds">How old that is; null while the node is there.</param>
/// <param name="Groups">Its groups, sorted.</param>
internal sealed record NodeGroupsJson(
    string Node, string Zone, string State, bool IsKnown, bool IsStale, double? AgeSeconds, NodeGroupJson[] Groups);

/// <summary>A group of a node; <c>since</c> is null when it did not say.</summary>
internal sealed record NodeGroupJson(string Name, DateTimeOffset? Since);

/// <summary>One detector. <c>state</c>: pending, true, false, error, stuck, inactive or disabled.</summary>
internal sealed record DetectorJson(
    string Name, string Id, string? Pack, string State, string? Problem, string? ApplyIf, IReadOnlyList<string> Groups,
    IReadOnlyList<string> GroupsNow, double? IntervalSeconds, string? IfGroup, string? Notes, string? Place,
    DateTimeOffset? LastRun, DateTimeOffset? NextRun, IReadOnlyList<FactJson> Values)
{
    /// <summary>As the API shows it.</summary>
    public static DetectorJson Of(DetectorState state, DetectorLoop.Board board) => new(
        state.Name, state.Id, state.Rule?.Pack?.Name, state.Word.ToString().ToLowerInvariant(), Some(state.Problem), state.Rule?.Text,
        state.Rule?.GroupTexts ?? [], state.Groups, state.Rule?.Interval.TotalSeconds, Some(state.Rule?.IfGroup), Some(state.Rule?.Notes),
        state.Rule?.Place, board.UtcAt + (state.LastRun - board.At), board.UtcAt + (state.NextRun - board.At),
        [.. (state.Verdict?.Facts ?? []).Select(f => new FactJson(f.Reference, f.Value))]);

    static string? Some(string? text) => string.IsNullOrEmpty(text) ? null : text;
}

/// <summary>
/// What a rule would do now: <c>new_groups</c> are those that the agent does not have; <c>inactive</c> says why it was not asked.
/// </summary>
internal sealed record RunJson(
    string Name, string Id, bool Matched, IReadOnlyList<string> Groups, IReadOnlyList<string> NewGroups, IReadOnlyList<FactJson> Values,
    string? Problem, double Seconds, string? Inactive = null);

/// <summary>One change of the history: <c>change</c> is <c>add</c> or <c>remove</c>.</summary>
internal sealed record GroupChangeJson(DateTimeOffset At, string Group, string Change, string By)
{
    /// <summary>As the API shows it.</summary>
    public static GroupChangeJson Of(HistoryEntry entry) => new(entry.At, entry.Name, entry.To, entry.Text);
}

/// <summary>A detector in the original's shape.</summary>
internal sealed record LegacyDetectorJson(
    string Name, IReadOnlyList<string> AddGroups, string ApplyIf, string Interval, string IfGroup, string Notes, string PackName,
    string PackLevel, bool DoApply);

/// <summary>A dry run in the original's shape.</summary>
internal sealed record LegacyRunJson(bool Matched, IReadOnlyList<string> Groups, IReadOnlyList<string> NewGroups);

/// <summary>A change in the original's shape: <c>group-add</c> or <c>group-remove</c>, <c>date</c> in seconds since 1970.</summary>
internal sealed record LegacyChangeJson(string Type, string Group);

/// <summary>The changes of one second in the original's shape.</summary>
internal sealed record LegacyHistoryJson(long Date, IReadOnlyList<LegacyChangeJson> Entries);

/// <summary>JSON of detectors.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(GroupJson[]))]
[JsonSerializable(typeof(NodeGroupsJson))]
[JsonSerializable(typeof(DetectorJson[]))]
[JsonSerializable(typeof(RunJson[]))]
[JsonSerializable(typeof(GroupChangeJson[]))]
[JsonSerializable(typeof(LegacyDetectorJson[]))]
[JsonSerializable(typeof(Dictionary<string, LegacyRunJson>))]
[JsonSerializable(typeof(LegacyHistoryJson[]))]
[JsonSerializable(typeof(string[]))]
internal sealed partial class DetectorsJson : JsonSerializerContext;
