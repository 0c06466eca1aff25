using static OpsBro.Core.Graphite.Param;
using static OpsBro.Core.Graphite.ParamType;

namespace OpsBro.Core.Graphite.Functions;

/// <summary>Some series go, some stay as they are.</summary>
static class Filter
{
    static readonly string[] operators = ["=", "!=", ">", ">=", "<", "<="];
    static readonly Param[] limit = [Param.Series, Required("n", Float)];
    static readonly Param[] count = [Param.Series, Required("n", Integer)];

    static readonly Param[] countAndHow =
        [Param.Series, Required("n", Integer) with { Default = Value.Of(1L) }, Optional("func", AggFunc, Value.Of("average"))];

    static readonly Param[] pattern = [Param.Series, Required("pattern", ParamType.String)];

    public static IEnumerable<Function> All { get; } =
    [
        new("filterSeries", FunctionGroup.Filter, "The series whose aggregation compares to a number as said.",
            [Param.Series, Required("func", AggFunc), Required("operator", ParamType.String, operators), Required("threshold", Float)],
            c => Compared(c.Series(), Plain(c, 1), c.Text(2), c.Float(3))),
        Compare("averageAbove", "average", ">", "whose mean is above n"),
        Compare("averageBelow", "average", "<=", "whose mean is at most n"),
        Compare("currentAbove", "last", ">", "whose last value is above n"),
        Compare("currentBelow", "last", "<=", "whose last value is at most n"),
        Compare("maximumAbove", "max", ">", "whose greatest value is above n"),
        Compare("maximumBelow", "max", "<=", "whose greatest value is at most n"),
        Compare("minimumAbove", "min", ">", "whose least value is above n"),
        Compare("minimumBelow", "min", "<=", "whose least value is at most n"),
        new("highest", FunctionGroup.Filter, "The n series with the greatest aggregation.", countAndHow,
            c => Extreme(c.Series(), c.Integer(1), Plain(c, 2), isHighest: true)),
        new("lowest", FunctionGroup.Filter, "The n series with the least aggregation.", countAndHow,
            c => Extreme(c.Series(), c.Integer(1), Plain(c, 2), isHighest: false)),
        Most("highestAverage", "average", true, "greatest mean"),
        Most("highestCurrent", "last", true, "greatest last value"),
        Most("highestMax", "max", true, "greatest value"),
        Most("lowestAverage", "average", false, "least mean"),
        Most("lowestCurrent", "last", false, "least last value"),
        new("mostDeviant", FunctionGroup.Filter, "The n series that vary most.", count, MostDeviant),
        new("limit", FunctionGroup.Filter, "The first n series.", count, c => First(c.Series(), c.Integer(1))),
        new("grep", FunctionGroup.Filter, "The series in whose name the pattern is found.", pattern, c => Matching(c, wanted: true)),
        new("exclude", FunctionGroup.Filter, "The series in whose name the pattern is not found.", pattern, c => Matching(c, wanted: false)),
        new("removeEmptySeries", FunctionGroup.Filter, "The series with any value, or with at least the part xFilesFactor of their values.",
            [Param.Series, Optional("xFilesFactor", Float)],
            c => [.. c.Series().Where(s => Aggregation.IsEnough(Aggregation.Count(s.Values), s.Values.Length, c.FloatOrNull(1) ?? c.Context.XFilesFactor))]),
        new("averageOutsidePercentile", FunctionGroup.Filter, "The series whose mean is not within the percentiles n and 100 - n of all means.", limit,
            AverageOutside),
        new("removeBetweenPercentile", FunctionGroup.Filter, "The series with a value that is not within the percentiles n and 100 - n of its time.", limit,
            RemoveBetween),
        new("useSeriesAbove", FunctionGroup.Filter, "For each series that goes above the value another, whose name is made by search and replace.",
            [Param.Series, Required("value", Float), Required("search", ParamType.String), Required("replace", ParamType.String)], UseSeriesAbove),
        new("fallbackSeries", FunctionGroup.Special, "The first series, or the second when there are none.",
            [Param.Series, Required("fallback", SeriesList)], c => c.Series() is { Count: > 0 } there ? there : c.Series(1)),
    ];

    static Function Compare(string name, string aggregation, string sign, string description) =>
        new(name, FunctionGroup.Filter, $"The series {description}.", limit, c => Compared(c.Series(), aggregation, sign, c.Float(1)));

    static Function Most(string name, string aggregation, bool isHighest, string description) =>
        new(name, FunctionGroup.Filter, $"The n series with the {description}.", count, c => Extreme(c.Series(), c.Integer(1), aggregation, isHighest));

