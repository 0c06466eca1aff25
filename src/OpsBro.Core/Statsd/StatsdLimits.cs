namespace OpsBro.Core.Statsd;

/// <summary>What the aggregate may hold; what exceeds it is dropped and counted.</summary>
public sealed record StatsdLimits
{
    /// <summary>
    /// Longest name with its tags, in bytes, after what no name may have is taken out: with prefix and figure it must fit into the store's 512.
    /// </summary>
    public const int MaxName = 400;

    /// <summary>Tags of one event or service check; further ones are left out.</summary>
    public const int MaxTags = 64;

    /// <summary>Longest text of one event or service check, in characters; the rest is cut off.</summary>
    public const int MaxText = 4096;

    /// <summary>Different metrics: a counter and a gauge of the same name are two.</summary>
    public int MaxMetrics { get; init; } = 100_000;

    /// <summary>Values of all timers in one interval; further ones are counted in <c>count</c> and are not in the other figures.</summary>
    public int MaxTimerValues { get; init; } = 4_000_000;

    /// <summary>Members of all sets in one interval.</summary>
    public int MaxSetMembers { get; init; } = 1_000_000;
}
