using System.Buffers;

namespace OpsBro.Core.Wire;

/// <summary>
/// What a node knows of a member whose name two claim: the payload of an answer to <c>_serf_conflict</c>.
/// </summary>
/// <param name="Name">The name.</param>
/// <param name="Addr">The address it has for this node.</param>
/// <param name="Port">And the port.</param>
/// <param name="Tags">Its tags; null as Go's nil.</param>
/// <param name="Status">0 none, 1 alive, 2 leaving, 3 left, 4 failed.</param>
/// <param name="Versions">Its protocols.</param>
public sealed record ConflictResponse(
    string Name, Bytes Addr, ushort Port, IReadOnlyList<KeyValuePair<string, string>>? Tags, int Status,
    ProtocolVersions Versions) : IWireMessage
{
    /// <summary>Reads a body; null when it is malformed.</summary>
    public static ConflictResponse? TryRead(ReadOnlySpan<byte> body)
    {
        var reader = new MsgPackReader(body);
        var (name, addr, port, status, versions) = ("", default(Bytes), (ushort)0, 0, default(ProtocolVersions));
        IReadOnlyList<KeyValuePair<string, string>>? tags = null;
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            switch (reader.Key())
            {
                case "Addr": addr = reader.Blob(WireLimits.MaxAddress); break;
                case "DelegateCur": versions = versions with { DelegateCur = Byte(ref reader) }; break;
                case "DelegateMax": versions = versions with { DelegateMax = Byte(ref reader) }; break;
                case "DelegateMin": versions = versions with { DelegateMin = Byte(ref reader) }; break;
                case "Name": name = reader.Text(WireLimits.MaxName); break;
                case "Port": port = (ushort)reader.Unsigned(ushort.MaxValue); break;
                case "ProtocolCur": versions = versions with { ProtocolCur = Byte(ref reader) }; break;
                case "ProtocolMax": versions = versions with { ProtocolMax = Byte(ref reader) }; break;
                case "ProtocolMin": versions = versions with { ProtocolMin = Byte(ref reader) }; break;
                case "Status": status = reader.Int32(); break;
                case "Tags": tags = reader.TryNil() ? null : Wire.Tags.Read(ref reader); break;
                default: reader.Skip(); break;
            }
        }
        return reader.Ok ? new ConflictResponse(name, addr, port, tags, status, versions) : null;
    }

    /// <inheritdoc/>
    public void Write(IBufferWriter<byte> output)
    {
        var writer = new MsgPackWriter(output);
        writer.Type((byte)SerfType.ConflictResponse);
        writer.Map(11);
        writer.Field("Addr"u8, Addr);
        writer.Field("DelegateCur"u8, Versions.DelegateCur);
        writer.Field("DelegateMax"u8, Versions.DelegateMax);
        writer.Field("DelegateMin"u8, Versions.DelegateMin);
        writer.Field("Name"u8, Name);
        writer.Field("Port"u8, Port);
        writer.Field("ProtocolCur"u8, Versions.ProtocolCur);
        writer.Field("ProtocolMax"u8, Versions.ProtocolMax);
        writer.Field("ProtocolMin"u8, Versions.ProtocolMin);
        writer.Field("Status"u8, Status);
        writer.Raw("Tags"u8);
        if (Tags is null) writer.Nil();
        else Wire.Tags.Write(writer, Tags);
    }

    static byte Byte(ref MsgPackReader reader) => (byte)reader.Unsigned(byte.MaxValue);
}

/// <summary>
/// A command about keys: the payload of the queries <c>_serf_install-key</c>, <c>-use-key</c>, <c>-remove-key</c>,
/// <c>-list-keys</c>.
/// </summary>
/// <param name="Key">The key itself; empty to list.</param>
public sealed record KeyRequest(Bytes Key) : IWireMessage
{
    /// <summary>Reads a body; null when it is malformed.</summary>
    public static KeyRequest? TryRead(ReadOnlySpan<byte> body)
    {
        var reader = new MsgPackReader(body);
        var key = default(Bytes);
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            if (reader.Key() is "Key") key = reader.Blob(WireLimits.MaxText);
            else reader.Skip();
        }
        return reader.Ok ? new KeyRequest(key) : null;
    }

    /// <inheritdoc/>
    public void Write(IBufferWriter<byte> output)
    {
        var writer = new MsgPackWriter(output);
        writer.Type((byte)SerfType.KeyRequest);
        writer.Map(1);
        writer.Field("Key"u8, Key);
    }

    /// <summary>Key material never gets into a log by way of a record's text.</summary>
    public override string ToString() => $"KeyRequest of {Key.Length} bytes";
}

