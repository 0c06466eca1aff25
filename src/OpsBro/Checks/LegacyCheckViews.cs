using OpsBro.Config;
using OpsBro.Core.Checks;
using OpsBro.Storage;

namespace OpsBro.Checks;

/// <summary>A check in the original's shape: times are epoch seconds.</summary>
internal sealed record LegacyCheckView
{
    /// <summary>What the original calls id and name: here the id.</summary>
    public string Id { get; set; } = "";

    /// <summary>The same.</summary>
    public string Name { get; set; } = "";

    /// <summary>What people read.</summary>
    public string DisplayName { get; set; } = "";

    /// <summary><c>file:PATH</c>.</summary>
    public string From { get; set; } = "";

    /// <summary>Its pack.</summary>
    public string PackName { get; set; } = "";

    /// <summary>Level of the pack.</summary>
    public string PackLevel { get; set; } = "";

    /// <summary>As written: <c>10s</c>.</summary>
    public string Interval { get; set; } = "";

    /// <summary>Runs on agents with this group.</summary>
    public string IfGroup { get; set; } = "";

    /// <summary>The script as written.</summary>
    public string Script { get; set; } = "";

    /// <summary>Rules of the variables.</summary>
    public Dictionary<string, string> Variables { get; set; } = [];

    /// <summary>Rule.</summary>
    public string OkOutput { get; set; } = "";

    /// <summary>Rule.</summary>
    public string CriticalIf { get; set; } = "";

    /// <summary>Rule.</summary>
    public string CriticalOutput { get; set; } = "";

    /// <summary>Rule.</summary>
    public string WarningIf { get; set; } = "";

    /// <summary>Rule.</summary>
    public string WarningOutput { get; set; } = "";

    /// <summary>For people.</summary>
    public string Notes { get; set; } = "";

    /// <summary>Epoch seconds of the file.</summary>
    public long ModificationTime { get; set; }

    /// <summary>ok, warning, critical, unknown, pending.</summary>
    public string State { get; set; } = "";

    /// <summary>0 to 3; pending is 3.</summary>
    public int StateId { get; set; }

    /// <summary>The last confirmed state.</summary>
    public string OldState { get; set; } = "";

    /// <summary>Its number.</summary>
    public int OldStateId { get; set; }

    /// <summary>Of the last run.</summary>
    public string Output { get; set; } = "";

    /// <summary>Epoch seconds of the last run; 0 when there was none.</summary>
    public long LastCheck { get; set; }

    /// <summary>The view of a check.</summary>
    public static LegacyCheckView Of(ScheduledCheck check)
    {
        var (definition, standing) = (check.Definition, check.Standing);
        string Text(string key) => definition.Body[key]?.Text ?? "";
        return new LegacyCheckView
        {
            Id = definition.Id,
            Name = definition.Id,
            DisplayName = definition.DisplayName,
            From = $"file:{definition.Source.Body.File}",
            PackName = definition.Source.Pack?.Name ?? "",
            PackLevel = definition.Source.Pack?.Level ?? "",
            Interval = Durations.Text(definition.Rules.Interval),
            IfGroup = definition.IfGroup,
            Script = definition.Body["script"] is { Kind: ConfigNodeKind.List } list
                ? string.Join(' ', list.Items.Select(i => i.Text))
                : Text("script"),
            Variables = (definition.Body["variables"]?.Entries ?? []).ToDictionary(e => e.Key.Text, e => e.Value.Text),
            OkOutput = Text("ok_output"),
            CriticalIf = Text("critical_if"),
            CriticalOutput = Text("critical_output"),
            WarningIf = Text("warning_if"),
            WarningOutput = Text("warning_output"),
            Notes = definition.Notes,
            ModificationTime = new DateTimeOffset(File.GetLastWriteTimeUtc(definition.Source.Body.File)).ToUnixTimeSeconds(),
            State = standing.State.Word(),
            StateId = standing.State.LegacyId(),
            OldState = standing.HardState.Word(),
            OldStateId = standing.HardState.LegacyId(),
            Output = standing.LongOutput.Length == 0 ? standing.Output : $"{standing.Output}\n{standing.LongOutput}",
            LastCheck = standing.LastRun == default ? 0 : standing.LastRun.ToUnixTimeSeconds(),
        };
    }
}

/// <summary>A service in the original's shape.</summary>
internal sealed record LegacyServiceView(string Id, string Name, string IfGroup, string Notes, int StateId, LegacyCheckView Check)
{
    /// <summary>The view of a service's check.</summary>
    public static LegacyServiceView Of(ScheduledCheck check) => new(
        check.Definition.Source.Id, check.Definition.Name, check.Definition.IfGroup, check.Definition.Notes,
        check.Standing.State.LegacyId(), LegacyCheckView.Of(check));
}

/// <summary>Which agents have a service, and how it is there.</summary>
internal sealed record LegacyServiceStateView(string[] Members, string[] Passing, string[] Failing);

/// <summary>Answer of <c>/monitoring/state</c>.</summary>
internal sealed record LegacyStateView(Dictionary<string, LegacyCheckView> Checks, Dictionary<string, LegacyServiceView> Services);

/// <summary>One change in the original's shape.</summary>
internal sealed record LegacyCheckChangeView(
    string Name, string DisplayName, string OldState, int OldStateId, string State, int StateId, string Output);

/// <summary>The changes of one second in the original's shape.</summary>
internal sealed record LegacyCheckChangesView(long Date, LegacyCheckChangeView[] Entries)
{
    /// <summary>The views of the entries, oldest second first.</summary>
    /// <param name="entries">Sorted by time.</param>
    /// <param name="displayName">The name for people of an id.</param>
    public static LegacyCheckChangesView[] Of(IEnumerable<HistoryEntry> entries, Func<string, string> displayName) =>
    [
        .. entries.GroupBy(e => e.At.ToUnixTimeSeconds()).OrderBy(g => g.Key).Select(second => new LegacyCheckChangesView(second.Key,
        [
            .. second.Select(e => new LegacyCheckChangeView(e.Name, displayName(e.Name), e.From, CheckStates.Of(e.From).LegacyId(),
                e.To, CheckStates.Of(e.To).LegacyId(), e.Text)),
        ])),
    ];
}
