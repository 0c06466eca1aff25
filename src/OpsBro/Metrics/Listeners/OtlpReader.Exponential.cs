using OpsBro.Core.Wire;

namespace OpsBro.Metrics.Listeners;

/// <summary>
/// Exponential histograms: bucket i of the positive ones holds what is over base^i and at most base^(i+1), base = 2^(2^-scale); the negative
/// ones are their mirror.
/// </summary>
internal sealed partial class OtlpReader
{
    /// <summary>Scales that data can have: beyond them a bound is no double, or the bounds are all alike.</summary>
    const int MaxScale = 20, MinScale = -10;

    void TakeExponential(ReadOnlySpan<byte> bytes, int path, ref IntakeResult result)
    {
        var numbers = new HistogramNumbers();
        var (scale, zeros, threshold) = (0, 0UL, 0.0);
        var (positiveOffset, positive, negativeOffset, negative) = (0, 0, 0, 0);
        var isWhole = true;
        tags.Clear();
        var point = new ProtoReader(bytes);
        while (point.Next())
        {
            switch (point.Field)
            {
                case 1: Attribute(point.Data, isOfResource: false); break;
                case 3: numbers.At = point.Fixed64; break;
                case 4: numbers.Count = point.Fixed64; break;
                case 5: numbers.Sum = point.Double; break;
                case 6: scale = point.SInt32; break;
                case 7: zeros = point.Fixed64; break;
                case 8: isWhole &= TryBuckets(point.Data, counts, out positiveOffset, out positive); break;
                case 9: isWhole &= TryBuckets(point.Data, negatives, out negativeOffset, out negative); break;
                case 10: numbers.Flags = point.Int64; break;
                case 12: numbers.Min = point.Double; break;
                case 13: numbers.Max = point.Double; break;
                case 14: threshold = point.Double; break;
            }
        }
        if (!IsWhole(point, numbers.Flags, ref result)) return;
        if (!isWhole || scale is < MinScale or > MaxScale || !double.IsFinite(threshold))
        {
            result.Refused++;
            result.Problem = $"an exponential histogram is damaged, has more than {MaxBuckets} buckets on a side, or its scale {scale} is not from "
                + $"{MinScale} to {MaxScale}";
            return;
        }
        Put(path, numbers, ref result);
        double below = 0;
        for (var i = negative - 1; i >= 0; i--)
        {
            below += negatives[i];
            Bucket(path, -Bound(scale, (long)negativeOffset + i), numbers.At, below, ref result);
        }
        below += zeros;
        if (zeros > 0 || negative > 0) Bucket(path, threshold, numbers.At, below, ref result);
        for (var i = 0; i < positive; i++)
        {
            below += counts[i];
            Bucket(path, Bound(scale, (long)positiveOffset + i + 1), numbers.At, below, ref result);
        }
        Bucket(path, double.PositiveInfinity, numbers.At, numbers.Count, ref result);
    }

    /// <summary>A bound beyond all doubles is that of the last bucket, or says nothing.</summary>
    void Bucket(int path, double bound, ulong at, double below, ref IntakeResult result)
    {
        if (!double.IsNegativeInfinity(bound)) Put(path, ".bucket"u8, "le", bound, at, below, ref result);
    }

    static double Bound(int scale, long index) => Math.Pow(2, Math.ScaleB(index, -scale));

    static bool TryBuckets(ReadOnlySpan<byte> bytes, ulong[] into, out int offset, out int count)
    {
        (offset, count) = (0, 0);
        var buckets = new ProtoReader(bytes);
        while (buckets.Next())
        {
            if (buckets.Field == 1) offset = buckets.SInt32;
            else if (buckets.Field == 2) count = buckets.Varints(into, count);
        }
        return !buckets.IsDamaged && count <= MaxBuckets;
    }
}
