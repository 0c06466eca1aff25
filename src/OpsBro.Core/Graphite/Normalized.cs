using System.Numerics;

namespace OpsBro.Core.Graphite;

/// <summary>
/// Series brought to one step, the least common multiple of theirs, each by its own consolidation. The values stand side by side
/// by their position, not by their time, as in graphite-web; series that end early are NaN there.
/// </summary>
public sealed class Normalized
{
    const int RowsOnStack = 256;

    /// <summary>Brings series to one step.</summary>
    public Normalized(IReadOnlyList<Series> series)
    {
        long step = series.Count == 0 ? 1 : series[0].Step;
        foreach (var one in series)
        {
            step = LeastCommonMultiple(step, one.Step);
            if (step > int.MaxValue)
                throw new GraphiteException("the steps of these series have no common multiple of a reasonable size; summarize them first");
        }
        Series = series;
        Step = (int)step;
        Columns = new double[series.Count][];
        (Start, End) = (long.MaxValue, long.MinValue);
        for (var i = 0; i < Columns.Length; i++)
        {
            var one = series[i];
            Columns[i] = one.Step == Step ? one.Values : Consolidation.Values(one, Step / one.Step);
            Length = Math.Max(Length, Columns[i].Length);
            (Start, End) = (Math.Min(Start, one.Start), Math.Max(End, one.End));
        }
        End -= (End - Start) % Step;
    }

    /// <summary>The series as they were.</summary>
    public IReadOnlyList<Series> Series { get; }

    /// <summary>Their values at the common step.</summary>
    public double[][] Columns { get; }

    /// <summary>Length of the longest column.</summary>
    public int Length { get; }

    /// <summary>The earliest start.</summary>
    public long Start { get; }

    /// <summary>The latest end, at a whole number of steps after the start.</summary>
    public long End { get; }

    /// <summary>The common step.</summary>
    public int Step { get; }

    /// <summary>Value of a column; NaN after its end.</summary>
    public double At(int column, int row) => row < Columns[column].Length ? Columns[column][row] : double.NaN;

    /// <summary>A series at these times.</summary>
    public Series Result(string name, double[] values, double? xFilesFactor = null) => new()
    {
        Name = name,
        Start = Start,
        Step = Step,
        Values = values,
        EndAt = End,
        XFilesFactor = xFilesFactor ?? 0,
    };

    /// <summary>One value for each row.</summary>
    public double[] Rows(RowFunction function, double? xFilesFactor = null)
    {
        var result = new double[Length];
        Span<double> row = Columns.Length <= RowsOnStack ? stackalloc double[Columns.Length] : new double[Columns.Length];
        for (var i = 0; i < result.Length; i++)
        {
            var nonNull = 0;
            for (var c = 0; c < Columns.Length; c++)
            {
                var value = row[c] = At(c, i);
                if (!double.IsNaN(value)) nonNull++;
            }
            result[i] = Aggregation.IsEnough(nonNull, row.Length, xFilesFactor) ? function(row) : double.NaN;
        }
        return result;
    }

    /// <summary>Sums of rows, column by column: the common case, many times as quick as row by row.</summary>
    public double[] Sums(bool isAverage, double? xFilesFactor = null)
    {
        var sums = new double[Length];
        var counts = new double[Length];
        foreach (var column in Columns) Add(column, sums, counts);
        for (var i = 0; i < sums.Length; i++)
        {
            if (!Aggregation.IsEnough((int)counts[i], Columns.Length, xFilesFactor)) sums[i] = double.NaN;
            else if (isAverage) sums[i] /= counts[i];
        }
        return sums;
    }

    static void Add(ReadOnlySpan<double> column, Span<double> sums, Span<double> counts)
    {
        var i = 0;
        for (; i <= column.Length - Vector<double>.Count; i += Vector<double>.Count)
        {
            var values = new Vector<double>(column[i..]);
            var isThere = Vector.Equals(values, values); // NaN is the only value that is not itself
            (new Vector<double>(sums[i..]) + Vector.ConditionalSelect(isThere, values, Vector<double>.Zero)).CopyTo(sums[i..]);
            (new Vector<double>(counts[i..]) + Vector.ConditionalSelect(isThere, Vector<double>.One, Vector<double>.Zero)).CopyTo(counts[i..]);
        }
        for (; i < column.Length; i++)
        {
            if (double.IsNaN(column[i])) continue;
            sums[i] += column[i];
            counts[i]++;
        }
    }

    /// <summary>The least or the greatest of each row, column by column.</summary>
    double[] Extremes(bool isGreatest, double? xFilesFactor)
    {
        var extremes = new double[Length];
        var counts = new int[Length];
        foreach (var column in Columns)
        {
            for (var i = 0; i < column.Length; i++)
            {
                var value = column[i];
                if (double.IsNaN(value)) continue;
                if (counts[i]++ == 0 || (isGreatest ? value > extremes[i] : value < extremes[i])) extremes[i] = value;
            }
        }
        for (var i = 0; i < extremes.Length; i++)
            if (!Aggregation.IsEnough(counts[i], Columns.Length, xFilesFactor)) extremes[i] = double.NaN;
        return extremes;
    }

    /// <summary>Rows of two columns; a value is NaN where its column has ended.</summary>
    public double[] Pairs(Func<double, double, double> function)
    {
        var result = new double[Length];
        for (var i = 0; i < result.Length; i++) result[i] = function(At(0, i), At(1, i));
        return result;
    }

    /// <summary>Rows by the name of an aggregation.</summary>
    public double[] Rows(string aggregation, double? xFilesFactor = null) => Aggregation.Short(aggregation) switch
    {
        "sum" or "total" => Sums(isAverage: false, xFilesFactor),
        "average" or "avg" => Sums(isAverage: true, xFilesFactor),
        "min" => Extremes(isGreatest: false, xFilesFactor),
        "max" => Extremes(isGreatest: true, xFilesFactor),
        var other => Rows(Aggregation.Get(other), xFilesFactor),
    };

    static long LeastCommonMultiple(long a, long b)
    {
        var (x, y) = (a, b);
        while (y != 0) (x, y) = (y, x % y);
        return a / x * b;
    }
}
