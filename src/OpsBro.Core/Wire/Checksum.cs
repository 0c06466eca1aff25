using System.Buffers.Binary;

namespace OpsBro.Core.Wire;

/// <summary>
/// A datagram with a CRC-32 in front. Page: serf-wire.md A5.
/// <code>checked = 0c crc:u32 messages       crc over all that follows it</code>
/// </summary>
public static class Checksum
{
    /// <summary>Bytes in front of the messages.</summary>
    public const int HeaderSize = 5;

    /// <summary>The datagram has a checksum. One of fewer than five bytes has none, whatever it begins with.</summary>
    public static bool Has(ReadOnlySpan<byte> packet) =>
        packet.Length >= HeaderSize && packet[0] == (byte)MessageType.HasCrc;

    /// <summary>Takes the checksum off; false when it is wrong.</summary>
    public static bool TryRead(ReadOnlySpan<byte> packet, out ReadOnlySpan<byte> messages)
    {
        messages = Has(packet) ? packet[HeaderSize..] : default;
        return Has(packet) && BinaryPrimitives.ReadUInt32BigEndian(packet[1..]) == Crc32.Of(messages);
    }

    /// <summary>Writes the header for the messages into the first five bytes of a span.</summary>
    public static void Write(Span<byte> header, ReadOnlySpan<byte> messages)
    {
        header[0] = (byte)MessageType.HasCrc;
        BinaryPrimitives.WriteUInt32BigEndian(header[1..], Crc32.Of(messages));
    }
}
