using static OpsBro.Core.Graphite.FunctionGroup;
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
        new("aggregate", FunctionGroup.Combine, "One series of many: at each point in time the given aggregation of all values.",
            [Param.Series, Required("func", AggFunc), factor], c => Aggregate(c.Context, c.Series(), c.Text(1), c.FloatOrNull(2))),
        .. Named("sumSeries", "sum", "sum", "All series added up, point by point."),
        .. Named("averageSeries", "average", "avg", "The mean of all series, point by point."),
        .. Named("minSeries", "min", null, "The least value of all series, point by point."),
        .. Named("maxSeries", "max", null, "The greatest value of all series, point by point."),
        .. Named("diffSeries", "diff", null, "The first series less all others, point by point."),
        .. Named("stddevSeries", "stddev", null, "The standard deviation of all series, point by point."),
        .. Named("rangeOfSeries", "rangeOf", null, "The greatest value less the least of all series, point by point."),
    ];

    static IEnumerable<Function> Named(string name, string aggregation, string? shortName, string description)
    {
        var function = new Function(name, FunctionGroup.Combine, description, lists, c => Aggregate(c.Context, c.AllSeries(), aggregation, null));
        yield return function;
        if (shortName is not null) yield return function.Also(shortName);
    }

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
}
