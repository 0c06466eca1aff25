using OpsBro.Core.TimeSeries;

namespace OpsBro.Core.Graphite;

/// <summary>
/// A series while a target is worked out. Nothing in it is changed: a function answers another series, which may share the values.
/// </summary>
public sealed record Series
{
    readonly SeriesTags? tags;
    readonly string? path;

    /// <summary>What legends show.</summary>
    public required string Name { get; init; }

    /// <summary>The pattern or call that it came from: names of aggregates are made of it.</summary>
    public string PathExpression { get => path ?? Name; init => path = value; }

    /// <summary>Time of the first value, Unix seconds.</summary>
    public required long Start { get; init; }

    /// <summary>Seconds from one value to the next.</summary>
    public required int Step { get; init; }

    /// <summary>One value a step, NaN where there is none. Shared: never write into the values of a series that you did not make.</summary>
    public required double[] Values { get; init; }

    /// <summary>Time after the last value, unless a function says otherwise: points later than it are not shown.</summary>
    public long End => EndAt ?? Start + ((long)Step * Values.Length);

    /// <summary>An <see cref="End"/> that is not the time after the last value; null when it is.</summary>
    public long? EndAt { get; init; }

    /// <summary>Tags, those of the name when none were set.</summary>
    public SeriesTags Tags { get => tags ?? SeriesTags.OfName(Name); init => tags = value; }

    /// <summary>How points are put together when there are more than are wanted; a name of <see cref="Aggregation"/>.</summary>
    public string Consolidation { get; init; } = "average";

    /// <summary>Least part of the points of a bucket that must be there for the bucket to have a value.</summary>
    public double XFilesFactor { get; init; }

    /// <summary>How it is drawn (colour, axis, …): for those who draw.</summary>
    public SeriesTags Options { get; init; } = SeriesTags.None;

    /// <summary>This series under another name, which is also its path expression; tags stay.</summary>
    public Series Named(string name) => this with { Name = name, PathExpression = name, Tags = Tags };

    /// <summary>This series under another name for legends only: path expression and tags stay.</summary>
    public Series Alias(string name) => this with { Name = name, PathExpression = PathExpression, Tags = Tags };

    /// <summary>This series with other values at the same times.</summary>
    public Series WithValues(double[] values) => this with { Values = values, EndAt = values.Length == Values.Length ? EndAt : null };

    /// <summary>This series with other values at other times.</summary>
    public Series With(long start, int step, double[] values, long? endAt = null) =>
        this with { Start = start, Step = step, Values = values, EndAt = endAt };

    /// <summary>A series as it was fetched.</summary>
    public static Series Of(SeriesSlice slice, string pathExpression, double xFilesFactor) => new()
    {
        Name = slice.Name,
        PathExpression = pathExpression,
        Start = slice.Start,
        Step = slice.Step,
        Values = slice.Values,
        XFilesFactor = xFilesFactor,
    };
}
