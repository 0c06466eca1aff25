using System.Globalization;
using System.Threading.Channels;
using OpsBro.Agent;
using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;
using OpsBro.Gossip.Handlers;
using OpsBro.Platform;

namespace OpsBro.Gossip.Rpc;

/// <summary>Commands that are answered by records for a while: events, the log, answers to a query.</summary>
internal sealed partial class RpcSession
{
    /// <summary>Streams and queries of one client that are open at once.</summary>
    public const int MaxOpen = 64;

    /// <summary>Queries that a client was told of and may still answer.</summary>
    public const int MaxPending = 1_024;

    /// <summary>Lines of the log from before that a monitor begins with.</summary>
    public const int PastLines = 512;

    /// <summary>How soon a line of the log is passed on.</summary>
    public static readonly TimeSpan LogInterval = TimeSpan.FromMilliseconds(200);

    const string NoFilter = "Invalid event filter", StreamExists = "Stream with given sequence exists", MonitorExists = "Monitor already exists";
    const string NoQuery = "No pending queries matching ID";

    static readonly string[] levels = ["TRACE", "DEBUG", "INFO", "WARN", "ERR"];

    readonly Dictionary<ulong, IReadOnlyList<EventFilter>> streams = [];
    readonly Dictionary<ulong, PoolQuery> pending = [];
    (ulong Seq, CancellationTokenSource Stop)? monitor;
    ulong lastQuery;
    int openQueries;

    /// <summary>Where the answer to a query goes.</summary>
    readonly record struct PoolQuery(GossipPool Pool, ulong Key, TimeSpan Deadline);

    async Task<(bool GoesOn, bool Failed)> Open(RpcRequest request) => request.Body switch
    {
        RpcStream stream => await Begin(request, OpenStream(request.Seq, stream.Type)),
        RpcMonitor wanted => await Begin(request, OpenMonitor(request.Seq, wanted.LogLevel.ToUpperInvariant())),
        RpcStop stop => await Begin(request, () => Stop(stop.Stop)),
        RpcQuery query => await Begin(request, await OpenQuery(request.Seq, query)),
        _ => await Refuse(request, UnknownCommand, goesOn: false),
    };

    /// <summary>The answer stands before the first record, and no record is lost after it.</summary>
    async Task<(bool GoesOn, bool Failed)> Begin(RpcRequest request, Opening opening)
    {
        Task sent;
        lock (gate)
        {
            sent = connection.Answer(Encoded(request.Seq, opening.Error, null));
            opening.Start?.Invoke();
        }
        await sent;
        return (true, opening.Error.Length > 0);
    }

    Task<(bool GoesOn, bool Failed)> Begin(RpcRequest request, Action start) => Begin(request, new Opening("", start));

    /// <summary>What an opening comes to: an error, or what to start when the answer is on its way.</summary>
    readonly record struct Opening(string Error, Action? Start);

    Opening OpenStream(ulong seq, string type)
    {
        if (EventFilter.TryParse(type, out _) is not { } filters) return new(NoFilter, null);
        if (streams.ContainsKey(seq)) return new(StreamExists, null);
        if (streams.Count >= MaxOpen) return new($"{MaxOpen} streams are open already; stop one first", null);
        return new("", () => streams[seq] = filters);
    }

    Opening OpenMonitor(ulong seq, string level)
    {
        if (level.Length == 0) level = "DEBUG";
        if (Array.IndexOf(levels, level) < 0) return new($"Unknown log level: {level}", null);
        if (monitor is not null) return new(MonitorExists, null);
        return new("", () =>
        {
            var stop = CancellationTokenSource.CreateLinkedTokenSource(connection.Closing);
            monitor = (seq, stop);
            _ = Follow(seq, Array.IndexOf(levels, level), stop.Token);
        });
    }

    async Task Follow(ulong seq, int least, CancellationToken stop)
    {
        try
        {
            var lines = parts.Log.After(0).TakeLast(PastLines);
            for (var last = 0L; ; lines = parts.Log.After(last))
            {
                foreach (var line in lines)
                {
                    last = line.Sequence;
                    if (Array.IndexOf(levels, LevelOf(line)) >= least) Tell(seq, new RpcLogRecord(Text(line)));
                }
                await Task.Delay(LogInterval, stop);
            }
        }
        catch (OperationCanceledException)
        {
            // the client has seen enough, or is gone
        }
    }

    static string LevelOf(LogLine line) => line.Level switch { "error" => "ERR", "warning" => "WARN", "info" => "INFO", _ => "DEBUG" };

