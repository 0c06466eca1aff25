using static OpsBro.Core.Graphite.Param;
using static OpsBro.Core.Graphite.ParamType;

namespace OpsBro.Core.Graphite.Functions;

/// <summary>What counts as a point, and how many points become one.</summary>
static class Points
{
    static readonly Function factor = new("setXFilesFactor", FunctionGroup.Special,
        "The least part of points that must be there for several to become one, for these series and what is worked out of them.",
        [Param.Series, Required("xFilesFactor", Float)], SetXFilesFactor);

    public static IEnumerable<Function> All { get; } =
    [
        factor, factor.Also("xFilesFactor"),
        new("consolidateBy", FunctionGroup.Special, "How several points become one when there are more than are wanted.",
            [
                Param.Series,
                Required("consolidationFunc", ParamType.String, "sum", "average", "avg", "avg_zero", "min", "max", "first", "last") with { IsLoose = true },
            ],
            c => ConsolidateBy(c, c.Text(1))),
        new("cumulative", FunctionGroup.Special, "Several points are added up when there are more than are wanted: consolidateBy(…,'sum').", [Param.Series],
            c => ConsolidateBy(c, "sum")),
        new("seriesByTag", FunctionGroup.Special, "The series whose tags match all conditions: tag=value, tag!=value, tag=~regex, tag!=~regex.",
            [OneOrMany("tagExpressions", ParamType.String)], SeriesByTag),
    ];

    static IReadOnlyList<Series> ConsolidateBy(FunctionCall call, string how)
    {
        if (how != "first" && !Aggregation.IsKnown(how))
            throw call.Refusal($"\"{how}\" is no way to consolidate; it may be first, {string.Join(", ", Aggregation.Names)}");
        return
        [
            .. call.Series().Select(s => s.Named($"consolidateBy({s.Name},\"{how}\")")
                with { Consolidation = how, Tags = s.Tags.With("consolidateBy", how) }),
        ];
    }

    static IReadOnlyList<Series> SetXFilesFactor(FunctionCall call)
    {
        var least = call.Float(1);
        call.Context.State.XFilesFactor = least;
        return [.. call.Series().Select(s => s with { XFilesFactor = least, Tags = s.Tags.With("xFilesFactor", PythonText.Float(least)) })];
    }

    /// <summary>The evaluator itself fetches; here arrives only who calls it by name, as reduceSeries can.</summary>
    static IReadOnlyList<Series> SeriesByTag(FunctionCall call) =>
        call.Evaluate($"seriesByTag({string.Join(',', call.Rest.Select(t => $"\"{t.Text.Replace("\"", "", StringComparison.Ordinal)}\""))})");
}
