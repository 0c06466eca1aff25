using static OpsBro.Core.Graphite.Param;
using static OpsBro.Core.Graphite.ParamType;

namespace OpsBro.Core.Graphite.Functions;

/// <summary>How series are drawn. The values stay, but those of <c>stacked</c>; who draws finds the rest in the options of a series.</summary>
static class Drawing
{
    const string DefaultStack = "__DEFAULT__";

    public static IEnumerable<Function> All { get; } =
    [
        New("color", "Draws the series in this colour.", [Param.Series, Required("theColor", ParamType.String)], c => Set(c, "color", c.Text(1))),
        New("alpha", "Draws the series as opaque as this, from 0 to 1.", [Param.Series, Required("alpha", Float)], c => Set(c, "alpha", c.Text(1))),
        New("lineWidth", "Draws the series with lines of this width.", [Param.Series, Required("width", Float)], c => Set(c, "lineWidth", c.Text(1))),
        New("dashed", "Draws the series with dashes of this length.", [Param.Series, Optional("dashLength", Integer, Value.Of(5L)) with { IsLoose = true }],
            c => [.. c.Series().Select(s => Marked(s, "dashed", c.Text(1), $"dashed({s.Name}, {PythonText.General(c.Float(1))})"))]),
        New("secondYAxis", "Draws the series against the axis on the right.", [Param.Series],
            c => [.. c.Series().Select(s => Marked(s, "secondYAxis", "1", $"secondYAxis({s.Name})"))]),
        New("drawAsInfinite", "Draws a line from top to bottom wherever the series is not 0.", [Param.Series],
            c => [.. c.Series().Select(s => Marked(s, "drawAsInfinite", "1", $"drawAsInfinite({s.Name})"))]),
        New("areaBetween", "Draws the area between exactly two series.", [Param.Series], c => AreaBetween(c, c.Series())),
        New("stacked", "Draws each series on top of those before it; stacks with different names stand apart.",
            [Param.Series, Optional("stack", ParamType.String)], Stacked),
    ];

    static Function New(string name, string description, Param[] parameters, Func<FunctionCall, IReadOnlyList<Series>> run) =>
        new(name, FunctionGroup.Graph, description, parameters, run);

    static IReadOnlyList<Series> Set(FunctionCall call, string option, string value) =>
        [.. call.Series().Select(s => s with { Options = s.Options.With(option, value) })];

    static Series Marked(Series series, string tag, string value, string name) =>
        series.Alias(name) with { Tags = series.Tags.With(tag, value), Options = series.Options.With(tag, value) };

    /// <summary>The two borders of an area, both under the name of the upper one.</summary>
    public static IReadOnlyList<Series> AreaBetween(FunctionCall call, IReadOnlyList<Series> series)
    {
        if (series is not [var lower, var upper]) throw call.Refusal($"takes exactly 2 series, not {series.Count}");
        var tags = upper.Tags.With("areaBetween", "1");
        var name = $"areaBetween({upper.PathExpression})";
        return
        [
            lower.Alias(name) with { Tags = tags, Options = lower.Options.With("stacked", "true").With("invisible", "true") },
            upper.Alias(name) with { Tags = tags, Options = upper.Options.With("stacked", "true") },
        ];
    }

    static IReadOnlyList<Series> Stacked(FunctionCall call)
    {
        var stack = call.TextOrNull(1) ?? DefaultStack;
        if (!call.Context.State.Stacks.TryGetValue(stack, out var totals)) call.Context.State.Stacks[stack] = totals = [];
        return [.. call.Series().Select(On)];

        Series On(Series series)
        {
            var values = new double[series.Values.Length];
            for (var i = 0; i < values.Length; i++)
            {
                if (totals.Count <= i) totals.Add(0);
                if (!double.IsNaN(series.Values[i])) totals[i] += series.Values[i];
                values[i] = double.IsNaN(series.Values[i]) ? double.NaN : totals[i];
            }
            var stacked = stack == DefaultStack
                ? series.Named($"stacked({series.Name})") with { Tags = series.Tags.With("stacked", stack) }
                : series.Named(series.Name);
            return stacked.WithValues(values) with { Options = series.Options.With("stacked", "true") };
        }
    }
}
