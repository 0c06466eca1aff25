namespace OpsBro.Core.Graphite;

/// <summary>Percentiles as graphite-web reckons them: by rank among the values and one more.</summary>
public static class Percentiles
{
    /// <summary>The n-th percentile of the values that are there; NaN when there is none.</summary>
    /// <param name="row">Values, NaN for gaps.</param>
    /// <param name="n">0 to 100.</param>
    /// <param name="interpolates">Between two ranks: the part between their values, instead of the higher one.</param>
    public static double Of(ReadOnlySpan<double> row, double n, bool interpolates = false)
    {
        var sorted = Aggregation.Sorted(row);
        if (sorted.Length == 0) return double.NaN;
        var exact = n / 100.0 * (sorted.Length + 1);
        var rank = (int)exact;
        var part = exact - rank;
        if (!interpolates) rank += (int)Math.Ceiling(part);
        var value = rank <= 0 ? sorted[0] : sorted[Math.Min(rank, sorted.Length) - 1];
        return interpolates && rank >= 0 && rank < sorted.Length ? value + (part * (sorted[rank] - value)) : value;
    }
}
