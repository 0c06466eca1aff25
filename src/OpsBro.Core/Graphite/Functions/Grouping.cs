using static OpsBro.Core.Graphite.Param;
using static OpsBro.Core.Graphite.ParamType;

namespace OpsBro.Core.Graphite.Functions;

/// <summary>Series that have parts of their names or tags in common become one series a group.</summary>
static class Grouping
{
    static readonly Param position = Many("position", ParamType.Node);

    public static IEnumerable<Function> All { get; } =
    [
        New("groupByNode", "One series for each value of a part of the name or a tag, by an aggregation or a function.",
            [Param.Series, Required("nodeNum", NodeOrTag), Optional("callback", AggOrSeriesFunc, Value.Of("average"))], c => ByNodes(c, c.Text(2), [c[1]])),
        New("groupByNodes", "One series for each combination of parts of the name and tags, by an aggregation or a function.",
            [Param.Series, Required("callback", AggOrSeriesFunc), Many("nodes", NodeOrTag)], c => ByNodes(c, c.Text(1), c.Rest)),
        New("groupByTags", "One tagged series for each combination of values of the tags, by an aggregation or a function.",
            [Param.Series, Required("callback", AggOrSeriesFunc), OneOrMany("tags", Tag)], ByTags),
        New("aggregateWithWildcards", "Series whose names are the same without the given parts become one, by an aggregation.",
            [Param.Series, Required("func", AggFunc), position], c => WithWildcards(c, c.Text(1))),
        New("sumSeriesWithWildcards", "Series whose names are the same without the given parts are added up.",
            [Param.Series, position], c => WithWildcards(c, "sum")),
        New("averageSeriesWithWildcards", "The mean of series whose names are the same without the given parts.",
            [Param.Series, position], c => WithWildcards(c, "average")),
        New("multiplySeriesWithWildcards", "Series whose names are the same without the given parts are multiplied.",
            [Param.Series, position], c => WithWildcards(c, "multiply")),
        map, map.Also("map"), reduce, reduce.Also("reduce"),
        New("applyByNode", "Works out a target for each beginning of a name: % in the target stands for it.",
            [Param.Series, Required("nodeNum", ParamType.Node), Required("templateFunction", ParamType.String), Optional("newName", ParamType.String)], Apply),
    ];

    static Function map => new("mapSeries", FunctionGroup.Combine, "One list of series for each combination of parts of the name and tags: for reduceSeries.",
        [Param.Series, OneOrMany("mapNodes", NodeOrTag)],
        (FunctionCall c) => (Value)new SeriesListsValue([.. ByKey(c.Series(), c.Rest).Select(g => g.Series)]));

    static Function reduce => New("reduceSeries", "Calls a function with those series of each list whose name has one of the matchers at a position.",
        [
            Required("seriesLists", SeriesLists), Required("reduceFunction", ParamType.String), Required("reduceNode", ParamType.Node),
            OneOrMany("reduceMatchers", ParamType.String),
        ],
        Reduce);

    static Function New(string name, string description, Param[] parameters, Func<FunctionCall, IReadOnlyList<Series>> run) =>
        new(name, FunctionGroup.Combine, description, parameters, run);

    /// <summary>Series by parts of their names and tags, in the order in which each group appears first.</summary>
    public static IReadOnlyList<(string Key, IReadOnlyList<Series> Series)> ByKey(IReadOnlyList<Series> series, IReadOnlyList<Value> nodes) =>
        ByKey(series, s => Nodes.Key(s, nodes));

    static IReadOnlyList<(string Key, IReadOnlyList<Series> Series)> ByKey(IReadOnlyList<Series> series, Func<Series, string> key) =>
        [.. series.GroupBy(key, StringComparer.Ordinal).Select(g => (g.Key, (IReadOnlyList<Series>)[.. g]))];

    /// <summary>The series of a group as one: the first that a function answers, or an aggregation.</summary>
    static Series? One(FunctionCall call, string callback, IReadOnlyList<Series> series)
    {
        if (!GraphiteFunctions.Default.Has(callback)) return Combine.Aggregate(call.Context, series, callback, null)[0];
        return FunctionCall.SeriesOf(call.Invoke(callback, [new SeriesValue(series)])) is [var first, ..] ? first : null;
    }

