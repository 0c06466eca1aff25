using System.Buffers.Binary;

namespace OpsBro.Core.Wire;

/// <summary>
/// Several messages in one datagram. Page: serf-wire.md A4.
/// <code>
/// compound = 07 count:u8 count*(length:u16) count*(message of that length)
/// </code>
/// When the datagram was cut, the whole parts are read and the missing ones counted.
/// </summary>
public ref struct CompoundReader
{
    readonly ReadOnlySpan<byte> lengths;
    ReadOnlySpan<byte> rest;
    int at;

    /// <summary>Starts behind the type byte.</summary>
    public CompoundReader(ReadOnlySpan<byte> body)
    {
        if (body.IsEmpty || body.Length < 1 + 2 * body[0])
        {
            Malformed = true;
            return;
        }
        lengths = body.Slice(1, 2 * body[0]);
        rest = body[(1 + 2 * body[0])..];
    }

    /// <summary>The header itself was cut: there are no parts.</summary>
    public bool Malformed { get; }

    /// <summary>Parts that were announced but are not there; known once <see cref="TryNext"/> was false.</summary>
    public readonly int Missing => lengths.Length / 2 - at;

    /// <summary>The next part, with its type byte; false when there is none, or the rest was cut.</summary>
    public bool TryNext(out ReadOnlySpan<byte> part)
    {
        part = default;
        if (2 * at == lengths.Length) return false;
        var length = BinaryPrimitives.ReadUInt16BigEndian(lengths[(2 * at)..]);
        if (length > rest.Length) return false;
        part = rest[..length];
        rest = rest[length..];
        at++;
        return true;
    }
}

/// <summary>
/// Puts messages together into a compound within a span, never more than <see
/// cref="WireLimits.MaxCompoundPartsSent"/>.
/// </summary>
public static class Compound
{
    /// <summary>Bytes before the parts.</summary>
    public const int HeaderSize = 2;

    /// <summary>Bytes that each part costs in the header.</summary>
    public const int PartOverhead = 2;

    /// <summary>The size of a compound, in bytes.</summary>
    public static int Size(ReadOnlySpan<int> lengths)
    {
        var size = HeaderSize + PartOverhead * lengths.Length;
        foreach (var length in lengths) size += length;
        return size;
    }

    /// <summary>
    /// Makes a compound of messages that stand one after the other in <paramref name="messages"/>. False when they
    /// are none or too many,
    /// one is longer than 65 535 bytes, the lengths do not add up, or the output is too small.
    /// </summary>
    public static bool TryWrite(ReadOnlySpan<byte> messages, ReadOnlySpan<int> lengths, Span<byte> output, out int written)
    {
        written = 0;
        if (lengths.Length is 0 or > WireLimits.MaxCompoundPartsSent) return false;
        var total = 0;
        foreach (var length in lengths)
        {
            if (length is < 0 or > ushort.MaxValue) return false;
            total += length;
        }
        var size = HeaderSize + PartOverhead * lengths.Length + total;
        if (total != messages.Length || size > output.Length) return false;
        output[0] = (byte)MessageType.Compound;
        output[1] = (byte)lengths.Length;
        for (var i = 0; i < lengths.Length; i++)
            BinaryPrimitives.WriteUInt16BigEndian(output[(HeaderSize + PartOverhead * i)..], (ushort)lengths[i]);
        messages.CopyTo(output[(HeaderSize + PartOverhead * lengths.Length)..]);
        written = size;
        return true;
    }
}
