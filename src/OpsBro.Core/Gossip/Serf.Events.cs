using System.Text;
using OpsBro.Core.Wire;

namespace OpsBro.Core.Gossip;

/// <summary>Events of users: each is delivered once.</summary>
sealed partial class Serf
{
    readonly EventRing<PastEvent> pastEvents = new(SizeOf);
    ulong eventFloor;   // events before it were delivered before a restart, or are none of ours

    /// <summary>Tells an event to all members; the error says what is too large.</summary>
    public string? FireEvent(string name, Bytes payload, bool coalesce, TimeSpan now)
    {
        var size = Encoding.UTF8.GetByteCount(name) + payload.Length;
        if (size > GossipLimits.UserEventSize)
            return $"name and payload of the event have {size} bytes together; they may have {GossipLimits.UserEventSize}";
        var one = new UserEvent(eventClock.Time, name, payload, coalesce);
        var message = Encoded(one);
        if (message.Length > GossipLimits.UserEventSize)
            return $"the event makes a message of {message.Length} bytes; it may have {GossipLimits.UserEventSize}";
        eventClock.Next();
        Take(one, now);
        if (HasOthers) events.Add(message);
        return null;
    }

    /// <summary>True when it is news: it is to be passed on.</summary>
    bool Take(UserEvent one, TimeSpan now)
    {
        if (!eventClock.Believes(one.LTime))
        {
            Counters.RefusedJumps++;
            return false;
        }
        eventClock.Witness(one.LTime);
        return Deliver(one);
    }

    bool Deliver(UserEvent one)
    {
        if (one.LTime < eventFloor) return false;
        var past = new PastEvent(one.Name, one.Payload);
        if (SizeOf(past) > GossipLimits.MaxMessage)   // a peer's ring may hold anything
        {
            Counters.Malformed++;
            return false;
        }
        if (!pastEvents.TryAdd(one.LTime, eventClock.Time, past)) return false;
        output.Happened(new EventNews(one.LTime, one.Name, one.Payload, one.Coalesce));
        return true;
    }

    static int SizeOf(PastEvent past) => Encoding.UTF8.GetByteCount(past.Name) + past.Payload.Length;
}
