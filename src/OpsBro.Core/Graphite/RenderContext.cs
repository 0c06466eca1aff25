using OpsBro.Core.TimeSeries;

namespace OpsBro.Core.Graphite;

/// <summary>What is asked besides the target. Functions that look at other times use a changed copy; what the request has cost is shared.</summary>
public sealed record RenderContext
{
    /// <summary>Unix seconds; points are later than it.</summary>
    public required long From { get; init; }

    /// <summary>Unix seconds; points are not later than it.</summary>
    public required long Until { get; init; }

    /// <summary>Unix seconds.</summary>
    public required long Now { get; init; }

    /// <summary>Where the series come from.</summary>
    public required ISeriesSource Source { get; init; }

    /// <summary>The zone of day borders.</summary>
    public TimeZoneInfo Zone { get; init; } = TimeZoneInfo.Utc;

    /// <summary>Most points a series in the answer; null: all.</summary>
    public int? MaxDataPoints { get; init; }

    /// <summary>Least part of points of a bucket, when neither series nor function says it; <c>setXFilesFactor</c> sets it for what comes later.</summary>
    public double? XFilesFactor { get => State.XFilesFactor ?? field; init; }

    /// <summary>Values of <c>template[name]=…</c> of the request; they win over those in <c>template(…)</c>.</summary>
    public IReadOnlyDictionary<string, string> Template { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// The times of the events that have all these tags (no tags: of all), from one time until another, for <c>events(…)</c>.
    /// Null: no events are kept.
    /// </summary>
    public Func<IReadOnlyList<string>, long, long, IReadOnlyList<long>>? Events { get; init; }

    /// <summary>Seed of <c>randomWalk</c>.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>What is taken of buckets of the store that hold many points.</summary>
    public Aspect Aspect { get; init; } = Aspect.Average;

    /// <summary>Ends a long request.</summary>
    public CancellationToken Cancel { get; init; }

    /// <summary>What the request has cost so far.</summary>
    public RenderCost Cost { get; init; } = new();

    /// <summary>What functions leave for those that are worked out after them.</summary>
    internal RenderState State { get; init; } = new();

    /// <summary>What template(…) put in the place of variables where we are.</summary>
    internal IReadOnlyList<KeyValuePair<string, Value>> Replacements { get; init; } = [];
}

/// <summary>What functions leave for those that are worked out after them, in the same target or a later one of the request.</summary>
sealed class RenderState
{
    /// <summary>Set by <c>setXFilesFactor</c>.</summary>
    public double? XFilesFactor { get; set; }

    /// <summary>The totals of <c>stacked</c> so far, by the name of the stack.</summary>
    public Dictionary<string, List<double>> Stacks { get; } = new(StringComparer.Ordinal);
}
