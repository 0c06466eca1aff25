using System.Text;
using System.Text.RegularExpressions;

namespace OpsBro.Core.Statsd;

/// <summary>The figures of a timer, in the reference daemon's order of operations: sums run over the sorted values.</summary>
sealed partial class TimerFigures
{
    readonly bool isOriginal;
    readonly int interval;
    readonly Percentile[] percentiles;
    readonly (byte[] Metric, double[] Limits, byte[][] Names)[] histograms;
    readonly HashSet<string> wanted;
    readonly byte[]? std, upper, lower, count, countPs, sum, sumSquares, mean, median;
    readonly List<(byte[] Figure, double Value)> answer = [];
    double[] sums = new double[64], squares = new double[64];

    public TimerFigures(StatsdSettings settings)
    {
        (isOriginal, interval) = (settings.LegacyNames, settings.IntervalSeconds);
        wanted = [.. settings.TimerMetrics];
        (std, upper, lower, count) = (Figure("std"), Figure("upper"), Figure("lower"), Figure("count"));
        (sum, mean, median) = (Figure("sum"), Figure("mean"), Figure("median"));
        (countPs, sumSquares) = isOriginal ? (null, null) : (Figure("count_ps"), Figure("sum_squares"));
        percentiles = [.. settings.Percentiles.Select(Of)];
        histograms =
        [
            .. settings.Histograms.Select(h => (Encoding.UTF8.GetBytes(h.Metric), h.Bins.ToArray(), h.Bins.Select(BinName).ToArray())),
        ];
        if (isOriginal || (wanted.Count > 0 && !wanted.Contains("histogram"))) histograms = [];
    }

    /// <summary>The end of a name, with its dot; null for a figure that nobody wants.</summary>
    byte[]? Figure(string name) =>
        wanted.Count == 0 || wanted.Contains(PercentileEnd().Replace(name, "_percent")) ? Encoding.UTF8.GetBytes($".{name}") : null;

    Percentile Of(double percent)
    {
        // the daemon's way: the first point becomes _ and the first minus becomes top
        var text = StatsdNumber.Text(percent).Replace('.', '_').Replace("-", "top", StringComparison.Ordinal);
        return new Percentile(percent, isOriginal ? null : Figure($"count_{text}"), isOriginal ? null : Figure($"mean_{text}"),
            Figure((percent > 0 ? "upper_" : "lower_") + text), Figure($"sum_{text}"), isOriginal ? null : Figure($"sum_squares_{text}"));
    }

    static byte[] BinName(double limit) =>
        Encoding.UTF8.GetBytes(".histogram.bin_" + (double.IsPositiveInfinity(limit) ? "inf" : StatsdNumber.Text(limit).Replace('.', '_')));

    /// <summary>The figures of one timer; the list is used again for the next.</summary>
    /// <param name="name">Its name, for the bins.</param>
    /// <param name="values">They are sorted in place.</param>
    /// <param name="weight">How many there were where they came from.</param>
    public List<(byte[] Figure, double Value)> Of(ReadOnlySpan<byte> name, Span<double> values, double weight)
    {
        answer.Clear();
        if (values.IsEmpty)
        {
            Add(count, weight);
            Add(countPs, weight / interval);
            return answer;
        }
        values.Sort();
        if (values.Length > sums.Length) (sums, squares) = (new double[values.Length * 2], new double[values.Length * 2]);
        (sums[0], squares[0]) = (values[0], values[0] * values[0]);
        for (var i = 1; i < values.Length; i++)
        {
            sums[i] = values[i] + sums[i - 1];
            squares[i] = (values[i] * values[i]) + squares[i - 1];
        }
        foreach (var percentile in percentiles) Add(percentile, values);
        var last = values.Length - 1;
        var average = sums[last] / values.Length;
        var deviations = 0.0;
        foreach (var value in values) deviations += (value - average) * (value - average);
        var middle = values.Length / 2;
        Add(std, Math.Sqrt(deviations / values.Length));
        Add(upper, values[last]);
        Add(lower, values[0]);
        Add(count, weight);
        Add(countPs, weight / interval);
        Add(sum, sums[last]);
        Add(sumSquares, squares[last]);
        Add(mean, average);
        Add(median, values.Length % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2);
        AddBins(name, values);
        return answer;
    }

    void Add(byte[]? figure, double value)
    {
        if (figure is not null) answer.Add((figure, value));
    }

    void Add(Percentile percentile, ReadOnlySpan<double> values)
    {
        var all = values.Length;
        var inside = all == 1 ? 1 : (int)Round(Math.Abs(percentile.Percent) / 100 * all);
        if (inside == 0) return;
        var isTop = percentile.Percent < 0 && all > 1;
        // of the greatest values: what lies below them is taken off
        var below = isTop ? all - inside : 0;
        var sumInside = isTop ? sums[all - 1] - (below > 0 ? sums[below - 1] : 0) : sums[inside - 1];
        var squaresInside = isTop ? squares[all - 1] - (below > 0 ? squares[below - 1] : 0) : squares[inside - 1];
        Add(percentile.Count, inside);
        Add(percentile.Mean, sumInside / inside);
        Add(percentile.Bound, isTop ? values[below] : values[inside - 1]);
        Add(percentile.Sum, sumInside);
        Add(percentile.SumSquares, squaresInside);
    }

    /// <summary>JavaScript's rounding: a half goes up.</summary>
    static double Round(double value)
    {
        var floor = Math.Floor(value);
        return value - floor >= 0.5 ? floor + 1 : floor;
    }

    void AddBins(ReadOnlySpan<byte> name, ReadOnlySpan<double> values)
    {
        foreach (var (metric, limits, names) in histograms)
        {
            if (name.IndexOf(metric) < 0) continue;
            var at = 0;
            for (var bin = 0; bin < limits.Length; bin++)
            {
                var start = at;
                while (at < values.Length && (values[at] < limits[bin] || double.IsPositiveInfinity(limits[bin]))) at++;
                Add(names[bin], at - start);
            }
            return;
        }
    }

    sealed record Percentile(double Percent, byte[]? Count, byte[]? Mean, byte[]? Bound, byte[]? Sum, byte[]? SumSquares);

    [GeneratedRegex(@"_(top)?\d+$")]
    private static partial Regex PercentileEnd();
}
