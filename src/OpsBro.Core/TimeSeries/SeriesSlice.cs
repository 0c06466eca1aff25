namespace OpsBro.Core.TimeSeries;

/// <summary>What is asked of a bucket that holds many points.</summary>
public enum Aspect
{
    /// <summary>Sum by count.</summary>
    Average,
    /// <summary>The newest.</summary>
    Last,
    /// <summary>The least.</summary>
    Min,
    /// <summary>The greatest.</summary>
    Max,
    /// <summary>All added up.</summary>
    Sum,
    /// <summary>How many there were.</summary>
    Count,
}

/// <summary>A part of one series: values at equal steps, as the store answers and the Graphite functions work on.</summary>
/// <param name="Name">Canonical name: dotted, or <c>name;tag=value</c> with the tags in order.</param>
/// <param name="Start">Time of the first value, Unix seconds, a multiple of <paramref name="Step"/>.</param>
/// <param name="Step">Seconds from one value to the next.</param>
/// <param name="Values">One value a step; NaN where there is none.</param>
public sealed record SeriesSlice(string Name, long Start, int Step, double[] Values)
{
    /// <summary>Time after the last value, Unix seconds.</summary>
    public long End => Start + ((long)Step * Values.Length);
}
