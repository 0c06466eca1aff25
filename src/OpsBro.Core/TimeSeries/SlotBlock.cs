namespace OpsBro.Core.TimeSeries;

/// <summary>A run of slots as columns of numbers: what is encoded into a chunk, decoded from one, rolled up. Reused: its columns only grow.</summary>
public sealed class SlotBlock
{
    /// <summary>Time of the first slot, Unix seconds, a multiple of <see cref="Step"/>.</summary>
    public long Start { get; set; }

    /// <summary>Seconds of one slot.</summary>
    public int Step { get; set; }

    /// <summary>Slots in use; the columns may be longer.</summary>
    public int Length { get; set; }

    /// <summary>Time after the last slot.</summary>
    public long End => Start + ((long)Step * Length);

    /// <summary>Points a slot; 0 for an empty one, whose other columns are NaN.</summary>
    public double[] Counts { get; set; } = [];

    /// <summary>Newest point of each slot.</summary>
    public double[] Last { get; set; } = [];

    /// <summary>Least point of each slot.</summary>
    public double[] Min { get; set; } = [];

    /// <summary>Greatest point of each slot.</summary>
    public double[] Max { get; set; } = [];

    /// <summary>Sum of the points of each slot.</summary>
    public double[] Sum { get; set; } = [];

    /// <summary>Makes it a run of empty slots.</summary>
    public void Reset(long start, int step, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(step);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        (Start, Step, Length) = (start, step, length);
        if (Counts.Length < length)
        {
            (Counts, Last, Min, Max, Sum) = (new double[length], new double[length], new double[length], new double[length], new double[length]);
        }
        Counts.AsSpan(0, length).Clear();
        Last.AsSpan(0, length).Fill(double.NaN);
        Min.AsSpan(0, length).Fill(double.NaN);
        Max.AsSpan(0, length).Fill(double.NaN);
        Sum.AsSpan(0, length).Fill(double.NaN);
    }

    /// <summary>One slot.</summary>
    public Bucket this[int slot]
    {
        get => Counts[slot] > 0
            ? new Bucket { Min = Min[slot], Max = Max[slot], Sum = Sum[slot], Last = Last[slot], Count = (long)Counts[slot] }
            : default;
        set
        {
            var none = value.IsEmpty;
            Counts[slot] = value.Count;
            Last[slot] = none ? double.NaN : value.Last;
            Min[slot] = none ? double.NaN : value.Min;
            Max[slot] = none ? double.NaN : value.Max;
            Sum[slot] = none ? double.NaN : value.Sum;
        }
    }

    /// <summary>The slot of a time; outside 0 to <see cref="Length"/> when it is not in this run.</summary>
    public long SlotOf(long at) => (Rollup.Align(at, Step) - Start) / Step;

    /// <summary>Takes a later bucket into a slot.</summary>
    public void Merge(int slot, in Bucket later)
    {
        var bucket = this[slot];
        bucket.Merge(later);
        this[slot] = bucket;
    }

    /// <summary>Writes one aspect of slots from <paramref name="first"/> on; NaN for empty ones.</summary>
    public void Take(Aspect aspect, int first, Span<double> into)
    {
        for (var i = 0; i < into.Length; i++) into[i] = this[first + i].Take(aspect);
    }
}
