using System.Buffers.Binary;

namespace OpsBro.Core.TimeSeries;

/// <summary>Makes chunks. Its buffers are kept for the next one; one thread at a time.</summary>
public sealed class ChunkEncoder
{
    /// <summary>Bytes that an exception costs about; a power of ten more costs bits in each number.</summary>
    const double ExceptionCost = 10, ExponentCost = 3.33 / 8;

    /// <summary>An exponent that no double needs: the number is no decimal.</summary>
    const int NoExponent = NumberForm.MaxExponent + 1;

    readonly ResidualEncoder residuals = new();
    readonly List<int> exceptions = [];
    readonly int[] needs = new int[NoExponent + 1];
    byte[] buffer = [];
    double[] values = [];
    long[] numbers = [], newest = [];
    int used;

    /// <summary>Encodes a run; the bytes are valid until the next call.</summary>
    /// <exception cref="ArgumentException">It is empty, too long, or its start is not a multiple of its step.</exception>
    public ReadOnlySpan<byte> Encode(SlotBlock block) => Encode(block, 0, block.Length);

    /// <summary>Encodes some slots of a run; the bytes are valid until the next call.</summary>
    public ReadOnlySpan<byte> Encode(SlotBlock block, int first, int length)
    {
        var start = block.Start + ((long)first * block.Step);
        if (length is < 1 or > ChunkCodec.MaxSlots) throw new ArgumentException($"a chunk of {length} slots; 1 to {ChunkCodec.MaxSlots} are possible");
        if (block.Step is < 1 or > ChunkCodec.MaxStep) throw new ArgumentException($"a chunk with a step of {block.Step} s");
        if (start % block.Step != 0 || Math.Abs(start) > ChunkCodec.MaxStart)
        {
            throw new ArgumentException($"a chunk that starts at {start}, with a step of {block.Step} s");
        }
        Reserve(length);
        var counts = block.Counts.AsSpan(first, length);
        var (present, isSingle) = (0, true);
        foreach (var count in counts)
        {
            if (count > 0) present++;
            isSingle &= count <= 1;
        }
        isSingle = isSingle && IsAlike(block, first, length);
        used = 0;
        buffer[used++] = ChunkCodec.Version;
        buffer[used++] = isSingle ? ChunkCodec.SingleFlag : (byte)0;
        Write(Varint.Fold(start / block.Step));
        Write((ulong)block.Step);
        Write((ulong)length);
        if (present < length) WriteGaps(counts, present);
        if (present == 0) return buffer.AsSpan(0, used);
        var newestForm = WriteColumn(Gather(block.Last, counts, first), null);
        if (isSingle) return buffer.AsSpan(0, used);
        numbers.AsSpan(0, present).CopyTo(newest);
        foreach (var aspect in ChunkCodec.MoreColumns) WriteColumn(Gather(ColumnOf(block, aspect), counts, first), newestForm);
        return buffer.AsSpan(0, used);
    }

    internal static double[] ColumnOf(SlotBlock block, Aspect aspect) => aspect switch
    {
        Aspect.Count => block.Counts,
        Aspect.Sum => block.Sum,
        Aspect.Min => block.Min,
        Aspect.Max => block.Max,
        _ => block.Last,
    };

    /// <summary>A slot with one point has it in each column; bit for bit, or the chunk would change it.</summary>
    static bool IsAlike(SlotBlock block, int first, int length)
    {
        for (var i = first; i < first + length; i++)
        {
            if (block.Counts[i] <= 0) continue;
            var bits = BitConverter.DoubleToInt64Bits(block.Last[i]);
            if (bits != BitConverter.DoubleToInt64Bits(block.Sum[i])) return false;
            if (bits != BitConverter.DoubleToInt64Bits(block.Min[i])) return false;
            if (bits != BitConverter.DoubleToInt64Bits(block.Max[i])) return false;
        }
        return true;
    }

    void Reserve(int length)
    {
        var bytes = 5 * (256 + (length * 12) + ResidualEncoder.MaxBytes(length));
        if (buffer.Length < bytes) buffer = new byte[bytes];
        if (numbers.Length < length) (values, numbers, newest) = (new double[length], new long[length], new long[length]);
    }

    void Write(ulong number) => used += Varint.Write(buffer.AsSpan(used), number);

    /// <summary>Presence as lengths of runs, the first one there, or as a bitmap when that is shorter.</summary>
    void WriteGaps(ReadOnlySpan<double> counts, int present)
    {
        buffer[1] |= ChunkCodec.GapsFlag;
        Write((ulong)present);
        var begin = used;
        var bitmapBytes = (counts.Length + 7) / 8;
        for (var (i, isThere) = (0, true); i < counts.Length; isThere = !isThere)
        {
            var from = i;
            while (i < counts.Length && counts[i] > 0 == isThere) i++;
            Write((ulong)(i - from));
        }
        if (used - begin <= bitmapBytes) return;
        buffer[1] |= ChunkCodec.BitmapFlag;
        used = begin + bitmapBytes;
        var bitmap = buffer.AsSpan(begin, bitmapBytes);
        bitmap.Clear();
        for (var i = 0; i < counts.Length; i++)
        {
            if (counts[i] > 0) bitmap[i >> 3] |= (byte)(1 << (i & 7));
        }
    }

    ReadOnlySpan<double> Gather(double[] column, ReadOnlySpan<double> counts, int first)
    {
        var n = 0;
        for (var i = 0; i < counts.Length; i++)
        {
            if (counts[i] > 0) values[n++] = column[first + i];
        }
        return values.AsSpan(0, n);
    }

