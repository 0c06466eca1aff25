using System.Runtime.CompilerServices;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpsBro.Config;
using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;
using OpsBro.Platform;

namespace OpsBro.Gossip.Handlers;

/// <summary>
/// Runs the operator's programs for events and queries. A line's runs follow each other in the order of what happened; those of different
/// lines, and those for queries, run side by side. What a program says to a query is the answer.
/// </summary>
internal sealed partial class HandlerRunner : BackgroundService
{
    /// <summary>Runs that may wait; further ones are left out and counted.</summary>
    public const int MaxWaiting = 1_024;

    /// <summary>Programs that run at the same time.</summary>
    public const int MaxRunning = 8;

    const int StackBytes = 256 * 1024;

    readonly ConfigStore config;
    readonly Cluster cluster;
    readonly ILogger<HandlerRunner> logger;
    readonly Meter meter;
    readonly Feed<PoolEvent>.Subscription events;   // from the very start
    readonly HandlerStandings standings = new();
    readonly RunningPrograms programs = new();
    readonly Lock gate = new();
    readonly LinkedList<Run> waiting = [];
    readonly HashSet<HandlerLine> busy = [];
    readonly Dictionary<string, Member> selves = new(StringComparer.Ordinal);
    HandlerOptions options = HandlerOptions.None;
    int version = -1, running;
    bool isStopping;

    /// <summary>A runner; it begins with the first event.</summary>
    public HandlerRunner(ConfigStore config, Cluster cluster, Feed<PoolEvent> events, Telemetry telemetry, ILogger<HandlerRunner> logger)
    {
        (this.config, this.cluster, this.logger) = (config, cluster, logger);
        this.events = events.Subscribe();
        meter = telemetry.Of("gossip", "handlers");
        cluster.Parts.Troubles.Add(() => standings.Problems(Monotonic.Now));
    }

    /// <summary>A program that is to be run for an event.</summary>
    sealed record Run(HandlerLine Line, PoolEvent Of, Member Self, TimeSpan Timeout);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            using (events)
            {
                await foreach (var one in events.Items.ReadAllAsync(stoppingToken)) await Take(one);
            }
        }
        catch (OperationCanceledException)
        {
            // the agent stops
        }
        finally
        {
            StopStarting();
            programs.EndAll();
        }
    }

    // not in the finally of an async method: compiled ahead, the lock would stay taken (ARCHITECTURE.md, traps)
    [MethodImpl(MethodImplOptions.NoInlining)]
    void StopStarting()
    {
        lock (gate) isStopping = true;
    }

    async Task Take(PoolEvent one)
    {
        if (config.Current is var current && current.Version != version)
            (version, options) = (current.Version, GossipOptions.Read(current.Agent, []).Handlers);   // the cluster reports what is wrong
        if (options.Lines.Count == 0) return;
        if (await SelfOf(one.Pool) is not { } self) return;
        foreach (var line in options.Lines)
        {
            if (!line.Wants(one.Event)) continue;
            lock (gate)
            {
                if (waiting.Count < MaxWaiting) waiting.AddLast(new Run(line, one, self, options.Timeout));
                else Drop();
            }
        }
        StartNext();
    }

    /// <summary>Ourselves; as we were last when the pool is closed, for our own leave is an event too.</summary>
    async Task<Member?> SelfOf(GossipPool pool)
    {
        try
        {
            return selves[pool.Settings.Zone] = await pool.Ask((engine, _) => engine.Self);
        }
        catch (PoolClosedException)
        {
            return selves.GetValueOrDefault(pool.Settings.Zone);
        }
    }

    void Drop()
    {
        meter.Drop();
        if (standings.Dropped(Monotonic.Now)) LogDropped(logger, MaxWaiting);
    }

    /// <summary>Starts what may run now.</summary>
    void StartNext()
    {
        lock (gate)
        {
            for (var node = waiting.First; node is not null && running < MaxRunning && !isStopping;)
            {
                var (run, next) = (node.Value, node.Next);
                var isQuery = run.Of.Event.Query is not null;
                if (isQuery || busy.Add(run.Line))
                {
                    waiting.Remove(node);
                    running++;
                    new Thread(() => Do(run), StackBytes) { IsBackground = true, Name = "gossip.handler" }.Start();
                }
                node = next;
            }
        }
    }

    void Do(Run run)
    {
        var began = Monotonic.Now;
        var problem = "";
        try
        {
            problem = Execute(run);
        }
        // the border of a run: the others go on, and the operator reads what happened
        catch (Exception e)
        {
            problem = $"a fault of the program: {e}";
        }
        meter.Ran(Monotonic.Now - began, failed: problem.Length > 0);
        lock (gate)
        {
            running--;
            if (run.Of.Event.Query is null) busy.Remove(run.Line);
            if (isStopping) return;
        }
        if (problem.Length == 0) standings.Worked(run.Line.Text);
        else if (standings.Failed(run.Line.Text, problem, Monotonic.Now)) LogFailed(logger, run.Line.Text, run.Of.Event.Word, problem);
        StartNext();
    }

    /// <summary>What went wrong; empty when nothing did.</summary>
    string Execute(Run run)
    {
        var query = run.Of.Event.Query;
        if (query is not null && query.Deadline <= Monotonic.Now) return "it had to wait until the query's time was over; it was not run";
        var start = HandlerCall.Of(run.Line.Script, run.Of.Event, run.Self);
        var result = ProcessGroup.Run(start with { Environment = [.. start.Environment, $"OPSBRO_ZONE={run.Of.Pool.Settings.Zone}"] }, run.Timeout, programs);
        if (!result.IsSuccess) return Failure(result);
        if (query is null || result.OutputBytes.Length == 0) return "";
        if (result.Dropped > 0)
        {
            return $"its answer to the query {query.Query.Name} has {result.OutputBytes.Length + result.Dropped} bytes; "
                + $"with its header it may have {GossipLimits.QuerySize}";
        }
        return Respond(run.Of.Pool, query, result.OutputBytes);
    }

    static string Failure(ProgramResult result)
    {
        var said = result.Errors.Split('\n').FirstOrDefault(line => line.Trim().Length > 0)?.Trim() ?? "";
        var how = result.Problem.Length > 0 ? result.Problem : $"exit code {result.Code}";
        return said.Length > 0 ? $"{how}: {said}" : how;
    }

    static string Respond(GossipPool pool, QueryNews query, Bytes answer)
    {
        try
        {
            return pool.Respond(query.Key, answer).GetAwaiter().GetResult() is { } refused ? $"query {query.Query.Name}: {refused}" : "";
        }
        catch (PoolClosedException e)
        {
            return e.Message;
        }
    }

    [LoggerMessage(LogLevel.Warning, "handler \"{Handler}\" failed for {Event}: {Reason}")]
    static partial void LogFailed(ILogger logger, string handler, string @event, string reason);

    [LoggerMessage(LogLevel.Warning, "handlers: runs are left out, for more than {Most} wait")]
    static partial void LogDropped(ILogger logger, int most);
}
