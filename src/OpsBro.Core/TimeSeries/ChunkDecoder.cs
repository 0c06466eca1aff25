using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace OpsBro.Core.TimeSeries;

/// <summary>Reads chunks. Its tables are kept for the next one: no garbage. One thread at a time, so one for each thread.</summary>
public sealed class ChunkDecoder
{
    readonly ResidualDecoder residuals = new();
    double[] counts = [];
    long[] newest = [];

    /// <summary>Writes one aspect of the first slots of a chunk, at most all; NaN for empty ones.</summary>
    /// <returns>The slots written: the length of <paramref name="into"/>, or of the chunk when that is less.</returns>
    /// <exception cref="ChunkException">The bytes are no chunk, or damaged.</exception>
    public int Decode(ReadOnlySpan<byte> chunk, Aspect aspect, Span<double> into)
    {
        var header = ChunkCodec.ReadHeader(ref chunk, out var flags);
        into = into[..Math.Min(into.Length, header.Length)];
        var presence = TakePresence(ref chunk, header, flags);
        var present = presence.CountIn(into.Length, header);
        var values = into[..present];
        if (present > 0)
        {
            if (header.IsSingle && aspect == Aspect.Count) values.Fill(1);
            else if (header.IsSingle) ReadColumn(ref chunk, values, header.Present, []);
            else ReadAspect(ref chunk, aspect, values, header.Present);
        }
        presence.Spread(into, present, double.NaN);
        return into.Length;
    }

    /// <summary>Reads all of a chunk.</summary>
    /// <exception cref="ChunkException">The bytes are no chunk, or damaged.</exception>
    public void Decode(ReadOnlySpan<byte> chunk, SlotBlock into)
    {
        var header = ChunkCodec.ReadHeader(ref chunk, out var flags);
        into.Reset(header.Start, header.Step, header.Length);
        var presence = TakePresence(ref chunk, header, flags);
        var present = presence.CountIn(header.Length, header);
        if (present > 0)
        {
            var column = chunk;
            ReadColumn(ref chunk, into.Last.AsSpan(0, present), present, []);
            if (header.IsSingle)
            {
                into.Counts.AsSpan(0, present).Fill(1);
                foreach (var copy in (double[][])[into.Sum, into.Min, into.Max]) into.Last.AsSpan(0, present).CopyTo(copy);
            }
            else
            {
                foreach (var aspect in ChunkCodec.MoreColumns) ReadColumn(ref chunk, ChunkEncoder.ColumnOf(into, aspect).AsSpan(0, present), present, column);
            }
        }
        presence.Spread(into.Counts.AsSpan(0, header.Length), present, 0);
        foreach (var aspect in (ReadOnlySpan<Aspect>)[Aspect.Last, Aspect.Sum, Aspect.Min, Aspect.Max])
        {
            presence.Spread(ChunkEncoder.ColumnOf(into, aspect).AsSpan(0, header.Length), present, double.NaN);
        }
    }

    void ReadAspect(ref ReadOnlySpan<byte> chunk, Aspect aspect, Span<double> values, int rows)
    {
        var newestColumn = chunk;
        if (aspect == Aspect.Last)
        {
            ReadColumn(ref chunk, values, rows, []);
            return;
        }
        TakeColumn(ref chunk);
        foreach (var column in ChunkCodec.MoreColumns)
        {
            if (column == aspect || (column == Aspect.Sum && aspect == Aspect.Average)) ReadColumn(ref chunk, values, rows, newestColumn);
            else if (column == Aspect.Count && aspect == Aspect.Average)
            {
                if (counts.Length < values.Length) counts = new double[values.Length];
                ReadColumn(ref chunk, counts.AsSpan(0, values.Length), rows, newestColumn);
            }
            else TakeColumn(ref chunk);
        }
        if (aspect != Aspect.Average) return;
        for (var i = 0; i < values.Length; i++) values[i] /= counts[i];
    }

    static ReadOnlySpan<byte> TakeColumn(ref ReadOnlySpan<byte> chunk)
    {
        var length = Varint.Take(ref chunk);
        if (length is 0 || length > (ulong)chunk.Length) throw new ChunkException("a chunk ends inside a column");
        var column = chunk[..(int)length];
        chunk = chunk[(int)length..];
        return column;
    }

