using System.Buffers.Binary;

namespace OpsBro.Core.TimeSeries;

/// <summary>Bits, least first, into a buffer that grows to what was needed once.</summary>
sealed class BitWriter
{
    byte[] buffer = new byte[1024];
    ulong waiting;
    int waitingBits, length;

    /// <summary>Starts anew in the same buffer.</summary>
    public void Clear() => (waiting, waitingBits, length) = (0, 0, 0);

    /// <summary>Appends the low bits of a number; those above must be 0.</summary>
    public void Write(ulong value, int bits)
    {
        if (bits > 32)
        {
            Write(value & uint.MaxValue, 32);
            Write(value >> 32, bits - 32);
            return;
        }
        waiting |= value << waitingBits;
        waitingBits += bits;
        if (waitingBits < 32) return;
        if (buffer.Length - length < 8) Array.Resize(ref buffer, buffer.Length * 2);
        BinaryPrimitives.WriteUInt32LittleEndian(buffer.AsSpan(length), (uint)waiting);
        length += 4;
        waiting >>= 32;
        waitingBits -= 32;
    }

    /// <summary>Everything written, the last byte filled with zeros; nothing may be written after it.</summary>
    public ReadOnlySpan<byte> Finish()
    {
        if (buffer.Length - length < 8) Array.Resize(ref buffer, buffer.Length * 2);
        BinaryPrimitives.WriteUInt64LittleEndian(buffer.AsSpan(length), waiting);
        return buffer.AsSpan(0, length + ((waitingBits + 7) / 8));
    }
}

/// <summary>Reads what <see cref="BitWriter"/> wrote; behind the end there are zeros, which <see cref="IsBeyond"/> tells.</summary>
/// <param name="bytes">All bits.</param>
ref struct BitReader(ReadOnlySpan<byte> bytes)
{
    readonly ReadOnlySpan<byte> bytes = bytes;
    long position;

    /// <summary>True when more was read than there is.</summary>
    public readonly bool IsBeyond => position > bytes.Length * 8L;

    /// <summary>The next bits, at most 57 of them.</summary>
    public ulong Read(int bits)
    {
        var at = position >> 3;
        var shift = (int)position & 7;
        position += bits;
        var word = at + 8 <= bytes.Length ? BinaryPrimitives.ReadUInt64LittleEndian(bytes[(int)at..]) : Tail(at);
        return (word >> shift) & ((1UL << bits) - 1);
    }

    /// <summary>The next bits, at most 64 of them.</summary>
    public ulong ReadLong(int bits)
    {
        if (bits <= 57) return Read(bits);
        var low = Read(32);
        return low | (Read(bits - 32) << 32);
    }

    readonly ulong Tail(long at)
    {
        var word = 0UL;
        for (var i = 0; i < 8 && at + i < bytes.Length; i++) word |= (ulong)bytes[(int)at + i] << (8 * i);
        return word;
    }
}

/// <summary>Whole numbers in as many bytes as they need, seven bits each; negative ones folded into the positive.</summary>
static class Varint
{
    /// <summary>Longest form, in bytes.</summary>
    public const int MaxBytes = 10;

    /// <summary>Small numbers of both signs become small ones.</summary>
    public static ulong Fold(long value) => (ulong)((value << 1) ^ (value >> 63));

    /// <summary>The opposite of <see cref="Fold"/>.</summary>
    public static long Unfold(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);

    /// <summary>Writes a number; gives its bytes.</summary>
    public static int Write(Span<byte> into, ulong value)
    {
        var at = 0;
        while (value >= 128)
        {
            into[at++] = (byte)(value | 128);
            value >>= 7;
        }
        into[at++] = (byte)value;
        return at;
    }

    /// <summary>Takes a number off the front.</summary>
    /// <exception cref="ChunkException">There is none, or it has more than 64 bits.</exception>
    public static ulong Take(ref ReadOnlySpan<byte> from)
    {
        var value = 0UL;
        for (var i = 0; i < from.Length && i < MaxBytes; i++)
        {
            value |= (ulong)(from[i] & 127) << (7 * i);
            if (from[i] >= 128) continue;
            from = from[(i + 1)..];
            return value;
        }
        throw new ChunkException("a chunk ends inside a number, or has one of more than 64 bits");
    }
}
