using System.Numerics;

namespace OpsBro.Core.TimeSeries;

/// <summary>
/// How the differences between numbers and their predictions are told: the running mean of their sizes says how many low bits
/// are noise (stored as they are) and which table of frequencies the rest is coded with. Both sides compute it from what is already known.
/// </summary>
static class ResidualModel
{
    /// <summary>Tables: five for means below 8, two for the halves of an octave above.</summary>
    public const int Contexts = 7;

    /// <summary>Size classes, each for both signs, and <see cref="Zero"/>.</summary>
    public const int Symbols = 63;

    /// <summary>Exactly as predicted, and no news about the mean: for what stands still in between.</summary>
    public const int Zero = 62;

    /// <summary>Room for the symbols of one table.</summary>
    public const int Stride = 64;

    /// <summary>Frequencies of a table add up to 2 to this.</summary>
    public const int ProbabilityBits = 12;

    /// <summary>The same as a number.</summary>
    public const int Total = 1 << ProbabilityBits;

    /// <summary>The class of what is too large for the others: all 64 bits follow.</summary>
    public const int Escape = 30;

    /// <summary>Largest size that counts for the mean, so that it cannot overflow.</summary>
    public const ulong MaxSize = 1UL << 52;

    /// <summary>The mean that <see cref="Level"/> is told is scaled by 2 to this.</summary>
    public const int ScaleShift = 4;

    const int FirstOctave = 8, FirstWide = 20, Quarters = 4;

    /// <summary>Lowest size of each class.</summary>
    public static readonly ulong[] Base = new ulong[Stride / 2];

    /// <summary>Bits that tell the sizes of one class apart.</summary>
    public static readonly byte[] Extra = new byte[Stride / 2];

    /// <summary>Context in the low 3 bits and low bits that are noise above, by twice the logarithm of the scaled mean.</summary>
    public static readonly byte[] ContextOf = new byte[128];

    /// <summary>Frequencies for chunks too small to bring their own.</summary>
    public static readonly ushort[] Defaults = new ushort[Contexts * Stride];

    static ResidualModel()
    {
        for (var c = 0; c < FirstOctave; c++) Base[c] = (ulong)c;
        for (var c = FirstOctave; c < FirstWide; c++)
        {
            var octave = (c - FirstOctave) / Quarters;
            Base[c] = (8UL << octave) + ((ulong)((c - FirstOctave) % Quarters) * (2UL << octave));
            Extra[c] = (byte)(1 + octave);
        }
        for (var c = FirstWide; c < Escape; c++)
        {
            Base[c] = 64UL << (c - FirstWide);
            Extra[c] = (byte)(6 + c - FirstWide);
        }
        for (var i = 0; i < ContextOf.Length; i++)
        {
            var log = i / 2;
            ContextOf[i] = log switch
            {
                < 2 => 0,
                < 4 => 1,
                4 => 2,
                5 => 3,
                6 => 4,
                _ => (byte)(5 + (i & 1) + ((log - 6) << 3)),
            };
        }
        ReadOnlySpan<double> means = [0.08, 0.5, 1.4, 2.8, 5.6, 4.8, 6.8];
        for (var c = 0; c < Contexts; c++) SetDefaults(means[c], Defaults.AsSpan(c * Stride, Stride));
    }

    /// <summary>Index into <see cref="ContextOf"/> of a mean that is kept times 2^shift.</summary>
    public static int Level(ulong mean, int shift)
    {
        mean = mean << ScaleShift >> shift;
        var log = BitOperations.Log2(mean | 2);
        return (2 * log) + (int)((mean >> (log - 1)) & 1);
    }

    /// <summary>The class of a size.</summary>
    public static int ClassOf(ulong size)
    {
        if (size < FirstOctave) return (int)size;
        var log = BitOperations.Log2(size);
        if (log < 6) return FirstOctave + (Quarters * (log - 3)) + (int)((size >> (log - 2)) & 3);
        return log < 16 ? FirstWide + log - 6 : Escape;
    }

    /// <summary>Scales weights so that they add up to <see cref="Total"/>, none that was there becoming 0. Exact, the same on every machine.</summary>
    /// <returns>False when all are 0.</returns>
    public static bool Normalize(ReadOnlySpan<uint> weights, Span<ushort> frequencies)
    {
        ulong sum = 0;
        foreach (var weight in weights[..Symbols]) sum += weight;
        frequencies.Clear();
        if (sum == 0) return false;
        var (given, most) = (0, 0);
        for (var i = 0; i < Symbols; i++)
        {
            if (weights[i] == 0) continue;
            var frequency = (int)Math.Max(1, weights[i] * (ulong)Total / sum);
            frequencies[i] = (ushort)frequency;
            given += frequency;
            if (frequency > frequencies[most]) most = i;
        }
        frequencies[most] = (ushort)(frequencies[most] + Total - given);   // each of 63 symbols takes at most 1 too much, the largest has 66 or more
        return true;
    }

    /// <summary>A falling exponential with that mean and a little of everything; multiplications only, so the same on every machine.</summary>
    static void SetDefaults(double mean, Span<ushort> frequencies)
    {
        Span<uint> weights = stackalloc uint[Stride];
        weights.Clear();
        var (fall, left) = (mean / (1 + mean), 1.0);
        for (var c = 0; c <= Escape; c++)
        {
            var after = left;
            var last = c < FirstWide ? Base[c] + (1UL << Extra[c]) - 1 : Base[c];
            for (var m = Base[c]; m <= last && c < FirstWide; m++) after *= fall;
            var weight = (uint)((left - after) * (1 << 20)) + 300;
            left = after;
            (weights[2 * c], weights[(2 * c) + 1]) = (weight, weight);
        }
        weights[Zero] = (1 << 20) / 16;
        Normalize(weights, frequencies);
    }
}
