using System.Buffers;
using OpsBro.Core.KeyValue;

namespace OpsBro.KeyValue;

/// <summary>Reads a file of the log.</summary>
internal static class KeyLogReader
{
    const int Buffer = 256 * 1024;

    /// <summary>What a file holds.</summary>
    /// <param name="Id">The file's id; 0 for one that is empty.</param>
    /// <param name="End">Where its records end.</param>
    /// <param name="IsTorn">A record is there that was not written whole: its writer was killed, or had no power. Nobody was told that it is there.</param>
    /// <param name="Bytes">Of the rows.</param>
    /// <param name="Rows">Each as it was written last.</param>
    public readonly record struct Found(ulong Id, long End, bool IsTorn, long Bytes, List<StoredRow> Rows);

    /// <summary>Reads it all.</summary>
    /// <exception cref="InvalidDataException">It is damaged, or no log: the message says how.</exception>
    /// <exception cref="NotSupportedException">A newer agent wrote it.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static Found Read(string path)
    {
        using var stream = new FileStream(path, new FileStreamOptions { Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = Buffer });
        if (stream.Length == 0) return new Found(0, 0, false, 0, []);
        var header = new byte[KeyLogFormat.FileHeader];
        var count = stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false);
        var isOurs = KeyLogFormat.TryReadHeader(header.AsSpan(0, count), out var version, out var id);
        if (version > KeyLogFormat.Version && isOurs)
        {
            throw new NotSupportedException($"it has format {version}, and this agent knows {KeyLogFormat.Version} at most: "
                + "install the agent that wrote it, or a newer one");
        }
        if (!isOurs) throw new InvalidDataException("it does not begin as a log of keys and values");
        var rows = new Dictionary<(StoredTable, string), byte[]>();
        long end = header.Length;
        while (true)
        {
            var length = TakeRecord(stream, id, end, rows);
            if (length < 0) break;
            end += KeyLogFormat.RecordHeader + length;
        }
        var isTorn = IsSomethingAfter(stream, id, end, out var record);
        if (record >= 0) throw new InvalidDataException($"what stands at byte {end} is no record, and others follow at {record}");
        var found = rows.Select(row => new StoredRow(row.Key.Item1, row.Key.Item2, row.Value)).ToList();
        return new Found(id, end, isTorn, found.Sum(row => (long)row.Name.Length + row.Data!.Length), found);
    }

    /// <summary>Reads the record at a place; its length, or -1 when there is none.</summary>
    static int TakeRecord(FileStream stream, ulong id, long at, Dictionary<(StoredTable, string), byte[]>? rows)
    {
        Span<byte> header = stackalloc byte[KeyLogFormat.RecordHeader];
        stream.Position = at;
        if (stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) < header.Length) return -1;
        var length = KeyLogFormat.LengthOf(header, id);
        if (length < 0 || length > stream.Length - at - header.Length) return -1;
        var buffer = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            var memory = buffer.AsMemory(0, length);
            stream.ReadExactly(memory.Span);
            if (!KeyLogFormat.IsWhole(header, memory.Span, at)) return -1;
            if (rows is not null && !KeyLogFormat.TryReadRows(memory, row => Take(rows, row)))
                throw new InvalidDataException($"the record at byte {at} is whole, and makes no sense");
            return length;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    static void Take(Dictionary<(StoredTable, string), byte[]> rows, StoredRow row)
    {
        if (row.Data is { } data) rows[(row.Table, row.Name)] = data;
        else rows.Remove((row.Table, row.Name));
    }

    /// <summary>
    /// True when other bytes than zeros follow. A whole record among them, whose place is given, says that what stands before it was one too:
    /// records are written one at a time, so that only the last one can be torn.
    /// </summary>
    static bool IsSomethingAfter(FileStream stream, ulong id, long end, out long record)
    {
        record = -1;
        var isSomething = false;
        var mark = BitConverter.GetBytes(id);
        var buffer = new byte[Buffer];
        for (var at = end; at < stream.Length;)
        {
            stream.Position = at;
            var bytes = buffer.AsSpan(0, stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false));
            isSomething |= bytes.ContainsAnyExcept((byte)0);
            var next = bytes.IndexOf(mark);
            if (next >= 0 && at + next > end && TakeRecord(stream, id, at + next, null) >= 0)
            {
                record = at + next;
                return true;
            }
            if (next >= 0) at += next + 1;
            else if (bytes.Length < buffer.Length) break;
            else at += bytes.Length - mark.Length + 1;
        }
        return isSomething;
    }
}
