using static OpsBro.Core.Graphite.Param;
using static OpsBro.Core.Graphite.ParamType;

namespace OpsBro.Core.Graphite.Functions;

/// <summary>Series as a part of a total, in percent.</summary>
static class Percent
{
    const string Missing = "MISSING";

    static readonly Function function = new("asPercent", FunctionGroup.Combine,
        "Each series in percent of a total: a number, a series, as many series, or, without a total, their sum. "
        + "With nodes, series and totals belong together when those parts of their names are the same.",
        [Param.Series, Optional("total", Any), Many("nodes", NodeOrTag)], Run);

    public static IEnumerable<Function> All { get; } = [function, function.Also("pct")];

    static double Share(double value, double total) => Pairs.Quotient(value, total) * 100.0;

    static IReadOnlyList<Series> Run(FunctionCall call)
    {
        var series = call.Series();
        if (series.Count == 0) return [];
        if (call.Rest.Count > 0) return ByNodes(call, series);
        switch (call[1])
        {
            case NothingValue:
                var all = new Normalized(series);
                return OfEach(call, series, all, all.Sums(isAverage: false), $"sumSeries({Combine.Paths(series)})");
            case NumberValue number:
                var totals = new double[series[0].Values.Length];
                Array.Fill(totals, number.Number);
                return OfEach(call, series, new Normalized(series), totals, number.Text);
            default:
                return OfSeries(call, series, FunctionCall.SeriesOf(call[1])
                    ?? throw call.Refusal($"total is {call[1].Shown}; it must be a number or series"));
        }
    }

    static IReadOnlyList<Series> OfSeries(FunctionCall call, IReadOnlyList<Series> series, IReadOnlyList<Series> totals)
    {
        if (totals.Count == series.Count)
            return [.. ByName(series).Zip(ByName(totals), (one, total) => OfPair(call, one, total))];
        if (totals.Count != 1)
            throw call.Refusal($"total is {totals.Count} series; it must be one, or as many as the {series.Count} of the first argument");
        var all = new Normalized([.. series, totals[0]]);
        return OfEach(call, series, all, all.Columns[^1], totals[0].Name);
    }

    static IEnumerable<Series> ByName(IReadOnlyList<Series> series) => series.OrderBy(s => s.Name, StringComparer.Ordinal);

    static Series OfPair(FunctionCall call, Series one, Series total)
    {
        var both = new Normalized([one, total]);
        return both.Result($"asPercent({one.Name},{total.Name})", both.Pairs(Share), call.Context.XFilesFactor);
    }

    /// <summary>The times stay those of each series, even where values were brought to a common step: so does graphite-web.</summary>
    static IReadOnlyList<Series> OfEach(FunctionCall call, IReadOnlyList<Series> series, Normalized all, double[] totals, string totalName) =>
        [.. series.Select((s, i) => Result(call, s, $"asPercent({s.Name},{totalName})", Pairs.Longest(all.Columns[i], totals, Share)))];

    static Series Result(FunctionCall call, Series times, string name, double[] values) => new()
    {
        Name = name,
        Start = times.Start,
        Step = times.Step,
        EndAt = times.End,
        Values = values,
        XFilesFactor = call.Context.XFilesFactor ?? 0,
    };

    static IReadOnlyList<Series> ByNodes(FunctionCall call, IReadOnlyList<Series> series)
    {
        if (call.Has(1) && FunctionCall.SeriesOf(call[1]) is null) throw call.Refusal("with nodes, total must be series or none");
        var groups = Grouping.ByKey(series, call.Rest);
        var columns = new Dictionary<Series, double[]>(ReferenceEqualityComparer.Instance);
        foreach (var (one, column) in series.Zip(new Normalized(series).Columns)) columns[one] = column;
        // what has no partner gets the times of the pair or sum before it, as in graphite-web
        Series? before = null;
        var totals = Grouping.ByKey(call.Has(1) ? call.Series(1) : series, call.Rest).Select(g => (g.Key, Total: Sum(g.Series))).ToList();
        var byKey = totals.ToDictionary(t => t.Key, t => t.Total, StringComparer.Ordinal);
        List<Series> results = [];
        foreach (var (key, members) in groups)
            foreach (var one in members)
                results.Add(byKey.TryGetValue(key, out var total)
                    ? before = OfPair(call, one, total)
                    : Result(call, before ?? one, $"asPercent({one.Name},{Missing})", Pairs.Gaps(columns[one].Length)));
        var known = groups.Select(g => g.Key).ToHashSet(StringComparer.Ordinal);
        foreach (var (key, total) in totals)
            if (!known.Contains(key)) results.Add(Result(call, before ?? total, $"asPercent({Missing},{total.Name})", Pairs.Gaps(total.Values.Length)));
        return results;

        Series Sum(IReadOnlyList<Series> members)
        {
            if (members.Count == 1) return members[0];
            var all = new Normalized(members);
            return before = all.Result($"sumSeries({Combine.Paths(members)})", all.Sums(isAverage: false), call.Context.XFilesFactor);
        }
    }
}
