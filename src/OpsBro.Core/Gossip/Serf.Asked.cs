using System.Buffers;
using OpsBro.Core.Wire;

namespace OpsBro.Core.Gossip;

/// <summary>Queries of others: passed on, filtered, acknowledged, answered.</summary>
sealed partial class Serf
{
    /// <summary>Most queries of ours that are open at once.</summary>
    public const int MaxAsked = 256;

    readonly Dictionary<(ulong LTime, uint Id), Asked> asked = [];
    readonly Queue<Query> ours = new();
    ulong lastId;

    /// <summary>Asks a question; the answers come as <see cref="AnswerNews"/> with the number. The error says what is wrong.</summary>
    public string? Ask(QueryRequest request, TimeSpan now, out ulong id)
    {
        id = 0;
        if (request.Timeout is { } wanted && (wanted <= TimeSpan.Zero || wanted > MaxQueryTime))
            return $"a timeout of {wanted} is no time to wait for answers; it may be up to {MaxQueryTime}";
        var problem = Ask(request, new Asked(), now, out var open);
        id = open.Handle;
        return problem;
    }

    string? Ask(QueryRequest request, Asked open, TimeSpan now, out Asked result)
    {
        result = open;
        if (asked.Count >= MaxAsked) return $"{MaxAsked} queries wait for answers already; try again when one of them has ended";
        var timeout = request.Timeout ?? settings.Profile.GossipInterval * (GossipLimits.QueryTimeoutMult * Scale(Count));
        var self = swim.Self.Address;
        var query = new Query(
            queryClock.Time, (uint)(chance.Next() & int.MaxValue), self.Addr, self.Port, settings.Name, Filters(request),
            request.WantsAck ? QueryFlags.Ack : QueryFlags.None, request.RelayFactor, timeout.Ticks * TimeSpan.NanosecondsPerTick,
            request.Name, request.Payload);
        var message = Encoded(query);
        if (message.Length > GossipLimits.QuerySize)
            return $"the query makes a message of {message.Length} bytes; it may have {GossipLimits.QuerySize}";
        open.Handle = ++lastId;
        open.Deadline = now + timeout;
        asked[(query.LTime, query.Id)] = open;
        nextQuery = Earlier(nextQuery, open.Deadline);
        if (HasOthers) queries.Add(message);
        queryClock.Witness(query.LTime);
        pastQueries.TryAdd(query.LTime, queryClock.Time, query.Id);
        if (Matches(query))
        {
            // we answer too, but not before the caller has the number
            ours.Enqueue(query);
            nextQuery = now;
        }
        return null;
    }

    static List<Bytes>? Filters(QueryRequest request)
    {
        if (request.Nodes.Count + request.TagFilters.Count == 0) return null;
        var filters = new List<QueryFilter>();
        if (request.Nodes.Count > 0) filters.Add(new QueryFilter(request.Nodes, "", ""));
        foreach (var (tag, expression) in request.TagFilters) filters.Add(new QueryFilter(null, tag, expression));
        return filters.ConvertAll(filter =>
        {
            var writer = new ArrayBufferWriter<byte>();
            filter.Write(writer);
            return new Bytes(writer.WrittenSpan.ToArray());
        });
    }

    /// <summary>An answer, or an ack, came: from each node one counts, for relays send it several times.</summary>
    void Take(QueryResponse response, TimeSpan now)
    {
        if (!asked.TryGetValue((response.LTime, response.Id), out var open)) return;   // its time is over
        if (now > open.Deadline) return;
        var isAck = (response.Flags & QueryFlags.Ack) != 0;
        var from = isAck ? open.Acks : open.Responses;
        if (from.Count >= Math.Max(GossipLimits.MaxQueue, 2 * Count))
        {
            Counters.RefusedRequests++;
            return;
        }
        if (!from.Add(response.From)) return;
        if (open.OnResponse is not null)
        {
            if (!isAck) open.OnResponse(response);
            if (open.IsComplete?.Invoke() == true) End((response.LTime, response.Id), open);
            return;
        }
        output.Happened(new AnswerNews(open.Handle, isAck ? AnswerKind.Ack : AnswerKind.Response, response.From, response.Payload));
    }

    TimeSpan EndAsked(TimeSpan now)
    {
        var next = TimeSpan.MaxValue;
        List<(ulong, uint)>? over = null;
        foreach (var (key, open) in asked)
        {
            if (open.Deadline <= now) (over ??= []).Add(key);
            else next = Earlier(next, open.Deadline);
        }
        foreach (var key in over ?? []) End(key, asked[key]);
        return next;
    }

    void End((ulong, uint) key, Asked open)
    {
        asked.Remove(key);
        if (open.OnEnd is not null) open.OnEnd(open.Handle);
        else output.Happened(new AnswerNews(open.Handle, AnswerKind.Done, "", default));
    }

    /// <summary>A query of ours. Serf's own ones have <see cref="OnResponse"/> and <see cref="OnEnd"/>; users' are news.</summary>
    sealed class Asked
    {
        public ulong Handle { get; set; }

        public TimeSpan Deadline { get; set; }

        public HashSet<string> Acks { get; } = new(StringComparer.Ordinal);

        public HashSet<string> Responses { get; } = new(StringComparer.Ordinal);

        public Action<QueryResponse>? OnResponse { get; init; }

        public Func<bool>? IsComplete { get; init; }

        public Action<ulong>? OnEnd { get; init; }
    }
}
