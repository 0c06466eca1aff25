namespace OpsBro.Core.TimeSeries;

/// <summary>What is kept of the points of one slot: so that no peak is lost and coarser slots are exact.</summary>
public struct Bucket
{
    /// <summary>The least.</summary>
    public double Min;

    /// <summary>The greatest.</summary>
    public double Max;

    /// <summary>All added up; held at the largest double when it would pass it.</summary>
    public double Sum;

    /// <summary>The newest.</summary>
    public double Last;

    /// <summary>How many there were; 0 for none.</summary>
    public long Count;

    /// <summary>True when no point came.</summary>
    public readonly bool IsEmpty => Count == 0;

    /// <summary>One point.</summary>
    public static Bucket Of(double value) => new() { Min = value, Max = value, Sum = value, Last = value, Count = 1 };

    /// <summary>Takes a point that came after those there.</summary>
    public void Add(double value) => Merge(Of(value));

    /// <summary>Takes the points of a later bucket.</summary>
    public void Merge(in Bucket later)
    {
        if (later.Count == 0) return;
        if (Count == 0)
        {
            this = later;
            return;
        }
        Min = later.Min < Min ? later.Min : Min;
        Max = later.Max > Max ? later.Max : Max;
        Sum = Math.Clamp(Sum + later.Sum, double.MinValue, double.MaxValue);
        Last = later.Last;
        Count += later.Count;
    }

    /// <summary>One aspect of it; NaN when it is empty.</summary>
    public readonly double Take(Aspect aspect) => Count == 0 ? double.NaN : aspect switch
    {
        Aspect.Average => Sum / Count,
        Aspect.Last => Last,
        Aspect.Min => Min,
        Aspect.Max => Max,
        Aspect.Sum => Sum,
        _ => Count,
    };
}