    /// <summary>Writes a column and leaves its whole numbers in <c>numbers</c>; before it the bytes that it takes, so that a reader can skip it.</summary>
    NumberForm WriteColumn(ReadOnlySpan<double> column, NumberForm? newestForm)
    {
        var begin = used;
        used += Varint.MaxBytes;
        var body = used;
        var form = default(NumberForm);
        if (newestForm is { } like && IsLike(column, like))
        {
            form = like;
            var differences = numbers.AsSpan(0, column.Length);
            WriteNumbers(ChunkCodec.LikeNewestColumn, form, differences, areDifferences: true);
            var likeEnd = used;
            if (column.Length > 1 && likeEnd - body > 16)
            {
                var copy = buffer.AsSpan(body, likeEnd - body).ToArray();
                used = body;
                form = WriteOwn(column);
                if (used - body >= copy.Length)
                {
                    copy.CopyTo(buffer, body);
                    used = body + copy.Length;
                }
            }
        }
        else form = WriteOwn(column);
        var length = used - body;
        used = begin + Varint.Write(buffer.AsSpan(begin), (ulong)length);
        buffer.AsSpan(body, length).CopyTo(buffer.AsSpan(used));
        used += length;
        return form;
    }

    /// <summary>The differences of a column from the newest points, in their form; false when too many have none.</summary>
    bool IsLike(ReadOnlySpan<double> column, NumberForm form)
    {
        exceptions.Clear();
        for (var i = 0; i < column.Length; i++)
        {
            if (form.TryNumber(column[i], out var number)) numbers[i] = number - newest[i];
            else
            {
                numbers[i] = 0;
                exceptions.Add(i);
                if (exceptions.Count > MostExceptions(column.Length)) return false;
            }
        }
        return true;
    }

    static int MostExceptions(int rows) => (rows / 16) + 1;

    NumberForm WriteOwn(ReadOnlySpan<double> column)
    {
        var form = Choose(column);
        WriteNumbers(0, form, numbers.AsSpan(0, column.Length), areDifferences: false);
        return form;
    }

    void WriteNumbers(int flags, NumberForm form, ReadOnlySpan<long> row, bool areDifferences)
    {
        var isConstant = row.IndexOfAnyExcept(0) < 0;
        var kind = used++;
        buffer[kind] = (byte)(flags | (isConstant ? ChunkCodec.ConstantColumn : 0) | (exceptions.Count > 0 ? ChunkCodec.ExceptionsColumn : 0));
        if (!areDifferences)
        {
            if (form.IsBits)
            {
                buffer[kind] |= ChunkCodec.BitsColumn;
                BinaryPrimitives.WriteInt64LittleEndian(buffer.AsSpan(used), form.First);
                used += sizeof(long);
            }
            else
            {
                buffer[used++] = (byte)form.Exponent;
                Write(Varint.Fold(form.First));
            }
            if (!isConstant) Write((ulong)form.Divisor);
        }
        WriteExceptions();
        if (!isConstant) used += residuals.Encode(row, areDifferences, buffer.AsSpan(used));
    }

    void WriteExceptions()
    {
        if (exceptions.Count == 0) return;
        Write((ulong)exceptions.Count);
        var after = 0;
        foreach (var at in exceptions)
        {
            Write((ulong)(at - after));
            BinaryPrimitives.WriteDoubleLittleEndian(buffer.AsSpan(used), values[at]);
            used += sizeof(double);
            after = at + 1;
        }
    }

    /// <summary>Chooses the form in which a column is smallest, and puts its whole numbers into <c>numbers</c>; for exceptions the number before.</summary>
    NumberForm Choose(ReadOnlySpan<double> column)
    {
        exceptions.Clear();
        var exponent = ExponentFor(column);
        if (exponent < 0)
        {
            for (var i = 0; i < column.Length; i++) numbers[i] = NumberForm.Ordered(BitConverter.DoubleToInt64Bits(column[i]));
        }
        else
        {
            var before = 0L;
            for (var i = 0; i < column.Length; i++)
            {
                if (NumberForm.TryDecimal(column[i], exponent, out var number)) before = number;
                else exceptions.Add(i);
                numbers[i] = before;
            }
        }
        var first = numbers[0];
        var divisor = 0UL;
        for (var i = 1; i < column.Length && divisor != 1; i++)
        {
            var step = numbers[i] - numbers[i - 1];
            if (step != 0) divisor = NumberForm.CommonDivisor(divisor, step < 0 ? 0UL - (ulong)step : (ulong)step);
        }
        if (divisor is 0 or > long.MaxValue) divisor = 1;
        for (var i = 0; i < column.Length; i++) numbers[i] = divisor == 1 ? numbers[i] - first : (numbers[i] - first) / (long)divisor;
        return new NumberForm(exponent < 0, Math.Max(0, exponent), first, (long)divisor);
    }

    /// <summary>The power of ten for which the exceptions and the numbers together are smallest; -1 for the bits.</summary>
    int ExponentFor(ReadOnlySpan<double> column)
    {
        Array.Clear(needs);
        var guess = 0;
        var mostExceptions = MostExceptions(column.Length);
        foreach (var value in column)
        {
            var exponent = NumberForm.ExponentOf(value, guess);
            needs[exponent < 0 ? NoExponent : exponent]++;
            if (exponent >= 0) guess = exponent;
            else if (needs[NoExponent] > mostExceptions) return -1;
        }
        var (best, bestCost, beyond) = (-1, double.MaxValue, needs[NoExponent]);
        for (var e = NumberForm.MaxExponent; e >= 0; e--)
        {
            var cost = (beyond * ExceptionCost) + (column.Length * e * ExponentCost);
            if (cost < bestCost && beyond <= mostExceptions) (best, bestCost) = (e, cost);
            beyond += needs[e];
        }
        return best;
    }
}
