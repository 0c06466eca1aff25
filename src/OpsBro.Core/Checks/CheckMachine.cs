namespace OpsBro.Core.Checks;

/// <summary>What one run of a check found.</summary>
/// <param name="State">The state; never pending.</param>
/// <param name="Output">One line for people.</param>
public readonly record struct CheckResult(CheckState State, string Output)
{
    /// <summary>Further lines; empty for most.</summary>
    public string LongOutput { get; init; } = "";
}

/// <summary>How the results of one check are judged.</summary>
public sealed record CheckRules
{
    /// <summary>Nagios' thresholds for services, in percent: flapping begins at the high one and ends below the low one.</summary>
    public const double DefaultFlapHigh = 20, DefaultFlapLow = 5;

    /// <summary>Results that are not OK before the state is hard; 1 makes each state hard at once.</summary>
    public int MaxAttempts { get; init; } = 1;

    /// <summary>Time between two runs.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Time between two runs while the state is soft.</summary>
    public TimeSpan RetryInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether flapping is looked for.</summary>
    public bool DetectsFlapping { get; init; } = true;

    /// <summary>Flapping begins at this percentage.</summary>
    public double FlapHigh { get; init; } = DefaultFlapHigh;

    /// <summary>Flapping ends below this percentage.</summary>
    public double FlapLow { get; init; } = DefaultFlapLow;

    /// <summary>A result older than this is no knowledge any more: the check becomes unknown.</summary>
    public TimeSpan Freshness { get; init; } = TimeSpan.MaxValue;
}

/// <summary>Where a check stands: everything that survives a restart.</summary>
/// <param name="State">The state of the last result.</param>
/// <param name="HardState">The last state that was hard: what people are told of.</param>
/// <param name="Attempt">Which result in a row that is not OK this is; 1 when it is OK.</param>
/// <param name="Since">When <paramref name="State"/> began, UTC.</param>
/// <param name="HardSince">When <paramref name="HardState"/> began, UTC.</param>
/// <param name="LastRun">When the last result came, UTC; default when there was none.</param>
/// <param name="Flaps">The last results.</param>
/// <param name="IsFlapping">True while the state changes all the time.</param>
/// <param name="Output">Of the last result.</param>
/// <param name="LongOutput">Of the last result.</param>
public sealed record CheckStanding(
    CheckState State, CheckState HardState, int Attempt, DateTimeOffset Since, DateTimeOffset HardSince, DateTimeOffset LastRun,
    FlapWindow Flaps, bool IsFlapping, string Output, string LongOutput)
{
    /// <summary>A check that has not run yet.</summary>
    public static CheckStanding New(DateTimeOffset now) =>
        new(CheckState.Pending, CheckState.Pending, 1, now, now, default, FlapWindow.All(CheckState.Ok), false, "", "");

    /// <summary>True when <see cref="State"/> has been confirmed.</summary>
    public bool IsHard => State == HardState;
}

/// <summary>Something about a check changed.</summary>
/// <param name="From">The state before.</param>
/// <param name="To">The state now.</param>
/// <param name="IsHard">True when the state now is confirmed and the last confirmed one was another: the moment to tell people.</param>
/// <param name="HardFrom">The last confirmed state before.</param>
/// <param name="Attempt">Which result in a row that is not OK this is.</param>
/// <param name="Flapping">True when flapping began, false when it ended, null when neither.</param>
public readonly record struct CheckTransition(
    CheckState From, CheckState To, bool IsHard, CheckState HardFrom, int Attempt, bool? Flapping);

/// <summary>
/// Judges results: soft and hard states, attempts, flapping, freshness. A state that is not OK is soft until it came
/// <see cref="CheckRules.MaxAttempts"/> times in a row; OK is hard at once; between two problem states a hard one stays hard.
/// </summary>
public static class CheckMachine
{
    /// <summary>Where the check stands after one more result.</summary>
    /// <param name="standing">Where it stood.</param>
    /// <param name="result">What the run found.</param>
    /// <param name="rules">The check's rules.</param>
    /// <param name="now">UTC.</param>
    /// <param name="transition">What changed; null when nothing worth telling did.</param>
    public static CheckStanding Next(
        CheckStanding standing, in CheckResult result, CheckRules rules, DateTimeOffset now, out CheckTransition? transition)
    {
        var isOk = result.State == CheckState.Ok;
        var wasHardProblem = standing.HardState.IsProblem() && standing.IsHard;
        var attempt = isOk ? 1
            : !standing.State.IsProblem() ? 1
            : wasHardProblem ? standing.Attempt
            : standing.Attempt + 1;
        attempt = Math.Min(attempt, rules.MaxAttempts);
        var isHard = isOk || wasHardProblem || attempt >= rules.MaxAttempts;
        var hardChanged = isHard && result.State != standing.HardState;

        var flaps = standing.Flaps;
        var isFlapping = rules.DetectsFlapping && standing.IsFlapping;
        if (rules.DetectsFlapping && (isHard || isOk))
        {
            // soft problems are not counted: attempts are there to ride them out
            flaps = flaps.With(result.State);
            var percent = flaps.Percent;
            isFlapping = isFlapping ? percent >= rules.FlapLow : percent >= rules.FlapHigh;
        }

        var changed = result.State != standing.State;
        var flapping = isFlapping == standing.IsFlapping ? (bool?)null : isFlapping;
        transition = changed || hardChanged || flapping is not null
            ? new CheckTransition(standing.State, result.State, hardChanged, standing.HardState, attempt, flapping)
            : null;
        return standing with
        {
            State = result.State,
            HardState = isHard ? result.State : standing.HardState,
            Attempt = attempt,
            Since = changed ? now : standing.Since,
            HardSince = hardChanged ? now : standing.HardSince,
            LastRun = now,
            Flaps = flaps,
            IsFlapping = isFlapping,
            Output = result.Output,
            LongOutput = result.LongOutput,
        };
    }

    /// <summary>Time until the next run: shorter while a problem is not confirmed yet.</summary>
    public static TimeSpan Pause(CheckStanding standing, CheckRules rules) =>
        standing.State.IsProblem() && !standing.IsHard ? rules.RetryInterval : rules.Interval;

    /// <summary>True when a run that was started is so long without a result that the last one is not believed any more.</summary>
    /// <param name="waiting">Time since the run was to start.</param>
    /// <param name="rules">The check's rules.</param>
    public static bool IsStale(TimeSpan waiting, CheckRules rules) => waiting > rules.Freshness;
}
