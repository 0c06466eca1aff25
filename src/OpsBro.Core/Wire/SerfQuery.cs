using System.Buffers;

namespace OpsBro.Core.Wire;

/// <summary>What the asker of a query wants.</summary>
[Flags]
public enum QueryFlags : uint
{
    /// <summary>Nothing special.</summary>
    None = 0,

    /// <summary>In a query: send an ack as well. In an answer: this is the ack.</summary>
    Ack = 1,

    /// <summary>Do not pass the query on.</summary>
    NoBroadcast = 2,
}

/// <summary>A question to all nodes that the filters match.</summary>
/// <param name="LTime">The Lamport time.</param>
/// <param name="Id">A random number; with the time it names the query.</param>
/// <param name="Addr">Where answers go: 4 or 16 bytes.</param>
/// <param name="Port">And the port.</param>
/// <param name="SourceNode">Who asks.</param>
/// <param name="Filters">Each one a <see cref="QueryFilter"/>; all must match; null as Go's nil.</param>
/// <param name="Flags">What the asker wants.</param>
/// <param name="RelayFactor">How many others pass each answer on, in case it is lost.</param>
/// <param name="TimeoutNanoseconds">How long answers are taken, in nanoseconds.</param>
/// <param name="Name">Its name.</param>
/// <param name="Payload">What comes with it.</param>
public sealed record Query(
    ulong LTime, uint Id, Bytes Addr, ushort Port, string SourceNode, IReadOnlyList<Bytes>? Filters, QueryFlags Flags,
    byte RelayFactor, long TimeoutNanoseconds, string Name, Bytes Payload) : IWireMessage
{
    /// <summary>Reads a body; null when it is malformed.</summary>
    public static Query? TryRead(ReadOnlySpan<byte> body)
    {
        var reader = new MsgPackReader(body);
        var (time, id, addr, port, source) = (0UL, 0u, default(Bytes), (ushort)0, "");
        var (flags, relay, timeout, name, payload) = (0u, (byte)0, 0L, "", default(Bytes));
        List<Bytes>? filters = null;
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            switch (reader.Key())
            {
                case "Addr": addr = reader.Blob(WireLimits.MaxAddress); break;
                case "Filters":
                    var count = reader.Array(WireLimits.MaxFilters);
                    filters = count is null ? null : [];
                    for (; count > 0 && reader.Ok; count--) filters!.Add(reader.Blob(WireLimits.MaxPayload));
                    break;
                case "Flags": flags = (uint)reader.Unsigned(uint.MaxValue); break;
                case "ID": id = (uint)reader.Unsigned(uint.MaxValue); break;
                case "LTime": time = reader.Unsigned(ulong.MaxValue); break;
                case "Name": name = reader.Text(WireLimits.MaxPayload); break;
                case "Payload": payload = reader.Blob(WireLimits.MaxPayload); break;
                case "Port": port = (ushort)reader.Unsigned(ushort.MaxValue); break;
                case "RelayFactor": relay = (byte)reader.Unsigned(byte.MaxValue); break;
                case "SourceNode": source = reader.Text(WireLimits.MaxName); break;
                case "Timeout": timeout = reader.Signed(); break;
                default: reader.Skip(); break;
            }
        }
        return reader.Ok
            ? new Query(time, id, addr, port, source, filters, (QueryFlags)flags, relay, timeout, name, payload)
            : null;
    }

    /// <inheritdoc/>
    public void Write(IBufferWriter<byte> output)
    {
        var writer = new MsgPackWriter(output);
        writer.Type((byte)SerfType.Query);
        writer.Map(11);
        writer.Field("Addr"u8, Addr);
        writer.Raw("Filters"u8);
        if (Filters is null) writer.Nil();
        else
        {
            writer.Array(Filters.Count);
            for (var i = 0; i < Filters.Count; i++) writer.Blob(Filters[i]);
        }
        writer.Field("Flags"u8, (uint)Flags);
        writer.Field("ID"u8, Id);
        writer.Field("LTime"u8, LTime);
        writer.Field("Name"u8, Name);
        writer.Field("Payload"u8, Payload);
        writer.Field("Port"u8, Port);
        writer.Field("RelayFactor"u8, RelayFactor);
        writer.Field("SourceNode"u8, SourceNode);
        writer.Field("Timeout"u8, TimeoutNanoseconds);
    }
}

