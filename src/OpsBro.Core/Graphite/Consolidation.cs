namespace OpsBro.Core.Graphite;

/// <summary>Fewer points: many steps of a series become one.</summary>
public static class Consolidation
{
    /// <summary>The values of a series with <paramref name="valuesPerPoint"/> of them as one, by its consolidation; the last may hold fewer.</summary>
    public static double[] Values(Series series, int valuesPerPoint) => Values(series, series.Values, valuesPerPoint);

    static double[] Values(Series series, ReadOnlySpan<double> values, int valuesPerPoint)
    {
        var how = Function(series.Consolidation);
        var result = new double[(values.Length + valuesPerPoint - 1) / valuesPerPoint];
        for (var i = 0; i < result.Length; i++)
        {
            var bucket = values[(i * valuesPerPoint)..Math.Min(values.Length, (i + 1) * valuesPerPoint)];
            result[i] = Aggregation.IsEnough(Aggregation.Count(bucket), valuesPerPoint, series.XFilesFactor) ? how(bucket) : double.NaN;
        }
        return result;
    }

    static RowFunction Function(string name) => name == "first" ? Aggregation.First : Aggregation.Get(name);

    /// <summary>The points to show of all series of an answer: at most <paramref name="maxDataPoints"/> a series, with their own start and step.</summary>
    public static IReadOnlyList<Series> Fit(IReadOnlyList<Series> series, int? maxDataPoints)
    {
        series = [.. series.Where(s => s.Values.Length > 0)]; // what has no points is not told of, as in graphite-web
        if (series.Count == 0) return series;
        long start = long.MaxValue, end = long.MinValue;
        foreach (var one in series) (start, end) = (Math.Min(start, one.Start), Math.Max(end, one.End));
        var fitted = new Series[series.Count];
        for (var i = 0; i < fitted.Length; i++) fitted[i] = Fit(series[i], end - start, maxDataPoints);
        return fitted;
    }

    /// <summary>The points to show of one series of an answer that spans <paramref name="timeRange"/> seconds.</summary>
    public static Series Fit(Series series, long timeRange, int? maxDataPoints)
    {
        if (maxDataPoints is not { } most || most < 1) return Shown(series);
        if (most == 1)
        {
            var all = Math.Max(1, series.Values.Length);
            return series.With(series.Start, Wide(series.Step, all), Values(series, all), series.End);
        }
        var points = (double)timeRange / series.Step;
        if (most >= points) return Shown(series);
        var valuesPerPoint = (int)Math.Ceiling(points / most);
        long step = (long)valuesPerPoint * series.Step;
        // the borders of buckets stand at multiples of their width, so that they do not move from one refresh to the next
        var nudge = step + Modulo(series.Start, series.Step) - Modulo(series.Start, step);
        var lost = (int)Math.Clamp((nudge / series.Step) - 1, 0, series.Values.Length);
        var values = Values(series, series.Values.AsSpan(lost), valuesPerPoint);
        return Shown(series.With(series.Start + nudge, Wide(series.Step, valuesPerPoint), values, series.End));
    }

    static int Wide(int step, int times) => (int)Math.Min(int.MaxValue, (long)step * times);

    static long Modulo(long value, long by) => ((value % by) + by) % by;

    /// <summary>Without the points that are later than the end of the series.</summary>
    static Series Shown(Series series)
    {
        var times = series.End < series.Start ? 0 : ((series.End - series.Start) / series.Step) + 1;
        return times >= series.Values.Length ? series : series.With(series.Start, series.Step, series.Values[..(int)times], series.End);
    }
}
