using static OpsBro.Core.Graphite.FunctionGroup;
using static OpsBro.Core.Graphite.Param;
using static OpsBro.Core.Graphite.ParamType;

namespace OpsBro.Core.Graphite.Functions;

/// <summary>Each value becomes something of those in a window before it.</summary>
static class Moving
{
    /// <summary>Windows between two looks whether the request has ended.</summary>
    const int LookEvery = 64;

    static readonly Param window = Required("windowSize", IntOrInterval);
    static readonly Param factor = Optional("xFilesFactor", Float);

    public static IEnumerable<Function> All { get; } =
    [
        Named("movingAverage", "average", "The mean of the points before each point."),
        Named("movingMedian", "median", "The median of the points before each point."),
        Named("movingSum", "sum", "The sum of the points before each point."),
        Named("movingMin", "min", "The least of the points before each point."),
        Named("movingMax", "max", "The greatest of the points before each point."),
        new("movingWindow", Calculate, "An aggregation of the points before each point.",
            [Param.Series, window, Optional("func", AggFunc, Value.Of("average")), factor], c => Window(c, Filter.Plain(c, 2), c.FloatOrNull(3))),
        new("stdev", Calculate, "The standard deviation of so many points up to each point; windowTolerance is the part of them that must be there.",
            [Param.Series, Required("points", Integer), Optional("windowTolerance", Float, Value.Of(0.1))], Deviation),
    ];

    static Function Named(string name, string aggregation, string description) =>
        new(name, Calculate, description, [Param.Series, window, factor], c => Window(c, aggregation, c.FloatOrNull(2)));

    static List<Series> Window(FunctionCall call, string aggregation, double? xFilesFactor)
    {
        var list = call.Series();
        if (list.Count == 0) return [];
        var size = call[1];
        var interval = size is TextValue ? Math.Abs(Intervals.Signed(call, 1)) : 0;
        var points = size is NumberValue number ? (long)number.Number : 0;
        var before = size is TextValue ? interval : list.Max(s => s.Step) * points;
        if (points is < -GraphiteLimits.PointsOfOneSeries or > GraphiteLimits.PointsOfOneSeries || before > call.Context.From)
            throw call.Refusal($"a window of {size.Shown} is too long");
        var name = "moving" + char.ToUpperInvariant(aggregation[0]) + aggregation[1..].ToLowerInvariant();
        var shown = size is TextValue ? $"\"{size.Text}\"" : size.Text;
        List<Series> results = [];
        foreach (var series in call.Again(call.Context with { From = call.Context.From - before }))
        {
            var length = size is TextValue ? interval / series.Step : points;
            // the start moves by the whole of what was read before, also when the window of this series is shorter: as in graphite-web
            var start = series.Start + before;
            var values = Windows(call, series, length, aggregation, xFilesFactor ?? call.Context.XFilesFactor);
            results.Add(series.Named($"{name}({series.Name},{shown})").With(start, series.Step, values, series.End) with
            {
                Tags = series.Tags.With(name, size.Text),
            });
        }
        return results;
    }

    static double[] Windows(FunctionCall call, Series series, long length, string aggregation, double? xFilesFactor)
    {
        var result = new double[(int)Math.Clamp(series.Values.Length - length, 0, GraphiteLimits.PointsOfOneSeries)];
        if (result.Length == 0) return result;   // a window that is longer than all there is
        if (length <= 0)
        {
            Array.Fill(result, double.NaN);
            return result;
        }
        var size = (int)Math.Min(length, int.MaxValue);
        if (aggregation is "average" or "avg" or "sum" or "total") return Sums(series.Values, result, size, aggregation is "average" or "avg", xFilesFactor);
        call.Context.Cost.Compute((long)result.Length * size);
        var function = Aggregation.Get(aggregation);
        var there = new double[size];
        for (var i = 0; i < result.Length; i++)
        {
            if (i % LookEvery == 0) call.Context.Cancel.ThrowIfCancellationRequested();
            var count = 0;
            foreach (var value in series.Values.AsSpan(i, size))
                if (!double.IsNaN(value)) there[count++] = value;
            result[i] = Aggregation.IsEnough(count, size, xFilesFactor) ? function(there.AsSpan(0, count)) : double.NaN;
        }
        return result;
    }

    /// <summary>
    /// Sums of windows from the sums of blocks: each window is the end of one block and the beginning of the next, so the cost does not
    /// grow with the window, and no error of a value that has left stays behind as in a running sum.
    /// </summary>
    static double[] Sums(double[] values, double[] result, int size, bool isAverage, double? xFilesFactor)
    {
        var (heads, tails) = (new double[values.Length], new double[values.Length]);
        var (headCounts, tailCounts) = (new int[values.Length], new int[values.Length]);
        for (var i = 0; i < values.Length; i++)
        {
            var isFirst = i % size == 0;
            var (value, count) = double.IsNaN(values[i]) ? (0, 0) : (values[i], 1);
            heads[i] = isFirst ? value : heads[i - 1] + value;
            headCounts[i] = isFirst ? count : headCounts[i - 1] + count;
        }
        for (var i = values.Length - 1; i >= 0; i--)
        {
            var isLast = (i + 1) % size == 0 || i == values.Length - 1;
            var (value, count) = double.IsNaN(values[i]) ? (0, 0) : (values[i], 1);
            tails[i] = isLast ? value : tails[i + 1] + value;
            tailCounts[i] = isLast ? count : tailCounts[i + 1] + count;
        }
        for (var i = 0; i < result.Length; i++)
        {
            var isBlock = i % size == 0;
            var sum = isBlock ? tails[i] : tails[i] + heads[i + size - 1];
            var count = isBlock ? tailCounts[i] : tailCounts[i] + headCounts[i + size - 1];
            result[i] = !Aggregation.IsEnough(count, size, xFilesFactor) ? double.NaN : isAverage ? sum / count : sum;
        }
        return result;
    }

    static List<Series> Deviation(FunctionCall call)
    {
        var (points, tolerance) = (call.Integer(1), call.Float(2));
        if (points < 0) throw call.Refusal($"points is {points}; it must not be below 0");
        List<Series> results = [];
        foreach (var series in call.Series())
        {
            var values = Deviations(series.Values, points, tolerance);
            results.Add(Functions.Transform.Changed(series, $"stdev({series.Name},{points})", "stdev", $"{points}", values));
        }
        return results;
    }

    static double[] Deviations(double[] values, int points, double tolerance)
    {
        var result = new double[values.Length];
        double sum = 0, squares = 0;
        var count = 0;
        for (var i = 0; i < values.Length; i++)
        {
            var (value, gone) = (values[i], i >= points ? values[i - points] : double.NaN);
            if (!double.IsNaN(gone)) (sum, squares, count) = (sum - gone, squares - (gone * gone), count - 1);
            if (!double.IsNaN(value)) (sum, squares, count) = (sum + value, squares + (value * value), count + 1);
            result[i] = count > 0 && (double)count / points >= tolerance ? Math.Sqrt((count * squares) - (sum * sum)) / count : double.NaN;
        }
        return result;
    }
}
