using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace OpsBro.Core.Wire;

/// <summary>Why a msgpack value could not be read.</summary>
public enum MsgPackFault
{
    /// <summary>All was read.</summary>
    None,

    /// <summary>The bytes end within a value: on a stream, more may come.</summary>
    Truncated,

    /// <summary>A value has another type than the field, is out of its range, or beyond a limit.</summary>
    Malformed,
}

/// <summary>
/// Reads msgpack as hashicorp/go-msgpack writes it, and what newer writers would send. Page: serf-wire.md A2; grammar:
/// <code>
/// text, bytes = a0-bf / da u16 / db u32 / d9 u8 / c4 u8 / c5 u16 / c6 u32, then that many bytes
/// integer     = 00-7f / e0-ff / cc / cd / ce / cf / d0 / d1 / d2 / d3
/// bool        = c2 / c3 / 00 / 01          float = ca / cb / integer
/// array       = 90-9f / dc u16 / dd u32    map   = 80-8f / de u16 / df u32
/// nil (c0) stands for the zero value of every type
/// </code>
/// After the first fault every read gives a zero value and nothing moves: a codec asks <see cref="Ok"/> once, at its
/// end, and in loops.
/// Nothing is ever allocated by a length that was announced, only by bytes that are there.
/// </summary>
public ref struct MsgPackReader(ReadOnlySpan<byte> data)
{
    const int KeyCapacity = 16;

    readonly ReadOnlySpan<byte> data = data;
    int at;
    int skipped;
    KeyBuffer key;

    /// <summary>What stopped the reading, if anything.</summary>
    public MsgPackFault Fault { get; private set; }

    /// <summary>
    /// Bytes that were missing when the reading ended with <see cref="MsgPackFault.Truncated"/>; at least 1.
    /// </summary>
    public int Missing { get; private set; }

    /// <summary>No fault so far.</summary>
    public readonly bool Ok => Fault == MsgPackFault.None;

    /// <summary>Bytes read so far.</summary>
    public readonly int Consumed => at;

    /// <summary>What follows the values read so far.</summary>
    public readonly ReadOnlySpan<byte> Rest => Ok ? data[at..] : default;

    /// <summary>The number of pairs of a map; more than <paramref name="most"/> is a fault.</summary>
    public int Map(int most)
    {
        var tag = Tag();
        uint count = tag switch
        {
            >= 0x80 and <= 0x8f => (uint)(tag & 0x0f),
            0xde => (uint)Number(2),
            0xdf => (uint)Number(4),
            0xc0 => 0,
            _ => Malformed(),
        };
        return Count(count, most);
    }

    /// <summary>
    /// The number of items of an array, or null for nil; more than <paramref name="most"/> is a fault.
    /// </summary>
    public int? Array(int most)
    {
        var tag = Tag();
        if (tag == 0xc0) return null;
        uint count = tag switch
        {
            >= 0x90 and <= 0x9f => (uint)(tag & 0x0f),
            0xdc => (uint)Number(2),
            0xdd => (uint)Number(4),
            _ => Malformed(),
        };
        return Count(count, most);
    }

    /// <summary>
    /// The name of the next field, for a <c>switch</c>; empty when it is none that we know of. Valid until the next
    /// call.
    /// </summary>
    [UnscopedRef]
    public ReadOnlySpan<char> Key()
    {
        var raw = Raw(WireLimits.MaxName, out _);
        if (raw.Length > KeyCapacity) return default;
        for (var i = 0; i < raw.Length; i++) key[i] = (char)raw[i];
        return ((ReadOnlySpan<char>)key)[..raw.Length];
    }

    /// <summary>An integer from 0 to <paramref name="most"/>.</summary>
    public ulong Unsigned(ulong most)
    {
        var negative = Integer(out var value);
        if (negative || value > most) return Malformed();
        return value;
    }

    /// <summary>An integer of 64 bits with sign.</summary>
    public long Signed()
    {
        var negative = Integer(out var value);
        if (!negative && value > long.MaxValue) return Malformed();
        return (long)value;
    }

    /// <summary>An integer of 32 bits with sign.</summary>
    public int Int32()
    {
        var value = Signed();
        return value is >= int.MinValue and <= int.MaxValue ? (int)value : (int)Malformed();
    }

    /// <summary>A truth value; 0 and 1 are ones too.</summary>
    public bool Bool() => Tag() switch
    {
        0xc3 or 0x01 => true,
        0xc2 or 0x00 or 0xc0 => false,
        _ => Malformed() != 0,
    };

    /// <summary>A number with a fraction.</summary>
    public double Float()
    {
        if (Peek() == 0xcb)
        {
            at++;
            return BitConverter.UInt64BitsToDouble(Number(8));
        }
        if (Peek() == 0xca)
        {
            at++;
            return BitConverter.UInt32BitsToSingle((uint)Number(4));
        }
        return Signed();
    }

    /// <summary>A text of at most so many bytes.</summary>
    public string Text(int mostBytes)
    {
        var raw = Raw(mostBytes, out _);
        return raw.IsEmpty ? "" : WireText.Decode(raw);
    }

    /// <summary>A byte field, copied.</summary>
    public Bytes Blob(int most)
    {
        var raw = Raw(most, out var nil);
        return nil || !Ok ? default : (Bytes)raw.ToArray();
    }

    /// <summary>A text or byte field where it stands.</summary>
    public ReadOnlySpan<byte> Raw(int most, out bool nil)
    {
        var tag = Tag();
        nil = tag == 0xc0;
        uint length = tag switch
        {
            >= 0xa0 and <= 0xbf => (uint)(tag & 0x1f),
            0xd9 or 0xc4 => (uint)Number(1),
            0xda or 0xc5 => (uint)Number(2),
            0xdb or 0xc6 => (uint)Number(4),
            0xc0 => 0,
            _ => Malformed(),
        };
        return Take(Count(length, most));
    }

    /// <summary>A list of texts, or null for nil.</summary>
    public List<string>? Texts(int most, int mostBytes)
    {
        if (Array(most) is not { } count) return null;
        var texts = new List<string>();
        for (; count > 0 && Ok; count--) texts.Add(Text(mostBytes));
        return texts;
    }

    /// <summary>Passes over a nil, if the next value is one.</summary>
    public bool TryNil()
    {
        if (Peek() != 0xc0) return false;
        at++;
        return true;
    }

    /// <summary>Passes over one value of any type.</summary>
    public void Skip() => Skip(WireLimits.MaxDepth);

    void Skip(int depth)
    {
        if (depth == 0 || ++skipped > WireLimits.MaxSkipped)
        {
            Malformed();
            return;
        }
        var tag = Tag();
        var (header, size, children) = tag switch
        {
            <= 0x7f or >= 0xe0 or 0xc0 or 0xc2 or 0xc3 => (0, 0, 0),
            <= 0x8f => (0, 0, 2 * (tag & 0x0f)),
            <= 0x9f => (0, 0, tag & 0x0f),
            <= 0xbf => (0, tag & 0x1f, 0),
            0xcc or 0xd0 => (0, 1, 0),
            0xcd or 0xd1 => (0, 2, 0),
            0xce or 0xd2 or 0xca => (0, 4, 0),
            0xcf or 0xd3 or 0xcb => (0, 8, 0),
            0xc4 or 0xd9 => (1, 1, 0),
            0xc5 or 0xda => (2, 1, 0),
            0xc6 or 0xdb => (4, 1, 0),
            0xdc => (2, 0, 1),
            0xdd => (4, 0, 1),
            0xde => (2, 0, 2),
            0xdf => (4, 0, 2),
            0xd4 => (0, 2, 0),   // the ext family: a type byte, then the data
            0xd5 => (0, 3, 0),
            0xd6 => (0, 5, 0),
            0xd7 => (0, 9, 0),
            0xd8 => (0, 17, 0),
            0xc7 => (1, 1, -1),
            0xc8 => (2, 1, -1),
            0xc9 => (4, 1, -1),
            _ => (0, 0, (int)Malformed()),
        };
        if (header != 0)
        {
            var most = size != 0 ? WireLimits.MaxInflatedStream : WireLimits.MaxSkipped;
            var count = Count((uint)Number(header), most);
            size = size == 0 ? 0 : children == -1 ? count + 1 : count;
            children = children == -1 ? 0 : children * count;
        }
        Take(size);
        for (; children > 0 && Ok; children--) Skip(depth - 1);
    }

    /// <summary>True when the number is below zero; it is then in two's complement.</summary>
    bool Integer(out ulong value)
    {
        var tag = Tag();
        value = tag switch
        {
            <= 0x7f => tag,
            >= 0xe0 => (ulong)(sbyte)tag,
            0xcc => Number(1),
            0xcd => Number(2),
            0xce => Number(4),
            0xcf => Number(8),
            0xd0 => (ulong)(sbyte)Number(1),
            0xd1 => (ulong)(short)Number(2),
            0xd2 => (ulong)(int)Number(4),
            0xd3 => Number(8),
            0xc0 => 0,
            _ => Malformed(),
        };
        return tag is >= 0xe0 or (>= 0xd0 and <= 0xd3) && (long)value < 0;
    }

    readonly byte Peek() => Ok && at < data.Length ? data[at] : (byte)0;

    byte Tag()
    {
        var one = Take(1);
        return one.IsEmpty ? (byte)0xc0 : one[0];
    }

    ulong Number(int size)
    {
        var bytes = Take(size);
        if (bytes.IsEmpty) return 0;
        return size switch
        {
            1 => bytes[0],
            2 => BinaryPrimitives.ReadUInt16BigEndian(bytes),
            4 => BinaryPrimitives.ReadUInt32BigEndian(bytes),
            _ => BinaryPrimitives.ReadUInt64BigEndian(bytes),
        };
    }

    int Count(uint count, int most) => Ok && count <= (uint)most ? (int)count : (int)Malformed();

    ReadOnlySpan<byte> Take(int count)
    {
        if (!Ok) return default;
        if (count > data.Length - at)
        {
            Missing = count - (data.Length - at);
            Fault = MsgPackFault.Truncated;
            return default;
        }
        var taken = data.Slice(at, count);
        at += count;
        return taken;
    }

    /// <summary>Marks the fault, unless there was one before, and stands for zero.</summary>
    uint Malformed()
    {
        if (Ok) Fault = MsgPackFault.Malformed;
        return 0;
    }

    [InlineArray(KeyCapacity)]
    struct KeyBuffer
    {
        char first;
    }
}
