using OpsBro.Core.Checks;

namespace OpsBro.Checks;

/// <summary>One check with its standing and its place in the schedule. Written by the check loop alone; others read.</summary>
internal sealed class ScheduledCheck(CheckDefinition definition, CheckStanding standing, Meter meter)
{
    volatile CheckDefinition definition = definition;
    volatile CheckStanding standing = standing;
    volatile bool isActive, isRunning;
    long dueTicks, tookTicks;

    /// <summary>What the files say.</summary>
    public CheckDefinition Definition
    {
        get => definition;
        set => definition = value;
    }

    /// <summary>Where it stands.</summary>
    public CheckStanding Standing
    {
        get => standing;
        set => standing = value;
    }

    /// <summary>True while the agent has the check's group.</summary>
    public bool IsActive
    {
        get => isActive;
        set => isActive = value;
    }

    /// <summary>True while its script runs or waits for a free worker.</summary>
    public bool IsRunning
    {
        get => isRunning;
        set => isRunning = value;
    }

    /// <summary>Monotonic time of the next run.</summary>
    public TimeSpan Due
    {
        get => TimeSpan.FromTicks(Interlocked.Read(ref dueTicks));
        set => Interlocked.Exchange(ref dueTicks, value.Ticks);
    }

    /// <summary>Wall time of the last run.</summary>
    public TimeSpan Took
    {
        get => TimeSpan.FromTicks(Interlocked.Read(ref tookTicks));
        set => Interlocked.Exchange(ref tookTicks, value.Ticks);
    }

    /// <summary>Its counters.</summary>
    public Meter Meter => meter;

    /// <summary>Monotonic time of the last start.</summary>
    public TimeSpan Started { get; set; }

    /// <summary>True once this process has a result of it.</summary>
    public bool HasRun { get; set; }

    /// <summary>The standing that is on disk.</summary>
    public CheckStanding? Saved { get; set; }

    /// <summary>Those who asked for a run and wait for it.</summary>
    public List<Action> Waiting { get; } = [];
}
