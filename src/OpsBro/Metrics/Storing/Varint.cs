namespace OpsBro.Metrics.Storing;

/// <summary>Numbers in seven bits a byte, the lowest first, as protobuf writes them.</summary>
internal static class Varint
{
    /// <summary>Bytes of the longest.</summary>
    public const int MaxBytes = 10;

    /// <summary>Writes a number; returns its bytes.</summary>
    public static int Write(Span<byte> to, ulong number)
    {
        var i = 0;
        for (; number >= 0x80; number >>= 7) to[i++] = (byte)(number | 0x80);
        to[i] = (byte)number;
        return i + 1;
    }

    /// <summary>Reads a number and goes behind it; false where the bytes end too early or it is longer than 64 bits.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, ref int at, out ulong number)
    {
        number = 0;
        for (var shift = 0; shift < 7 * MaxBytes && at < bytes.Length; shift += 7)
        {
            var next = bytes[at++];
            if (shift == 63 && next > 1) return false;
            number |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80) return true;
        }
        return false;
    }

    /// <summary>Small negative numbers become small ones.</summary>
    public static ulong Zigzag(long number) => (ulong)((number << 1) ^ (number >> 63));

    /// <summary>The reverse.</summary>
    public static long Unzigzag(ulong number) => (long)(number >> 1) ^ -(long)(number & 1);
}
