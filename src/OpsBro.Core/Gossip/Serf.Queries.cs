using System.Net;
using OpsBro.Core.Wire;

namespace OpsBro.Core.Gossip;

/// <summary>Our own queries: who answered what, until their time is over.</summary>
sealed partial class Serf
{
    /// <summary>Names that begin so are Serf's own: users neither see nor ask them.</summary>
    public const string InternalPrefix = "_serf_";

    /// <summary>Most queries that wait for our answer; further ones are answered by an ack only.</summary>
    public const int MaxWaiting = 1_024;

    /// <summary>Queries in a second that are answered to an address that is no member's.</summary>
    public const int MaxStrangers = 4;

    /// <summary>Longest time that an asker may have us keep its query.</summary>
    public static readonly TimeSpan MaxQueryTime = TimeSpan.FromHours(1);

    readonly EventRing<uint> pastQueries = new();
    readonly Dictionary<ulong, Waiting> waiting = [];
    Allowance strangers = new(MaxStrangers);
    ulong queryFloor;
    ulong lastKey;
    TimeSpan nextQuery = TimeSpan.MaxValue;

    /// <summary>Answers a query that came by <see cref="QueryNews"/>.</summary>
    public string? Respond(ulong key, Bytes payload, TimeSpan now)
    {
        if (!waiting.TryGetValue(key, out var query)) return "the query is answered already, or its time is over";
        if (now > query.Deadline) return "the time of the query is over";
        if (Answer(query.Query, payload, now) is { } problem) return problem;
        waiting.Remove(key);
        return null;
    }

    /// <summary>True when it is news: it is to be passed on, even when it is not for us.</summary>
    bool Take(Query query, TimeSpan now)
    {
        if (!queryClock.Believes(query.LTime))
        {
            Counters.RefusedJumps++;
            return false;
        }
        var isOld = IsOldQuery(query.LTime, now);
        queryClock.Witness(query.LTime);
        if (query.LTime < queryFloor || !pastQueries.TryAdd(query.LTime, queryClock.Time, query.Id)) return false;
        if (Matches(query)) Deliver(query, isOld, now);
        return (query.Flags & QueryFlags.NoBroadcast) == 0;
    }

    void Deliver(Query query, bool isOld, TimeSpan now)
    {
        if (!MayAnswer(query, now))
        {
            Counters.Misdirected++;
            return;
        }
        if ((query.Flags & QueryFlags.Ack) != 0)
            Send(query, new QueryResponse(query.LTime, query.Id, settings.Name, QueryFlags.Ack, default), now);
        if (query.Name.StartsWith(InternalPrefix, StringComparison.Ordinal))
        {
            AnswerInternal(query, isOld, now);
            return;
        }
        if (waiting.Count >= MaxWaiting)
        {
            Counters.RefusedRequests++;
            return;
        }
        var deadline = now + Clamped(query.TimeoutNanoseconds);
        waiting[++lastKey] = new Waiting(query, deadline);
        nextQuery = Earlier(nextQuery, deadline);
        output.Happened(new QueryNews(lastKey, query, deadline));
    }

    static TimeSpan Clamped(long nanoseconds) =>
        TimeSpan.FromTicks(Math.Clamp(nanoseconds / TimeSpan.NanosecondsPerTick, 0, MaxQueryTime.Ticks));

    /// <summary>
    /// Answers go to a member's own address only: a forged one would make the whole cluster send to a victim. Some others get a few: one that
    /// has a key, but whose alive message did not come yet; and one that asks about its name because another has it.
    /// </summary>
    bool MayAnswer(Query query, TimeSpan now)
    {
        var to = PeerAddress.Of(query.Addr.Span, query.Port);
        if (to.IsNone || to.Port == 0) return false;
        if (Find(query.SourceNode)?.Address == to) return true;
        return (settings.Keys is not null || query.Name == InternalPrefix + ConflictQuery) && strangers.Take(now);
    }

    bool Matches(Query query)
    {
        foreach (var each in query.Filters ?? [])
        {
            if (QueryFilter.TryRead(each.Span) is not { } filter) return false;
            if (filter.Nodes is { } nodes)
            {
                if (!nodes.Contains(settings.Name, StringComparer.Ordinal)) return false;
                continue;
            }
            var value = "";
            foreach (var tag in TagsOf(swim.Self))
                if (tag.Key == filter.Tag) value = tag.Value;
            if (GoPattern.TryCompile(filter.Expr)?.IsMatch(value) != true) return false;
        }
        return true;
    }

    /// <summary>The problem when the answer is too large.</summary>
    string? Answer(Query query, Bytes payload, TimeSpan now)
    {
        var response = new QueryResponse(query.LTime, query.Id, settings.Name, QueryFlags.None, payload);
        var size = Encode(response).Length;
        if (size > GossipLimits.QuerySize) return $"the answer makes a message of {size} bytes; it may have {GossipLimits.QuerySize}";
        Send(query, response, now);
        return null;
    }

    void Send(Query query, QueryResponse response, TimeSpan now)
    {
        var to = PeerAddress.Of(query.Addr.Span, query.Port);
        if (to == swim.Self.Address)
        {
            Take(response, now);
            return;
        }
        var message = Encoded(response);
        swim.SendUser(to, message, now);
        if (query.RelayFactor == 0 || Count < query.RelayFactor + 1) return;
        var relayed = Encoded(new Relay(query.Addr, query.Port, "", query.SourceNode, message));
        if (relayed.Length > GossipLimits.QuerySize + WireLimits.MaxName) return;
        var left = (int)query.RelayFactor;
        foreach (var peer in swim.RandomAlive(left + 1))
        {
            if (left == 0) break;
            if (!peer.Versions.HasCrc || peer.Address == to) continue;   // relays came with memberlist's protocol 5
            swim.SendUser(peer.Address, relayed, now);
            left--;
        }
    }

    /// <summary>Only answers, and only to members: this node is nobody's amplifier.</summary>
    void PassOn(PeerAddress from, Relay relay, TimeSpan now)
    {
        var to = PeerAddress.Of(relay.Ip.Span, relay.Port);
        if (relay.Message.Span[0] != (byte)SerfType.QueryResponse || relay.Message.Length > GossipLimits.QuerySize
            || Find(relay.DestName) is not { } member || member.Address != to)
        {
            Counters.Misdirected++;
            return;
        }
        if (member == swim.Self) Message(from, relay.Message.Span, now);
        else if (swim.MayReply()) swim.SendUser(to, relay.Message.Span, now);
    }

    TimeSpan TickQueries(TimeSpan now)
    {
        if (now < nextQuery) return nextQuery;
        nextQuery = TimeSpan.MaxValue;
        while (ours.TryDequeue(out var own)) Deliver(own, isOld: false, now);
        List<ulong>? over = null;
        foreach (var (key, query) in waiting)
        {
            if (query.Deadline <= now) (over ??= []).Add(key);
            else nextQuery = Earlier(nextQuery, query.Deadline);
        }
        foreach (var key in over ?? []) waiting.Remove(key);
        nextQuery = Earlier(nextQuery, EndAsked(now));
        return nextQuery;
    }

    /// <summary>A query that was told to the world.</summary>
    readonly record struct Waiting(Query Query, TimeSpan Deadline);
}
