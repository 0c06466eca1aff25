namespace OpsBro.Core.Wire;

/// <summary>Sets tags and deletes others.</summary>
public sealed record RpcTags(IReadOnlyList<KeyValuePair<string, string>>? Tags, IReadOnlyList<string>? DeleteTags) : IRpcBody
{
    internal static RpcTags Read(ref MsgPackReader reader)
    {
        var (tags, deleted) = (default(IReadOnlyList<KeyValuePair<string, string>>), default(List<string>));
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            switch (reader.Key())
            {
                case "DeleteTags": deleted = reader.Texts(RpcLimits.MaxItems, RpcLimits.MaxWord); break;
                case "Tags": tags = RpcReading.Pairs(ref reader); break;
                default: reader.Skip(); break;
            }
        }
        return new RpcTags(tags, deleted);
    }

    /// <inheritdoc/>
    public void Write(MsgPackWriter writer)
    {
        writer.Map(2);
        writer.Field("DeleteTags"u8, DeleteTags);
        RpcReading.Field(writer, "Tags"u8, Tags);
    }
}

/// <summary>Asks for events as they happen.</summary>
/// <param name="Type"><c>*</c>, or parts with commas: <c>member-join,user:deploy,query:load</c>.</param>
public sealed record RpcStream(string Type) : IRpcBody
{
    internal static RpcStream Read(ref MsgPackReader reader) => new(RpcReading.OneText(ref reader, "Type"));

    /// <inheritdoc/>
    public void Write(MsgPackWriter writer)
    {
        writer.Map(1);
        writer.Field("Type"u8, Type);
    }
}

/// <summary>Asks for the agent's log as it is written.</summary>
public sealed record RpcMonitor(string LogLevel) : IRpcBody
{
    internal static RpcMonitor Read(ref MsgPackReader reader) => new(RpcReading.OneText(ref reader, "LogLevel"));

    /// <inheritdoc/>
    public void Write(MsgPackWriter writer)
    {
        writer.Map(1);
        writer.Field("LogLevel"u8, LogLevel);
    }
}

/// <summary>Ends a stream or a monitor.</summary>
/// <param name="Stop">The number that it was asked for with.</param>
public sealed record RpcStop(ulong Stop) : IRpcBody
{
    internal static RpcStop Read(ref MsgPackReader reader)
    {
        var stop = 0UL;
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            if (reader.Key() is "Stop") stop = reader.Unsigned(ulong.MaxValue);
            else reader.Skip();
        }
        return new RpcStop(stop);
    }

    /// <inheritdoc/>
    public void Write(MsgPackWriter writer)
    {
        writer.Map(1);
        writer.Field("Stop"u8, Stop);
    }
}

/// <summary>Asks the cluster.</summary>
/// <param name="FilterNodes">Only these nodes; none given is all.</param>
/// <param name="FilterTags">Only nodes whose tags match these regular expressions.</param>
/// <param name="RequestAck">Each node says as well that it has the query.</param>
/// <param name="RelayFactor">How many others pass each answer on.</param>
/// <param name="TimeoutNanoseconds">0 for the cluster's own.</param>
/// <param name="Name">Its name.</param>
/// <param name="Payload">What comes with it.</param>
public sealed record RpcQuery(
    IReadOnlyList<string>? FilterNodes, IReadOnlyList<KeyValuePair<string, string>>? FilterTags, bool RequestAck, byte RelayFactor,
    long TimeoutNanoseconds, string Name, Bytes Payload) : IRpcBody
{
    internal static RpcQuery Read(ref MsgPackReader reader)
    {
        var (nodes, tags) = (default(List<string>), default(IReadOnlyList<KeyValuePair<string, string>>));
        var (ack, relay, timeout, name, payload) = (false, (byte)0, 0L, "", default(Bytes));
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            switch (reader.Key())
            {
                case "FilterNodes": nodes = reader.Texts(RpcLimits.MaxItems, RpcLimits.MaxWord); break;
                case "FilterTags": tags = RpcReading.Pairs(ref reader); break;
                case "Name": name = reader.Text(RpcLimits.MaxWord); break;
                case "Payload": payload = reader.Blob(RpcLimits.MaxRequest); break;
                case "RelayFactor": relay = (byte)reader.Unsigned(byte.MaxValue); break;
                case "RequestAck": ack = reader.Bool(); break;
                case "Timeout": timeout = reader.Signed(); break;
                default: reader.Skip(); break;
            }
        }
        return new RpcQuery(nodes, tags, ack, relay, timeout, name, payload);
    }

    /// <inheritdoc/>
    public void Write(MsgPackWriter writer)
    {
        writer.Map(7);
        writer.Field("FilterNodes"u8, FilterNodes);
        RpcReading.Field(writer, "FilterTags"u8, FilterTags);
        writer.Field("Name"u8, Name);
        writer.Field("Payload"u8, Payload);
        writer.Field("RelayFactor"u8, (ulong)RelayFactor);
        writer.Field("RequestAck"u8, RequestAck);
        writer.Field("Timeout"u8, TimeoutNanoseconds);
    }
}

