using static OpsBro.Core.Graphite.FunctionGroup;
using static OpsBro.Core.Graphite.Param;
using static OpsBro.Core.Graphite.ParamType;

namespace OpsBro.Core.Graphite.Functions;

/// <summary>Values become others by what stands before and after them: differences, sums, gaps filled.</summary>
static class Sequences
{
    static readonly Param[] bounds = [Param.Series, Optional("maxValue", Float), Optional("minValue", Float)];
    static readonly Param[] limited = [Param.Series, Optional("limit", IntOrInf, Value.Of(double.PositiveInfinity))];

    public static IEnumerable<Function> All { get; } =
    [
        new("derivative", FunctionGroup.Transform, "The difference of each value to the one before.", [Param.Series],
            c => Each(c, "1", s => Differences(s, (value, before) => value - before))),
        new("nonNegativeDerivative", FunctionGroup.Transform,
            "The difference of each value to the one before, for counters: a step down is a gap, or a wrap at maxValue.", bounds,
            c => Each(c, "1", s => Increases(c, s))),
        new("perSecond", FunctionGroup.Transform, "How much a counter grows in a second; a step down is a gap, or a wrap at maxValue.", bounds,
            c => Each(c, "1", s => [.. Increases(c, s).Select(v => PythonText.Round(v / s.Step, Functions.Transform.RateDecimals))])),
        new("integral", FunctionGroup.Transform, "The sum of all values so far.", [Param.Series], c => Each(c, "1", Integral)),
        new("integralByInterval", FunctionGroup.Transform, "The sum of all values so far, from 0 again at each interval.",
            [Param.Series, Required("intervalUnit", ParamType.String)], IntegralByInterval),
        new("interpolate", FunctionGroup.Transform, "Gaps of at most so many points become a line between their neighbours.", limited,
            c => Each(c, null, s => Filled(s, c.Float(1), isLine: true))),
        new("keepLastValue", FunctionGroup.Transform, "Gaps of at most so many points become the value before them.", limited,
            c => Each(c, null, s => Filled(s, c.Float(1), isLine: false))),
        new("changed", Special, "1 where the value is another than the one before, else 0.", [Param.Series], c => Each(c, null, Changes)),
        new("delay", FunctionGroup.Transform, "Values moved to later points in time, or to earlier ones.", [Param.Series, Required("steps", Integer)], Delay),
    ];

    static List<Series> Each(FunctionCall call, string? tag, Func<Series, double[]> values) =>
    [
        .. call.Series().Select(s =>
            Functions.Transform.Changed(s, $"{call.Function.Name}({s.Name})", tag is null ? null : call.Function.Name, tag ?? "", values(s))),
    ];

    static double[] Differences(Series series, Func<double, double, double> difference)
    {
        var values = new double[series.Values.Length];
        var before = double.NaN;
        for (var i = 0; i < values.Length; i++) (values[i], before) = (difference(series.Values[i], before), series.Values[i]);
        return values;
    }

    static double[] Increases(FunctionCall call, Series series)
    {
        double? most = call.FloatOrNull(1), least = call.FloatOrNull(2);
        var values = new double[series.Values.Length];
        var before = double.NaN;
        for (var i = 0; i < values.Length; i++)
        {
            var value = series.Values[i];
            if (value > most || value < least) value = double.NaN; // no reading of this counter
            values[i] = value >= before ? value - before
                : double.IsNaN(value) || double.IsNaN(before) ? double.NaN
                : most is { } top ? top - before + value + 1 - (least ?? 0)
                : least is { } bottom ? value - bottom
                : double.NaN;
            before = value;
        }
        return values;
    }

    static double[] Integral(Series series)
    {
        var values = new double[series.Values.Length];
        double sum = 0;
        for (var i = 0; i < values.Length; i++)
        {
            var value = series.Values[i];
            if (!double.IsNaN(value)) sum += value;
            values[i] = double.IsNaN(value) ? value : sum;
        }
        return values;
    }

    static List<Series> IntegralByInterval(FunctionCall call)
    {
        var interval = Intervals.Positive(call, 1);
        List<Series> results = [];
        foreach (var series in call.Series())
        {
            var values = new double[series.Values.Length];
            double sum = 0;
            for (var i = 0; i < values.Length; i++)
            {
                var since = series.Start + ((long)i * series.Step) - call.Context.From;
                if (Intervals.Floor(since, interval) != Intervals.Floor(since - series.Step, interval)) sum = 0;
                if (!double.IsNaN(series.Values[i])) sum += series.Values[i];
                values[i] = sum;
            }
            var text = call.Text(1);
            results.Add(Functions.Transform.Changed(series, $"integralByInterval({series.Name},'{text}')", "integralByInterval", text, values));
        }
        return results;
    }

    /// <summary>Gaps filled that are not longer than the limit; a line needs a value on both sides.</summary>
    static double[] Filled(Series series, double limit, bool isLine)
    {
        var values = series.Values.ToArray();
        var gap = 0;
        for (var i = 0; i <= values.Length; i++)
        {
            var isEnd = i == values.Length;
            if (!isEnd && double.IsNaN(values[i]))
            {
                gap++;
                continue;
            }
            var before = i - gap - 1;
            if (gap > 0 && gap <= limit && before >= 0 && !(isEnd && isLine))
            {
                for (var n = 1; n <= gap; n++)
                    values[before + n] = isLine ? values[before] + (n * (values[i] - values[before]) / (gap + 1)) : values[before];
            }
            gap = 0;
        }
        return values;
    }

    static double[] Changes(Series series)
    {
        var values = new double[series.Values.Length];
        var before = double.NaN;
        for (var i = 0; i < values.Length; i++)
        {
            var value = series.Values[i];
            if (double.IsNaN(value)) continue;
            values[i] = double.IsNaN(before) || value == before ? 0 : 1;
            before = value;
        }
        return values;
    }

    static List<Series> Delay(FunctionCall call)
    {
        var steps = call.Integer(1);
        List<Series> results = [];
        foreach (var series in call.Series())
        {
            // a delay of 0 leaves no value, as in graphite-web
            var values = new double[steps == 0 ? 0 : series.Values.Length];
            for (var i = 0; i < values.Length; i++)
            {
                var from = (long)i - steps;
                values[i] = from >= 0 && from < values.Length ? series.Values[from] : double.NaN;
            }
            results.Add(Functions.Transform.Changed(series, $"delay({series.Name},{steps})", "delay", $"{steps}", values) with { EndAt = series.End });
        }
        return results;
    }
}
