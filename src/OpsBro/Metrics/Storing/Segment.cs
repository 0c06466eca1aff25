using System.Buffers;
using System.Buffers.Binary;
using OpsBro.Core.Wire;

namespace OpsBro.Metrics.Storing;

/// <summary>What is known of a row of chunks without reading it.</summary>
/// <param name="Id">Number of the row; never used twice while the agent runs.</param>
/// <param name="Step">Seconds of a slot.</param>
/// <param name="Part">Which series: see <see cref="SegmentLayout.PartOf"/>.</param>
/// <param name="Start">Time of the first slot with a point.</param>
/// <param name="End">Time after the last one.</param>
/// <param name="Order">What was sealed later has a higher one: it wins where both have the same slot.</param>
/// <param name="Level">How often it was merged.</param>
/// <param name="First">First series in it.</param>
/// <param name="Last">Last series in it.</param>
/// <param name="Bytes">Size of the row.</param>
internal sealed record Segment(long Id, int Step, int Part, long Start, long End, long Order, int Level, int First, int Last, int Bytes)
{
    /// <summary>The span of time that it belongs to: nothing reaches over the end of one.</summary>
    public long Span => SegmentLayout.SpanOf(Start, Step);
}

/// <summary>A segment to be written.</summary>
/// <param name="About">What is known of it.</param>
/// <param name="Data">The row: see <see cref="SegmentLayout"/>.</param>
internal sealed record NewSegment(Segment About, byte[] Data);

/// <summary>
/// A row of chunks, one for each of its series:
/// <code>
/// segment = version count *(series length) *(checksum chunk)
/// </code>
/// version is one byte; count, length and series are varints, series as the difference to the one before; checksum is the CRC-32C of the
/// chunk, little endian; chunk is docs/protocols/chunk.md. Many series share a row so that no page of the file stays half empty.
/// </summary>
internal static class SegmentLayout
{
    /// <summary>First byte.</summary>
    public const byte Version = 1;

    /// <summary>A row is closed when it has so many bytes: pages that are not full cost less than 2 %, and a read is some 50 µs.</summary>
    public const int TargetBytes = 128 << 10;

    /// <summary>Series of one part: what is merged and aged in one transaction.</summary>
    public const int PartSeries = 256;

    /// <summary>Slots of a span: a day of the base step.</summary>
    public const int SpanSlots = 8640;

    /// <summary>Bytes of a checksum.</summary>
    public const int ChecksumBytes = 4;

    /// <summary>Which part a series belongs to.</summary>
    public static int PartOf(int series) => series / PartSeries;

    /// <summary>Seconds of a span.</summary>
    public static long SpanSeconds(int step) => (long)step * SpanSlots;

    /// <summary>The start of the span that a time is in.</summary>
    public static long SpanOf(long at, int step) => at - (((at % SpanSeconds(step)) + SpanSeconds(step)) % SpanSeconds(step));

    /// <summary>Finds the chunks of some series in a row.</summary>
    /// <param name="data">The row.</param>
    /// <param name="series">Which ones, ascending.</param>
    /// <param name="found">Gets for each that is there: its place in <paramref name="series"/>, and where in the row checksum and chunk are.</param>
    /// <returns>False when the row is damaged.</returns>
    public static bool TryFind(ReadOnlySpan<byte> data, ReadOnlySpan<int> series, List<(int Index, int Offset, int Length)> found)
    {
        var at = 1;
        if (data.IsEmpty || data[0] != Version || !Varint.TryRead(data, ref at, out var count) || count > PartSeries) return false;
        Span<int> lengths = stackalloc int[(int)count], ids = stackalloc int[(int)count];
        var last = -1L;
        for (var i = 0; i < (int)count; i++)
        {
            if (!Varint.TryRead(data, ref at, out var difference) || !Varint.TryRead(data, ref at, out var length)) return false;
            if (difference == 0 || difference > int.MaxValue || length > int.MaxValue) return false;
            last += (long)difference;
            if (last > int.MaxValue) return false;
            (ids[i], lengths[i]) = ((int)last, (int)length);
        }
        var (offset, wanted) = ((long)at, 0);
        for (var i = 0; i < (int)count; i++)
        {
            var end = offset + ChecksumBytes + lengths[i];
            if (end > data.Length) return false;
            while (wanted < series.Length && series[wanted] < ids[i]) wanted++;
            if (wanted < series.Length && series[wanted] == ids[i]) found.Add((wanted, (int)offset, ChecksumBytes + lengths[i]));
            offset = end;
        }
        return offset == data.Length;
    }

