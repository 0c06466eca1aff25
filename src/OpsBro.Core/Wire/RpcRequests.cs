namespace OpsBro.Core.Wire;

/// <summary>
/// What stands after a header of the agent RPC. The RPC has no frames: one msgpack map follows the other.
/// <code>
/// request = {Command, Seq} body?       answer = {Error, Seq} body?
/// </code>
/// </summary>
public interface IRpcBody
{
    /// <summary>Writes the map; the writer is one with <c>ext</c>.</summary>
    void Write(MsgPackWriter writer);
}

/// <summary>The header of a request.</summary>
/// <param name="Command">One of <see cref="RpcCommand"/>.</param>
/// <param name="Seq">The client's number; answers and records carry it.</param>
public sealed record RpcRequestHeader(string Command, ulong Seq) : IRpcBody
{
    /// <summary>Reads it; ask the reader whether it is sound.</summary>
    public static RpcRequestHeader Read(ref MsgPackReader reader)
    {
        var (command, seq) = ("", 0UL);
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            switch (reader.Key())
            {
                case "Command": command = reader.Text(RpcLimits.MaxWord); break;
                case "Seq": seq = reader.Unsigned(ulong.MaxValue); break;
                default: reader.Skip(); break;
            }
        }
        return new RpcRequestHeader(command, seq);
    }

    /// <inheritdoc/>
    public void Write(MsgPackWriter writer)
    {
        writer.Map(2);
        writer.Field("Command"u8, Command);
        writer.Field("Seq"u8, Seq);
    }
}

/// <summary>The commands of the agent RPC.</summary>
public static class RpcCommand
{
    /// <summary>The first one: <see cref="RpcHandshake"/>.</summary>
    public const string Handshake = "handshake";

    /// <summary><see cref="RpcAuth"/>.</summary>
    public const string Auth = "auth";

    /// <summary><see cref="RpcEvent"/>.</summary>
    public const string Event = "event";

    /// <summary><see cref="RpcForceLeave"/>.</summary>
    public const string ForceLeave = "force-leave";

    /// <summary><see cref="RpcJoin"/>.</summary>
    public const string Join = "join";

    /// <summary>No body.</summary>
    public const string Members = "members";

    /// <summary><see cref="RpcMembersFilter"/>.</summary>
    public const string MembersFiltered = "members-filtered";

    /// <summary><see cref="RpcTags"/>.</summary>
    public const string Tags = "tags";

    /// <summary><see cref="RpcStream"/>.</summary>
    public const string Stream = "stream";

    /// <summary><see cref="RpcMonitor"/>.</summary>
    public const string Monitor = "monitor";

    /// <summary><see cref="RpcStop"/>.</summary>
    public const string Stop = "stop";

    /// <summary>No body.</summary>
    public const string Leave = "leave";

    /// <summary><see cref="RpcQuery"/>.</summary>
    public const string Query = "query";

    /// <summary><see cref="RpcRespond"/>.</summary>
    public const string Respond = "respond";

    /// <summary><see cref="RpcKey"/>.</summary>
    public const string InstallKey = "install-key";

    /// <summary><see cref="RpcKey"/>.</summary>
    public const string UseKey = "use-key";

    /// <summary><see cref="RpcKey"/>.</summary>
    public const string RemoveKey = "remove-key";

    /// <summary>No body.</summary>
    public const string ListKeys = "list-keys";

    /// <summary>No body.</summary>
    public const string Stats = "stats";

    /// <summary><see cref="RpcCoordinate"/>.</summary>
    public const string GetCoordinate = "get-coordinate";

    /// <summary>Reads the body that follows a command; null when it has none, or is no command that we know.</summary>
    public static IRpcBody? ReadBody(string command, ref MsgPackReader reader) => command switch
    {
        Handshake => RpcHandshake.Read(ref reader),
        Auth => RpcAuth.Read(ref reader),
        Event => RpcEvent.Read(ref reader),
        ForceLeave => RpcForceLeave.Read(ref reader),
        Join => RpcJoin.Read(ref reader),
        MembersFiltered => RpcMembersFilter.Read(ref reader),
        Tags => RpcTags.Read(ref reader),
        Stream => RpcStream.Read(ref reader),
        Monitor => RpcMonitor.Read(ref reader),
        Stop => RpcStop.Read(ref reader),
        Query => RpcQuery.Read(ref reader),
        Respond => RpcRespond.Read(ref reader),
        InstallKey or UseKey or RemoveKey => RpcKey.Read(ref reader),
        GetCoordinate => RpcCoordinate.Read(ref reader),
        _ => null,
    };

    /// <summary>True for a command that we know.</summary>
    public static bool IsKnown(string command) => command is Handshake or Auth or Event or ForceLeave or Join or Members
        or MembersFiltered or Tags or Stream or Monitor or Stop or Leave or Query or Respond or InstallKey or UseKey or RemoveKey
        or ListKeys or Stats or GetCoordinate;
}

