using System.Buffers.Binary;
using System.Numerics;

namespace OpsBro.Core.Wire;

/// <summary>The checksum of what lies in the agent's files: CRC-32C (Castagnoli), which processors compute eight bytes at a time.</summary>
public static class Crc32C
{
    /// <summary>The checksum of the bytes.</summary>
    /// <param name="bytes">Which.</param>
    /// <param name="before">The checksum of what stands before them; 0 for nothing.</param>
    public static uint Of(ReadOnlySpan<byte> bytes, uint before = 0)
    {
        var crc = ~before;
        for (; bytes.Length >= 8; bytes = bytes[8..]) crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (var each in bytes) crc = BitOperations.Crc32C(crc, each);
        return ~crc;
    }
}