/// <summary>
/// Whom a query is for: a type byte, then msgpack. One of the two is set.
/// <code>filter = 00 [name…] / 01 {Expr, Tag}</code>
/// </summary>
/// <param name="Nodes">Names of nodes; null in a tag filter.</param>
/// <param name="Tag">The tag whose value (empty when missing) must match.</param>
/// <param name="Expr">A Go RE2 expression without anchors.</param>
public sealed record QueryFilter(IReadOnlyList<string>? Nodes, string Tag, string Expr)
{
    const byte NodeType = 0;
    const byte TagType = 1;

    /// <summary>
    /// Reads a filter; null when it is malformed or of a type we do not know: the query is then not for us.
    /// </summary>
    public static QueryFilter? TryRead(ReadOnlySpan<byte> filter)
    {
        if (filter.IsEmpty) return null;
        var reader = new MsgPackReader(filter[1..]);
        if (filter[0] == NodeType)
        {
            var nodes = reader.Texts(WireLimits.MaxFilters, WireLimits.MaxName) ?? [];
            return reader.Ok ? new QueryFilter(nodes, "", "") : null;
        }
        if (filter[0] != TagType) return null;
        var (tag, expr) = ("", "");
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            switch (reader.Key())
            {
                case "Expr": expr = reader.Text(WireLimits.MaxMeta); break;
                case "Tag": tag = reader.Text(WireLimits.MaxMeta); break;
                default: reader.Skip(); break;
            }
        }
        return reader.Ok ? new QueryFilter(null, tag, expr) : null;
    }

    /// <summary>Writes the filter.</summary>
    public void Write(IBufferWriter<byte> output)
    {
        var writer = new MsgPackWriter(output);
        if (Nodes is not null)
        {
            writer.Type(NodeType);
            writer.Array(Nodes.Count);
            for (var i = 0; i < Nodes.Count; i++) writer.Text(Nodes[i]);
            return;
        }
        writer.Type(TagType);
        writer.Map(2);
        writer.Field("Expr"u8, Expr);
        writer.Field("Tag"u8, Tag);
    }
}

/// <summary>An answer to a query, or its ack.</summary>
/// <param name="LTime">The query's time.</param>
/// <param name="Id">The query's number.</param>
/// <param name="From">Who answers.</param>
/// <param name="Flags"><see cref="QueryFlags.Ack"/> for an ack.</param>
/// <param name="Payload">The answer; nil in an ack.</param>
public sealed record QueryResponse(ulong LTime, uint Id, string From, QueryFlags Flags, Bytes Payload) : IWireMessage
{
    /// <summary>Reads a body; null when it is malformed.</summary>
    public static QueryResponse? TryRead(ReadOnlySpan<byte> body)
    {
        var reader = new MsgPackReader(body);
        var (time, id, from, flags, payload) = (0UL, 0u, "", 0u, default(Bytes));
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            switch (reader.Key())
            {
                case "Flags": flags = (uint)reader.Unsigned(uint.MaxValue); break;
                case "From": from = reader.Text(WireLimits.MaxName); break;
                case "ID": id = (uint)reader.Unsigned(uint.MaxValue); break;
                case "LTime": time = reader.Unsigned(ulong.MaxValue); break;
                case "Payload": payload = reader.Blob(WireLimits.MaxPayload); break;
                default: reader.Skip(); break;
            }
        }
        return reader.Ok ? new QueryResponse(time, id, from, (QueryFlags)flags, payload) : null;
    }

    /// <inheritdoc/>
    public void Write(IBufferWriter<byte> output)
    {
        var writer = new MsgPackWriter(output);
        writer.Type((byte)SerfType.QueryResponse);
        writer.Map(5);
        writer.Field("Flags"u8, (uint)Flags);
        writer.Field("From"u8, From);
        writer.Field("ID"u8, Id);
        writer.Field("LTime"u8, LTime);
        writer.Field("Payload"u8, Payload);
    }
}
