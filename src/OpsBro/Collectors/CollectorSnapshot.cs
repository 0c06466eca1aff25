using OpsBro.Core.Expressions;

namespace OpsBro.Collectors;

/// <summary>How a collector is.</summary>
internal enum CollectorState
{
    /// <summary>Has not run yet.</summary>
    Pending,
    /// <summary>The last run gave data.</summary>
    Ok,
    /// <summary>This host has nothing for it; not an error.</summary>
    NotEligible,
    /// <summary>The last run failed; older data stays until it is stale.</summary>
    Error,
    /// <summary>A run went past its deadline and has not come back; no other is started until it does.</summary>
    Quarantined,
    /// <summary>Switched off in agent.yml.</summary>
    Disabled,
}

/// <summary>What is known of one collector: published whole after each change, never changed after.</summary>
/// <param name="Name">The word in rules.</param>
/// <param name="State">How it is.</param>
/// <param name="Data">The tree of the last good run; None when there was none.</param>
/// <param name="CollectedAt">Wall clock of the last good run; default when there was none.</param>
/// <param name="At">Monotonic time of the last good run, as <see cref="Platform.Monotonic"/> gives it.</param>
/// <param name="Interval">Time between two runs: data older than three of them is stale.</param>
/// <param name="Problem">Why the state is not ok, or what an ok run could not read; empty when all is well.</param>
internal sealed record CollectorSnapshot(
    string Name, CollectorState State, Value Data, DateTimeOffset CollectedAt, TimeSpan At, TimeSpan Interval, string Problem)
{
    /// <summary>One line for people: what it measures.</summary>
    public string Summary { get; init; } = "";

    /// <summary>What it documents of its keys.</summary>
    public IReadOnlyList<KeyDoc> Keys { get; init; } = [];

    /// <summary>Wall clock of the last start of a run; default when it never ran.</summary>
    public DateTimeOffset LastRun { get; init; }

    /// <summary>How long the last run took.</summary>
    public TimeSpan Took { get; init; }

    /// <summary>A run past this is stuck.</summary>
    public TimeSpan Deadline { get; init; }

    /// <summary>Wall clock of the next run; default when none is planned.</summary>
    public DateTimeOffset NextRun { get; init; }
}

/// <summary>The words for states in JSON, history and on screens.</summary>
internal static class CollectorStates
{
    /// <summary>Lower case, words joined by a dash: <c>not-eligible</c>.</summary>
    public static string Word(this CollectorState state) => state switch
    {
        CollectorState.Pending => "pending",
        CollectorState.Ok => "ok",
        CollectorState.NotEligible => "not-eligible",
        CollectorState.Error => "error",
        CollectorState.Quarantined => "quarantined",
        _ => "disabled",
    };
}