/// <summary>Answers a query that came by a stream.</summary>
public sealed record RpcRespond(ulong Id, Bytes Payload) : IRpcBody
{
    internal static RpcRespond Read(ref MsgPackReader reader)
    {
        var (id, payload) = (0UL, default(Bytes));
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            switch (reader.Key())
            {
                case "ID": id = reader.Unsigned(ulong.MaxValue); break;
                case "Payload": payload = reader.Blob(RpcLimits.MaxRequest); break;
                default: reader.Skip(); break;
            }
        }
        return new RpcRespond(id, payload);
    }

    /// <inheritdoc/>
    public void Write(MsgPackWriter writer)
    {
        writer.Map(2);
        writer.Field("ID"u8, Id);
        writer.Field("Payload"u8, Payload);
    }
}

/// <summary>Installs, uses or removes a key, in base64.</summary>
public sealed record RpcKey(string Key) : IRpcBody
{
    internal static RpcKey Read(ref MsgPackReader reader) => new(RpcReading.OneText(ref reader, "Key"));

    /// <inheritdoc/>
    public void Write(MsgPackWriter writer)
    {
        writer.Map(1);
        writer.Field("Key"u8, Key);
    }

    /// <summary>Says nothing of the key: a request may come into a log.</summary>
    public override string ToString() => nameof(RpcKey);
}

/// <summary>Asks where a node is in the network.</summary>
public sealed record RpcCoordinate(string Node) : IRpcBody
{
    internal static RpcCoordinate Read(ref MsgPackReader reader) => new(RpcReading.OneText(ref reader, "Node"));

    /// <inheritdoc/>
    public void Write(MsgPackWriter writer)
    {
        writer.Map(1);
        writer.Field("Node"u8, Node);
    }
}

/// <summary>What several bodies have.</summary>
static class RpcReading
{
    /// <summary>A map with one text that matters.</summary>
    public static string OneText(ref MsgPackReader reader, string field)
    {
        var text = "";
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            if (reader.Key().SequenceEqual(field)) text = reader.Text(RpcLimits.MaxWord);
            else reader.Skip();
        }
        return text;
    }

    /// <summary>A map of texts in its order, or null for nil.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>>? Pairs(ref MsgPackReader reader)
    {
        if (reader.TryNil()) return null;
        var pairs = new List<KeyValuePair<string, string>>();
        for (var left = reader.Map(RpcLimits.MaxItems); left > 0 && reader.Ok; left--)
            pairs.Add(new(reader.Text(RpcLimits.MaxWord), reader.Text(RpcLimits.MaxWord)));
        return pairs;
    }

    /// <summary>A field with a map of texts, or nil.</summary>
    public static void Field(MsgPackWriter writer, ReadOnlySpan<byte> name, IReadOnlyList<KeyValuePair<string, string>>? pairs)
    {
        writer.Raw(name);
        if (pairs is null)
        {
            writer.Nil();
            return;
        }
        writer.Map(pairs.Count);
        for (var i = 0; i < pairs.Count; i++)
        {
            writer.Text(pairs[i].Key);
            writer.Text(pairs[i].Value);
        }
    }
}
