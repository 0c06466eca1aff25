using System.Text.Json.Serialization;
using OpsBro.Api;
using OpsBro.Core.Expressions;
using OpsBro.Storage;

namespace OpsBro.Collectors;

/// <summary>One collector as the API shows it.</summary>
/// <param name="Name">The word in rules.</param>
/// <param name="State">pending, ok, not-eligible, error, quarantined or disabled.</param>
/// <param name="IsEnabled">False when agent.yml switches it off.</param>
/// <param name="Problem">Why it is not ok, or what could not be read; empty when all is well.</param>
/// <param name="Summary">What it measures.</param>
/// <param name="IntervalSeconds">Time between two runs.</param>
/// <param name="DeadlineSeconds">A run past it is stuck.</param>
/// <param name="CollectedAt">When the data was read.</param>
/// <param name="AgeSeconds">Age of the data.</param>
/// <param name="LastRun">Start of the last run.</param>
/// <param name="TookSeconds">How long the last run took.</param>
/// <param name="NextRun">Start of the next run.</param>
/// <param name="Data">The tree; left out of lists unless asked for.</param>
internal sealed record CollectorView(
    string Name, string State, bool IsEnabled, string Problem, string Summary, double IntervalSeconds, double DeadlineSeconds,
    DateTimeOffset? CollectedAt, double? AgeSeconds, DateTimeOffset? LastRun, double? TookSeconds, DateTimeOffset? NextRun, Value? Data)
{
    /// <summary>The view of a snapshot.</summary>
    public static CollectorView Of(CollectorSnapshot snapshot, TimeSpan now, bool hasData)
    {
        var isCollected = snapshot.Data.Kind != ValueKind.None;
        var hasRun = snapshot.LastRun != default;
        return new CollectorView(
            snapshot.Name, snapshot.State.Word(), snapshot.State != CollectorState.Disabled, snapshot.Problem, snapshot.Summary,
            snapshot.Interval.TotalSeconds, snapshot.Deadline.TotalSeconds,
            isCollected ? snapshot.CollectedAt : null, isCollected ? Math.Round((now - snapshot.At).TotalSeconds, 3) : null,
            hasRun ? snapshot.LastRun : null, hasRun ? Math.Round(snapshot.Took.TotalSeconds, 6) : null,
            snapshot.NextRun != default ? snapshot.NextRun : null, hasData && isCollected ? snapshot.Data : null);
    }
}

/// <summary>One collector in the original's shape.</summary>
/// <param name="Name">The word in rules.</param>
/// <param name="LastCheck">Start of the last run, seconds since 1970; 0 when it never ran.</param>
/// <param name="NextCheck">Start of the next run, seconds since 1970; 0 when none is planned.</param>
/// <param name="Results">The tree; empty when there is none.</param>
/// <param name="Metrics">Each number of the tree: dotted path in lower case, value.</param>
/// <param name="Active">True when it gives data.</param>
/// <param name="Log">Why it is not ok.</param>
/// <param name="State">PENDING, OK, NOT-ELIGIBLE, ERROR, QUARANTINED or DISABLED.</param>
internal sealed record LegacyCollectorView(
    string Name, long LastCheck, long NextCheck, Value Results, Value[][] Metrics, bool Active, string Log, string State)
{
    /// <summary>The view of a snapshot.</summary>
    public static LegacyCollectorView Of(CollectorSnapshot snapshot)
    {
        var isCollected = snapshot.Data.Kind != ValueKind.None;
        return new LegacyCollectorView(
            snapshot.Name, Epoch(snapshot.LastRun), Epoch(snapshot.NextRun), isCollected ? snapshot.Data : Value.Of(new DictValue()),
            [.. FlatTree.Leaves(snapshot.Name, snapshot.Data).Where(leaf => leaf.Value.IsNumber)
                .Select(leaf => new[] { Value.Of(leaf.Path.ToLowerInvariant()), leaf.Value })],
            snapshot.State == CollectorState.Ok, snapshot.Problem, snapshot.State.Word().ToUpperInvariant());
    }

    static long Epoch(DateTimeOffset at) => at == default ? 0 : at.ToUnixTimeSeconds();
}

/// <summary>A change of a collector's state.</summary>
/// <param name="At">When.</param>
/// <param name="Name">The collector.</param>
/// <param name="OldState">The state before.</param>
/// <param name="State">The state after.</param>
/// <param name="Problem">Why; empty when all was well.</param>
internal sealed record CollectorChangeView(DateTimeOffset At, string Name, string OldState, string State, string Problem)
{
    /// <summary>The view of an entry of the history.</summary>
    public static CollectorChangeView Of(HistoryEntry entry) => new(entry.At, entry.Name, entry.From, entry.To, entry.Text);
}

/// <summary>A change in the original's shape.</summary>
internal sealed record LegacyCollectorChangeView(string Name, string OldState, string State, string Log);

/// <summary>The changes of one second in the original's shape.</summary>
internal sealed record LegacyCollectorChangesView(long Date, LegacyCollectorChangeView[] Entries)
{
    /// <summary>The views of the entries, which are sorted by time; second by second.</summary>
    public static LegacyCollectorChangesView[] Of(IEnumerable<HistoryEntry> entries) =>
    [
        .. entries.GroupBy(entry => entry.At.ToUnixTimeSeconds()).Select(second => new LegacyCollectorChangesView(second.Key,
            [.. second.Select(e => new LegacyCollectorChangeView(e.Name, e.From.ToUpperInvariant(), e.To.ToUpperInvariant(), e.Text))])),
    ];
}

/// <summary>A tree as lines of path and value.</summary>
internal static class FlatTree
{
    /// <summary>For people: letters of every language as they are.</summary>
    static readonly CollectorsJson readable = new(new System.Text.Json.JsonSerializerOptions
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new ValueConverter() },
    });

    /// <summary>Each value that is no dict under its dotted path, in the tree's order; an empty dict has none.</summary>
    public static IEnumerable<(string Path, Value Value)> Leaves(string path, Value tree) => tree.Kind switch
    {
        ValueKind.None => [],
        ValueKind.Dict => tree.AsDict.Entries.SelectMany(entry => Leaves(
            $"{path}.{(entry.Key.Kind == ValueKind.String ? entry.Key.AsString : Text(entry.Key))}", entry.Value)),
        _ => [(path, tree)],
    };

    /// <summary>A value as people read it: text as it is, the rest as JSON.</summary>
    public static string Text(Value value) => value.Kind == ValueKind.String
        ? value.AsString
        : System.Text.Json.JsonSerializer.Serialize(value, readable.Value);
}

/// <summary>JSON of the collectors.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, Converters = [typeof(ValueConverter)])]
[JsonSerializable(typeof(CollectorView))]
[JsonSerializable(typeof(CollectorView[]))]
[JsonSerializable(typeof(LegacyCollectorView))]
[JsonSerializable(typeof(Dictionary<string, LegacyCollectorView>))]
[JsonSerializable(typeof(CollectorChangeView[]))]
[JsonSerializable(typeof(LegacyCollectorChangesView[]))]
[JsonSerializable(typeof(Value))]
internal sealed partial class CollectorsJson : JsonSerializerContext;
