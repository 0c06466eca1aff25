using static OpsBro.Core.Graphite.Param;
using static OpsBro.Core.Graphite.ParamType;

namespace OpsBro.Core.Graphite.Functions;

/// <summary>Values go and leave gaps; and percentiles of one series.</summary>
static class FilterData
{
    static readonly Param[] one = [Param.Series, Required("n", Float)];

    public static IEnumerable<Function> All { get; } =
    [
        new("removeAboveValue", FunctionGroup.FilterData, "Values above n become gaps.", one, c => Cut(c, (v, n) => v > n)),
        new("removeBelowValue", FunctionGroup.FilterData, "Values below n become gaps.", one, c => Cut(c, (v, n) => v < n)),
        new("removeAbovePercentile", FunctionGroup.FilterData, "Values above the n-th percentile of their series become gaps.", one,
            c => CutAtPercentile(c, (v, limit) => v > limit)),
        new("removeBelowPercentile", FunctionGroup.FilterData, "Values below the n-th percentile of their series become gaps.", one,
            c => CutAtPercentile(c, (v, limit) => v < limit)),
        new("nPercentile", FunctionGroup.Calculate, "A line at the n-th percentile of each series.", one, Lines),
    ];

    static double PercentOf(FunctionCall call)
    {
        var percent = call.Float(1);
        return percent is not 0 and <= 100 ? percent : throw call.Refusal($"n is {PythonText.General(percent)}; it must be above 0 and not above 100");
    }

    static Series Renamed(FunctionCall call, Series series, double[] values) =>
        Transform.Changed(series, $"{call.Function.Name}({series.Name}, {PythonText.General(call.Float(1))})", null, "", values);

    static List<Series> Cut(FunctionCall call, Func<double, double, bool> goes)
    {
        var limit = call.Float(1);
        return [.. call.Series().Select(s => Renamed(call, s, [.. s.Values.Select(v => goes(v, limit) ? double.NaN : v)]))];
    }

    static List<Series> CutAtPercentile(FunctionCall call, Func<double, double, bool> goes)
    {
        var percent = PercentOf(call);
        List<Series> results = [];
        foreach (var series in call.Series())
        {
            var limit = Percentiles.Of(series.Values, percent);
            var cut = Renamed(call, series, [.. series.Values.Select(v => goes(v, limit) ? double.NaN : v)]);
            results.Add(double.IsNaN(limit) ? cut : cut with { Tags = series.Tags.With("nPercentile", PythonText.Float(percent)) });
        }
        return results;
    }

    static List<Series> Lines(FunctionCall call)
    {
        var percent = PercentOf(call);
        List<Series> results = [];
        foreach (var series in call.Series())
        {
            var line = Percentiles.Of(series.Values, percent);
            if (double.IsNaN(line)) continue;
            var values = new double[(int)Math.Clamp((series.End - series.Start) / series.Step, 0, series.Values.Length)];
            Array.Fill(values, line);
            results.Add(Renamed(call, series, values) with { EndAt = series.End, Tags = series.Tags.With("nPercentile", PythonText.Float(percent)) });
        }
        return results;
    }
}
