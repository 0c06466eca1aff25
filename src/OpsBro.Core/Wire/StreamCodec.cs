using System.Buffers;
using System.Buffers.Binary;

namespace OpsBro.Core.Wire;

/// <summary>Why a stream is refused.</summary>
public enum StreamFault
{
    /// <summary>It was read.</summary>
    None,

    /// <summary>It is malformed.</summary>
    Malformed,

    /// <summary>It has another label.</summary>
    Label,

    /// <summary>It is plain, and we have keys.</summary>
    NotEncrypted,

    /// <summary>It is encrypted, and we have no keys.</summary>
    NoKeys,

    /// <summary>None of our keys fits.</summary>
    WrongKey,

    /// <summary>Its compression is malformed or too large.</summary>
    Compression,
}

/// <summary>A message from a stream, without its layers.</summary>
/// <param name="Type">Its type.</param>
/// <param name="Body">What follows the type byte.</param>
public readonly record struct StreamMessage(MessageType Type, ReadOnlyMemory<byte> Body);

/// <summary>
/// Takes the layers off a whole stream message (see <see cref="StreamFramer"/>) and puts them around one. Layers from
/// outside: label (by
/// the dialer only, though both sides authenticate it), encryption, compression.
/// </summary>
/// <param name="keys">The keyring; null without encryption.</param>
/// <param name="label">The cluster's label; empty for none.</param>
public sealed class StreamCodec(Keyring? keys, byte[] label)
{
    const int HeaderSize = 1 + sizeof(uint);

    /// <summary>
    /// Plain streams are refused when there are keys; false only while a cluster changes over to encryption.
    /// </summary>
    public bool VerifyIncoming { get; set; } = true;

    /// <summary>Compresses everything, as memberlist does, even what grows.</summary>
    public bool Compress { get; init; } = true;

    /// <summary>Reads a message.</summary>
    /// <param name="frame">All bytes of it.</param>
    /// <param name="dialed">We dialed: the answer has no label header.</param>
    /// <param name="message">The message; its body may lie within <paramref name="frame"/>.</param>
    public StreamFault TryRead(ReadOnlyMemory<byte> frame, bool dialed, out StreamMessage message)
    {
        message = default;
        if (!Label.TryRead(frame.Span, out var theirs, out var rest)) return StreamFault.Malformed;
        if (!theirs.SequenceEqual(dialed ? default : label)) return StreamFault.Label;
        frame = frame[(frame.Length - rest.Length)..];
        if (frame.IsEmpty) return StreamFault.Malformed;
        if (frame.Span[0] == (byte)MessageType.Encrypt)
        {
            if (keys is null) return StreamFault.NoKeys;
            var fault = Decrypt(keys, ref frame);
            if (fault != StreamFault.None) return fault;
        }
        else if (keys is not null && VerifyIncoming) return StreamFault.NotEncrypted;
        if (frame.IsEmpty) return StreamFault.Malformed;
        if (frame.Span[0] == (byte)MessageType.Compress)
        {
            if (!Compressed.TryRead(frame.Span[1..], out var lzw)) return StreamFault.Malformed;
            if (Lzw.Measure(lzw, WireLimits.MaxInflatedStream) is not { } length) return StreamFault.Compression;
            var inflated = new byte[length];
            Lzw.TryDecode(lzw, inflated, out _);
            frame = inflated;
            if (frame.IsEmpty) return StreamFault.Malformed;
        }
        message = new StreamMessage((MessageType)frame.Span[0], frame[1..]);
        return StreamFault.None;
    }

    /// <summary>Writes a message.</summary>
    /// <param name="message">The message with its type byte.</param>
    /// <param name="dialed">We dialed: the label comes first.</param>
    /// <param name="nonce">12 random bytes, used once; not looked at without keys.</param>
    /// <param name="output">Where it goes.</param>
    /// <param name="version">Of the encryption.</param>
    /// <param name="compress">False for one message that is not worth it.</param>
    public void Write(
        ReadOnlySpan<byte> message, bool dialed, ReadOnlySpan<byte> nonce, IBufferWriter<byte> output, byte version = Envelope.Plain,
        bool compress = true)
    {
        if (dialed && label.Length > 0)
        {
            Label.Write(output.GetSpan(Label.Size(label)), label);
            output.Advance(Label.Size(label));
        }
        if (Compress && compress)
        {
            var compressed = new SpanWriter(message.Length);
            Compressed.Write(compressed, message);
            message = compressed.Written;
        }
        if (keys is null)
        {
            output.Write(message);
            return;
        }
        var size = Envelope.Size(message.Length, version);
        var frame = output.GetSpan(HeaderSize + size);
        frame[0] = (byte)MessageType.Encrypt;
        BinaryPrimitives.WriteUInt32BigEndian(frame[1..], (uint)size);
        Span<byte> aad = stackalloc byte[HeaderSize + WireLimits.MaxLabel];
        Envelope.Seal(keys, version, nonce, message, Aad(frame, aad), frame[HeaderSize..]);
        output.Advance(HeaderSize + size);
    }

    StreamFault Decrypt(Keyring keyring, ref ReadOnlyMemory<byte> frame)
    {
        var span = frame.Span;
        if (span.Length < HeaderSize + Envelope.Overhead) return StreamFault.Malformed;
        var size = BinaryPrimitives.ReadUInt32BigEndian(span[1..]);
        if (size is < Envelope.Overhead or > WireLimits.MaxStream || size > span.Length - HeaderSize) return StreamFault.Malformed;
        var plain = new byte[size - Envelope.Overhead];
        Span<byte> aad = stackalloc byte[HeaderSize + WireLimits.MaxLabel];
        if (!Envelope.TryOpen(keyring, span.Slice(HeaderSize, (int)size), Aad(span, aad), plain, out var length))
            return StreamFault.WrongKey;
        frame = plain.AsMemory(0, length);
        return StreamFault.None;
    }

    Span<byte> Aad(ReadOnlySpan<byte> frame, Span<byte> buffer)
    {
        frame[..HeaderSize].CopyTo(buffer);
        label.CopyTo(buffer[HeaderSize..]);
        return buffer[..(HeaderSize + label.Length)];
    }
}
