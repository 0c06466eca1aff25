using System.Buffers;
using OpsBro.Core.TimeSeries;
using OpsBro.Core.Wire;

namespace OpsBro.Metrics.Carrying;

/// <summary>
/// The answers about metrics, as arrays of msgpack. Page: docs/protocols/requests.md. What comes from another agent is not trusted: a
/// reader says null for what makes no sense, and takes no more memory than the limits say.
/// <code>
/// slices = [[name, start, step, count, chunk…]…]    unanswered names follow as a second array
/// found  = [[path, flags]…]   flags: 1 leaf, 2 has children
/// names  = [name…]
/// counts = [[value, count]…]
/// </code>
/// </summary>
internal static class MetricAnswers
{
    /// <summary>Most series or names in an answer.</summary>
    public const int MaxItems = 200_000;

    /// <summary>Most values of all series in an answer: 80 MB of numbers.</summary>
    public const int MaxValues = 10_000_000;

    const int MaxName = 4096, MaxUnanswered = 10_000, IsLeaf = 1, HasChildren = 2;

    /// <summary>Values of series.</summary>
    public static byte[] Write(IReadOnlyList<SeriesSlice> slices, IReadOnlyList<string> unanswered)
    {
        var (output, encoder, block) = (new ArrayBufferWriter<byte>(), new ChunkEncoder(), new SlotBlock());
        var writer = new MsgPackWriter(output);
        writer.Array(2);
        writer.Array(Fitting(slices.Count));
        foreach (var slice in slices)
        {
            var chunks = (slice.Values.Length + ChunkCodec.MaxSlots - 1) / ChunkCodec.MaxSlots;
            writer.Array(4 + chunks);
            writer.Text(slice.Name);
            writer.Signed(slice.Start);
            writer.Signed(slice.Step);
            writer.Signed(slice.Values.Length);
            for (var first = 0; first < slice.Values.Length; first += ChunkCodec.MaxSlots)
            {
                var length = Math.Min(ChunkCodec.MaxSlots, slice.Values.Length - first);
                block.Reset(slice.Start + ((long)first * slice.Step), slice.Step, length);
                for (var i = 0; i < length; i++)
                    if (!double.IsNaN(slice.Values[first + i])) block[i] = Bucket.Of(slice.Values[first + i]);
                writer.Blob(encoder.Encode(block).ToArray());
            }
        }
        Write(writer, unanswered);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Nodes of the tree.</summary>
    public static byte[] Write(IReadOnlyList<FoundName> found, IReadOnlyList<string> unanswered)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new MsgPackWriter(output);
        writer.Array(2);
        writer.Array(Fitting(found.Count));
        foreach (var one in found)
        {
            writer.Array(2);
            writer.Text(one.Path);
            writer.Signed((one.IsLeaf ? IsLeaf : 0) | (one.HasChildren ? HasChildren : 0));
        }
        Write(writer, unanswered);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Names.</summary>
    public static byte[] Write(IReadOnlyList<string> names, IReadOnlyList<string> unanswered)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new MsgPackWriter(output);
        writer.Array(2);
        Fitting(names.Count);
        Write(writer, names);
        Write(writer, unanswered);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Values and how many series have each.</summary>
    public static byte[] Write(IReadOnlyList<(string Value, int Count)> values, IReadOnlyList<string> unanswered)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new MsgPackWriter(output);
        writer.Array(2);
        writer.Array(Fitting(values.Count));
        foreach (var (value, count) in values)
        {
            writer.Array(2);
            writer.Text(value);
            writer.Signed(count);
        }
        Write(writer, unanswered);
        return output.WrittenSpan.ToArray();
    }

    static void Write(MsgPackWriter writer, IReadOnlyList<string> texts)
    {
        writer.Array(texts.Count);
        foreach (var text in texts) writer.Text(text);
    }

    /// <summary>A count that a reader takes.</summary>
    /// <exception cref="InvalidDataException">It is too much; the reason goes to whoever asked.</exception>
    static int Fitting(int count) =>
        count <= MaxItems ? count : throw new InvalidDataException($"it has {count} of them, more than {MaxItems}; write a narrower pattern");

