using System.Numerics;

namespace OpsBro.Core.TimeSeries;

/// <summary>Frequencies of size classes in a chunk: for each context the number of symbols, then each one's weight with four significant bits.</summary>
static class FrequencyTables
{
    const int CountBits = 6, LogBits = 4, MantissaBits = 3, MaxLog = (1 << LogBits) - 2;

    /// <summary>Writes the tables of a histogram and gives the frequencies that the reader will have.</summary>
    public static void Write(ReadOnlySpan<uint> histogram, bool areOwn, BitWriter into, Span<ushort> frequencies)
    {
        ResidualModel.Defaults.CopyTo(frequencies);
        if (!areOwn) return;
        Span<uint> weights = stackalloc uint[ResidualModel.Stride];
        for (var c = 0; c < ResidualModel.Contexts; c++)
        {
            var counts = histogram.Slice(c * ResidualModel.Stride, ResidualModel.Symbols);
            var used = counts.Length;
            while (used > 0 && counts[used - 1] == 0) used--;
            into.Write((ulong)used, CountBits);
            weights.Clear();
            var most = 0U;
            foreach (var n in counts) most = Math.Max(most, n);
            var tooLong = Math.Max(0, BitOperations.Log2(most | 1) - MaxLog);
            for (var s = 0; s < used; s++) weights[s] = WriteWeight(into, counts[s], tooLong);
            if (used > 0) ResidualModel.Normalize(weights, frequencies.Slice(c * ResidualModel.Stride, ResidualModel.Stride));
        }
    }

    /// <summary>Reads the tables; contexts that do not occur keep their frequencies.</summary>
    /// <exception cref="ChunkException">A table has only zeros.</exception>
    public static void Read(ref BitReader from, Span<ushort> frequencies)
    {
        Span<uint> weights = stackalloc uint[ResidualModel.Stride];
        for (var c = 0; c < ResidualModel.Contexts; c++)
        {
            var used = (int)from.Read(CountBits);
            if (used == 0) continue;
            if (used > ResidualModel.Symbols) throw new ChunkException($"a table of {used} symbols; there are {ResidualModel.Symbols}");
            weights.Clear();
            for (var s = 0; s < used; s++) weights[s] = ReadWeight(ref from);
            if (!ResidualModel.Normalize(weights, frequencies.Slice(c * ResidualModel.Stride, ResidualModel.Stride)))
            {
                throw new ChunkException("a table of frequencies with only zeros");
            }
        }
    }

    static uint WriteWeight(BitWriter into, uint count, int tooLong)
    {
        if (count == 0)
        {
            into.Write(0, LogBits);
            return 0;
        }
        var weight = Math.Max(1, count >> tooLong);
        var log = BitOperations.Log2(weight);
        into.Write((ulong)log + 1, LogBits);
        var kept = Math.Min(log, MantissaBits);
        var mantissa = (weight >> (log - kept)) & ((1U << kept) - 1);
        into.Write(mantissa, kept);
        return ((1U << kept) | mantissa) << (log - kept);
    }

    static uint ReadWeight(ref BitReader from)
    {
        var log = (int)from.Read(LogBits) - 1;
        if (log < 0) return 0;
        var kept = Math.Min(log, MantissaBits);
        return ((1U << kept) | (uint)from.Read(kept)) << (log - kept);
    }
}
