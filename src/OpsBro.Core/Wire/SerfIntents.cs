using System.Buffers;

namespace OpsBro.Core.Wire;

/// <summary>A node joins, or is back, at a Lamport time.</summary>
/// <param name="LTime">The time.</param>
/// <param name="Node">Who.</param>
public sealed record JoinIntent(ulong LTime, string Node) : IWireMessage
{
    /// <summary>Reads a body; null when it is malformed.</summary>
    public static JoinIntent? TryRead(ReadOnlySpan<byte> body)
    {
        var reader = new MsgPackReader(body);
        var (time, node) = (0UL, "");
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            switch (reader.Key())
            {
                case "LTime": time = reader.Unsigned(ulong.MaxValue); break;
                case "Node": node = reader.Text(WireLimits.MaxName); break;
                default: reader.Skip(); break;
            }
        }
        return reader.Ok ? new JoinIntent(time, node) : null;
    }

    /// <inheritdoc/>
    public void Write(IBufferWriter<byte> output)
    {
        var writer = new MsgPackWriter(output);
        writer.Type((byte)SerfType.Join);
        writer.Map(2);
        writer.Field("LTime"u8, LTime);
        writer.Field("Node"u8, Node);
    }
}

/// <summary>A node leaves, or is made to leave.</summary>
/// <param name="LTime">The Lamport time.</param>
/// <param name="Node">Who.</param>
/// <param name="Prune">Forget it at once.</param>
public sealed record LeaveIntent(ulong LTime, string Node, bool Prune) : IWireMessage
{
    /// <summary>Reads a body; null when it is malformed.</summary>
    public static LeaveIntent? TryRead(ReadOnlySpan<byte> body)
    {
        var reader = new MsgPackReader(body);
        var (time, node, prune) = (0UL, "", false);
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            switch (reader.Key())
            {
                case "LTime": time = reader.Unsigned(ulong.MaxValue); break;
                case "Node": node = reader.Text(WireLimits.MaxName); break;
                case "Prune": prune = reader.Bool(); break;
                default: reader.Skip(); break;
            }
        }
        return reader.Ok ? new LeaveIntent(time, node, prune) : null;
    }

    /// <inheritdoc/>
    public void Write(IBufferWriter<byte> output)
    {
        var writer = new MsgPackWriter(output);
        writer.Type((byte)SerfType.Leave);
        writer.Map(3);
        writer.Field("LTime"u8, LTime);
        writer.Field("Node"u8, Node);
        writer.Field("Prune"u8, Prune);
    }
}

/// <summary>An event of a user.</summary>
/// <param name="LTime">The Lamport time.</param>
/// <param name="Name">Its name.</param>
/// <param name="Payload">What comes with it.</param>
/// <param name="Coalesce">Of several with this name, the last is enough.</param>
public sealed record UserEvent(ulong LTime, string Name, Bytes Payload, bool Coalesce) : IWireMessage
{
    /// <summary>Reads a body; null when it is malformed.</summary>
    public static UserEvent? TryRead(ReadOnlySpan<byte> body)
    {
        var reader = new MsgPackReader(body);
        var (time, name, payload, coalesce) = (0UL, "", default(Bytes), false);
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            switch (reader.Key())
            {
                case "CC": coalesce = reader.Bool(); break;
                case "LTime": time = reader.Unsigned(ulong.MaxValue); break;
                case "Name": name = reader.Text(WireLimits.MaxPayload); break;
                case "Payload": payload = reader.Blob(WireLimits.MaxPayload); break;
                default: reader.Skip(); break;
            }
        }
        return reader.Ok ? new UserEvent(time, name, payload, coalesce) : null;
    }

    /// <inheritdoc/>
    public void Write(IBufferWriter<byte> output)
    {
        var writer = new MsgPackWriter(output);
        writer.Type((byte)SerfType.UserEvent);
        writer.Map(4);
        writer.Field("CC"u8, Coalesce);
        writer.Field("LTime"u8, LTime);
        writer.Field("Name"u8, Name);
        writer.Field("Payload"u8, Payload);
    }
}
