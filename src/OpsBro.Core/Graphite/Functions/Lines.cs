using static OpsBro.Core.Graphite.Param;
using static OpsBro.Core.Graphite.ParamType;

namespace OpsBro.Core.Graphite.Functions;

/// <summary>Series that are not stored: constants, clocks, waves, events.</summary>
static class Lines
{
    const int DefaultStep = 60;

    static readonly Param name = Required("name", ParamType.String);
    static readonly Param step = Optional("step", ParamType.Integer, Value.Of((long)DefaultStep));

    static readonly Function time = new("timeFunction", FunctionGroup.Transform, "The time of each point, in Unix seconds.", [name, step],
        c => [Made(c, c.Integer(1), t => t)]);

    static readonly Function sine = new("sinFunction", FunctionGroup.Transform, "The sine of the time of each point, in radians.",
        [name, Optional("amplitude", ParamType.Integer, Value.Of(1L)) with { IsLoose = true }, step],
        c => [Made(c, c.Integer(2), t => Math.Sin(t) * c.Float(1))]);

    static readonly Function walk = new("randomWalkFunction", FunctionGroup.Special,
        "A walk that begins at 0 and goes up or down by at most a half at each step.",
        [name, step], RandomWalk);

    public static IEnumerable<Function> All { get; } =
    [
        time, time.Also("time"), sine, sine.Also("sin"), walk, walk.Also("randomWalk"),
        new("identity", FunctionGroup.Calculate, "The time of each minute, in Unix seconds.", [name],
            c => [Made(c, DefaultStep, t => t) with { PathExpression = $"identity(\"{c.Text(0)}\")" }]),
        new("constantLine", FunctionGroup.Special, "A line at this value.", [Required("value", Float)], c => [Constant(c.Context, c[0])]),
        new("threshold", FunctionGroup.Graph, "A line at this value, with a name and a colour.",
            [Required("value", Float), Optional("label", ParamType.String), Optional("color", ParamType.String)], Threshold),
        new("aggregateLine", FunctionGroup.Calculate, "A line at an aggregation of all values of each series.",
            [Param.Series, Optional("func", AggFunc, Value.Of("average")), Optional("keepStep", ParamType.Boolean, Value.Of(false))], AggregateLine),
        new("events", FunctionGroup.Special, "How many events with all these tags there were in each second; \"*\" is any event.",
            [OneOrMany("tags", ParamType.String)], Events),
    ];

    /// <summary>Three points at one value: where the request begins, in its middle and where it ends.</summary>
    public static Series Constant(RenderContext context, Value value)
    {
        var number = value is NumberValue known ? known.Number : double.NaN;
        return new Series
        {
            Name = value.Text,
            PathExpression = $"constantLine({value.Text})",
            Tags = SeriesTags.OfName(value.Text),
            Start = context.From,
            EndAt = context.Until,
            Step = (int)Math.Clamp((context.Until - context.From) / 2, 1, int.MaxValue),
            Values = [number, number, number],
            XFilesFactor = context.XFilesFactor ?? 0,
        };
    }

    static IReadOnlyList<Series> Threshold(FunctionCall call)
    {
        var line = Constant(call.Context, call[0]);
        if (call.TextOrNull(1) is { Length: > 0 } label) line = line.Alias(label);
        return [call.TextOrNull(2) is { Length: > 0 } color ? line with { Options = line.Options.With("color", color) } : line];
    }

    static IReadOnlyList<Series> AggregateLine(FunctionCall call)
    {
        var how = Aggregation.Get(Filter.Plain(call, 1));
        return [.. call.Series().Select(Line)];

        Series Line(Series series)
        {
            var value = how(series.Values);
            var name = $"aggregateLine({series.Name}, {(double.IsNaN(value) ? "None" : PythonText.General(value))})";
            if (!call.Flag(2))
                return Constant(call.Context, double.IsNaN(value) ? NothingValue.Instance : Shown(value)).Alias(name) with { PathExpression = name };
            var values = new double[series.Values.Length];
            Array.Fill(values, value);
            return series.Named(name).WithValues(values);
        }

        Value Shown(double value) => call.Text(1) == "count" ? Value.Of((long)value) : Value.Of(value);
    }

    static Series Made(FunctionCall call, int stepSeconds, Func<long, double> value)
    {
        if (stepSeconds < 1) throw call.Refusal($"step is {stepSeconds}; it must be at least a second");
        var (from, until) = (call.Context.From, call.Context.Until);
        var values = new double[PointCount(call, (until - from + stepSeconds - 1) / stepSeconds)];
        for (var i = 0; i < values.Length; i++) values[i] = value(from + ((long)i * stepSeconds));
        return new Series
        {
            Name = call.Text(0),
            Start = from,
            Step = stepSeconds,
            EndAt = until,
            Values = values,
            XFilesFactor = call.Context.XFilesFactor ?? 0,
        };
    }

    static int PointCount(FunctionCall call, long points) =>
        points <= GraphiteLimits.PointsOfOneSeries
            ? (int)points
            : throw call.Refusal($"{points} points; at most {GraphiteLimits.PointsOfOneSeries} are made: ask for a shorter time or a longer step");

    static IReadOnlyList<Series> RandomWalk(FunctionCall call)
    {
        var state = call.Context.Seed | 1;
        double at = 0;
        return
        [
            Made(call, call.Integer(1), _ =>
            {
                var now = at;
                // xorshift64: a walk needs no better randomness
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                at += ((state >> 11) / (double)(1UL << 53)) - 0.5;
                return now;
            }),
        ];
    }

    static IReadOnlyList<Series> Events(FunctionCall call)
    {
        if (call.Context.Events is not { } source) throw call.Refusal("no events are kept here");
        var tags = call.Rest.Select(t => t.Text).ToArray();
        var (from, until) = (call.Context.From, call.Context.Until);
        var values = Pairs.Gaps(PointCount(call, until - from));
        foreach (var time in source(tags is ["*"] ? [] : tags, from, until))
        {
            if (time < from || time >= until) continue;
            ref var value = ref values[time - from];
            value = double.IsNaN(value) ? 1 : value + 1;
        }
        return
        [
            new Series
            {
                Name = $"events(\"{string.Join("\", \"", tags)}\")",
                Start = from,
                Step = 1,
                Values = values,
                Consolidation = "sum",
                XFilesFactor = call.Context.XFilesFactor ?? 0,
            },
        ];
    }
}