    /// <summary>Bytes that the part of a row before its chunks has at most.</summary>
    public const int MaxHead = 1 + Varint.MaxBytes + (PartSeries * 2 * Varint.MaxBytes);

    /// <summary>Adds the series of a row, of which the beginning is enough; false when it is damaged.</summary>
    public static bool TrySeries(ReadOnlySpan<byte> head, List<int> series)
    {
        var at = 1;
        if (head.IsEmpty || head[0] != Version || !Varint.TryRead(head, ref at, out var count) || count > PartSeries) return false;
        var last = -1L;
        for (var i = 0; i < (int)count; i++)
        {
            if (!Varint.TryRead(head, ref at, out var difference) || !Varint.TryRead(head, ref at, out _)) return false;
            if (difference == 0 || difference > int.MaxValue) return false;
            last += (long)difference;
            if (last > int.MaxValue) return false;
            series.Add((int)last);
        }
        return true;
    }

    /// <summary>Takes the checksum off a chunk; false when it is another's.</summary>
    public static bool TryOpen(ReadOnlySpan<byte> stored, out ReadOnlySpan<byte> chunk)
    {
        chunk = default;
        if (stored.Length < ChecksumBytes) return false;
        chunk = stored[ChecksumBytes..];
        return BinaryPrimitives.ReadUInt32LittleEndian(stored) == Crc32C.Of(chunk);
    }
}

/// <summary>Puts chunks of one part and one span into rows, series after series. What it gathers them in is lent, and given back with each row.</summary>
internal sealed class SegmentWriter(int step, int part, long order, int level)
{
    readonly List<(int Series, int Length)> directory = [];
    byte[] chunks = [];
    int length;
    long start = long.MaxValue, end = long.MinValue;

    /// <summary>Adds the chunk of the next series; a row that is full by it goes to <paramref name="full"/>.</summary>
    public void Add(int series, ReadOnlySpan<byte> chunk, long from, long until, List<NewSegment> full)
    {
        var needed = length + SegmentLayout.ChecksumBytes + chunk.Length;
        if (needed > chunks.Length) Grow(needed);
        BinaryPrimitives.WriteUInt32LittleEndian(chunks.AsSpan(length), Crc32C.Of(chunk));
        chunk.CopyTo(chunks.AsSpan(length + SegmentLayout.ChecksumBytes));
        length = needed;
        directory.Add((series, chunk.Length));
        (start, end) = (Math.Min(start, from), Math.Max(end, until));
        if (length >= SegmentLayout.TargetBytes) Close(full);
    }

    void Grow(int needed)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, Math.Max(4096, chunks.Length * 2)));
        chunks.AsSpan(0, length).CopyTo(larger);
        GiveBack();
        chunks = larger;
    }

    void GiveBack()
    {
        if (chunks.Length > 0) ArrayPool<byte>.Shared.Return(chunks);
        chunks = [];
    }

    /// <summary>Makes a row of what there is.</summary>
    public void Close(List<NewSegment> full)
    {
        if (directory.Count == 0) return;
        Span<byte> head = stackalloc byte[SegmentLayout.MaxHead];
        head[0] = SegmentLayout.Version;
        var at = 1 + Varint.Write(head[1..], (ulong)directory.Count);
        var last = -1;
        foreach (var (series, bytes) in directory)
        {
            at += Varint.Write(head[at..], (ulong)(series - last));
            at += Varint.Write(head[at..], (ulong)bytes);
            last = series;
        }
        byte[] data = [.. head[..at], .. chunks.AsSpan(0, length)];
        full.Add(new NewSegment(new Segment(0, step, part, start, end, order, level, directory[0].Series, last, data.Length), data));
        directory.Clear();
        GiveBack();
        length = 0;
        (start, end) = (long.MaxValue, long.MinValue);
    }
}
