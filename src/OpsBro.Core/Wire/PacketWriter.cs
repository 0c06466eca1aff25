namespace OpsBro.Core.Wire;

/// <summary>
/// Puts the layers around the messages of a datagram: compress when that is smaller, checksum, encrypt, label. Its
/// buffers are made once.
/// Not for several threads at once.
/// </summary>
public sealed class PacketWriter(Keyring? keys, byte[] label)
{
    readonly byte[] packet = new byte[WireLimits.MaxPacket];
    readonly byte[] lzw = new byte[WireLimits.MaxPacket];
    readonly SpanWriter compressed = new(WireLimits.MaxPacket);

    /// <summary>Compresses what shrinks.</summary>
    public bool Compress { get; init; } = true;

    /// <summary>Bytes left of <see cref="WireLimits.PacketBudget"/> for the messages and their compound.</summary>
    public int Budget => WireLimits.PacketBudget - Around;

    int Around => Label.Size(label) + (keys is null ? 0 : Envelope.PaddedOverhead) + Checksum.HeaderSize;

    /// <summary>
    /// Makes a datagram of a message, or of a compound. It is valid until the next call; empty when the message is
    /// too large.
    /// </summary>
    /// <param name="message">The message with its type byte.</param>
    /// <param name="checksum">The peer says that it understands checksums (<see
    /// cref="ProtocolVersions.HasCrc"/>).</param>
    /// <param name="nonce">12 random bytes, used once; not looked at without keys.</param>
    /// <param name="version">Of the encryption.</param>
    public ReadOnlySpan<byte> Write(
        ReadOnlySpan<byte> message, bool checksum, ReadOnlySpan<byte> nonce, byte version = Envelope.Plain)
    {
        if (message.Length > WireLimits.MaxPacket - Around) return default;
        if (Compress) message = Smaller(message);
        var start = Label.Size(label);
        Label.Write(packet, label);
        if (keys is null)
        {
            var length = Check(message, checksum, packet.AsSpan(start));
            return packet.AsSpan(0, start + length);
        }
        var plain = Check(message, checksum, lzw);
        return packet.AsSpan(0, start + Envelope.Seal(keys, version, nonce, lzw.AsSpan(0, plain), label, packet.AsSpan(start)));
    }

    ReadOnlySpan<byte> Smaller(ReadOnlySpan<byte> message)
    {
        if (!Lzw.TryEncode(message, lzw.AsSpan(0, Math.Min(message.Length, lzw.Length)), out var length)) return message;
        compressed.Clear();
        Compressed.WriteEncoded(compressed, lzw.AsSpan(0, length));
        return compressed.Written.Length < message.Length ? compressed.Written : message;
    }

    static int Check(ReadOnlySpan<byte> message, bool checksum, Span<byte> output)
    {
        var header = checksum ? Checksum.HeaderSize : 0;
        message.CopyTo(output[header..]);
        if (checksum) Checksum.Write(output, message);
        return header + message.Length;
    }
}
