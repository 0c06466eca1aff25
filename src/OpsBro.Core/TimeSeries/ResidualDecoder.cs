using System.Buffers.Binary;
using System.Numerics;

namespace OpsBro.Core.TimeSeries;

/// <summary>Reads what <see cref="ResidualEncoder"/> wrote. Its tables are filled anew for each row. One thread at a time.</summary>
sealed class ResidualDecoder
{
    /// <summary>Where a symbol's frequencies are and what its size is made of.</summary>
    struct Entry
    {
        public ushort Frequency, Start;
    }

    readonly byte[] symbols = new byte[ResidualModel.Contexts << ResidualModel.ProbabilityBits];
    readonly Entry[] entries = new Entry[ResidualModel.Contexts * ResidualModel.Stride];
    readonly ushort[] frequencies = new ushort[ResidualModel.Contexts * ResidualModel.Stride];
    bool hasDefaults;

    /// <summary>Reads the first numbers of a row.</summary>
    /// <param name="bytes">All of the row.</param>
    /// <param name="into">Filled; may be shorter than the row.</param>
    /// <param name="isWhole">It is as long as the row: then damage is noticed at the end.</param>
    /// <param name="isDifferences">What is read are differences from another column.</param>
    /// <exception cref="ChunkException">The bytes are damaged.</exception>
    public void Decode(ReadOnlySpan<byte> bytes, Span<long> into, bool isWhole, out bool isDifferences)
    {
        if (bytes.Length < 2) throw new ChunkException("a row of numbers ends before its predictor");
        var (kind, scale) = (bytes[0], bytes[1] & 0x7f);
        var hasOwnTables = bytes[1] >= 0x80;
        isDifferences = (kind & (PredictorKinds.Mask | PredictorKinds.MaxShift)) == PredictorKinds.Column;
        if (scale > 62) throw new ChunkException($"a row of numbers begins with a mean of 2^{scale}");
        var rest = bytes[2..];
        var used = Varint.Take(ref rest);
        if (used > (ulong)rest.Length / 2 || rest.Length < sizeof(uint) + ((int)used * 2)) throw new ChunkException("a row of numbers is cut off");
        var words = rest[..(sizeof(uint) + ((int)used * 2))];
        var bits = new BitReader(rest[words.Length..]);
        Prepare(ref bits, hasOwnTables);
        var mean = scale == 0 ? 0UL : 1UL << scale;
        var (shift, meanShift) = (kind & PredictorKinds.MaxShift, MeanShifts.Of(kind));
        switch (kind & PredictorKinds.Mask)
        {
            case PredictorKinds.Level:
                if (into.Length > 0) into[0] = 0;
                Read(new LevelPredictor(shift), words, ref bits, mean, meanShift, into.Length > 0 ? into[1..] : into, isWhole);
                break;
            case PredictorKinds.Drift:
                if (into.Length > 0) into[0] = 0;
                Read(new DriftPredictor(shift), words, ref bits, mean, meanShift, into.Length > 0 ? into[1..] : into, isWhole);
                break;
            case PredictorKinds.Column when isDifferences:
                Read(new ZeroPredictor(), words, ref bits, mean, meanShift, into, isWhole);
                break;
            default:
                throw new ChunkException($"a row of numbers with predictor 0x{kind:x2}, which is unknown");
        }
    }

    void Read<T>(T predictor, ReadOnlySpan<byte> words, ref BitReader bits, ulong mean, int meanShift, Span<long> into, bool isWhole)
        where T : struct, IPredictor
    {
        var state = BinaryPrimitives.ReadUInt32LittleEndian(words);
        var at = sizeof(uint);
        var (table, slots) = (symbols, entries);
        var (bases, extras, contexts) = (ResidualModel.Base, ResidualModel.Extra, ResidualModel.ContextOf);
        for (var i = 0; i < into.Length; i++)
        {
            var level = contexts[ResidualModel.Level(mean, meanShift)];
            var (context, noise) = (level & 7, level >> 3);
            var slot = (int)state & (ResidualModel.Total - 1);
            var symbol = table[(context << ResidualModel.ProbabilityBits) + slot];
            var entry = slots[(context * ResidualModel.Stride) + symbol];
            state = (entry.Frequency * (state >> ResidualModel.ProbabilityBits)) + (uint)slot - entry.Start;
            if (state < RangeCoding.Lowest)
            {
                if (at + 2 <= words.Length) state = (state << 16) | BinaryPrimitives.ReadUInt16LittleEndian(words[at..]);
                at += 2;
            }
            if (symbol == ResidualModel.Zero)
            {
                into[i] = predictor.Next;
                predictor.Learn(into[i]);
                continue;
            }
            var kind = symbol >> 1;
            var extra = extras[kind] + noise;
            var size = kind == ResidualModel.Escape ? bits.ReadLong(64)
                : extra <= 57 ? (bases[kind] << noise) + bits.Read(extra)
                : (bases[kind] << noise) + bits.ReadLong(Math.Min(64, extra));
            var value = predictor.Next + ((long)size ^ -(symbol & 1L));
            predictor.Learn(value);
            into[i] = value;
            mean += Math.Min(size, ResidualModel.MaxSize) - (mean >> meanShift);
        }
        if (isWhole && (state != RangeCoding.Lowest || at != words.Length || bits.IsBeyond)) throw new ChunkException("a row of numbers is damaged");
    }

    void Prepare(ref BitReader bits, bool hasOwnTables)
    {
        if (!hasOwnTables && hasDefaults) return;
        hasDefaults = false;   // also when the tables turn out to be damaged
        ResidualModel.Defaults.CopyTo(frequencies, 0);
        if (hasOwnTables) FrequencyTables.Read(ref bits, frequencies);
        for (var c = 0; c < ResidualModel.Contexts; c++)
        {
            var start = 0;
            var table = symbols.AsSpan(c << ResidualModel.ProbabilityBits, ResidualModel.Total);
            for (var s = 0; s < ResidualModel.Symbols; s++)
            {
                var frequency = frequencies[(c * ResidualModel.Stride) + s];
                entries[(c * ResidualModel.Stride) + s] = new Entry { Frequency = frequency, Start = (ushort)start };
                table.Slice(start, frequency).Fill((byte)s);
                start += frequency;
            }
        }
        hasDefaults = !hasOwnTables;
    }
}
