namespace OpsBro.Core.Wire;

/// <summary>The header of an answer or of a record.</summary>
/// <param name="Error">What went wrong; empty when nothing did.</param>
/// <param name="Seq">The number of the request.</param>
public sealed record RpcAnswerHeader(string Error, ulong Seq) : IRpcBody
{
    /// <summary>Reads it; ask the reader whether it is sound.</summary>
    public static RpcAnswerHeader Read(ref MsgPackReader reader)
    {
        var (error, seq) = ("", 0UL);
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            switch (reader.Key())
            {
                case "Error": error = reader.Text(WireLimits.MaxText); break;
                case "Seq": seq = reader.Unsigned(ulong.MaxValue); break;
                default: reader.Skip(); break;
            }
        }
        return new RpcAnswerHeader(error, seq);
    }

    /// <inheritdoc/>
    public void Write(MsgPackWriter writer)
    {
        writer.Map(2);
        writer.Field("Error"u8, Error);
        writer.Field("Seq"u8, Seq);
    }
}

/// <summary>Answer to a join.</summary>
/// <param name="Num">Nodes that answered.</param>
public sealed record RpcJoined(int Num) : IRpcBody
{
    /// <summary>Reads it; ask the reader whether it is sound.</summary>
    public static RpcJoined Read(ref MsgPackReader reader)
    {
        var num = 0;
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            if (reader.Key() is "Num") num = reader.Int32();
            else reader.Skip();
        }
        return new RpcJoined(num);
    }

    /// <inheritdoc/>
    public void Write(MsgPackWriter writer)
    {
        writer.Map(1);
        writer.Field("Num"u8, (long)Num);
    }
}

/// <summary>A member as the RPC shows it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Addr">4 or 16 bytes.</param>
/// <param name="Port">Its port.</param>
/// <param name="Tags">Its tags; null as Go's nil.</param>
/// <param name="Status">alive, leaving, left or failed.</param>
/// <param name="Versions">What it speaks.</param>
public sealed record RpcMember(
    string Name, Bytes Addr, ushort Port, IReadOnlyList<KeyValuePair<string, string>>? Tags, string Status, ProtocolVersions Versions)
    : IRpcBody
{
    /// <summary>Reads it; ask the reader whether it is sound.</summary>
    public static RpcMember Read(ref MsgPackReader reader)
    {
        var (name, addr, port, status) = ("", default(Bytes), (ushort)0, "");
        var tags = default(IReadOnlyList<KeyValuePair<string, string>>);
        Span<byte> versions = stackalloc byte[6];
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            switch (reader.Key())
            {
                case "Addr": addr = reader.Blob(WireLimits.MaxAddress); break;
                case "DelegateCur": versions[5] = (byte)reader.Unsigned(byte.MaxValue); break;
                case "DelegateMax": versions[4] = (byte)reader.Unsigned(byte.MaxValue); break;
                case "DelegateMin": versions[3] = (byte)reader.Unsigned(byte.MaxValue); break;
                case "Name": name = reader.Text(RpcLimits.MaxWord); break;
                case "Port": port = (ushort)reader.Unsigned(ushort.MaxValue); break;
                case "ProtocolCur": versions[2] = (byte)reader.Unsigned(byte.MaxValue); break;
                case "ProtocolMax": versions[1] = (byte)reader.Unsigned(byte.MaxValue); break;
                case "ProtocolMin": versions[0] = (byte)reader.Unsigned(byte.MaxValue); break;
                case "Status": status = reader.Text(RpcLimits.MaxWord); break;
                case "Tags": tags = RpcReading.Pairs(ref reader); break;
                default: reader.Skip(); break;
            }
        }
        return new RpcMember(name, addr, port, tags, status,
            new ProtocolVersions(versions[0], versions[1], versions[2], versions[3], versions[4], versions[5]));
    }

    /// <inheritdoc/>
    public void Write(MsgPackWriter writer)
    {
        writer.Map(11);
        writer.Field("Addr"u8, Addr);
        writer.Field("DelegateCur"u8, (ulong)Versions.DelegateCur);
        writer.Field("DelegateMax"u8, (ulong)Versions.DelegateMax);
        writer.Field("DelegateMin"u8, (ulong)Versions.DelegateMin);
        writer.Field("Name"u8, Name);
        writer.Field("Port"u8, (ulong)Port);
        writer.Field("ProtocolCur"u8, (ulong)Versions.ProtocolCur);
        writer.Field("ProtocolMax"u8, (ulong)Versions.ProtocolMax);
        writer.Field("ProtocolMin"u8, (ulong)Versions.ProtocolMin);
        writer.Field("Status"u8, Status);
        RpcReading.Field(writer, "Tags"u8, Tags);
    }

    /// <summary>Writes a field with members.</summary>
    internal static void Field(MsgPackWriter writer, IReadOnlyList<RpcMember>? members)
    {
        writer.Raw("Members"u8);
        if (members is null)
        {
            writer.Nil();
            return;
        }
        writer.Array(members.Count);
        for (var i = 0; i < members.Count; i++) members[i].Write(writer);
    }

    /// <summary>Reads an array of members, or null for nil.</summary>
    internal static IReadOnlyList<RpcMember>? ReadAll(ref MsgPackReader reader)
    {
        if (reader.Array(WireLimits.MaxMembers) is not { } count) return null;
        var members = new List<RpcMember>();
        for (; count > 0 && reader.Ok; count--) members.Add(Read(ref reader));
        return members;
    }
}

