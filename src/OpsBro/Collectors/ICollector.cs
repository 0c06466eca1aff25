using OpsBro.Core.Expressions;

namespace OpsBro.Collectors;

/// <summary>
/// Reads one part of the host. One file and one line in <see cref="CollectorCatalogue"/>. A collector is called by one thread at a time
/// and may keep what it needs between two runs (file handles, counters of the last run).
/// </summary>
internal interface ICollector
{
    /// <summary>The word in rules (<c>{{collector.NAME.…}}</c>), URLs and verbs.</summary>
    string Name { get; }

    /// <summary>One line for people: what it measures and where it reads it.</summary>
    string Summary { get; }

    /// <summary>Time between two runs unless the configuration says otherwise.</summary>
    TimeSpan Interval => TimeSpan.FromSeconds(10);

    /// <summary>A run that takes longer is stuck: the collector is quarantined until it comes back.</summary>
    TimeSpan Deadline => TimeSpan.FromSeconds(5);

    /// <summary>True when values come from the difference of two runs: the loop makes the second run right after start.</summary>
    bool NeedsTwoRuns => false;

    /// <summary>Every key it can write, for docs/collectors.md; a test compares it with what is written.</summary>
    IReadOnlyList<KeyDoc> Keys { get; }

    /// <summary>Reads the host once.</summary>
    /// <returns><see cref="Outcome.Ok"/>, or why this host has nothing to read.</returns>
    /// <exception cref="IOException">A source cannot be read; the loop counts it, shows it and tries again.</exception>
    /// <exception cref="FormatException">A source has a shape that is not understood.</exception>
    Outcome Collect(CollectorRun run);
}

/// <summary>One documented key.</summary>
/// <param name="Path">Below the collector; a part in angle brackets stands for any name: <c>&lt;mount&gt;.pct_used</c>.</param>
/// <param name="Unit">For instance <c>%</c>, <c>kB</c>, <c>bytes/s</c>, or empty for text and counts.</param>
/// <param name="Meaning">One sentence.</param>
internal sealed record KeyDoc(string Path, string Unit, string Meaning);

/// <summary>How a run ended: with data, or with the reason why this host has none (not an error).</summary>
/// <param name="NotEligible">Why this host has nothing for the collector; null when data was written.</param>
/// <param name="Problem">What could not be read although the rest could; null when all is well.</param>
internal readonly record struct Outcome(string? NotEligible, string? Problem = null)
{
    /// <summary>Data was written.</summary>
    public static Outcome Ok => default;

    /// <summary>This host has nothing for this collector; <paramref name="reason"/> tells the operator why.</summary>
    public static Outcome None(string reason) => new(reason);

    /// <summary>Data was written, but a part is missing; <paramref name="problem"/> tells the operator which and why.</summary>
    public static Outcome OkBut(string problem) => new(null, problem);
}

/// <summary>What a collector gets for one run.</summary>
/// <param name="Host">The host's files.</param>
/// <param name="Data">Where the values go.</param>
/// <param name="Now">Monotonic time.</param>
/// <param name="UtcNow">Wall clock.</param>
/// <param name="Cancel">Ends at the deadline; for calls that can be cancelled.</param>
internal sealed record CollectorRun(
    Platform.HostFiles Host, DataWriter Data, TimeSpan Now, DateTimeOffset UtcNow, CancellationToken Cancel)
{
    /// <summary>What {{parameters.x}} reads for this collector: the parameters of its pack; an empty dict when it has none.</summary>
    public Value Parameters { get; init; } = Value.Of(new DictValue());

    /// <summary>True when this agent has the group.</summary>
    public Func<string, bool> HasGroup { get; init; } = _ => false;
}