    /// <summary>The name of an aggregation; "sumSeries" is none here.</summary>
    /// <exception cref="GraphiteException">It is none.</exception>
    public static string Plain(FunctionCall call, int index)
    {
        var name = call.Text(index);
        return Aggregation.Names.Contains(name) ? name
            : throw call.Refusal(
                $"\"{name}\" is no aggregation of one series{Spelling.Hint(name, Aggregation.Names)}; it may be {string.Join(", ", Aggregation.Names)}");
    }

    /// <summary>A series without values is less than any number and unlike it.</summary>
    static List<Series> Compared(IReadOnlyList<Series> list, string aggregation, string sign, double threshold)
    {
        var function = Aggregation.Get(aggregation);
        return [.. list.Where(s => Holds(Rank(function, s), sign, threshold))];
    }

    static bool Holds(double value, string sign, double threshold) => sign switch
    {
        "=" => value == threshold,
        "!=" => value != threshold,
        ">" => value > threshold,
        ">=" => value >= threshold,
        "<" => value < threshold,
        _ => value <= threshold,
    };

    /// <summary>What series are ordered by: the aggregation, or less than all when there is none.</summary>
    public static double Rank(RowFunction function, Series series)
    {
        var value = function(series.Values);
        return double.IsNaN(value) ? double.NegativeInfinity : value;
    }

    static List<Series> Extreme(IReadOnlyList<Series> list, int count, string aggregation, bool isHighest)
    {
        var function = Aggregation.Get(aggregation);
        var ordered = isHighest ? list.OrderByDescending(s => Rank(function, s)) : list.OrderBy(s => Rank(function, s));
        return First([.. ordered], count);
    }

    /// <summary>The first so many; below 0: all but the last so many.</summary>
    static List<Series> First(IReadOnlyList<Series> list, int count) =>
        [.. list.Take(count < 0 ? Math.Max(0, list.Count + count) : count)];

    static List<Series> MostDeviant(FunctionCall call)
    {
        var ranked = call.Series().Select(s => (Series: s, Spread: Variance(s.Values))).Where(r => !double.IsNaN(r.Spread));
        return First([.. ranked.OrderByDescending(r => r.Spread).Select(r => r.Series)], call.Integer(1));
    }

    static double Variance(double[] values)
    {
        var mean = Aggregation.Average(values);
        double squares = 0;
        foreach (var value in values)
            if (!double.IsNaN(value)) squares += (value - mean) * (value - mean);
        return squares / Aggregation.Count(values);
    }

    static List<Series> Matching(FunctionCall call, bool wanted)
    {
        var pattern = PythonPattern.Compile(call.Text(1));
        return
        [
            .. call.Series().Where(s =>
            {
                call.Context.Cancel.ThrowIfCancellationRequested(); // a regular expression may take its time on each name
                return pattern.IsFoundIn(s.Name) == wanted;
            }),
        ];
    }

    static List<Series> AverageOutside(FunctionCall call)
    {
        var percent = Math.Max(call.Float(1), 100 - call.Float(1));
        var averages = call.Series().Select(s => Aggregation.Average(s.Values)).ToArray();
        var sorted = Aggregation.Sorted(averages);
        var (low, high) = (Percentiles.Of(sorted, 100 - percent), Percentiles.Of(sorted, percent));
        return [.. call.Series().Where((_, i) => !(low < averages[i] && averages[i] < high))];
    }

    static List<Series> RemoveBetween(FunctionCall call)
    {
        var list = call.Series();
        var percent = Math.Max(call.Float(1), 100 - call.Float(1));
        var stays = new bool[list.Count];
        for (var row = 0; list.Any(s => row < s.Values.Length); row++)
        {
            var sorted = Aggregation.Sorted([.. list.Select(s => row < s.Values.Length ? s.Values[row] : double.NaN)]);
            var (low, high) = (Percentiles.Of(sorted, 100 - percent), Percentiles.Of(sorted, percent));
            for (var i = 0; i < stays.Length; i++)
            {
                var value = row < list[i].Values.Length ? list[i].Values[row] : double.NaN;
                stays[i] |= !double.IsNaN(value) && !(low < value && value < high);
            }
        }
        return [.. list.Where((_, i) => stays[i])];
    }

    static List<Series> UseSeriesAbove(FunctionCall call)
    {
        var limit = call.Float(1);
        var pattern = PythonPattern.Compile(call.Text(2));
        List<Series> results = [];
        foreach (var series in call.Series())
        {
            call.Context.Cancel.ThrowIfCancellationRequested();
            if (!(Aggregation.Max(series.Values) > limit)) continue;
            var name = pattern.Replace(series.Name, call.Text(3));
            if (name.Length > 0 && call.Evaluate(name) is [var other, ..]) results.Add(other);
        }
        return results;
    }
}
