namespace OpsBro.Core.Wire;

/// <summary>
/// The CRC-32 of IEEE 802.3 (reflected, polynomial 0xEDB88320), as Go's <c>crc32.ChecksumIEEE</c>, eight bytes a step.
/// </summary>
static class Crc32
{
    const uint Polynomial = 0xedb88320;

    static readonly uint[] table = Table();

    /// <summary>The checksum of the bytes.</summary>
    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        var crc = ~0u;
        var tables = table;
        while (bytes.Length >= 8)
        {
            var low = crc ^ System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(bytes);
            var high = System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            crc = tables[7 * 256 + (byte)low] ^ tables[6 * 256 + (byte)(low >> 8)]
                ^ tables[5 * 256 + (byte)(low >> 16)] ^ tables[4 * 256 + (int)(low >> 24)]
                ^ tables[3 * 256 + (byte)high] ^ tables[2 * 256 + (byte)(high >> 8)]
                ^ tables[1 * 256 + (byte)(high >> 16)] ^ tables[(int)(high >> 24)];
            bytes = bytes[8..];
        }
        foreach (var each in bytes) crc = tables[(byte)(crc ^ each)] ^ (crc >> 8);
        return ~crc;
    }

    /// <summary>Eight tables one after the other: the k-th advances a byte over k more zero bytes.</summary>
    static uint[] Table()
    {
        var made = new uint[8 * 256];
        for (var i = 0u; i < 256; i++)
        {
            var crc = i;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? (crc >> 1) ^ Polynomial : crc >> 1;
            made[i] = crc;
        }
        for (var i = 256; i < made.Length; i++) made[i] = made[(byte)made[i - 256]] ^ (made[i - 256] >> 8);
        return made;
    }
}