/// <summary>The answer to a command about keys.</summary>
/// <param name="Result">It was done.</param>
/// <param name="Message">Why not.</param>
/// <param name="Keys">The keys in base64, for a list; null as Go's nil.</param>
/// <param name="PrimaryKey">The primary one in base64; empty from older nodes.</param>
public sealed record KeyResponse(bool Result, string Message, IReadOnlyList<string>? Keys, string PrimaryKey) : IWireMessage
{
    /// <summary>Reads a body; null when it is malformed.</summary>
    public static KeyResponse? TryRead(ReadOnlySpan<byte> body)
    {
        var reader = new MsgPackReader(body);
        var (result, message, primary) = (false, "", "");
        IReadOnlyList<string>? keys = null;
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            switch (reader.Key())
            {
                case "Keys": keys = reader.Texts(WireLimits.MaxKeys, WireLimits.MaxName); break;
                case "Message": message = reader.Text(WireLimits.MaxText); break;
                case "PrimaryKey": primary = reader.Text(WireLimits.MaxName); break;
                case "Result": result = reader.Bool(); break;
                default: reader.Skip(); break;
            }
        }
        return reader.Ok ? new KeyResponse(result, message, keys, primary) : null;
    }

    /// <inheritdoc/>
    public void Write(IBufferWriter<byte> output)
    {
        var writer = new MsgPackWriter(output);
        writer.Type((byte)SerfType.KeyResponse);
        writer.Map(4);
        writer.Field("Keys"u8, Keys);
        writer.Field("Message"u8, Message);
        writer.Field("PrimaryKey"u8, PrimaryKey);
        writer.Field("Result"u8, Result);
    }

    /// <summary>Key material never gets into a log by way of a record's text.</summary>
    public override string ToString() => $"KeyResponse {Result} \"{Message}\" with {Keys?.Count ?? 0} keys";
}

/// <summary>A message to pass on to a node, as it is.</summary>
/// <param name="Ip">Its address: 4 or 16 bytes.</param>
/// <param name="Port">Its port.</param>
/// <param name="Zone">IPv6 zone; empty.</param>
/// <param name="DestName">Its name.</param>
/// <param name="Message">The Serf message, with its type byte.</param>
public sealed record Relay(Bytes Ip, ushort Port, string Zone, string DestName, Bytes Message) : IWireMessage
{
    /// <summary>Reads a body; null when it is malformed or holds no message.</summary>
    public static Relay? TryRead(ReadOnlySpan<byte> body)
    {
        var reader = new MsgPackReader(body);
        var (ip, port, zone, name) = (default(Bytes), (ushort)0, "", "");
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            switch (reader.Key())
            {
                case "DestAddr":
                    for (var parts = reader.Map(WireLimits.MaxFields); parts > 0 && reader.Ok; parts--)
                    {
                        switch (reader.Key())
                        {
                            case "IP": ip = reader.Blob(WireLimits.MaxAddress); break;
                            case "Port": port = (ushort)reader.Unsigned(ushort.MaxValue); break;
                            case "Zone": zone = reader.Text(WireLimits.MaxName); break;
                            default: reader.Skip(); break;
                        }
                    }
                    break;
                case "DestName": name = reader.Text(WireLimits.MaxName); break;
                default: reader.Skip(); break;
            }
        }
        return reader.Ok && !reader.Rest.IsEmpty ? new Relay(ip, port, zone, name, reader.Rest.ToArray()) : null;
    }

    /// <inheritdoc/>
    public void Write(IBufferWriter<byte> output)
    {
        var writer = new MsgPackWriter(output);
        writer.Type((byte)SerfType.Relay);
        writer.Map(2);
        writer.Raw("DestAddr"u8);
        writer.Map(3);
        writer.Field("IP"u8, Ip);
        writer.Field("Port"u8, Port);
        writer.Field("Zone"u8, Zone);
        writer.Field("DestName"u8, DestName);
        output.Write(Message.Span);
    }
}
