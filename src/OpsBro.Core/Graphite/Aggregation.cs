namespace OpsBro.Core.Graphite;

/// <summary>One value of many, NaN for those that are not there.</summary>
public delegate double RowFunction(ReadOnlySpan<double> row);

/// <summary>The aggregations that functions take by name: of one point of many series, and of many points of one.</summary>
public static class Aggregation
{
    const int MostOnStack = 256;

    static readonly Dictionary<string, RowFunction> rows = new(StringComparer.Ordinal)
    {
        ["average"] = Average,
        ["avg"] = Average,
        ["avg_zero"] = AverageZero,
        ["median"] = Median,
        ["sum"] = Sum,
        ["total"] = Sum,
        ["min"] = Min,
        ["max"] = Max,
        ["diff"] = Diff,
        ["stddev"] = StandardDeviation,
        ["count"] = row => Count(row),
        ["range"] = Range,
        ["rangeOf"] = Range,
        ["multiply"] = Multiply,
        ["last"] = Last,
        ["current"] = Last,
    };

    /// <summary>Functions over many series that <c>groupByNode</c> and the like take by name besides the aggregations.</summary>
    static readonly string[] aggregators =
    [
        "asPercent", "averageSeries", "averageSeriesWithWildcards", "avg", "countSeries", "diffSeries", "diffSeriesLists", "maxSeries", "minSeries",
        "multiplySeries", "multiplySeriesLists", "multiplySeriesWithWildcards", "pct", "powSeries", "rangeOfSeries", "stddevSeries", "sum", "sumSeries",
        "sumSeriesLists", "sumSeriesWithWildcards",
    ];

    /// <summary>All names, in order.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. rows.Keys.Order(StringComparer.Ordinal)];

    /// <summary>All names and those of functions that aggregate, in order.</summary>
    public static IReadOnlyList<string> NamesWithFunctions { get; } = [.. rows.Keys.Concat(aggregators).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>Whether there is such a name; <c>sumSeries</c> means <c>sum</c>, as in older dashboards.</summary>
    public static bool IsKnown(string name) => rows.ContainsKey(Short(name));

    /// <summary>The name without "Series" at its end.</summary>
    public static string Short(string name) => name.EndsWith("Series", StringComparison.Ordinal) ? name[..^"Series".Length] : name;

    /// <summary>The aggregation of this name.</summary>
    /// <exception cref="GraphiteException">There is none.</exception>
    public static RowFunction Get(string name) => rows.GetValueOrDefault(Short(name))
        ?? throw new GraphiteException($"\"{name}\" is no aggregation{Spelling.Hint(name, Names)}; it may be {string.Join(", ", Names)}");

    /// <summary>How many values are there.</summary>
    public static int Count(ReadOnlySpan<double> row)
    {
        var count = 0;
        foreach (var value in row)
            if (!double.IsNaN(value)) count++;
        return count;
    }

    /// <summary>All added up, from the first to the last; NaN when there is none.</summary>
    public static double Sum(ReadOnlySpan<double> row)
    {
        double sum = 0;
        var any = false;
        foreach (var value in row)
        {
            if (double.IsNaN(value)) continue;
            sum += value;
            any = true;
        }
        return any ? sum : double.NaN;
    }

    /// <summary>Sum by count.</summary>
    public static double Average(ReadOnlySpan<double> row) => Sum(row) / Count(row);

    /// <summary>Sum by the number of values and gaps; 0 when all are gaps, NaN for no row at all.</summary>
    public static double AverageZero(ReadOnlySpan<double> row)
    {
        if (row.IsEmpty) return double.NaN;
        var sum = Sum(row);
        return double.IsNaN(sum) ? 0 : sum / row.Length;
    }

    /// <summary>The least.</summary>
    public static double Min(ReadOnlySpan<double> row)
    {
        var least = double.NaN;
        foreach (var value in row)
            if (!(value >= least) && !double.IsNaN(value)) least = value;
        return least;
    }

    /// <summary>The greatest.</summary>
    public static double Max(ReadOnlySpan<double> row)
    {
        var greatest = double.NaN;
        foreach (var value in row)
            if (!(value <= greatest) && !double.IsNaN(value)) greatest = value;
        return greatest;
    }

    /// <summary>The first that is there less all others.</summary>
    public static double Diff(ReadOnlySpan<double> row)
    {
        var difference = double.NaN;
        foreach (var value in row)
            if (!double.IsNaN(value)) difference = double.IsNaN(difference) ? value : difference - value;
        return difference;
    }

    /// <summary>The greatest less the least.</summary>
    public static double Range(ReadOnlySpan<double> row) => Max(row) - Min(row);

    /// <summary>All multiplied; NaN when one is not there.</summary>
    public static double Multiply(ReadOnlySpan<double> row)
    {
        if (row.IsEmpty) return double.NaN;
        var product = row[0];
        foreach (var value in row[1..]) product *= value;
        return product;
    }

    /// <summary>The last that is there.</summary>
    public static double Last(ReadOnlySpan<double> row)
    {
        for (var i = row.Length - 1; i >= 0; i--)
            if (!double.IsNaN(row[i])) return row[i];
        return double.NaN;
    }

    /// <summary>The first that is there.</summary>
    public static double First(ReadOnlySpan<double> row)
    {
        foreach (var value in row)
            if (!double.IsNaN(value)) return value;
        return double.NaN;
    }

    /// <summary>The one in the middle, or the mean of the two in the middle.</summary>
    public static double Median(ReadOnlySpan<double> row)
    {
        Span<double> sorted = row.Length <= MostOnStack ? stackalloc double[row.Length] : new double[row.Length];
        var count = 0;
        foreach (var value in row)
            if (!double.IsNaN(value)) sorted[count++] = value;
        if (count == 0) return double.NaN;
        sorted = sorted[..count];
        sorted.Sort();
        var middle = sorted.Length / 2;
        return sorted.Length % 2 == 0 ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle];
    }

    /// <summary>Standard deviation of the whole, not of a sample.</summary>
    public static double StandardDeviation(ReadOnlySpan<double> row)
    {
        var count = Count(row);
        var mean = Sum(row) / count;
        double squares = 0;
        foreach (var value in row)
            if (!double.IsNaN(value)) squares += (value - mean) * (value - mean);
        return Math.Sqrt(squares / count);
    }

    /// <summary>The values that are there, from the least to the greatest.</summary>
    public static double[] Sorted(ReadOnlySpan<double> row)
    {
        var sorted = new double[Count(row)];
        var at = 0;
        foreach (var value in row)
            if (!double.IsNaN(value)) sorted[at++] = value;
        Array.Sort(sorted);
        return sorted;
    }

    /// <summary>Whether enough of a row is there.</summary>
    /// <param name="nonNull">How many values are there.</param>
    /// <param name="total">How many could be.</param>
    /// <param name="xFilesFactor">The part that must be; null: 0.</param>
    public static bool IsEnough(int nonNull, int total, double? xFilesFactor) =>
        nonNull > 0 && total > 0 && (double)nonNull / total >= (xFilesFactor ?? 0);
}
