using static OpsBro.Core.Graphite.Param;
using static OpsBro.Core.Graphite.ParamType;

namespace OpsBro.Core.Graphite.Functions;

/// <summary>Two lists of series, one by one: quotients, and the aggregations of pairs.</summary>
static class Pairs
{
    static readonly Param[] lists = [Required("seriesListFirstPos", SeriesList), Required("seriesListSecondPos", SeriesList)];

    public static IEnumerable<Function> All { get; } =
    [
        New("divideSeries", "Each series of the first list divided by the one series of the second.",
            [Required("dividendSeriesList", SeriesList), Required("divisorSeries", SeriesList)], Divide),
        New("divideSeriesLists", "The first series of one list divided by the first of the other, the second by the second, and so on.",
            [Required("dividendSeriesList", SeriesList), Required("divisorSeriesList", SeriesList)], DivideLists),
        New("sumSeriesLists", "The first series of both lists added up, the second of both, and so on.", lists, c => Lists(c, "sum", null)),
        New("diffSeriesLists", "The first series of one list less the first of the other, and so on.", lists, c => Lists(c, "diff", null)),
        New("multiplySeriesLists", "The first series of both lists multiplied, the second of both, and so on.", lists, c => Lists(c, "multiply", null)),
        New("aggregateSeriesLists", "The aggregation of the first series of both lists, of the second of both, and so on.",
            [.. lists, Required("func", AggFunc), Optional("xFilesFactor", Float)], c => Lists(c, c.Text(2), c.FloatOrNull(3))),
        New("weightedAverage", "The mean of the first list weighted by the second; series belong together when the given parts of their names are the same.",
            [Required("seriesListAvg", SeriesList), Required("seriesListWeight", SeriesList), Many("nodes", NodeOrTag)], WeightedAverage),
    ];

    static Function New(string name, string description, Param[] parameters, Func<FunctionCall, IReadOnlyList<Series>> run) =>
        new(name, FunctionGroup.Combine, description, parameters, run);

    /// <summary>One value by another; NaN for a gap and for a division by 0.</summary>
    public static double Quotient(double dividend, double divisor) => divisor == 0 ? double.NaN : dividend / divisor;

    static Series Quotient(FunctionCall call, Series dividend, Series divisor)
    {
        var both = new Normalized([dividend, divisor]);
        return both.Result($"divideSeries({dividend.Name},{divisor.Name})", both.Pairs(Quotient), call.Context.XFilesFactor);
    }

    static IReadOnlyList<Series> Divide(FunctionCall call)
    {
        var (dividends, divisors) = (call.Series(), call.Series(1));
        if (divisors.Count == 0) return [.. dividends.Select(s => s.Named($"divideSeries({s.Name},MISSING)").WithValues(Gaps(s.Values.Length)))];
        if (divisors.Count > 1) throw call.Refusal($"the divisor is {divisors.Count} series, not one; add them up first, or use divideSeriesLists");
        return [.. dividends.Select(s => Quotient(call, s, divisors[0]))];
    }

    /// <summary>So many values that are not there.</summary>
    public static double[] Gaps(int count)
    {
        var gaps = new double[count];
        Array.Fill(gaps, double.NaN);
        return gaps;
    }

    static IReadOnlyList<Series> DivideLists(FunctionCall call) =>
        [.. Zipped(call).Select(p => Quotient(call, p.First, p.Second))];

    /// <summary>One aggregate of each pair, named after the two.</summary>
    public static IReadOnlyList<Series> Lists(FunctionCall call, string aggregation, double? xFilesFactor) =>
    [
        .. from pair in Zipped(call)
           from result in Combine.Aggregate(call.Context, [pair.First, pair.Second], aggregation, xFilesFactor)
           select result.Alias($"{Aggregation.Short(aggregation)}Series({pair.First.Name},{pair.Second.Name})"),
    ];

    static IEnumerable<(Series First, Series Second)> Zipped(FunctionCall call)
    {
        var (first, second) = (call.Series(), call.Series(1));
        if (first.Count != second.Count) throw call.Refusal($"the first list has {first.Count} series and the second {second.Count}; both must have as many");
        return first.Zip(second);
    }

    static IReadOnlyList<Series> WeightedAverage(FunctionCall call)
    {
        var weights = call.Series(1);
        Dictionary<string, (Series? Average, Series? Weight)> groups = new(StringComparer.Ordinal);
        foreach (var (average, weight) in Zipped(call).ToArray())
        {
            var key = Nodes.Key(average, call.Rest);
            groups[key] = (average, groups.GetValueOrDefault(key).Weight);
            key = Nodes.Key(weight, call.Rest);
            groups[key] = (groups.GetValueOrDefault(key).Average, weight);
        }
        List<Series> products = [];
        foreach (var (average, weight) in groups.Values)
        {
            if (average is null || weight is null) continue;
            products.Add(new Series
            {
                Name = $"product({weight.Name},{average.Name})",
                Start = average.Start,
                Step = average.Step,
                EndAt = average.End,
                Values = Longest(average.Values, weight.Values, (a, b) => a * b),
            });
        }
        if (products.Count == 0) return [];
        var sum = Combine.Aggregate(call.Context, products, "sum", null)[0];
        var total = Combine.Aggregate(call.Context, weights, "sum", null)[0];
        var name = $"weightedAverage({Sorted(call.Series())}, {Sorted(weights)}, {string.Join(',', call.Rest.Select(n => n.Text))})";
        return [sum with { Name = name, PathExpression = name, Tags = SeriesTags.OfName(name), Values = Longest(sum.Values, total.Values, Quotient) }];
    }

    static string Sorted(IReadOnlyList<Series> series) =>
        string.Join(',', series.Select(s => s.PathExpression).Distinct().Order(StringComparer.Ordinal));

    /// <summary>Values side by side; NaN where one list has ended.</summary>
    public static double[] Longest(double[] first, double[] second, Func<double, double, double> function)
    {
        var result = new double[Math.Max(first.Length, second.Length)];
        for (var i = 0; i < result.Length; i++)
            result[i] = function(i < first.Length ? first[i] : double.NaN, i < second.Length ? second[i] : double.NaN);
        return result;
    }
}
