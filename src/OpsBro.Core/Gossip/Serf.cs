using System.Buffers;
using OpsBro.Core.Wire;

namespace OpsBro.Core.Gossip;

/// <summary>
/// Serf on top of <see cref="Swim"/>: who meant to come and go, events, queries, keys, coordinates, and finding again who was lost. Pages:
/// serf-wire.md A13-A15, A19. Peers are not trusted: what makes no sense is counted and dropped. Not for several threads at once.
/// <para>
/// Parts: Serf.Members, Serf.Intents, Serf.Events, Serf.Queries (those that came), Serf.Asked (those of ours), Serf.Keys, Serf.Conflicts,
/// Serf.State (push/pull), Serf.Return (reconnect), Serf.Leave, Serf.Distances.
/// </para>
/// </summary>
sealed partial class Serf(GossipSettings settings, Chance chance, IGossipOutput output) : ISwimUser
{
    /// <summary>A message of ours alone, for the state of nodes: its type. Page: cluster-design.md F3.</summary>
    public const byte DirectType = 200;

    /// <summary>A question of ours to one node, and the answer on the same stream: their type. Page: docs/protocols/requests.md.</summary>
    public const byte AskType = 201;

    /// <summary>The hello of a link of ours, and the answer on the same stream: their type. Page: docs/protocols/links.md.</summary>
    public const byte LinkType = 202;

    /// <summary>The tag by which our kind knows its own.</summary>
    public const string OurTag = "ob";

    readonly SpanWriter scratch = new();   // one message at a time
    readonly BroadcastQueue intents = new();
    readonly BroadcastQueue queries = new();
    readonly BroadcastQueue events = new();
    MergedClock clock = new();
    MergedClock eventClock = new();
    MergedClock queryClock = new();
    Swim swim = null!;   // set by Attach, before anything comes in
    bool hasMerged;
    bool isTold;

    /// <summary>Begins on top of a Swim that was made with this as its user.</summary>
    public void Attach(Swim made, TimeSpan now)
    {
        swim = made;
        clock.Witness(settings.Clock);
        eventClock.Witness(settings.EventClock);
        queryClock.Witness(settings.QueryClock);
        if (settings.EventClock > 0) eventFloor = eventClock.Time;
        if (settings.QueryClock > 0) queryFloor = queryClock.Time;
        Set(swim.Self, MemberStatus.Alive, now);
    }

    /// <summary>Highest Lamport time seen of members, events and queries.</summary>
    public (ulong Members, ulong Events, ulong Queries) Clocks => (clock.Seen, eventClock.Seen, queryClock.Seen);

    /// <inheritdoc/>
    public bool HasRumours => intents.Count + queries.Count + events.Count > 0 && HasOthers;

    /// <summary>Messages that wait to be sent.</summary>
    public (int Intents, int Queries, int Events) Queues => (intents.Count, queries.Count, events.Count);

    GossipCounters Counters => swim.Counters;

    /// <inheritdoc/>
    public void Message(PeerAddress from, ReadOnlySpan<byte> message, TimeSpan now)
    {
        if (message.IsEmpty || (message.Length > GossipLimits.MaxMessage && message[0] is not (DirectType or AskType)))
        {
            Counters.Malformed++;
            return;
        }
        var body = message[1..];
        switch ((SerfType)message[0])
        {
            case SerfType.Leave when LeaveIntent.TryRead(body) is { } leave:
                if (Take(leave, now)) PassOn(intents, message);
                break;
            case SerfType.Join when JoinIntent.TryRead(body) is { } join:
                if (Take(join, now)) PassOn(intents, message);
                break;
            case SerfType.UserEvent when UserEvent.TryRead(body) is { } one:
                if (Take(one, now)) PassOn(events, message);
                break;
            case SerfType.Query when Query.TryRead(body) is { } query:
                if (Take(query, now)) PassOn(queries, message);
                break;
            case SerfType.QueryResponse when QueryResponse.TryRead(body) is { } response:
                Take(response, now);
                break;
            case SerfType.Relay when Relay.TryRead(body) is { } relay:
                PassOn(from, relay, now);
                break;
            case (SerfType)DirectType:
                output.Direct(from, body);
                break;
            case (SerfType)AskType:
                output.Asked(from, body);
                break;
            case (SerfType)LinkType:
                output.Linked(from, body);
                break;
            case SerfType.Leave or SerfType.Join or SerfType.UserEvent or SerfType.Query or SerfType.QueryResponse or SerfType.Relay:
                Counters.Malformed++;
                break;
            default:
                Counters.Unknown++;
                break;
        }
    }