    static IReadOnlyList<Series> ByNodes(FunctionCall call, string callback, IReadOnlyList<Value> nodes) =>
        [.. ByKey(call.Series(), nodes).Select(g => One(call, callback, g.Series)?.Alias(g.Key)).OfType<Series>()];

    static IReadOnlyList<Series> ByTags(FunctionCall call)
    {
        var (series, callback) = (call.Series(), call.Text(1));
        var tags = call.Rest.Select(t => t.Text).Where(t => t != "name").ToArray();
        var byName = tags.Length < call.Rest.Count;
        var common = series.Select(s => s.Tags["name"]).Distinct().ToArray() is [{ } only] ? only : callback;
        var groups = ByKey(series, s => string.Join(';',
            [byName ? s.Tags["name"] ?? "" : common, .. tags.Select(t => $"{t}={s.Tags[t]}").Order(StringComparer.Ordinal)]));
        return
        [
            .. from g in groups
               let one = One(call, callback, g.Series)
               where one is not null
               select one.Named(g.Key) with { Tags = SeriesTags.OfName(g.Key) },
        ];
    }

    static IReadOnlyList<Series> WithWildcards(FunctionCall call, string aggregation)
    {
        var positions = call.RestIntegers;
        var groups = ByKey(call.Series(), s => string.Join('.', s.Name.Split('.').Where((_, i) => !positions.Contains(i))));
        return [.. groups.Select(g => Combine.Aggregate(call.Context, g.Series, aggregation, null)[0].Alias(g.Key))];
    }

    static IReadOnlyList<Series> Reduce(FunctionCall call)
    {
        var lists = call[0] is SeriesListsValue many ? many.Lists : [call.Series()];
        var (function, node, matchers) = (call.Text(1), call.Integer(2), call.Rest.Select(m => m.Text).ToArray());
        List<string> keys = [];
        Dictionary<string, Series?[]> groups = new(StringComparer.Ordinal);
        foreach (var series in lists.SelectMany(l => l))
        {
            var parts = series.Name.Split('.');
            var index = node < 0 ? node + parts.Length : node;
            if (index < 0 || index >= parts.Length) throw call.Refusal($"\"{series.Name}\" has no part {node}");
            var match = Array.IndexOf(matchers, parts[index]);
            if (match < 0) continue;
            var key = $"{string.Join('.', parts[..index])}.reduce.{function}";
            if (!groups.TryGetValue(key, out var group))
            {
                groups[key] = group = new Series?[matchers.Length];
                keys.Add(key);
            }
            group[match] = series;
        }
        return [.. keys.SelectMany(k => Reduced(call, function, k, matchers, groups[k]))];
    }

    static IEnumerable<Series> Reduced(FunctionCall call, string function, string key, string[] matchers, Series?[] group)
    {
        var missing = Array.IndexOf(group, null);
        if (missing >= 0) throw call.Refusal($"there is no series \"{matchers[missing]}\" for {key}");
        var result = FunctionCall.SeriesOf(call.Invoke(function, [.. group.Select(s => new SeriesValue([s!]))]));
        return result is [var first, ..] ? [first.Alias(key)] : [];
    }

    static IReadOnlyList<Series> Apply(FunctionCall call)
    {
        var (series, node) = (call.Series(), call.Integer(1));
        var prefixes = series.Select(s => s.Name.Split('.'))
            .Select(parts => string.Join('.', parts.Take(node + 1 < 0 ? Math.Max(0, parts.Length + node + 1) : node + 1)))
            .Distinct().Order(StringComparer.Ordinal);
        List<Series> results = [];
        foreach (var prefix in prefixes)
        {
            foreach (var result in call.Evaluate(call.Text(2).Replace("%", prefix, StringComparison.Ordinal)))
            {
                var name = call.TextOrNull(3) is { Length: > 0 } wanted ? wanted.Replace("%", prefix, StringComparison.Ordinal) : result.Name;
                // the times are those of the last series that names were taken from, as in graphite-web
                results.Add(result.Alias(name).With(series[^1].Start, result.Step, result.Values, series[^1].End) with { PathExpression = prefix });
            }
        }
        return results;
    }
}
