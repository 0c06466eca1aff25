using static OpsBro.Core.Graphite.FunctionGroup;
using static OpsBro.Core.Graphite.Param;
using static OpsBro.Core.Graphite.ParamType;

namespace OpsBro.Core.Graphite.Functions;

/// <summary>Each value by itself becomes another.</summary>
static class Transform
{
    /// <summary>Decimals of what is told by the second, as in graphite-web.</summary>
    public const int RateDecimals = 6;

    public static IEnumerable<Function> All { get; } =
    [
        Plain("absolute", "Each value without its sign.", "1", Math.Abs),
        Plain("invert", "1 by each value; zeros become gaps.", "1", v => v == 0 ? double.NaN : 1 / v),
        Plain("exp", "e to the power of each value.", "e", v => Finite(Math.Exp(v))),
        Plain("logit", "log(value / (1 - value)), the opposite of sigmoid; values outside of 0 to 1 become gaps.", "logit",
            v => v is > 0 and < 1 ? Math.Log(v / (1 - v)) : double.NaN),
        Plain("sigmoid", "1 / (1 + exp(-value)).", "sigmoid", v => 1 / (1 + Math.Exp(-v))),
        Plain("squareRoot", "The square root of each value; negative ones become gaps.", "1", v => v < 0 ? double.NaN : Math.Sqrt(v)),
        WithNumber("scale", "Each value multiplied by a number.", "factor", (v, factor) => v * factor),
        WithNumber("offset", "A number added to each value.", "factor", (v, factor) => v + factor),
        WithNumber("add", "A number added to each value.", "constant", (v, constant) => v + constant, PythonText.Whole),
        WithNumber("pow", "Each value to the power of a number.", "factor", Power),
        new("scaleToSeconds", FunctionGroup.Transform, "Each value as if its step lasted so many seconds.", [Param.Series, Required("seconds", Float)],
            c => Each(c, $"scaleToSeconds({{0}},{PythonText.Whole(c.Float(1))})", PythonText.Float(c.Float(1)),
                (v, step) => PythonText.Round(v * (c.Float(1) / step), RateDecimals))),
        new("log", FunctionGroup.Transform, "The logarithm of each value; what is not above 0 becomes a gap.",
            [Param.Series, Optional("base", Integer, Value.Of(10L)) with { IsLoose = true }], Logarithm),
        new("round", FunctionGroup.Transform, "Each value with so many decimals; halves go to the even neighbour.",
            [Param.Series, Optional("precision", Integer) with { ShownDefault = Value.Of(0L) }], Round),
        new("offsetToZero", FunctionGroup.Transform, "Each series moved so that its least value is 0.", [Param.Series],
            c => [.. c.Series().Select(OffsetToZero)]),
        new("minMax", FunctionGroup.Transform, "Each series squeezed into 0 to 1.", [Param.Series], c => [.. c.Series().Select(MinMax)]),
        new("isNonNull", FunctionGroup.Transform, "1 where there is a value, 0 where there is none.", [Param.Series],
            c => [.. c.Series().Select(s => Changed(s, $"isNonNull({s.Name})", "isNonNull", "1", [.. s.Values.Select(v => double.IsNaN(v) ? 0.0 : 1)]))]),
        new("transformNull", FunctionGroup.Transform, "Gaps become a number; with other series: only where one of those has a value.",
            [Param.Series, Optional("default", Float, Value.Of(0L)), Optional("referenceSeries", SeriesList)], TransformNull),
    ];

    static Function Plain(string name, string description, string tag, Func<double, double> each) =>
        new(name, FunctionGroup.Transform, description, [Param.Series], c => Each(c, name + "({0})", tag, (v, _) => each(v)));

    static Function WithNumber(
        string name, string description, string parameter, Func<double, double, double> each, Func<double, string>? shown = null) =>
        new(name, FunctionGroup.Transform, description, [Param.Series, Required(parameter, Float)], c =>
        {
            var number = c.Float(1);
            return Each(c, $"{name}({{0}},{(shown ?? PythonText.General)(number)})", PythonText.Float(number), (v, _) => each(v, number));
        });