    /// <summary>Queues what another said; what fits no datagram would wait for ever, and keep the rounds going.</summary>
    void PassOn(BroadcastQueue queue, ReadOnlySpan<byte> message)
    {
        if (message.Length <= swim.LargestUserRumour) queue.Add(message);
        else Counters.DroppedRumours++;
    }

    /// <inheritdoc/>
    public void Rumours(int budget, int overhead, RumourTaker take, TimeSpan now)
    {
        var limit = settings.Profile.RetransmitMult * Scale(Count);
        if (intents.Count > 0) budget = intents.Take(budget, overhead, limit, take);
        if (queries.Count > 0) budget = queries.Take(budget, overhead, limit, take);
        if (events.Count > 0) events.Take(budget, overhead, limit, take);
    }

    /// <summary>Sends a message of type 200 straight to a peer: it is never a rumour.</summary>
    public void SendDirect(PeerAddress to, ReadOnlySpan<byte> body, TimeSpan now)
    {
        scratch.Clear();
        var span = scratch.GetSpan(1 + body.Length);
        span[0] = DirectType;
        body.CopyTo(span[1..]);
        scratch.Advance(1 + body.Length);
        swim.SendUser(to, scratch.Written, now);
    }

    /// <summary>A stream with a question (dialed) or an answer. Uncompressed: LZW costs more than the bytes, and who asks has packed them.</summary>
    public ReadOnlyMemory<byte> SealAsk(ReadOnlySpan<byte> body, bool dialed, byte type = AskType)
    {
        var message = new byte[1 + body.Length];
        message[0] = type;
        body.CopyTo(message.AsSpan(1));
        return swim.SealUser(message, dialed);
    }

    /// <summary>The body of an answer; null, and why, when it is none.</summary>
    public byte[]? OpenAnswer(PeerAddress from, ReadOnlyMemory<byte> frame, TimeSpan now, out string error, byte type = AskType)
    {
        var message = swim.OpenUser(from, frame, now, out error);
        if (message.IsEmpty) return null;
        if (message.Span[0] == type) return message.Span[1..].ToArray();
        error = "the answer is of another kind";
        return null;
    }

    /// <summary>Does what is due and says when it must be called again at the latest.</summary>
    public TimeSpan Tick(TimeSpan now)
    {
        if (!isTold)
        {
            isTold = true;   // not in the constructor: whoever hears it has the engine now
            Tell(MemberChange.Join, swim.Self, "it is we");
        }
        var next = TickLeave(now);
        next = Earlier(next, TickQueries(now));
        next = Earlier(next, TickReturn(now));
        return Earlier(next, TickReap(now));
    }

    /// <summary>The times that a rumour is sent, and that a query waits, grow with this: log10 of the members.</summary>
    static int Scale(int members) => Math.Max(1, (int)Math.Ceiling(Math.Log10(members + 1)));

    static TimeSpan Earlier(TimeSpan one, TimeSpan other) => one < other ? one : other;

    /// <summary>The bytes of a message; valid until the next one is made.</summary>
    ReadOnlySpan<byte> Encode(IWireMessage message)
    {
        scratch.Clear();
        message.Write(scratch);
        return scratch.Written;
    }

    static byte[] Encoded(IWireMessage message)
    {
        var writer = new ArrayBufferWriter<byte>();
        message.Write(writer);
        return writer.WrittenSpan.ToArray();
    }
}
