using System.Buffers.Binary;
using System.Numerics;

namespace OpsBro.Core.TimeSeries;

/// <summary>Writes a row of whole numbers as differences from predictions: range coded classes, and low bits as they are. One thread at a time.</summary>
sealed class ResidualEncoder
{
    const int Codes = ResidualModel.Contexts * ResidualModel.Stride;

    readonly uint[] histogram = new uint[Codes], bestHistogram = new uint[Codes];
    readonly ushort[] frequencies = new ushort[Codes], starts = new ushort[Codes];
    readonly BitWriter bits = new();
    ushort[] codes = [], words = [];
    int zeros;

    /// <summary>How a row is best told, of what was tried.</summary>
    readonly record struct Choice(int Kind, bool AreZerosApart, int Scale, double Cost);

    /// <summary>How the mean follows; a negative scale is to be found out.</summary>
    readonly record struct Pace(int MeanShift, bool AreZerosApart, int Scale);

    /// <summary>Bytes that <see cref="Encode"/> needs at most.</summary>
    public static int MaxBytes(int count) => 512 + (count * 12);

    /// <summary>Appends the numbers to <paramref name="into"/>; gives the bytes written.</summary>
    /// <param name="numbers">The first must be 0 unless they are differences from another column.</param>
    /// <param name="areDifferences">They are differences from another column: told without a prediction, the first included.</param>
    /// <param name="into">Must have <see cref="MaxBytes"/>.</param>
    public int Encode(ReadOnlySpan<long> numbers, bool areDifferences, Span<byte> into)
    {
        if (codes.Length < numbers.Length) (codes, words) = (new ushort[numbers.Length], new ushort[numbers.Length]);
        var best = new Choice(0, false, 0, double.MaxValue);
        var kinds = areDifferences ? [(byte)PredictorKinds.Column] : PredictorKinds.Tried;
        var (mostZeros, surest) = (0, 0);
        foreach (var kind in kinds)
        {
            Try(kind | MeanShifts.Middle, false, numbers, ref best);
            if (zeros > mostZeros) (mostZeros, surest) = (zeros, kind | MeanShifts.Middle);
        }
        if (mostZeros > numbers.Length / 16)
        {
            var likely = best.Kind;
            Try(likely, true, numbers, ref best);
            if (surest != likely) Try(surest, true, numbers, ref best);
        }
        var predictor = best.Kind & ~MeanShifts.Mask;
        Try(predictor | MeanShifts.Quick, best.AreZerosApart, numbers, ref best);
        Try(predictor | MeanShifts.Slow, best.AreZerosApart, numbers, ref best);
        bestHistogram.CopyTo(histogram, 0);
        CostOfClasses(out var hasOwnTables);
        into[0] = (byte)best.Kind;
        into[1] = (byte)(best.Scale | (hasOwnTables ? 0x80 : 0));
        bits.Clear();
        FrequencyTables.Write(histogram, hasOwnTables, bits, frequencies);
        Run(best.Kind, best.AreZerosApart, numbers, best.Scale, bits);
        var count = numbers.Length - (areDifferences ? 0 : 1);
        var written = 2 + WriteClasses(count, into[2..]);
        var raw = bits.Finish();
        raw.CopyTo(into[written..]);
        return written + raw.Length;
    }

    void Try(int kind, bool areZerosApart, ReadOnlySpan<long> numbers, ref Choice best)
    {
        var (scale, rawBits) = Run(kind, areZerosApart, numbers, scale: -1, null);
        var cost = rawBits + CostOfClasses(out _);
        if (cost >= best.Cost) return;
        best = new Choice(kind, areZerosApart, scale, cost);
        histogram.CopyTo(bestHistogram, 0);
    }

    (int Scale, long RawBits) Run(int kind, bool areZerosApart, ReadOnlySpan<long> numbers, int scale, BitWriter? raw)
    {
        var shift = kind & PredictorKinds.MaxShift;
        var pace = new Pace(MeanShifts.Of(kind), areZerosApart, scale);
        return (kind & PredictorKinds.Mask) switch
        {
            PredictorKinds.Level => Run(new LevelPredictor(shift), numbers[1..], pace, raw),
            PredictorKinds.Drift => Run(new DriftPredictor(shift), numbers[1..], pace, raw),
            _ => Run(new ZeroPredictor(), numbers, pace, raw),
        };
    }

