using System.Buffers;

namespace OpsBro.Core.Wire;

/// <summary>A node did not answer.</summary>
/// <param name="Incarnation">The accused incarnation.</param>
/// <param name="Node">Who is accused.</param>
/// <param name="From">Who accuses.</param>
public sealed record Suspect(uint Incarnation, string Node, string From) : IWireMessage
{
    /// <summary>Reads a body; null when it is malformed.</summary>
    public static Suspect? TryRead(ReadOnlySpan<byte> body) =>
        Accusation.TryRead(body, out var incarnation, out var node, out var from) ? new Suspect(incarnation, node, from) : null;

    /// <inheritdoc/>
    public void Write(IBufferWriter<byte> output) => Accusation.Write(output, MessageType.Suspect, Incarnation, Node, From);
}

/// <summary>A node is dead; or it leaves, when <paramref name="From"/> is itself.</summary>
/// <param name="Incarnation">The dead incarnation.</param>
/// <param name="Node">Who is dead.</param>
/// <param name="From">Who says so.</param>
public sealed record Dead(uint Incarnation, string Node, string From) : IWireMessage
{
    /// <summary>Reads a body; null when it is malformed.</summary>
    public static Dead? TryRead(ReadOnlySpan<byte> body) =>
        Accusation.TryRead(body, out var incarnation, out var node, out var from) ? new Dead(incarnation, node, from) : null;

    /// <inheritdoc/>
    public void Write(IBufferWriter<byte> output) => Accusation.Write(output, MessageType.Dead, Incarnation, Node, From);
}

/// <summary>A node is there.</summary>
/// <param name="Incarnation">Its incarnation: the higher one is right.</param>
/// <param name="Node">Its name.</param>
/// <param name="Addr">Its address: 4 or 16 bytes, or the message is to be dropped.</param>
/// <param name="Port">Its port.</param>
/// <param name="Meta">Its tags (<see cref="Tags"/>).</param>
/// <param name="Vsn">Its versions (<see cref="ProtocolVersions"/>).</param>
public sealed record Alive(uint Incarnation, string Node, Bytes Addr, ushort Port, Bytes Meta, Bytes Vsn) : IWireMessage
{
    /// <summary>Reads a body; null when it is malformed.</summary>
    public static Alive? TryRead(ReadOnlySpan<byte> body)
    {
        var reader = new MsgPackReader(body);
        var (incarnation, node, port) = (0u, "", (ushort)0);
        var (addr, meta, vsn) = (default(Bytes), default(Bytes), default(Bytes));
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            switch (reader.Key())
            {
                case "Addr": addr = reader.Blob(WireLimits.MaxAddress); break;
                case "Incarnation": incarnation = (uint)reader.Unsigned(uint.MaxValue); break;
                case "Meta": meta = reader.Blob(WireLimits.MaxMeta); break;
                case "Node": node = reader.Text(WireLimits.MaxName); break;
                case "Port": port = (ushort)reader.Unsigned(ushort.MaxValue); break;
                case "Vsn": vsn = reader.Blob(WireLimits.MaxVersions); break;
                default: reader.Skip(); break;
            }
        }
        return reader.Ok ? new Alive(incarnation, node, addr, port, meta, vsn) : null;
    }

    /// <inheritdoc/>
    public void Write(IBufferWriter<byte> output)
    {
        var writer = new MsgPackWriter(output);
        writer.Type((byte)MessageType.Alive);
        writer.Map(6);
        writer.Field("Addr"u8, Addr);
        writer.Field("Incarnation"u8, Incarnation);
        writer.Field("Meta"u8, Meta);
        writer.Field("Node"u8, Node);
        writer.Field("Port"u8, Port);
        writer.Field("Vsn"u8, Vsn);
    }
}

/// <summary>The body that suspect and dead share.</summary>
file static class Accusation
{
    public static bool TryRead(ReadOnlySpan<byte> body, out uint incarnation, out string node, out string from)
    {
        var reader = new MsgPackReader(body);
        (incarnation, node, from) = (0, "", "");
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            switch (reader.Key())
            {
                case "From": from = reader.Text(WireLimits.MaxName); break;
                case "Incarnation": incarnation = (uint)reader.Unsigned(uint.MaxValue); break;
                case "Node": node = reader.Text(WireLimits.MaxName); break;
                default: reader.Skip(); break;
            }
        }
        return reader.Ok;
    }

    public static void Write(IBufferWriter<byte> output, MessageType type, uint incarnation, string node, string from)
    {
        var writer = new MsgPackWriter(output);
        writer.Type((byte)type);
        writer.Map(3);
        writer.Field("From"u8, from);
        writer.Field("Incarnation"u8, incarnation);
        writer.Field("Node"u8, node);
    }
}
