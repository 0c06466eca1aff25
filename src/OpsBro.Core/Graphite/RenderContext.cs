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

    /// <summary>Least part of points of a bucket, when neither series nor function says it.</summary>
    public double? XFilesFactor { get; init; }

    /// <summary>Values of <c>template[name]=…</c> of the request; they win over those in <c>template(…)</c>.</summary>
    public IReadOnlyDictionary<string, string> Template { get; init; } = new Dictionary<string, string>();

    /// <summary>The events of a tag expression as times with their number: for <c>events(…)</c>. Null: there are no events here.</summary>
    public Func<IReadOnlyList<string>, long, long, IReadOnlyList<long>>? Events { get; init; }

    /// <summary>Seed of <c>randomWalk</c>.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>What is taken of buckets of the store that hold many points.</summary>
    public Aspect Aspect { get; init; } = Aspect.Average;

    /// <summary>Ends a long request.</summary>
    public CancellationToken Cancel { get; init; }

    /// <summary>What the request has cost so far.</summary>
    public RenderCost Cost { get; init; } = new();

    /// <summary>What template(…) put in the place of variables where we are.</summary>
    internal IReadOnlyList<KeyValuePair<string, Value>> Replacements { get; init; } = [];
}
