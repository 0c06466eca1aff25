using System.Text.Json.Serialization;
using OpsBro.Core.Checks;
using OpsBro.Storage;

namespace OpsBro.Checks;

/// <summary>A check as the API shows it.</summary>
internal sealed record CheckView
{
    /// <summary>Unique: <c>linux/cpu</c>.</summary>
    public string Id { get; set; } = "";

    /// <summary>What people type.</summary>
    public string Name { get; set; } = "";

    /// <summary>What people read.</summary>
    public string DisplayName { get; set; } = "";

    /// <summary>Its pack; empty for a file of the configuration directory.</summary>
    public string Pack { get; set; } = "";

    /// <summary>Level of the pack.</summary>
    public string PackLevel { get; set; } = "";

    /// <summary>True for the check of a service.</summary>
    public bool IsService { get; set; }

    /// <summary>expression or script.</summary>
    public string Kind { get; set; } = "";

    /// <summary>pending, ok, warning, critical or unknown: the last result.</summary>
    public string State { get; set; } = "";

    /// <summary>The last confirmed state.</summary>
    public string HardState { get; set; } = "";

    /// <summary>True when the state is confirmed.</summary>
    public bool IsHard { get; set; }

    /// <summary>Which result in a row that is not OK this is.</summary>
    public int Attempt { get; set; }

    /// <summary>Results that are not OK before the state is hard.</summary>
    public int MaxAttempts { get; set; }

    /// <summary>True while the state changes all the time.</summary>
    public bool IsFlapping { get; set; }

    /// <summary>One line.</summary>
    public string Output { get; set; } = "";

    /// <summary>Further lines.</summary>
    public string LongOutput { get; set; } = "";

    /// <summary>When the state began.</summary>
    public DateTimeOffset Since { get; set; }

    /// <summary>When the last result came; null when there was none.</summary>
    public DateTimeOffset? LastRun { get; set; }

    /// <summary>Wall time of the last run.</summary>
    public double TookSeconds { get; set; }

    /// <summary>Time between two runs.</summary>
    public double IntervalSeconds { get; set; }

    /// <summary>Longest time of a script.</summary>
    public double TimeoutSeconds { get; set; }

    /// <summary>Runs on agents with this group.</summary>
    public string IfGroup { get; set; } = "";

    /// <summary>True while this agent has the group.</summary>
    public bool IsActive { get; set; }

    /// <summary>True while its script runs or waits for a free place.</summary>
    public bool IsRunning { get; set; }

    /// <summary>Names of the handlers to tell.</summary>
    public IReadOnlyList<string> Handlers { get; set; } = [];

    /// <summary>For people.</summary>
    public string Notes { get; set; } = "";

    /// <summary>Where it is defined: <c>file:line</c>.</summary>
    public string Place { get; set; } = "";

    /// <summary>The view of a check.</summary>
    public static CheckView Of(ScheduledCheck check)
    {
        var (definition, standing) = (check.Definition, check.Standing);
        return new CheckView
        {
            Id = definition.Id,
            Name = definition.Name,
            DisplayName = definition.DisplayName,
            Pack = definition.Source.Pack?.Name ?? "",
            PackLevel = definition.Source.Pack?.Level ?? "",
            IsService = definition.IsService,
            Kind = definition.Kind.Word,
            State = standing.State.Word(),
            HardState = standing.HardState.Word(),
            IsHard = standing.IsHard,
            Attempt = standing.Attempt,
            MaxAttempts = definition.Rules.MaxAttempts,
            IsFlapping = standing.IsFlapping,
            Output = standing.Output,
            LongOutput = standing.LongOutput,
            Since = standing.Since,
            LastRun = standing.LastRun == default ? null : standing.LastRun,
            TookSeconds = Math.Round(check.Took.TotalSeconds, 6),
            IntervalSeconds = definition.Rules.Interval.TotalSeconds,
            TimeoutSeconds = definition.Timeout.TotalSeconds,
            IfGroup = definition.IfGroup,
            IsActive = check.IsActive,
            IsRunning = check.IsRunning,
            Handlers = definition.Handlers,
            Notes = definition.Notes,
            Place = $"{definition.Source.Body.File}:{definition.Source.Body.Line}",
        };
    }
}

/// <summary>The checks of a node of the cluster, as they are known here.</summary>
/// <param name="Node">Its name.</param>
/// <param name="Zone">Its zone.</param>
/// <param name="State">alive, suspect, leaving, left or failed.</param>
/// <param name="IsKnown">False when nothing is known of its checks.</param>
/// <param name="IsStale">The node is gone: these are its last states.</param>
/// <param name="AgeSeconds">How old they are; null while the node is there.</param>
/// <param name="Checks">Checks and services; of another node the confirmed states.</param>
internal sealed record NodeChecksView(
    string Node, string Zone, string State, bool IsKnown, bool IsStale, double? AgeSeconds, CheckView[] Checks);

/// <summary>One change of a check.</summary>
internal sealed record CheckChangeView(DateTimeOffset At, string Id, string OldState, string State, string Output)
{
    /// <summary>The view of an entry.</summary>
    public static CheckChangeView Of(HistoryEntry entry) => new(entry.At, entry.Name, entry.From, entry.To, entry.Text);
}

/// <summary>JSON of the checks.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(CheckView))]
[JsonSerializable(typeof(CheckView[]))]
[JsonSerializable(typeof(NodeChecksView))]
[JsonSerializable(typeof(CheckChangeView[]))]
[JsonSerializable(typeof(LegacyCheckView))]
[JsonSerializable(typeof(LegacyStateView))]
[JsonSerializable(typeof(LegacyServiceView))]
[JsonSerializable(typeof(LegacyServiceStateView))]
[JsonSerializable(typeof(Dictionary<string, LegacyCheckView>))]
[JsonSerializable(typeof(Dictionary<string, LegacyServiceView>))]
[JsonSerializable(typeof(Dictionary<string, LegacyServiceStateView>))]
[JsonSerializable(typeof(LegacyCheckChangesView[]))]
internal sealed partial class ChecksJson : JsonSerializerContext;
