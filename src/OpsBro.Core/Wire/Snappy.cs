using System.Buffers.Binary;

namespace OpsBro.Core.Wire;

/// <summary>
/// Snappy's block format (google/snappy, format_description.txt), which Prometheus remote write is packed in:
/// <code>
/// block   = length element*          length: varint, at most 32 bits, of the unpacked bytes
/// element = tag ...                  the low two bits of the tag say which:
///   00 literal, length-1 in the six high bits, or 60..63: in the 1..4 bytes that follow; then the bytes
///   01 copy of 4..11 bytes:  length-4 in three bits, offset in three bits and one byte
///   10 copy of 1..64 bytes:  length-1 in six bits, offset in two bytes
///   11 copy of 1..64 bytes:  length-1 in six bits, offset in four bytes
/// </code>
/// All numbers are little endian; a copy may reach into what it writes itself. This part decodes.
/// </summary>
public static partial class Snappy
{
    /// <summary>No block unpacks to more than this for each of its bytes: the cheapest copy takes three bytes for 64.</summary>
    const int MaxRatio = 22;

    /// <summary>Bytes of the longest announced length.</summary>
    const int MaxPrefix = 5;

    /// <summary>
    /// The unpacked length that a block announces; null when it has none, it is more than <paramref name="most"/>, or more than its bytes can
    /// ever give: so what a caller allocates for it is in proportion to what was sent.
    /// </summary>
    public static int? Measure(ReadOnlySpan<byte> block, int most) =>
        TryReadLength(block, out var length, out _) && length <= most && length <= (long)block.Length * MaxRatio ? (int)length : null;

    /// <summary>Unpacks a block.</summary>
    /// <param name="block">The whole block.</param>
    /// <param name="output">Where it goes: at least what <see cref="Measure"/> says.</param>
    /// <param name="written">The unpacked length.</param>
    /// <returns>False when the block is damaged or does not fit.</returns>
    public static bool TryDecode(ReadOnlySpan<byte> block, Span<byte> output, out int written)
    {
        written = 0;
        if (!TryReadLength(block, out var length, out var at) || length > output.Length) return false;
        output = output[..(int)length];
        while (at < block.Length)
        {
            var tag = block[at++];
            var isWhole = (tag & 3) == 0
                ? TryLiteral(block, ref at, tag, output, ref written)
                : TryCopy(block, ref at, tag, output, ref written);
            if (!isWhole) return false;
        }
        return written == output.Length;
    }

    static bool TryLiteral(ReadOnlySpan<byte> block, ref int at, byte tag, Span<byte> output, ref int written)
    {
        long length = tag >> 2;
        if (length >= 60)
        {
            var bytes = (int)length - 59;
            if (bytes > block.Length - at) return false;
            length = 0;
            for (var i = 0; i < bytes; i++) length |= (long)block[at + i] << (8 * i);
            at += bytes;
        }
        length++;
        if (length > block.Length - at || length > output.Length - written) return false;
        block.Slice(at, (int)length).CopyTo(output[written..]);
        at += (int)length;
        written += (int)length;
        return true;
    }

    static bool TryCopy(ReadOnlySpan<byte> block, ref int at, byte tag, Span<byte> output, ref int written)
    {
        var bytes = (tag & 3) switch { 1 => 1, 2 => 2, _ => 4 };
        if (bytes > block.Length - at) return false;
        var (length, offset) = bytes switch
        {
            1 => (((tag >> 2) & 7) + 4, (uint)(((tag >> 5) << 8) | block[at])),
            2 => ((tag >> 2) + 1, BinaryPrimitives.ReadUInt16LittleEndian(block[at..])),
            _ => ((tag >> 2) + 1, BinaryPrimitives.ReadUInt32LittleEndian(block[at..])),
        };
        at += bytes;
        if (offset == 0 || offset > (uint)written || length > output.Length - written) return false;
        var from = written - (int)offset;
        if (offset >= (uint)length) output.Slice(from, length).CopyTo(output[written..]);
        else for (var i = 0; i < length; i++) output[written + i] = output[from + i];   // it repeats what it writes
        written += length;
        return true;
    }

    static bool TryReadLength(ReadOnlySpan<byte> block, out uint length, out int used)
    {
        (length, used) = (0, 0);
        ulong value = 0;
        while (used < block.Length && used < MaxPrefix)
        {
            var b = block[used];
            value |= (ulong)(b & 0x7f) << (7 * used++);
            if (b >= 0x80) continue;
            length = (uint)value;
            return value <= uint.MaxValue;
        }
        return false;
    }
}