    /// <summary>Every value of every series by itself; gaps stay. In <paramref name="name"/> stands <c>{0}</c> for the name of the series.</summary>
    static List<Series> Each(FunctionCall call, string name, string tag, Func<double, int, double> each)
    {
        List<Series> results = [];
        foreach (var series in call.Series())
        {
            var values = new double[series.Values.Length];
            for (var i = 0; i < values.Length; i++) values[i] = double.IsNaN(series.Values[i]) ? double.NaN : each(series.Values[i], series.Step);
            results.Add(Changed(series, name.Replace("{0}", series.Name, StringComparison.Ordinal), call.Function.Name, tag, values));
        }
        return results;
    }

    /// <summary>A series with another name, one more tag (if any) and other values at the same times.</summary>
    public static Series Changed(Series series, string name, string? tag, string value, double[] values)
    {
        var changed = series.Named(name).WithValues(values);
        return tag is null ? changed : changed with { Tags = series.Tags.With(tag, value) };
    }

    static double Finite(double value) => double.IsInfinity(value) ? double.NaN : value;

    static double Power(double value, double exponent) => Finite(Math.Pow(value, exponent));

    static List<Series> Logarithm(FunctionCall call)
    {
        var number = call[1] is NumberValue given ? given.Number : throw call.Refusal($"base is {call[1].Shown}; it must be a number");
        if ((number <= 0 || number == 1) && call.Series().Count > 0) throw call.Refusal($"base is {call[1].Shown}; it must be above 0 and not 1");
        var divisor = Math.Log(number);
        return Each(call, $"log({{0}}, {call[1].Text})", call[1].Text, (v, _) => v > 0 ? Math.Log(v) / divisor : double.NaN);
    }

    static List<Series> Round(FunctionCall call)
    {
        var places = call.IntegerOrNull(1);
        return Each(call, places is null ? "round({0})" : $"round({{0}},{places})", $"{places ?? 0}", (v, _) => PythonText.Round(v, places ?? 0));
    }

    static Series OffsetToZero(Series series)
    {
        var least = Aggregation.Min(series.Values);
        var values = series.Values.Select(v => v - least).ToArray();
        return Changed(series, $"offsetToZero({series.Name})", "offsetToZero", double.IsNaN(least) ? "None" : PythonText.Float(least), values);
    }

    static Series MinMax(Series series)
    {
        var (least, greatest) = (Aggregation.Min(series.Values), Aggregation.Max(series.Values));
        var values = series.Values.Select(v => double.IsNaN(v) ? v : greatest == least ? 0 : (v - least) / (greatest - least)).ToArray();
        return Changed(series, $"minMax({series.Name})", null, "", values);
    }

    static List<Series> TransformNull(FunctionCall call)
    {
        var number = call.Float(1);
        var references = call.Series(2);
        bool[]? isThere = null;
        if (references.Count > 0)
        {
            isThere = new bool[references.Max(r => r.Values.Length)];
            foreach (var reference in references)
                for (var i = 0; i < reference.Values.Length; i++) isThere[i] |= !double.IsNaN(reference.Values[i]);
        }
        List<Series> results = [];
        foreach (var series in call.Series())
        {
            // positions count, not times; of a longer reference the end is taken, and what the series had there is lost: as in graphite-web
            var length = Math.Max(series.Values.Length, isThere?.Length ?? 0);
            var values = new double[series.Values.Length];
            for (var i = 0; i < values.Length; i++)
            {
                var at = i + length - values.Length;
                var value = at < values.Length ? series.Values[at] : double.NaN;
                var mayFill = isThere is null || (at < isThere.Length && isThere[at]);
                values[i] = double.IsNaN(value) && mayFill ? number : value;
            }
            var suffix = isThere is null ? "" : ",referenceSeries";
            var changed = Changed(series, $"transformNull({series.Name},{PythonText.General(number)}{suffix})", "transformNull", call[1].Text, values);
            results.Add(isThere is null ? changed : changed with { Tags = changed.Tags.With("referenceSeries", "1") });
        }
        return results;
    }
}
