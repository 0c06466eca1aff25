using System.Buffers.Binary;
using System.Numerics;

namespace OpsBro.Metrics.Storing;

/// <summary>The checksum of what lies in the store's files: CRC-32C (Castagnoli), which processors compute eight bytes at a time.</summary>
internal static class Crc32C
{
    /// <summary>The checksum of the bytes.</summary>
    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        var crc = ~0u;
        for (; bytes.Length >= 8; bytes = bytes[8..]) crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (var each in bytes) crc = BitOperations.Crc32C(crc, each);
        return ~crc;
    }
}
