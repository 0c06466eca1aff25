namespace OpsBro.Core.Wire;

/// <summary>Where the messages of a datagram go.</summary>
public interface IMessageSink
{
    /// <summary>
    /// One message: its type, which may be none that we know, and its body, which is valid during the call only.
    /// </summary>
    void Message(MessageType type, ReadOnlySpan<byte> body);
}

/// <summary>Why a datagram, or a part of it, was dropped. Each is counted by itself.</summary>
public enum PacketFault
{
    /// <summary>All of it was delivered.</summary>
    None,

    /// <summary>It is empty, larger than <see cref="WireLimits.MaxPacket"/>, or a layer is malformed.</summary>
    Malformed,

    /// <summary>It has another cluster's label, or none where we have one.</summary>
    Label,

    /// <summary>No key fits: it is plain, or from a cluster with other keys.</summary>
    NoKey,

    /// <summary>Its checksum is wrong.</summary>
    Checksum,

    /// <summary>More than <see cref="WireLimits.MaxLayers"/> are nested.</summary>
    TooDeep,

    /// <summary>
    /// A compressed part is malformed, or they are more than <see cref="WireLimits.MaxCompressedParts"/>, or grow
    /// together beyond
    /// <see cref="WireLimits.MaxInflatedPacket"/> bytes.
    /// </summary>
    Compression,

    /// <summary>A compound was cut: its whole parts were delivered.</summary>
    Cut,
}

/// <summary>
/// Takes the layers off a datagram and delivers its messages. Page: serf-wire.md A1. Grammar:
/// <code>
/// datagram = [label] ( encrypted(checked) / checked )
/// checked  = [0c crc] message
/// message  = 07 compound of messages / 09 compressed message / type body
/// </code>
/// Its buffers are made once: nothing is allocated for a datagram. Not for several threads at once.
/// </summary>
public sealed class PacketReader(Keyring? keys, byte[] label)
{
    readonly byte[] plain = keys is null ? [] : new byte[WireLimits.MaxPacket];
    readonly byte[] inflated = new byte[WireLimits.MaxInflatedPacket];
    int room;
    int compressedLeft;

    /// <summary>
    /// Plain datagrams are dropped when there are keys; false only while a cluster changes over to encryption.
    /// </summary>
    public bool VerifyIncoming { get; set; } = true;

    /// <summary>Delivers the messages of a datagram; what was delivered before a fault stays so.</summary>
    public PacketFault Read(ReadOnlySpan<byte> packet, IMessageSink sink)
    {
        if (packet.IsEmpty || packet.Length > WireLimits.MaxPacket) return PacketFault.Malformed;
        if (!Label.TryRead(packet, out var theirs, out var rest)) return PacketFault.Malformed;
        if (!theirs.SequenceEqual(label)) return PacketFault.Label;
        if (keys is not null)
        {
            if (Envelope.TryOpen(keys, rest, label, plain, out var length)) rest = plain.AsSpan(0, length);
            else if (VerifyIncoming) return PacketFault.NoKey;
        }
        if (Checksum.Has(rest) && !Checksum.TryRead(rest, out rest)) return PacketFault.Checksum;
        compressedLeft = WireLimits.MaxCompressedParts;
        room = inflated.Length;
        return Deliver(rest, sink, WireLimits.MaxLayers);
    }

    PacketFault Deliver(ReadOnlySpan<byte> message, IMessageSink sink, int layers)
    {
        if (message.IsEmpty) return PacketFault.Malformed;
        var type = (MessageType)message[0];
        var body = message[1..];
        if (type is not (MessageType.Compound or MessageType.Compress))
        {
            sink.Message(type, body);
            return PacketFault.None;
        }
        if (layers == 0) return PacketFault.TooDeep;
        return type == MessageType.Compound
            ? Parts(new CompoundReader(body), sink, layers - 1)
            : Inflate(body, sink, layers - 1);
    }

    /// <summary>One bad part does not spoil the others; the first fault is the datagram's.</summary>
    PacketFault Parts(CompoundReader compound, IMessageSink sink, int layers)
    {
        if (compound.Malformed) return PacketFault.Malformed;
        var fault = PacketFault.None;
        while (compound.TryNext(out var part))
        {
            var one = Deliver(part, sink, layers);
            if (fault == PacketFault.None) fault = one;
        }
        return fault == PacketFault.None && compound.Missing > 0 ? PacketFault.Cut : fault;
    }

    PacketFault Inflate(ReadOnlySpan<byte> body, IMessageSink sink, int layers)
    {
        if (compressedLeft-- <= 0) return PacketFault.Compression;
        if (!Compressed.TryRead(body, out var lzw)) return PacketFault.Malformed;
        var output = inflated.AsSpan(inflated.Length - room, room);
        var decoded = Lzw.TryDecode(lzw, output, out var length);
        // what a failed try has written is paid for too, or a thousand of them would cost a thousand times the limit
        room -= length;
        return decoded ? Deliver(output[..length], sink, layers) : PacketFault.Compression;
    }
}
