using System.Buffers.Binary;

namespace OpsBro.Core.Wire;

/// <summary>How far the bytes of a stream have come.</summary>
public enum StreamProgress
{
    /// <summary>The message is not whole yet.</summary>
    NeedsMore,

    /// <summary>The message is whole.</summary>
    Complete,

    /// <summary>It will never be one.</summary>
    Malformed,
}

/// <summary>
/// Finds the end of the one message on a stream, which has no length in front unless it is encrypted. Page:
/// serf-wire.md A1, A3, A6, A7.
/// <code>
/// stream  = [label] ( 0a length:u32 payload / message )
/// message = 06 push/pull / 08 user / 09 compressed / 00 ping / 02 ack / 0d error
/// </code>
/// It remembers how far it came, so that a message in many pieces is walked through once. One framer serves one
/// stream and direction.
/// </summary>
public sealed class StreamFramer
{
    int at;
    int needed = 1;
    int nodesLeft;
    int userState;
    bool inNodes;

    /// <summary>
    /// Length of the whole message with its label, in bytes; known when <see cref="StreamProgress.Complete"/>.
    /// </summary>
    public int Length { get; private set; }

    /// <summary>Looks at everything that was received since the stream began.</summary>
    public StreamProgress Advance(ReadOnlySpan<byte> received)
    {
        if (received.Length < needed) return StreamProgress.NeedsMore;
        needed = received.Length + 1;
        if (inNodes) return Nodes(received);
        if (received[0] == (byte)MessageType.HasLabel)
        {
            if (received.Length < 2) return StreamProgress.NeedsMore;
            if (received[1] == 0) return StreamProgress.Malformed;
            at = 2 + received[1];
            if (received.Length <= at) return StreamProgress.NeedsMore;
        }
        var body = received[(at + 1)..];
        return (MessageType)received[at] switch
        {
            MessageType.Encrypt => Encrypted(received, body),
            MessageType.Compress => Compress(received, body),
            MessageType.PushPull => Header(received, body),
            MessageType.User => User(received, body),
            MessageType.Ping or MessageType.Ack or MessageType.Error => Map(received, body),
            _ => StreamProgress.Malformed,
        };
    }

    StreamProgress Encrypted(ReadOnlySpan<byte> received, ReadOnlySpan<byte> body)
    {
        if (body.Length < sizeof(uint)) return StreamProgress.NeedsMore;
        var length = BinaryPrimitives.ReadUInt32BigEndian(body);
        if (length is < Envelope.Overhead or > WireLimits.MaxStream) return StreamProgress.Malformed;
        return End(received, at + 1 + sizeof(uint) + (int)length);
    }

    StreamProgress Compress(ReadOnlySpan<byte> received, ReadOnlySpan<byte> body)
    {
        var fault = Compressed.TryRead(body, out _, out var consumed, out var missing);
        if (fault == MsgPackFault.None) return End(received, at + 1 + consumed);
        if (fault == MsgPackFault.Malformed || received.Length + missing > WireLimits.MaxStream) return StreamProgress.Malformed;
        needed = received.Length + missing;
        return StreamProgress.NeedsMore;
    }

    StreamProgress User(ReadOnlySpan<byte> received, ReadOnlySpan<byte> body) =>
        UserStream.TryHeader(body, out var header, out var length) switch
        {
            MsgPackFault.None => End(received, at + 1 + header + length),
            var fault => Wait(fault, body.Length),
        };

    StreamProgress Map(ReadOnlySpan<byte> received, ReadOnlySpan<byte> body)
    {
        var reader = new MsgPackReader(body);
        reader.Skip();
        return reader.Ok ? End(received, at + 1 + reader.Consumed) : Wait(reader.Fault, body.Length);
    }

    StreamProgress Header(ReadOnlySpan<byte> received, ReadOnlySpan<byte> body)
    {
        var reader = new PushPullReader(body);
        if (!reader.Ok) return Wait(reader.Fault, body.Length);
        nodesLeft = reader.Nodes;
        userState = reader.UserStateLength;
        at += 1 + reader.Consumed;
        inNodes = true;
        return Nodes(received);
    }

    StreamProgress Nodes(ReadOnlySpan<byte> received)
    {
        for (; nodesLeft > 0; nodesLeft--)
        {
            var reader = new MsgPackReader(received[at..]);
            reader.Skip();
            if (!reader.Ok) return Wait(reader.Fault, received.Length - at);
            at += reader.Consumed;
            if (at > WireLimits.MaxStream) return StreamProgress.Malformed;
        }
        return End(received, at + userState);
    }

    StreamProgress End(ReadOnlySpan<byte> received, int end)
    {
        if (end > WireLimits.MaxStream + WireLimits.MaxStreamPart) return StreamProgress.Malformed;
        Length = end;
        needed = end;
        return received.Length >= end ? StreamProgress.Complete : StreamProgress.NeedsMore;
    }

    static StreamProgress Wait(MsgPackFault fault, int waiting) =>
        fault == MsgPackFault.Malformed || waiting > WireLimits.MaxStreamPart ? StreamProgress.Malformed : StreamProgress.NeedsMore;
}