    /// <summary>Reads the first numbers of a column of <paramref name="rows"/>.</summary>
    void ReadColumn(ref ReadOnlySpan<byte> chunk, Span<double> into, int rows, ReadOnlySpan<byte> newestColumn)
    {
        var column = TakeColumn(ref chunk);
        var numbers = MemoryMarshal.Cast<double, long>(into);
        var flags = column[0];
        if ((flags & ChunkCodec.LikeNewestColumn) == 0)
        {
            var form = ReadNumbers(column, numbers, rows, out var exceptions);
            form.ToDoubles(numbers);
            PutExceptions(exceptions, into);
            return;
        }
        if (newestColumn.IsEmpty || (flags & ~ChunkCodec.AllColumnFlags) != 0 || (flags & ChunkCodec.BitsColumn) != 0) throw Unknown(flags);
        if (newest.Length < into.Length) newest = new long[into.Length];
        var like = newest.AsSpan(0, into.Length);
        var own = TakeColumn(ref newestColumn);
        if ((own[0] & ChunkCodec.LikeNewestColumn) != 0) throw Unknown(own[0]);
        var newestForm = ReadNumbers(own, like, rows, out _);
        var rest = column[1..];
        var odd = (flags & ChunkCodec.ExceptionsColumn) != 0 ? TakeExceptions(ref rest, rows) : [];
        if ((flags & ChunkCodec.ConstantColumn) != 0) numbers.Clear();
        else
        {
            residuals.Decode(rest, numbers, into.Length == rows, out var areDifferences);
            if (!areDifferences) throw Unknown(flags);
        }
        for (var i = 0; i < numbers.Length; i++) numbers[i] += like[i];
        newestForm.ToDoubles(numbers);
        PutExceptions(odd, into);
    }

    NumberForm ReadNumbers(ReadOnlySpan<byte> column, Span<long> numbers, int rows, out ReadOnlySpan<byte> exceptions)
    {
        var flags = column[0];
        if ((flags & ~ChunkCodec.AllColumnFlags) != 0) throw Unknown(flags);
        var rest = column[1..];
        var (isBits, isConstant) = ((flags & ChunkCodec.BitsColumn) != 0, (flags & ChunkCodec.ConstantColumn) != 0);
        if (rest.Length < (isBits ? sizeof(long) : 1)) throw new ChunkException("a column ends before its first number");
        var exponent = isBits ? 0 : rest[0];
        if (exponent > NumberForm.MaxExponent) throw new ChunkException($"a column with exponent {exponent}; {NumberForm.MaxExponent} is the greatest");
        var first = isBits ? BinaryPrimitives.ReadInt64LittleEndian(rest) : 0;
        rest = rest[(isBits ? sizeof(long) : 1)..];
        if (!isBits) first = Varint.Unfold(Varint.Take(ref rest));
        var divisor = isConstant ? 1 : (long)Varint.Take(ref rest);
        exceptions = (flags & ChunkCodec.ExceptionsColumn) != 0 ? TakeExceptions(ref rest, rows) : [];
        if (isConstant) numbers.Clear();
        else
        {
            residuals.Decode(rest, numbers, numbers.Length == rows, out var areDifferences);
            if (areDifferences) throw Unknown(flags);
        }
        return new NumberForm(isBits, exponent, first, divisor);
    }

    static ReadOnlySpan<byte> TakeExceptions(scoped ref ReadOnlySpan<byte> rest, int rows)
    {
        var before = rest;
        var count = Varint.Take(ref rest);
        if (count > (ulong)rows) throw new ChunkException($"{count} exceptions in {rows} numbers");
        var next = 0UL;
        for (var i = 0UL; i < count; i++)
        {
            var skip = Varint.Take(ref rest);
            if (skip >= (ulong)rows - next || rest.Length < sizeof(double)) throw new ChunkException("an exception beyond the end of a column");
            next += skip + 1;
            rest = rest[sizeof(double)..];
            if (next >= (ulong)rows && i + 1 < count) throw new ChunkException("an exception beyond the end of a column");
        }
        return before[..^rest.Length];
    }

    static void PutExceptions(ReadOnlySpan<byte> exceptions, Span<double> into)
    {
        if (exceptions.IsEmpty) return;
        var at = 0;
        for (var count = Varint.Take(ref exceptions); count > 0; count--)
        {
            at += (int)Varint.Take(ref exceptions);
            if (at >= into.Length) return;
            into[at++] = BinaryPrimitives.ReadDoubleLittleEndian(exceptions);
            exceptions = exceptions[sizeof(double)..];
        }
    }

    static SlotPresence TakePresence(ref ReadOnlySpan<byte> chunk, ChunkHeader header, byte flags)
    {
        if ((flags & ChunkCodec.GapsFlag) == 0) return default;
        if ((flags & ChunkCodec.BitmapFlag) == 0) return SlotPresence.TakeRuns(ref chunk, header);
        var bytes = (header.Length + 7) / 8;
        if (chunk.Length < bytes) throw new ChunkException("a chunk ends inside its bitmap");
        var bitmap = chunk[..bytes];
        chunk = chunk[bytes..];
        return new SlotPresence(bitmap, []);
    }

    static ChunkException Unknown(byte flags) => new($"a column with flags 0x{flags:x2}, which do not go together");
}