/// <summary>Answer to members and members-filtered.</summary>
public sealed record RpcMembers(IReadOnlyList<RpcMember>? Members) : IRpcBody
{
    /// <summary>Reads it; ask the reader whether it is sound.</summary>
    public static RpcMembers Read(ref MsgPackReader reader)
    {
        var members = default(IReadOnlyList<RpcMember>);
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            if (reader.Key() is "Members") members = RpcMember.ReadAll(ref reader);
            else reader.Skip();
        }
        return new RpcMembers(members);
    }

    /// <inheritdoc/>
    public void Write(MsgPackWriter writer)
    {
        writer.Map(1);
        RpcMember.Field(writer, Members);
    }
}

/// <summary>Answer to the four key commands.</summary>
/// <param name="Messages">What nodes complained of, by node.</param>
/// <param name="Keys">On how many nodes each key is; null when the keys were not asked for.</param>
/// <param name="NumNodes">Members asked.</param>
/// <param name="NumErr">Members that failed.</param>
/// <param name="NumResp">Members that answered.</param>
public sealed record RpcKeys(
    IReadOnlyList<KeyValuePair<string, string>>? Messages, IReadOnlyList<KeyValuePair<string, int>>? Keys, int NumNodes, int NumErr,
    int NumResp) : IRpcBody
{
    /// <summary>Reads it; ask the reader whether it is sound.</summary>
    public static RpcKeys Read(ref MsgPackReader reader)
    {
        var (messages, keys) = (default(IReadOnlyList<KeyValuePair<string, string>>), default(List<KeyValuePair<string, int>>));
        var (nodes, errors, answers) = (0, 0, 0);
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            switch (reader.Key())
            {
                case "Keys":
                    if (reader.TryNil()) break;
                    keys = [];
                    for (var more = reader.Map(RpcLimits.MaxItems); more > 0 && reader.Ok; more--)
                        keys.Add(new(reader.Text(RpcLimits.MaxWord), reader.Int32()));
                    break;
                case "Messages": messages = RpcReading.Pairs(ref reader); break;
                case "NumErr": errors = reader.Int32(); break;
                case "NumNodes": nodes = reader.Int32(); break;
                case "NumResp": answers = reader.Int32(); break;
                default: reader.Skip(); break;
            }
        }
        return new RpcKeys(messages, keys, nodes, errors, answers);
    }

    /// <inheritdoc/>
    public void Write(MsgPackWriter writer)
    {
        writer.Map(5);
        writer.Raw("Keys"u8);
        if (Keys is null) writer.Nil();
        else
        {
            writer.Map(Keys.Count);
            for (var i = 0; i < Keys.Count; i++)
            {
                writer.Text(Keys[i].Key);
                writer.Signed(Keys[i].Value);
            }
        }
        RpcReading.Field(writer, "Messages"u8, Messages);
        writer.Field("NumErr"u8, (long)NumErr);
        writer.Field("NumNodes"u8, (long)NumNodes);
        writer.Field("NumResp"u8, (long)NumResp);
    }
}

/// <summary>Answer to get-coordinate.</summary>
/// <param name="Coordinate">Where the node is; null when that is not known.</param>
public sealed record RpcCoordinateAnswer(CoordinatePayload? Coordinate) : IRpcBody
{
    /// <summary>Reads it; ask the reader whether it is sound.</summary>
    public static RpcCoordinateAnswer Read(ref MsgPackReader reader)
    {
        var (coordinate, known) = (default(CoordinatePayload), false);
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            switch (reader.Key())
            {
                case "Coord" when !reader.TryNil(): coordinate = CoordinatePayload.Read(ref reader); break;
                case "Coord": break;
                case "Ok": known = reader.Bool(); break;
                default: reader.Skip(); break;
            }
        }
        return new RpcCoordinateAnswer(known ? coordinate : null);
    }

    /// <inheritdoc/>
    public void Write(MsgPackWriter writer)
    {
        writer.Map(2);
        writer.Raw("Coord"u8);
        if (Coordinate is null) writer.Nil();
        else Coordinate.Write(writer);
        writer.Field("Ok"u8, Coordinate is not null);
    }
}

/// <summary>Answer to stats: parts with names and values, all texts.</summary>
public sealed record RpcStats(IReadOnlyList<KeyValuePair<string, IReadOnlyList<KeyValuePair<string, string>>>> Parts) : IRpcBody
{
    /// <summary>Reads it; ask the reader whether it is sound.</summary>
    public static RpcStats Read(ref MsgPackReader reader)
    {
        var parts = new List<KeyValuePair<string, IReadOnlyList<KeyValuePair<string, string>>>>();
        for (var left = reader.Map(RpcLimits.MaxStats); left > 0 && reader.Ok; left--)
            parts.Add(new(reader.Text(RpcLimits.MaxWord), RpcReading.Pairs(ref reader) ?? []));
        return new RpcStats(parts);
    }

    /// <inheritdoc/>
    public void Write(MsgPackWriter writer)
    {
        writer.Map(Parts.Count);
        foreach (var part in Parts) RpcReading.Field(writer, System.Text.Encoding.UTF8.GetBytes(part.Key), part.Value);
    }
}
