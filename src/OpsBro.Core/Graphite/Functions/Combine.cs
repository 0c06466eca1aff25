using static OpsBro.Core.Graphite.Param;
using static OpsBro.Core.Graphite.ParamType;

namespace OpsBro.Core.Graphite.Functions;

/// <summary>Many series become one: sums, means and the like.</summary>
static class Combine
{
    static readonly Param[] lists = [OneOrMany("seriesLists", SeriesList)];
    static readonly Param factor = Optional("xFilesFactor", Float);

    public static IEnumerable<Function> All { get; } =
    [
        New("aggregate", "One series of many: at each point in time the given aggregation of all values.",
            [Param.Series, Required("func", AggFunc), factor], c => Aggregate(c.Context, c.Series(), c.Text(1), c.FloatOrNull(2))),
        Of("sumSeries", "sum", "All series added up, point by point."),
        Of("sumSeries", "sum", "All series added up, point by point.").Also("sum"),
        Of("averageSeries", "average", "The mean of all series, point by point."),
        Of("averageSeries", "average", "The mean of all series, point by point.").Also("avg"),
        Of("minSeries", "min", "The least value of all series, point by point."),
        Of("maxSeries", "max", "The greatest value of all series, point by point."),
        Of("diffSeries", "diff", "The first series less all others, point by point."),
        Of("stddevSeries", "stddev", "The standard deviation of all series, point by point."),
        Of("rangeOfSeries", "rangeOf", "The greatest value less the least of all series, point by point."),
        Of("medianSeries", "median", "The median of all series, point by point."),
        New("multiplySeries", "All series multiplied, point by point; a gap in one is a gap.", lists, Multiply),
        New("powSeries", "The first series to the power of the second, of the third and so on, point by point.",
            [OneOrMany("seriesList", SeriesList)], Power),
        New("percentileOfSeries", "The n-th percentile of all series, point by point.",
            [Param.Series, Required("n", Float), Optional("interpolate", ParamType.Boolean, Value.Of(false))], Percentile),
        New("countSeries", "How many series there are, as a series.", [Many("seriesLists", SeriesList)], Count),
        New("group", "All series of many lists as one list.", [Many("seriesLists", SeriesList)], c => c.AllSeries()),
        new("unique", FunctionGroup.Filter, "Each name once: the first series of those with the same name.", lists,
            c => [.. c.AllSeries().DistinctBy(s => s.Name)]),
    ];

    static Function New(string name, string description, Param[] parameters, Func<FunctionCall, IReadOnlyList<Series>> run) =>
        new(name, FunctionGroup.Combine, description, parameters, run);

    static Function Of(string name, string aggregation, string description) =>
        New(name, description, lists, c => Aggregate(c.Context, c.AllSeries(), aggregation, null));

    /// <summary>One series of many, named <c>sumSeries(…)</c> for the aggregation <c>sum</c>; none of none.</summary>
    public static IReadOnlyList<Series> Aggregate(RenderContext context, IReadOnlyList<Series> series, string aggregation, double? xFilesFactor)
    {
        if (series.Count == 0) return [];
        var how = Aggregation.Short(aggregation);
        var least = xFilesFactor ?? context.XFilesFactor;
        var all = new Normalized(series);
        var name = $"{how}Series({Paths(series)})";
        var tags = series[0].Tags;
        foreach (var one in series) tags = tags.Common(one.Tags);
        if (tags["name"] is null) tags = tags.With("name", name);
        return [all.Result(name, all.Rows(how, least), least) with { Tags = tags.With("aggregatedBy", how) }];
    }

    /// <summary>The path expressions of series without repeats, in order, for names.</summary>
    public static string Paths(IReadOnlyList<Series> series)
    {
        if (series.Count == 1) return series[0].PathExpression;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        return string.Join(",", series.Select(s => s.PathExpression).Where(seen.Add));
    }

    static IReadOnlyList<Series> Multiply(FunctionCall call)
    {
        var series = call.AllSeries();
        return call.Rest.Count == 1 && series.Count == 1 ? series : Aggregate(call.Context, series, "multiply", null);
    }

    static IReadOnlyList<Series> Power(FunctionCall call)
    {
        var series = call.AllSeries();
        if (series.Count == 0) return [];
        var all = new Normalized(series);
        var values = new double[all.Length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = all.At(0, i);
            for (var c = 1; c < series.Count; c++) values[i] = Power(values[i], all.At(c, i));
        }
        return [all.Result($"powSeries({string.Join(",", series.Select(s => s.Name))})", values, call.Context.XFilesFactor)];
    }

    /// <summary>NaN for what has no finite result, and for a gap: .NET would say that 1 to the power of NaN is 1.</summary>
    static double Power(double value, double exponent)
    {
        if (double.IsNaN(value) || double.IsNaN(exponent)) return double.NaN;
        var result = Math.Pow(value, exponent);
        return double.IsInfinity(result) && double.IsFinite(value) && double.IsFinite(exponent) ? double.NaN : result;
    }

    static IReadOnlyList<Series> Percentile(FunctionCall call)
    {
        var (series, n, interpolates) = (call.Series(), call.Float(1), call.Flag(2));
        if (n is not (> 0 and <= 100)) throw call.Refusal($"n is {PythonText.General(n)}; a percentile is above 0 and at most 100");
        if (series.Count == 0) return [];
        var all = new Normalized(series);
        return
        [
            all.Result($"percentileOfSeries({series[0].PathExpression},{PythonText.General(n)})", all.Rows(row => Percentiles.Of(row, n, interpolates)),
                call.Context.XFilesFactor),
        ];
    }

    static IReadOnlyList<Series> Count(FunctionCall call)
    {
        if (call.Rest.Count == 0) return [Lines.Constant(call.Context, Value.Of(0L)) with { PathExpression = "countSeries()" }];
        var series = call.AllSeries();
        if (series.Count == 0) return [];
        var all = new Normalized(series);
        var values = new double[all.Length];
        Array.Fill(values, series.Count);
        return [all.Result($"countSeries({Paths(series)})", values, call.Context.XFilesFactor)];
    }
}
