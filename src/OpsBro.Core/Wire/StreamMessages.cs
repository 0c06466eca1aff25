using System.Buffers;

namespace OpsBro.Core.Wire;

/// <summary>Why a peer refuses a stream.</summary>
/// <param name="Error">In the peer's words.</param>
public sealed record StreamError(string Error) : IWireMessage
{
    /// <summary>Reads a body; null when it is malformed.</summary>
    public static StreamError? TryRead(ReadOnlySpan<byte> body)
    {
        var reader = new MsgPackReader(body);
        var error = "";
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            if (reader.Key() is "Error") error = reader.Text(WireLimits.MaxText);
            else reader.Skip();
        }
        return reader.Ok ? new StreamError(error) : null;
    }

    /// <inheritdoc/>
    public void Write(IBufferWriter<byte> output)
    {
        var writer = new MsgPackWriter(output);
        writer.Type((byte)MessageType.Error);
        writer.Map(1);
        writer.Field("Error"u8, Error);
    }
}

/// <summary>
/// A user message on a stream: a header <c>{UserMsgLen int}</c>, then so many bytes. In a datagram it has no header:
/// the rest is the message.
/// </summary>
public static class UserStream
{
    /// <summary>Reads a body; false when it is malformed or bytes are missing.</summary>
    public static bool TryRead(ReadOnlySpan<byte> body, out ReadOnlySpan<byte> message)
    {
        message = default;
        if (TryHeader(body, out var header, out var length) != MsgPackFault.None || body.Length - header < length) return false;
        message = body.Slice(header, length);
        return true;
    }

    /// <summary>Writes type byte, header and message.</summary>
    public static void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> message)
    {
        var writer = new MsgPackWriter(output);
        writer.Type((byte)MessageType.User);
        writer.Map(1);
        writer.Field("UserMsgLen"u8, message.Length);
        output.Write(message);
    }

    internal static MsgPackFault TryHeader(ReadOnlySpan<byte> body, out int header, out int length)
    {
        var reader = new MsgPackReader(body);
        length = 0;
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            if (reader.Key() is "UserMsgLen") length = (int)reader.Unsigned(WireLimits.MaxStream);
            else reader.Skip();
        }
        header = reader.Consumed;
        return reader.Fault;
    }
}

/// <summary>A compressed message: <c>{Algo u8, Buf bytes}</c>, where 0 is LZW and there is no other.</summary>
public static class Compressed
{
    const int LzwAlgorithm = 0;

    /// <summary>The LZW bytes of a body; false when it is malformed.</summary>
    public static bool TryRead(ReadOnlySpan<byte> body, out ReadOnlySpan<byte> lzw) =>
        TryRead(body, out lzw, out _, out _) == MsgPackFault.None;

    /// <summary>Writes a message compressed; the output may be larger than the message.</summary>
    public static void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> message)
    {
        var rented = ArrayPool<byte>.Shared.Rent(Lzw.MaxEncoded(message.Length));
        Lzw.TryEncode(message, rented, out var length);
        WriteEncoded(output, rented.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(rented);
    }

    internal static void WriteEncoded(IBufferWriter<byte> output, ReadOnlySpan<byte> lzw)
    {
        var writer = new MsgPackWriter(output);
        writer.Type((byte)MessageType.Compress);
        writer.Map(2);
        writer.Field("Algo"u8, LzwAlgorithm);
        writer.Raw("Buf"u8);
        writer.Raw(lzw);
    }

    internal static MsgPackFault TryRead(ReadOnlySpan<byte> body, out ReadOnlySpan<byte> lzw, out int consumed, out int missing)
    {
        var reader = new MsgPackReader(body);
        lzw = default;
        var algorithm = 0UL;
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            switch (reader.Key())
            {
                case "Algo": algorithm = reader.Unsigned(byte.MaxValue); break;
                case "Buf": lzw = reader.Raw(WireLimits.MaxStream, out _); break;
                default: reader.Skip(); break;
            }
        }
        consumed = reader.Consumed;
        missing = reader.Missing;
        return reader.Ok && algorithm != LzwAlgorithm ? MsgPackFault.Malformed : reader.Fault;
    }
}