/// <summary>Both sides agree on the version.</summary>
public sealed record RpcHandshake(int Version) : IRpcBody
{
    internal static RpcHandshake Read(ref MsgPackReader reader)
    {
        var version = 0;
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            if (reader.Key() is "Version") version = reader.Int32();
            else reader.Skip();
        }
        return new RpcHandshake(version);
    }

    /// <inheritdoc/>
    public void Write(MsgPackWriter writer)
    {
        writer.Map(1);
        writer.Field("Version"u8, (long)Version);
    }
}

/// <summary>The client shows its key.</summary>
public sealed record RpcAuth(string AuthKey) : IRpcBody
{
    internal static RpcAuth Read(ref MsgPackReader reader) => new(RpcReading.OneText(ref reader, "AuthKey"));

    /// <inheritdoc/>
    public void Write(MsgPackWriter writer)
    {
        writer.Map(1);
        writer.Field("AuthKey"u8, AuthKey);
    }
}

/// <summary>Fires an event of a user.</summary>
public sealed record RpcEvent(string Name, Bytes Payload, bool Coalesce) : IRpcBody
{
    internal static RpcEvent Read(ref MsgPackReader reader)
    {
        var (name, payload, coalesce) = ("", default(Bytes), false);
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            switch (reader.Key())
            {
                case "Coalesce": coalesce = reader.Bool(); break;
                case "Name": name = reader.Text(RpcLimits.MaxWord); break;
                case "Payload": payload = reader.Blob(RpcLimits.MaxRequest); break;
                default: reader.Skip(); break;
            }
        }
        return new RpcEvent(name, payload, coalesce);
    }

    /// <inheritdoc/>
    public void Write(MsgPackWriter writer)
    {
        writer.Map(3);
        writer.Field("Coalesce"u8, Coalesce);
        writer.Field("Name"u8, Name);
        writer.Field("Payload"u8, Payload);
    }
}

/// <summary>Makes a failed node one that left; with <paramref name="Prune"/> it is forgotten.</summary>
public sealed record RpcForceLeave(string Node, bool Prune) : IRpcBody
{
    internal static RpcForceLeave Read(ref MsgPackReader reader)
    {
        var (node, prune) = ("", false);
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            switch (reader.Key())
            {
                case "Node": node = reader.Text(RpcLimits.MaxWord); break;
                case "Prune": prune = reader.Bool(); break;
                default: reader.Skip(); break;
            }
        }
        return new RpcForceLeave(node, prune);
    }

    /// <inheritdoc/>
    public void Write(MsgPackWriter writer)
    {
        writer.Map(2);
        writer.Field("Node"u8, Node);
        writer.Field("Prune"u8, Prune);
    }
}

/// <summary>Joins a cluster through these; <paramref name="Replay"/> wants its past events.</summary>
public sealed record RpcJoin(IReadOnlyList<string>? Existing, bool Replay) : IRpcBody
{
    internal static RpcJoin Read(ref MsgPackReader reader)
    {
        var (existing, replay) = (default(List<string>), false);
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            switch (reader.Key())
            {
                case "Existing": existing = reader.Texts(RpcLimits.MaxItems, RpcLimits.MaxWord); break;
                case "Replay": replay = reader.Bool(); break;
                default: reader.Skip(); break;
            }
        }
        return new RpcJoin(existing, replay);
    }

    /// <inheritdoc/>
    public void Write(MsgPackWriter writer)
    {
        writer.Map(2);
        writer.Field("Existing"u8, Existing);
        writer.Field("Replay"u8, Replay);
    }
}

/// <summary>Which members: regular expressions of the whole value; empty is any.</summary>
public sealed record RpcMembersFilter(string Name, string Status, IReadOnlyList<KeyValuePair<string, string>>? Tags) : IRpcBody
{
    internal static RpcMembersFilter Read(ref MsgPackReader reader)
    {
        var (name, status, tags) = ("", "", default(IReadOnlyList<KeyValuePair<string, string>>));
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            switch (reader.Key())
            {
                case "Name": name = reader.Text(RpcLimits.MaxWord); break;
                case "Status": status = reader.Text(RpcLimits.MaxWord); break;
                case "Tags": tags = RpcReading.Pairs(ref reader); break;
                default: reader.Skip(); break;
            }
        }
        return new RpcMembersFilter(name, status, tags);
    }

    /// <inheritdoc/>
    public void Write(MsgPackWriter writer)
    {
        writer.Map(3);
        writer.Field("Name"u8, Name);
        writer.Field("Status"u8, Status);
        RpcReading.Field(writer, "Tags"u8, Tags);
    }
}
