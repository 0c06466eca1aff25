using System.Buffers;

namespace OpsBro.Core.Wire;

/// <summary>An event in the ring of past ones.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Payload">What came with it.</param>
public sealed record PastEvent(string Name, Bytes Payload);

/// <summary>The events of one Lamport time.</summary>
/// <param name="LTime">The time.</param>
/// <param name="Events">The events; null as Go's nil.</param>
public sealed record EventSlot(ulong LTime, IReadOnlyList<PastEvent>? Events);

/// <summary>Serf's part of a push/pull.</summary>
/// <param name="LTime">The member clock.</param>
/// <param name="StatusLTimes">When each member last joined or left. The order is kept; Go's is random.</param>
/// <param name="LeftMembers">Who left; null as Go's nil.</param>
/// <param name="EventLTime">The event clock.</param>
/// <param name="Events">The ring of past events, with nulls; an empty list is as good as 512 nulls.</param>
/// <param name="QueryLTime">The query clock.</param>
public sealed record SerfPushPull(
    ulong LTime, IReadOnlyList<KeyValuePair<string, ulong>> StatusLTimes, IReadOnlyList<string>? LeftMembers,
    ulong EventLTime, IReadOnlyList<EventSlot?>? Events, ulong QueryLTime) : IWireMessage
{
    /// <summary>Reads a body; null when it is malformed.</summary>
    public static SerfPushPull? TryRead(ReadOnlySpan<byte> body)
    {
        var reader = new MsgPackReader(body);
        var (time, eventTime, queryTime) = (0UL, 0UL, 0UL);
        var status = new List<KeyValuePair<string, ulong>>();
        IReadOnlyList<string>? left = null;
        IReadOnlyList<EventSlot?>? events = null;
        for (var fields = reader.Map(WireLimits.MaxFields); fields > 0 && reader.Ok; fields--)
        {
            switch (reader.Key())
            {
                case "EventLTime": eventTime = reader.Unsigned(ulong.MaxValue); break;
                case "Events": events = Ring(ref reader); break;
                case "LTime": time = reader.Unsigned(ulong.MaxValue); break;
                case "LeftMembers": left = reader.Texts(WireLimits.MaxMembers, WireLimits.MaxName); break;
                case "QueryLTime": queryTime = reader.Unsigned(ulong.MaxValue); break;
                case "StatusLTimes":
                    status.Clear();
                    for (var members = reader.Map(WireLimits.MaxMembers); members > 0 && reader.Ok; members--)
                        status.Add(new(reader.Text(WireLimits.MaxName), reader.Unsigned(ulong.MaxValue)));
                    break;
                default: reader.Skip(); break;
            }
        }
        return reader.Ok ? new SerfPushPull(time, status, left, eventTime, events, queryTime) : null;
    }

    /// <inheritdoc/>
    public void Write(IBufferWriter<byte> output)
    {
        var writer = new MsgPackWriter(output);
        writer.Type((byte)SerfType.PushPull);
        writer.Map(6);
        writer.Field("EventLTime"u8, EventLTime);
        writer.Raw("Events"u8);
        WriteRing(writer);
        writer.Field("LTime"u8, LTime);
        writer.Field("LeftMembers"u8, LeftMembers);
        writer.Field("QueryLTime"u8, QueryLTime);
        writer.Raw("StatusLTimes"u8);
        writer.Map(StatusLTimes.Count);
        for (var i = 0; i < StatusLTimes.Count; i++)
        {
            writer.Text(StatusLTimes[i].Key);
            writer.Unsigned(StatusLTimes[i].Value);
        }
    }

    static IReadOnlyList<EventSlot?>? Ring(ref MsgPackReader reader)
    {
        if (reader.Array(WireLimits.MaxEventSlots) is not { } count) return null;
        var ring = new List<EventSlot?>();
        var room = WireLimits.MaxEvents;
        for (; count > 0 && reader.Ok; count--) ring.Add(reader.TryNil() ? null : Slot(ref reader, ref room));
        return ring;
    }

    static EventSlot Slot(ref MsgPackReader reader, ref int room)
    {
        var time = 0UL;
        List<PastEvent>? events = null;
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            switch (reader.Key())
            {
                case "LTime": time = reader.Unsigned(ulong.MaxValue); break;
                case "Events":
                    var count = reader.Array(room);
                    events = count is null ? null : [];
                    room -= count ?? 0;
                    for (; count > 0 && reader.Ok; count--) events!.Add(Past(ref reader));
                    break;
                default: reader.Skip(); break;
            }
        }
        return new EventSlot(time, events);
    }

    static PastEvent Past(ref MsgPackReader reader)
    {
        var (name, payload) = ("", default(Bytes));
        for (var left = reader.Map(WireLimits.MaxFields); left > 0 && reader.Ok; left--)
        {
            switch (reader.Key())
            {
                case "Name": name = reader.Text(WireLimits.MaxPayload); break;
                case "Payload": payload = reader.Blob(WireLimits.MaxPayload); break;
                default: reader.Skip(); break;
            }
        }
        return new PastEvent(name, payload);
    }

    void WriteRing(MsgPackWriter writer)
    {
        if (Events is null)
        {
            writer.Nil();
            return;
        }
        writer.Array(Events.Count);
        for (var i = 0; i < Events.Count; i++)
        {
            if (Events[i] is not { } slot)
            {
                writer.Nil();
                continue;
            }
            writer.Map(2);
            writer.Raw("Events"u8);
            if (slot.Events is null) writer.Nil();
            else
            {
                writer.Array(slot.Events.Count);
                for (var j = 0; j < slot.Events.Count; j++)
                {
                    writer.Map(2);
                    writer.Field("Name"u8, slot.Events[j].Name);
                    writer.Field("Payload"u8, slot.Events[j].Payload);
                }
            }
            writer.Field("LTime"u8, slot.LTime);
        }
    }
}
