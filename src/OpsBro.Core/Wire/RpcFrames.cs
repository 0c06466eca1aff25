using System.Buffers;

namespace OpsBro.Core.Wire;

/// <summary>A whole request.</summary>
/// <param name="Command">What is asked for; perhaps nothing that we know.</param>
/// <param name="Seq">The client's number.</param>
/// <param name="Body">What came with it; null when the command has no body, or is unknown.</param>
public sealed record RpcRequest(string Command, ulong Seq, IRpcBody? Body);

/// <summary>Cuts a stream of bytes into requests, and writes answers and requests.</summary>
public static class RpcFrames
{
    /// <summary>
    /// Reads the first request of what came so far. <see cref="MsgPackFault.Truncated"/>: more must come;
    /// <see cref="MsgPackFault.Malformed"/>: this is no request, or a larger one than <see cref="RpcLimits.MaxRequest"/>, and
    /// where the next one starts is unknown.
    /// </summary>
    /// <param name="bytes">What came.</param>
    /// <param name="request">The request; null unless it is whole.</param>
    /// <param name="length">Its length, in bytes.</param>
    public static MsgPackFault TryRead(ReadOnlySpan<byte> bytes, out RpcRequest? request, out int length)
    {
        (request, length) = (null, 0);
        var reader = new MsgPackReader(bytes);
        var header = RpcRequestHeader.Read(ref reader);
        var body = reader.Ok ? RpcCommand.ReadBody(header.Command, ref reader) : null;
        if (reader.Fault == MsgPackFault.Truncated && (long)bytes.Length + reader.Missing > RpcLimits.MaxRequest)
            return MsgPackFault.Malformed;
        if (!reader.Ok) return reader.Fault;
        (request, length) = (new RpcRequest(header.Command, header.Seq, body), reader.Consumed);
        return MsgPackFault.None;
    }

    /// <summary>Writes an answer or a record.</summary>
    public static void WriteAnswer(IBufferWriter<byte> output, ulong seq, string error, IRpcBody? body)
    {
        var writer = new MsgPackWriter(output, ext: true);
        new RpcAnswerHeader(error, seq).Write(writer);
        body?.Write(writer);
    }

    /// <summary>Writes a request.</summary>
    public static void WriteRequest(IBufferWriter<byte> output, string command, ulong seq, IRpcBody? body)
    {
        var writer = new MsgPackWriter(output, ext: true);
        new RpcRequestHeader(command, seq).Write(writer);
        body?.Write(writer);
    }
}
