using System.Buffers;

namespace OpsBro.Core.Wire;

/// <summary>
/// Asks a node whether it is there. The three source fields say where the ack goes; they may be missing.
/// </summary>
/// <param name="Node">The name asked for; empty means whoever is at the address.</param>
/// <param name="SeqNo">The number that the ack repeats.</param>
/// <param name="SourceAddr">Address of the asker: 4 or 16 bytes, or nothing.</param>
/// <param name="SourcePort">Its port, or 0.</param>
/// <param name="SourceNode">Its name, or empty.</param>
public sealed record Ping(string Node, uint SeqNo, Bytes SourceAddr, ushort SourcePort, string SourceNode) : IWireMessage
{
    /// <summary>Reads a body; null when it is malformed.</summary>
    public static Ping? TryRead(ReadOnlySpan<byte> body)
    {
        var reader = new MsgPackReader(body);
        var (node, seqNo, sourceNode) = ("", 0u, "");
        var (sourceAddr, sourcePort) = (default(Bytes), (ushort)0);
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            switch (reader.Key())
            {
                case "Node": node = reader.Text(WireLimits.MaxName); break;
                case "SeqNo": seqNo = (uint)reader.Unsigned(uint.MaxValue); break;
                case "SourceAddr": sourceAddr = reader.Blob(WireLimits.MaxAddress); break;
                case "SourcePort": sourcePort = (ushort)reader.Unsigned(ushort.MaxValue); break;
                case "SourceNode": sourceNode = reader.Text(WireLimits.MaxName); break;
                default: reader.Skip(); break;
            }
        }
        return reader.Ok ? new Ping(node, seqNo, sourceAddr, sourcePort, sourceNode) : null;
    }

    /// <inheritdoc/>
    public void Write(IBufferWriter<byte> output)
    {
        var writer = new MsgPackWriter(output);
        writer.Type((byte)MessageType.Ping);
        writer.Map(2 + Source.Count(SourceAddr, SourcePort, SourceNode));
        writer.Field("Node"u8, Node);
        writer.Field("SeqNo"u8, SeqNo);
        Source.Write(writer, SourceAddr, SourcePort, SourceNode);
    }
}

/// <summary>Asks a peer to ping another and to pass its ack on.</summary>
/// <param name="SeqNo">The number that ack and nack repeat.</param>
/// <param name="Target">Address of the node to ping: 4 or 16 bytes.</param>
/// <param name="Port">Its port; 0 means the peer's own.</param>
/// <param name="Node">Its name.</param>
/// <param name="Nack">A nack is wanted when it does not answer.</param>
/// <param name="SourceAddr">Address of the asker, or nothing.</param>
/// <param name="SourcePort">Its port, or 0.</param>
/// <param name="SourceNode">Its name, or empty.</param>
public sealed record IndirectPing(
    uint SeqNo, Bytes Target, ushort Port, string Node, bool Nack, Bytes SourceAddr, ushort SourcePort, string SourceNode)
    : IWireMessage
{
    /// <summary>Reads a body; null when it is malformed.</summary>
    public static IndirectPing? TryRead(ReadOnlySpan<byte> body)
    {
        var reader = new MsgPackReader(body);
        var (node, seqNo, sourceNode, nack) = ("", 0u, "", false);
        var (target, port, sourceAddr, sourcePort) = (default(Bytes), (ushort)0, default(Bytes), (ushort)0);
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            switch (reader.Key())
            {
                case "Nack": nack = reader.Bool(); break;
                case "Node": node = reader.Text(WireLimits.MaxName); break;
                case "Port": port = (ushort)reader.Unsigned(ushort.MaxValue); break;
                case "SeqNo": seqNo = (uint)reader.Unsigned(uint.MaxValue); break;
                case "SourceAddr": sourceAddr = reader.Blob(WireLimits.MaxAddress); break;
                case "SourcePort": sourcePort = (ushort)reader.Unsigned(ushort.MaxValue); break;
                case "SourceNode": sourceNode = reader.Text(WireLimits.MaxName); break;
                case "Target": target = reader.Blob(WireLimits.MaxAddress); break;
                default: reader.Skip(); break;
            }
        }
        return reader.Ok ? new IndirectPing(seqNo, target, port, node, nack, sourceAddr, sourcePort, sourceNode) : null;
    }

    /// <inheritdoc/>
    public void Write(IBufferWriter<byte> output)
    {
        var writer = new MsgPackWriter(output);
        writer.Type((byte)MessageType.IndirectPing);
        writer.Map(5 + Source.Count(SourceAddr, SourcePort, SourceNode));
        writer.Field("Nack"u8, Nack);
        writer.Field("Node"u8, Node);
        writer.Field("Port"u8, Port);
        writer.Field("SeqNo"u8, SeqNo);
        Source.Write(writer, SourceAddr, SourcePort, SourceNode);
        writer.Field("Target"u8, Target);
    }
}

/// <summary>Answers a ping.</summary>
/// <param name="SeqNo">The number of the ping.</param>
/// <param name="Payload">Network coordinates (<see cref="CoordinatePayload"/>); nil when passed on or on a
/// stream.</param>
public sealed record Ack(uint SeqNo, Bytes Payload) : IWireMessage
{
    /// <summary>Reads a body; null when it is malformed.</summary>
    public static Ack? TryRead(ReadOnlySpan<byte> body)
    {
        var reader = new MsgPackReader(body);
        var (seqNo, payload) = (0u, default(Bytes));
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            switch (reader.Key())
            {
                case "Payload": payload = reader.Blob(WireLimits.MaxPayload); break;
                case "SeqNo": seqNo = (uint)reader.Unsigned(uint.MaxValue); break;
                default: reader.Skip(); break;
            }
        }
        return reader.Ok ? new Ack(seqNo, payload) : null;
    }

    /// <inheritdoc/>
    public void Write(IBufferWriter<byte> output)
    {
        var writer = new MsgPackWriter(output);
        writer.Type((byte)MessageType.Ack);
        writer.Map(2);
        writer.Field("Payload"u8, Payload);
        writer.Field("SeqNo"u8, SeqNo);
    }
}

/// <summary>Says that the node to ping for another did not answer.</summary>
/// <param name="SeqNo">The number of the indirect ping.</param>
public sealed record Nack(uint SeqNo) : IWireMessage
{
    /// <summary>Reads a body; null when it is malformed.</summary>
    public static Nack? TryRead(ReadOnlySpan<byte> body)
    {
        var reader = new MsgPackReader(body);
        var seqNo = 0u;
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            if (reader.Key() is "SeqNo") seqNo = (uint)reader.Unsigned(uint.MaxValue);
            else reader.Skip();
        }
        return reader.Ok ? new Nack(seqNo) : null;
    }

    /// <inheritdoc/>
    public void Write(IBufferWriter<byte> output)
    {
        var writer = new MsgPackWriter(output);
        writer.Type((byte)MessageType.Nack);
        writer.Map(1);
        writer.Field("SeqNo"u8, SeqNo);
    }
}

/// <summary>The three fields of a ping that Go leaves out when they are empty.</summary>
file static class Source
{
    public static int Count(Bytes addr, ushort port, string node) =>
        (addr.Length > 0 ? 1 : 0) + (port != 0 ? 1 : 0) + (node.Length > 0 ? 1 : 0);

    public static void Write(MsgPackWriter writer, Bytes addr, ushort port, string node)
    {
        if (addr.Length > 0) writer.Field("SourceAddr"u8, addr);
        if (node.Length > 0) writer.Field("SourceNode"u8, node);
        if (port != 0) writer.Field("SourcePort"u8, port);
    }
}
