namespace OpsBro.Core.Wire;

/// <summary>Something of a query that the client asked.</summary>
/// <param name="Type">ack, response or done.</param>
/// <param name="From">Who; empty when done.</param>
/// <param name="Payload">The answer.</param>
public sealed record RpcQueryRecord(string Type, string From, Bytes Payload) : IRpcBody
{
    /// <summary>A node has the query.</summary>
    public const string Ack = "ack";

    /// <summary>A node's answer.</summary>
    public const string Response = "response";

    /// <summary>
    /// The time is over. Sent at the deadline only: the stock command looks at its channels in a random order and loses
    /// answers that an early end follows.
    /// </summary>
    public const string Done = "done";

    /// <summary>Reads it; ask the reader whether it is sound.</summary>
    public static RpcQueryRecord Read(ref MsgPackReader reader)
    {
        var (type, from, payload) = ("", "", default(Bytes));
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            switch (reader.Key())
            {
                case "From": from = reader.Text(RpcLimits.MaxWord); break;
                case "Payload": payload = reader.Blob(WireLimits.MaxPayload); break;
                case "Type": type = reader.Text(RpcLimits.MaxWord); break;
                default: reader.Skip(); break;
            }
        }
        return new RpcQueryRecord(type, from, payload);
    }

    /// <inheritdoc/>
    public void Write(MsgPackWriter writer)
    {
        writer.Map(3);
        writer.Field("From"u8, From);
        writer.Field("Payload"u8, Payload);
        writer.Field("Type"u8, Type);
    }
}

/// <summary>
/// A record of a stream. Which fields it has depends on the event: members for <c>member-…</c>; a time, name and payload for
/// <c>user</c> and <c>query</c>.
/// </summary>
/// <param name="Event">member-join, member-leave, member-failed, member-update, member-reap, user or query.</param>
public sealed record RpcEventRecord(string Event) : IRpcBody
{
    /// <summary>The event of a user.</summary>
    public const string User = "user";

    /// <summary>A query to this node.</summary>
    public const string Query = "query";

    /// <summary>The members, of a member event.</summary>
    public IReadOnlyList<RpcMember>? Members { get; init; }

    /// <summary>Lamport time.</summary>
    public ulong LTime { get; init; }

    /// <summary>Name of the event or query.</summary>
    public string Name { get; init; } = "";

    /// <summary>What comes with it.</summary>
    public Bytes Payload { get; init; }

    /// <summary>Of a user's event: of several, the last is enough.</summary>
    public bool Coalesce { get; init; }

    /// <summary>Of a query: what respond wants.</summary>
    public ulong Id { get; init; }

    /// <summary>Reads it; ask the reader whether it is sound.</summary>
    public static RpcEventRecord Read(ref MsgPackReader reader)
    {
        var record = new RpcEventRecord("");
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            switch (reader.Key())
            {
                case "Coalesce": record = record with { Coalesce = reader.Bool() }; break;
                case "Event": record = record with { Event = reader.Text(RpcLimits.MaxWord) }; break;
                case "ID": record = record with { Id = reader.Unsigned(ulong.MaxValue) }; break;
                case "LTime": record = record with { LTime = reader.Unsigned(ulong.MaxValue) }; break;
                case "Members": record = record with { Members = RpcMember.ReadAll(ref reader) }; break;
                case "Name": record = record with { Name = reader.Text(RpcLimits.MaxWord) }; break;
                case "Payload": record = record with { Payload = reader.Blob(WireLimits.MaxPayload) }; break;
                default: reader.Skip(); break;
            }
        }
        return record;
    }

    /// <inheritdoc/>
    public void Write(MsgPackWriter writer)
    {
        switch (Event)
        {
            case User:
                writer.Map(5);
                writer.Field("Coalesce"u8, Coalesce);
                writer.Field("Event"u8, Event);
                break;
            case Query:
                writer.Map(5);
                writer.Field("Event"u8, Event);
                writer.Field("ID"u8, Id);
                break;
            default:
                writer.Map(2);
                writer.Field("Event"u8, Event);
                RpcMember.Field(writer, Members);
                return;
        }
        writer.Field("LTime"u8, LTime);
        writer.Field("Name"u8, Name);
        writer.Field("Payload"u8, Payload);
    }
}

/// <summary>A record of a monitor.</summary>
/// <param name="Log">A line of the log.</param>
public sealed record RpcLogRecord(string Log) : IRpcBody
{
    /// <summary>Reads it; ask the reader whether it is sound.</summary>
    public static RpcLogRecord Read(ref MsgPackReader reader)
    {
        var log = "";
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            if (reader.Key() is "Log") log = reader.Text(WireLimits.MaxText);
            else reader.Skip();
        }
        return new RpcLogRecord(log);
    }

    /// <inheritdoc/>
    public void Write(MsgPackWriter writer)
    {
        writer.Map(1);
        writer.Field("Log"u8, Log);
    }
}
