using System.Buffers.Binary;

namespace OpsBro.Core.Wire;

/// <summary>
/// Reads the fields of one Protocol Buffers message from bytes in place (protobuf.dev, "Encoding"):
/// <code>
/// message = *(key value)         key: varint of number * 8 + kind
/// kind 0 varint, 1 eight bytes, 2 length and bytes, 5 four bytes; 3 and 4 (groups) are not taken: no message that we read has them
/// </code>
/// An inner message is another reader on the bytes of the field. Nothing is allocated; what is damaged ends the reading.
/// </summary>
public ref struct ProtoReader(ReadOnlySpan<byte> message)
{
    const int Varint = 0, Eight = 1, Bytes = 2, Four = 5;

    readonly ReadOnlySpan<byte> message = message;
    int at;

    /// <summary>Number of the field.</summary>
    public int Field { get; private set; }

    /// <summary>Kind of its value.</summary>
    public int Kind { get; private set; }

    /// <summary>Its value, when it is a number: the varint, or the bytes as they are.</summary>
    public ulong Raw { get; private set; }

    /// <summary>Its value, when it has a length.</summary>
    public ReadOnlySpan<byte> Span { get; private set; }

    /// <summary>True when the bytes ended within a field, or are no message.</summary>
    public bool IsDamaged { get; private set; }

    /// <summary>The value as a double; what is of another kind is damage.</summary>
    public double Double => IsOf(Eight) ? BitConverter.UInt64BitsToDouble(Raw) : 0;

    /// <summary>The value as a fixed number of 64 bits.</summary>
    public ulong Fixed64 => IsOf(Eight) ? Raw : 0;

    /// <summary>The value as an int64, uint64, bool or enum.</summary>
    public long Int64 => IsOf(Varint) ? (long)Raw : 0;

    /// <summary>The value as an sint32.</summary>
    public int SInt32 => IsOf(Varint) ? (int)((uint)Raw >> 1) ^ -(int)(Raw & 1) : 0;

    /// <summary>The value as a text, bytes or a message.</summary>
    public ReadOnlySpan<byte> Data => IsOf(Bytes) ? Span : default;

    /// <summary>Goes to the next field; false at the end and at damage.</summary>
    public bool Next()
    {
        if (IsDamaged || at == message.Length) return false;
        if (!TryVarint(out var key) || key >> 3 is 0 or > 0x1fffffff) return Damage();
        (Field, Kind) = ((int)(key >> 3), (int)(key & 7));
        Span = default;
        switch (Kind)
        {
            case Varint:
                if (!TryVarint(out var number)) return Damage();
                Raw = number;
                return true;
            case Eight:
                if (message.Length - at < 8) return Damage();
                Raw = BinaryPrimitives.ReadUInt64LittleEndian(message[at..]);
                at += 8;
                return true;
            case Bytes:
                if (!TryVarint(out var length) || length > (ulong)(message.Length - at)) return Damage();
                Span = message.Slice(at, (int)length);
                at += (int)length;
                return true;
            case Four:
                if (message.Length - at < 4) return Damage();
                Raw = BinaryPrimitives.ReadUInt32LittleEndian(message[at..]);
                at += 4;
                return true;
            default:
                return Damage();
        }
    }

    /// <summary>Reads the numbers of a repeated field of eight-byte values, packed or one at a time, into a span.</summary>
    /// <returns>How many are there in all, also when they do not fit.</returns>
    public int Eights(Span<ulong> into, int count)
    {
        if (Kind == Eight)
        {
            if (count < into.Length) into[count] = Raw;
            return count + 1;
        }
        if (!IsOf(Bytes)) return count;
        if (Span.Length % 8 != 0) Damage();
        for (var rest = Span; rest.Length >= 8; rest = rest[8..], count++)
            if (count < into.Length) into[count] = BinaryPrimitives.ReadUInt64LittleEndian(rest);
        return count;
    }

    /// <summary>The same for varints.</summary>
    public int Varints(Span<ulong> into, int count)
    {
        if (Kind == Varint)
        {
            if (count < into.Length) into[count] = Raw;
            return count + 1;
        }
        if (!IsOf(Bytes)) return count;
        var inner = new ProtoReader(Span);
        while (inner.at < Span.Length)
        {
            if (!inner.TryVarint(out var value))
            {
                Damage();
                break;
            }
            if (count < into.Length) into[count] = value;
            count++;
        }
        return count;
    }

    bool IsOf(int kind) => Kind == kind || Damage();

    bool Damage()
    {
        IsDamaged = true;
        return false;
    }

    bool TryVarint(out ulong value)
    {
        value = 0;
        for (var shift = 0; shift < 70 && at < message.Length; shift += 7)
        {
            var b = message[at++];
            value |= shift < 64 ? (ulong)(b & 0x7f) << shift : 0;
            if (b < 0x80) return true;
        }
        return false;
    }
}