    (int Scale, long RawBits) Run<T>(T predictor, ReadOnlySpan<long> numbers, Pace pace, BitWriter? raw) where T : struct, IPredictor
    {
        var (meanShift, areZerosApart, scale) = pace;
        if (scale < 0) scale = FirstScale(predictor, numbers, meanShift);
        var mean = scale == 0 ? 0UL : 1UL << scale;
        var rawBits = 0L;
        zeros = 0;
        Array.Clear(histogram);
        for (var i = 0; i < numbers.Length; i++)
        {
            var residual = numbers[i] - predictor.Next;
            predictor.Learn(numbers[i]);
            var level = ResidualModel.ContextOf[ResidualModel.Level(mean, meanShift)];
            if (residual == 0)
            {
                zeros++;
                if (areZerosApart)
                {
                    codes[i] = (ushort)(((level & 7) * ResidualModel.Stride) + ResidualModel.Zero);
                    histogram[codes[i]]++;
                    continue;
                }
            }
            var sign = residual >> 63;
            var size = (ulong)(residual ^ sign);
            var noise = level >> 3;
            var kind = ResidualModel.ClassOf(size >> noise);
            var code = ((level & 7) * ResidualModel.Stride) + (2 * kind) + (int)(sign & 1);
            var extra = kind == ResidualModel.Escape ? 64 : ResidualModel.Extra[kind] + noise;
            raw?.Write(kind == ResidualModel.Escape ? size : size - (ResidualModel.Base[kind] << noise), extra);
            rawBits += extra;
            codes[i] = (ushort)code;
            histogram[code]++;
            mean += Math.Min(size, ResidualModel.MaxSize) - (mean >> meanShift);
        }
        return (scale, rawBits);
    }

    /// <summary>Logarithm of the scaled mean of the first few sizes.</summary>
    static int FirstScale<T>(T predictor, ReadOnlySpan<long> numbers, int meanShift) where T : struct, IPredictor
    {
        var (sum, count) = (0UL, Math.Min(16, numbers.Length));
        for (var i = 0; i < count; i++)
        {
            var residual = numbers[i] - predictor.Next;
            predictor.Learn(numbers[i]);
            sum += Math.Min((ulong)(residual ^ (residual >> 63)), ResidualModel.MaxSize);
        }
        return count == 0 || sum == 0 ? 0 : Math.Min(62, BitOperations.Log2(Math.Max(1, sum / (ulong)count)) + meanShift);
    }

    /// <summary>Bits that the classes of the histogram take, with tables of their own or the given ones, whichever is less.</summary>
    double CostOfClasses(out bool hasOwnTables)
    {
        var (own, given) = (0.0, 0.0);
        for (var c = 0; c < ResidualModel.Contexts; c++)
        {
            var counts = histogram.AsSpan(c * ResidualModel.Stride, ResidualModel.Symbols);
            var sum = 0L;
            foreach (var n in counts) sum += n;
            own += 6;
            if (sum == 0) continue;
            var log = Math.Log2(sum);
            for (var s = 0; s < counts.Length; s++)
            {
                if (counts[s] == 0) continue;
                own += (counts[s] * (log - Math.Log2(counts[s]))) + 7;
                given += counts[s] * (ResidualModel.ProbabilityBits - Math.Log2(ResidualModel.Defaults[(c * ResidualModel.Stride) + s]));
            }
        }
        hasOwnTables = own < given;
        return Math.Min(own, given);
    }

    /// <summary>Range coding goes from the last to the first, so that decoding goes from the first to the last.</summary>
    int WriteClasses(int count, Span<byte> into)
    {
        for (var c = 0; c < ResidualModel.Contexts; c++)
        {
            ushort start = 0;
            for (var s = c * ResidualModel.Stride; s < (c * ResidualModel.Stride) + ResidualModel.Symbols; s++)
            {
                starts[s] = start;
                start += frequencies[s];
            }
        }
        var (state, used) = (RangeCoding.Lowest, 0);
        for (var i = count - 1; i >= 0; i--)
        {
            var (frequency, start) = ((uint)frequencies[codes[i]], (uint)starts[codes[i]]);
            if (state >= (ulong)frequency << (32 - ResidualModel.ProbabilityBits))
            {
                words[used++] = (ushort)state;
                state >>= 16;
            }
            state = (state / frequency << ResidualModel.ProbabilityBits) + (state % frequency) + start;
        }
        var at = Varint.Write(into, (ulong)used);
        BinaryPrimitives.WriteUInt32LittleEndian(into[at..], state);
        at += sizeof(uint);
        for (var i = used - 1; i >= 0; i--, at += sizeof(ushort)) BinaryPrimitives.WriteUInt16LittleEndian(into[at..], words[i]);
        return at;
    }
}

/// <summary>Range coding with asymmetric numeral systems: a state of 32 bits, refilled by 16.</summary>
static class RangeCoding
{
    /// <summary>The encoder's first state, which is the decoder's last.</summary>
    public const uint Lowest = 1 << 16;
}
