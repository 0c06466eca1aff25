using System.Buffers.Binary;
using OpsBro.Core.Wire;

namespace OpsBro.Core.KeyValue;

/// <summary>
/// The format of the log of rows. A file begins with <see cref="FileHeader"/>: the text <c>OpsBroKV</c>, a number of the format (4 bytes), 4 zero bytes,
/// the file's id (8 random bytes), 4 zero bytes and the CRC-32C of all that. Records follow. A record is the file's id, the length of
/// its rows (4 bytes), a CRC-32C of its place in the file, the length and the rows, and the rows. A row is its table (with 0x80 when it is removed),
/// its name and, when it is not removed, its data. Numbers are little endian. Zero bytes after the last record are room for more.
/// </summary>
public static class KeyLogFormat
{
    /// <summary>Bytes before the first record.</summary>
    public const int FileHeader = 32;

    /// <summary>Bytes before the rows of a record.</summary>
    public const int RecordHeader = 16;

    /// <summary>The number of this format.</summary>
    public const int Version = 1;

    const int VersionAt = 8, IdAt = 16, SumAt = 28;

    static ReadOnlySpan<byte> Magic => "OpsBroKV"u8;

    /// <summary>Writes the beginning of a file.</summary>
    public static void WriteHeader(Span<byte> to, ulong id)
    {
        to[..FileHeader].Clear();
        Magic.CopyTo(to);
        BinaryPrimitives.WriteInt32LittleEndian(to[VersionAt..], Version);
        BinaryPrimitives.WriteUInt64LittleEndian(to[IdAt..], id);
        BinaryPrimitives.WriteUInt32LittleEndian(to[SumAt..], Crc32C.Of(to[..SumAt]));
    }

    /// <summary>Reads the beginning of a file; false when it is none of ours.</summary>
    public static bool TryReadHeader(ReadOnlySpan<byte> from, out int version, out ulong id)
    {
        (version, id) = (0, 0);
        if (from.Length < FileHeader || !from.StartsWith(Magic)) return false;
        version = BinaryPrimitives.ReadInt32LittleEndian(from[VersionAt..]);
        id = BinaryPrimitives.ReadUInt64LittleEndian(from[IdAt..]);
        return id != 0 && BinaryPrimitives.ReadUInt32LittleEndian(from[SumAt..]) == Crc32C.Of(from[..SumAt]);
    }

    /// <summary>Writes what stands before the rows of a record.</summary>
    /// <param name="record">The whole record.</param>
    /// <param name="id">Of the file.</param>
    /// <param name="offset">Its place in the file.</param>
    internal static void Seal(Span<byte> record, ulong id, long offset)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(record, id);
        BinaryPrimitives.WriteInt32LittleEndian(record[8..], record.Length - RecordHeader);
        BinaryPrimitives.WriteUInt32LittleEndian(record[12..], Sum(record[RecordHeader..], offset));
    }

    /// <summary>The length of the rows behind a record's header; negative when there is no record.</summary>
    public static int LengthOf(ReadOnlySpan<byte> header, ulong id) =>
        header.Length >= RecordHeader && BinaryPrimitives.ReadUInt64LittleEndian(header) == id ? BinaryPrimitives.ReadInt32LittleEndian(header[8..]) : -1;

    /// <summary>True when the rows are those that were written at this place.</summary>
    public static bool IsWhole(ReadOnlySpan<byte> header, ReadOnlySpan<byte> rows, long offset) =>
        BinaryPrimitives.ReadUInt32LittleEndian(header[12..]) == Sum(rows, offset);

    static uint Sum(ReadOnlySpan<byte> rows, long offset)
    {
        Span<byte> place = stackalloc byte[16];
        BinaryPrimitives.WriteInt64LittleEndian(place, offset);
        BinaryPrimitives.WriteInt64LittleEndian(place[8..], rows.Length);
        return Crc32C.Of(rows, Crc32C.Of(place));
    }

    /// <summary>Reads the rows of a record; false when they make no sense.</summary>
    public static bool TryReadRows(ReadOnlyMemory<byte> rows, Action<StoredRow> take)
    {
        var reader = new KeyValueReader(rows);
        while (reader.IsGood && !reader.IsAtEnd)
        {
            var kind = reader.Byte();
            var table = (StoredTable)(kind & ~KeyLogBatch.Removed);
            var name = reader.Text(KeyValueLimits.MaxKey);
            var data = (kind & KeyLogBatch.Removed) != 0 ? null : reader.Bytes(int.MaxValue).ToArray();
            if (!reader.IsGood || table > StoredTable.Meta) return false;
            take(new StoredRow(table, name, data));
        }
        return reader.IsGood;
    }
}

/// <summary>Rows that become one record of the log.</summary>
public sealed class KeyLogBatch
{
    internal const byte Removed = 0x80;

    /// <summary>Memory that is kept for the next rows; that of a larger batch is given back.</summary>
    const int Kept = 1 << 20;

    KeyValueWriter writer = new();

    /// <summary>Makes an empty one.</summary>
    public KeyLogBatch() => Clear();

    /// <summary>Bytes of the record.</summary>
    public int Length => writer.Length;

    /// <summary>No rows are in it.</summary>
    public bool IsEmpty => writer.Length == KeyLogFormat.RecordHeader;

    /// <summary>Adds rows; they are copied.</summary>
    public void Add(IReadOnlyList<StoredRow> rows)
    {
        for (var i = 0; i < rows.Count; i++)
        {
            var row = rows[i];
            writer.Byte(row.Data is null ? (byte)((byte)row.Table | Removed) : (byte)row.Table);
            writer.Text(row.Name);
            if (row.Data is { } data) writer.Bytes(data);
        }
    }

    /// <summary>The record, for a place in a file; it may be made for another one again.</summary>
    public ReadOnlyMemory<byte> Seal(ulong file, long offset)
    {
        KeyLogFormat.Seal(writer.Written.Span, file, offset);
        return writer.Written;
    }

    /// <summary>Takes everything out.</summary>
    public void Clear()
    {
        if (writer.Length > Kept) writer = new();
        writer.Clear();
        writer.Fixed(0);
        writer.Fixed(0);
    }
}