    /// <summary>Reads values of series; null when they make no sense.</summary>
    public static (List<SeriesSlice> Slices, List<string> Unanswered)? ReadSlices(ReadOnlySpan<byte> bytes)
    {
        var reader = new MsgPackReader(bytes);
        var decoder = new ChunkDecoder();
        var slices = new List<SeriesSlice>();
        if (reader.Array(2) != 2 || reader.Array(MaxItems) is not { } count) return null;
        for (long values = 0; count > 0 && reader.Ok; count--)
        {
            if (reader.Array(MaxItems) is not ({ } fields and >= 4)) return null;
            var (name, start, step, length) = (reader.Text(MaxName), reader.Signed(), reader.Signed(), reader.Signed());
            if (!reader.Ok || length < 0 || (values += length) > MaxValues || step is < 1 or > ChunkCodec.MaxStep || start % step != 0) return null;
            if (fields - 4 != (length + ChunkCodec.MaxSlots - 1) / ChunkCodec.MaxSlots) return null;
            var slice = new SeriesSlice(name, start, (int)step, new double[length]);
            for (var first = 0; first < length; first += ChunkCodec.MaxSlots)
            {
                var into = slice.Values.AsSpan(first, (int)Math.Min(ChunkCodec.MaxSlots, length - first));
                if (!Decode(decoder, reader.Raw(bytes.Length, out _), into)) return null;
            }
            slices.Add(slice);
        }
        return reader.Ok && reader.Texts(MaxUnanswered, MaxName) is { } unanswered && reader.Ok ? (slices, unanswered) : null;
    }

    /// <summary>Reads nodes of the tree; null when they make no sense.</summary>
    public static (List<FoundName> Found, List<string> Unanswered)? ReadFound(ReadOnlySpan<byte> bytes)
    {
        var reader = new MsgPackReader(bytes);
        var found = new List<FoundName>();
        if (reader.Array(2) != 2 || reader.Array(MaxItems) is not { } count) return null;
        for (; count > 0 && reader.Ok; count--)
        {
            if (reader.Array(2) != 2) return null;
            var (path, flags) = (reader.Text(MaxName), reader.Signed());
            found.Add(new FoundName(path, (flags & IsLeaf) != 0, (flags & HasChildren) != 0));
        }
        return reader.Ok && reader.Texts(MaxUnanswered, MaxName) is { } unanswered && reader.Ok ? (found, unanswered) : null;
    }

    /// <summary>Reads names; null when they make no sense.</summary>
    public static (List<string> Names, List<string> Unanswered)? ReadNames(ReadOnlySpan<byte> bytes)
    {
        var reader = new MsgPackReader(bytes);
        if (reader.Array(2) != 2 || reader.Texts(MaxItems, MaxName) is not { } names || !reader.Ok) return null;
        return reader.Texts(MaxUnanswered, MaxName) is { } unanswered && reader.Ok ? (names, unanswered) : null;
    }

    /// <summary>Reads values and their counts; null when they make no sense.</summary>
    public static (List<(string Value, int Count)> Values, List<string> Unanswered)? ReadCounts(ReadOnlySpan<byte> bytes)
    {
        var reader = new MsgPackReader(bytes);
        var values = new List<(string, int)>();
        if (reader.Array(2) != 2 || reader.Array(MaxItems) is not { } count) return null;
        for (; count > 0 && reader.Ok; count--)
        {
            if (reader.Array(2) != 2) return null;
            var (value, series) = (reader.Text(MaxName), reader.Signed());
            if (series is < 0 or > int.MaxValue) return null;
            values.Add((value, (int)series));
        }
        return reader.Ok && reader.Texts(MaxUnanswered, MaxName) is { } unanswered && reader.Ok ? (values, unanswered) : null;
    }

    static bool Decode(ChunkDecoder decoder, ReadOnlySpan<byte> chunk, Span<double> into)
    {
        try
        {
            return decoder.Decode(chunk, Aspect.Last, into) == into.Length;
        }
        catch (ChunkException)
        {
            return false;
        }
    }
}
