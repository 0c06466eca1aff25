using System.Buffers.Binary;
using System.Text;

namespace OpsBro.Core.KeyValue;

/// <summary>
/// Writes the pieces of messages and rows: numbers as LEB128 (7 bits a byte, low ones first), hashes and writers as 8 bytes big endian,
/// texts and bytes behind their length.
/// </summary>
sealed class KeyValueWriter
{
    byte[] buffer = new byte[256];
    int length;

    public int Length => length;

    public KeyValueWriter Clear()
    {
        length = 0;
        return this;
    }

    /// <summary>What is there so far; good until more is written.</summary>
    public Memory<byte> Written => buffer.AsMemory(0, length);

    public byte[] ToArray() => buffer.AsSpan(0, length).ToArray();

    public void Byte(byte value) => Room(1)[0] = value;

    public void Flag(bool value) => Byte(value ? (byte)1 : (byte)0);

    public void Count(int value) => Number(value);

    public void Number(long value)
    {
        var rest = (ulong)value;
        while (rest >= 0x80)
        {
            Byte((byte)(rest | 0x80));
            rest >>= 7;
        }
        Byte((byte)rest);
    }

    public void Fixed(ulong value) => BinaryPrimitives.WriteUInt64BigEndian(Room(8), value);

    public void Dot(in Dot dot)
    {
        Fixed(dot.Writer);
        Number(dot.Sequence);
    }

    public void Text(string text)
    {
        var bytes = Encoding.UTF8.GetByteCount(text);
        Count(bytes);
        Encoding.UTF8.GetBytes(text, Room(bytes));
    }

    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        Count(bytes.Length);
        bytes.CopyTo(Room(bytes.Length));
    }

    Span<byte> Room(int bytes)
    {
        if (buffer.Length - length < bytes) Array.Resize(ref buffer, Math.Max(buffer.Length * 2, length + bytes));
        length += bytes;
        return buffer.AsSpan(length - bytes, bytes);
    }
}

/// <summary>Reads what <see cref="KeyValueWriter"/> wrote. After the first fault everything read is empty and <see cref="IsGood"/> false.</summary>
ref struct KeyValueReader(ReadOnlyMemory<byte> from)
{
    readonly ReadOnlyMemory<byte> memory = from;
    readonly ReadOnlySpan<byte> bytes = from.Span;
    int at;

    public bool IsGood { get; set; } = true;

    /// <summary>All was read, and well.</summary>
    public readonly bool IsAtEnd => IsGood && at == bytes.Length;

    public void Fail() => IsGood = false;

    public byte Byte()
    {
        if (IsGood && at < bytes.Length) return bytes[at++];
        IsGood = false;
        return 0;
    }

    public bool Flag()
    {
        var value = Byte();
        if (value > 1) IsGood = false;
        return value == 1;
    }

    /// <summary>A number that is not negative.</summary>
    public long Number()
    {
        ulong value = 0;
        for (var shift = 0; shift < 63; shift += 7)
        {
            var next = Byte();
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80) return IsGood ? (long)value : 0;
        }
        IsGood = false;
        return 0;
    }

    /// <summary>How many things follow, each of at least so many bytes: no more than can be there.</summary>
    public int Count(int leastBytes)
    {
        var count = Number();
        if (count <= (bytes.Length - at) / leastBytes) return (int)count;
        IsGood = false;
        return 0;
    }

    public ulong Fixed()
    {
        if (!IsGood || bytes.Length - at < 8)
        {
            IsGood = false;
            return 0;
        }
        at += 8;
        return BinaryPrimitives.ReadUInt64BigEndian(bytes[(at - 8)..]);
    }

    public Dot Dot() => new(Fixed(), Number());

    public string Text(int mostBytes)
    {
        var text = Bytes(mostBytes).Span;
        try
        {
            return text.IsEmpty ? "" : strict.GetString(text);
        }
        catch (DecoderFallbackException)
        {
            IsGood = false;   // not UTF-8
            return "";
        }
    }

    public ReadOnlyMemory<byte> Bytes(int most)
    {
        var count = Count(1);
        if (count > most) IsGood = false;
        if (!IsGood) return default;
        at += count;
        return memory.Slice(at - count, count);
    }

    static readonly UTF8Encoding strict = new(false, throwOnInvalidBytes: true);
}