    /// <summary>As Serf's lines look: its clients look for the level in brackets.</summary>
    static string Text(LogLine line) =>
        string.Create(CultureInfo.InvariantCulture, $"{line.At:yyyy/MM/dd HH:mm:ss} [{LevelOf(line)}] {line.Part}: {line.Text}");

    void Stop(ulong seq)
    {
        streams.Remove(seq);
        if (monitor is not { } running || running.Seq != seq) return;
        running.Stop.Cancel();
        running.Stop.Dispose();
        monitor = null;
    }

    void StopAll()
    {
        lock (gate)
        {
            streams.Clear();
            if (monitor is { } running) Stop(running.Seq);
        }
    }

    void Tell(ulong seq, IRpcBody record)
    {
        var bytes = Encoded(seq, "", record);
        lock (gate) connection.Record(bytes);
    }

    /// <summary>An event happened: who asked for it is told.</summary>
    public void Happened(PoolEvent one)
    {
        lock (gate)
        {
            RpcEventRecord? record = null;
            foreach (var (seq, filters) in streams)
            {
                if (!filters.Any(filter => filter.Wants(one.Event))) continue;
                connection.Record(Encoded(seq, "", record ??= Recorded(one)));
            }
        }
    }

    RpcEventRecord Recorded(PoolEvent one)
    {
        var record = new RpcEventRecord(one.Event.Word) { Name = one.Event.Name };
        if (one.Event.User is { } user) return record with { LTime = user.LTime, Payload = user.Payload, Coalesce = user.Coalesce };
        if (one.Event.Query is not { } query) return record with { Members = [.. one.Event.Members.Select(Shown)] };
        foreach (var (over, _) in pending.Where(p => p.Value.Deadline <= Monotonic.Now).ToList()) pending.Remove(over);
        if (pending.Count >= MaxPending) pending.Remove(pending.Keys.Min());
        pending[++lastQuery] = new PoolQuery(one.Pool, query.Key, query.Deadline);
        return record with { LTime = query.Query.LTime, Payload = query.Query.Payload, Id = lastQuery };
    }

    async Task<string> Respond(RpcRespond answer)
    {
        PoolQuery query;
        lock (gate)
        {
            if (!pending.TryGetValue(answer.Id, out query)) return NoQuery;
        }
        if (await query.Pool.Respond(query.Key, answer.Payload) is { } refused) return refused;
        lock (gate) pending.Remove(answer.Id);
        return "";
    }

    async Task<Opening> OpenQuery(ulong seq, RpcQuery query)
    {
        if (query.Name.StartsWith("_serf_", StringComparison.Ordinal) && query.Name is not "_serf_ping")
            return new($"Queries cannot contain the '_serf_' prefix: \"{query.Name}\"", null);
        if (Volatile.Read(ref openQueries) >= MaxOpen) return new($"{MaxOpen} queries are open already; wait until one ends", null);
        if ((query.FilterTags ?? []).FirstOrDefault(filter => GoPattern.TryCompile(filter.Value) is null) is { Value: { } pattern })
            return new($"Failed to compile regex: \"{pattern}\" is none that Go takes", null);
        try
        {
            var (error, answers) = await Pool.Query(new QueryRequest(query.Name, query.Payload)
            {
                Nodes = query.FilterNodes ?? [],
                TagFilters = query.FilterTags ?? [],
                WantsAck = query.RequestAck,
                RelayFactor = query.RelayFactor,
                Timeout = query.TimeoutNanoseconds == 0 ? null : TimeSpan.FromTicks(query.TimeoutNanoseconds / TimeSpan.NanosecondsPerTick),
            });
            return error is null ? new("", () => _ = Collect(seq, answers)) : new(error, null);
        }
        catch (Exception e) when (e is Api.ApiProblem or PoolClosedException)
        {
            return new(e.Message, null);
        }
    }

    /// <summary>Passes the answers on; the end comes at the deadline only, for the stock command loses what comes just before it.</summary>
    async Task Collect(ulong seq, ChannelReader<AnswerNews> answers)
    {
        Interlocked.Increment(ref openQueries);
        try
        {
            await foreach (var answer in answers.ReadAllAsync(connection.Closing))
            {
                if (answer.Kind == AnswerKind.Done) continue;
                Tell(seq, new RpcQueryRecord(answer.Kind == AnswerKind.Ack ? RpcQueryRecord.Ack : RpcQueryRecord.Response, answer.From, answer.Payload));
            }
            // after the last one, too when the pool closed meanwhile: the client waits for it
            Tell(seq, new RpcQueryRecord(RpcQueryRecord.Done, "", default));
        }
        catch (OperationCanceledException)
        {
            // nobody reads any more
        }
        finally
        {
            Interlocked.Decrement(ref openQueries);
        }
    }
}
