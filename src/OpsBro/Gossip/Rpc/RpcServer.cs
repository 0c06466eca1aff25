using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpsBro.Agent;
using OpsBro.Config;
using OpsBro.Platform;

namespace OpsBro.Gossip.Rpc;

/// <summary>
/// Serf's agent RPC on TCP, off unless <c>gossip.rpc.enabled</c> says so: the stock <c>serf</c> command and every client of Serf drive this
/// agent. Follows the configuration; a change closes what is open.
/// </summary>
internal sealed partial class RpcServer : BackgroundService
{
    /// <summary>Clients at once; further ones are closed at once and counted.</summary>
    public const int MaxClients = 64;

    /// <summary>An address that cannot be listened on is tried again after so long.</summary>
    public static readonly TimeSpan TryAgain = TimeSpan.FromSeconds(10);

    readonly ConfigStore config;
    readonly RpcParts parts;
    readonly Feed<PoolEvent> events;
    readonly ILogger<RpcServer> logger;
    readonly Lock gate = new();
    readonly List<(RpcConnection Connection, RpcSession Session)> clients = [];
    readonly TcpPlaces places;
    volatile string problem = "";
    TcpDoor? door;
    RpcOptions current = RpcOptions.Off;

    /// <summary>A server; nobody is listened to yet.</summary>
    public RpcServer(
        ConfigStore config, Cluster cluster, GossipActions actions, AgentLog log, AgentState self, Feed<PoolEvent> events, Telemetry telemetry,
        ILogger<RpcServer> logger)
    {
        (this.config, this.events, this.logger) = (config, events, logger);
        parts = new RpcParts(cluster, actions, log, self, telemetry.Of("gossip", "rpc"), logger);
        places = new TcpPlaces(() => MaxClients, refused: () => parts.Meter.Drop());
        cluster.Parts.Troubles.Add(() => problem.Length > 0 ? [problem] : []);
    }

    /// <summary>Where clients are listened to; null when they are not.</summary>
    public IPEndPoint? Listens => door is null ? null : current.Listen;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            using var subscription = events.Subscribe();
            await Task.WhenAll(Pass(subscription, stoppingToken), config.Follow(Look, stoppingToken));
        }
        finally
        {
            Close();
        }
    }

    /// <summary>Listens where the configuration says.</summary>
    /// <returns>When to look again.</returns>
    TimeSpan Look()
    {
        Follow();
        return problem.Length > 0 ? TryAgain : Timeout.InfiniteTimeSpan;
    }

    void Follow()
    {
        var problems = new List<Problem>();
        var next = GossipOptions.Read(config.Current.Agent, problems).Rpc;   // the cluster reports what is wrong
        // a slip of the pen does not shut the door
        if (door is not null && (next == current || (!next.IsEnabled && problems.Any(p => !p.IsWarning)))) return;
        Close();
        (current, problem) = (next, "");
        if (!next.IsEnabled) return;
        try
        {
            door = new TcpDoor(next.Listen, places, (peer, _) => Serve(peer, next.AuthKey));
            LogListening(logger, next.Listen.ToString(), next.AuthKey.Length > 0 ? "with auth_key" : "without auth_key");
        }
        catch (SocketException e)
        {
            problem = $"Serf's RPC cannot listen on {next.Listen} ({e.Message}): a serf agent has it, or the address is not of this host; set "
                + "gossip.rpc.address; it is tried again";
        }
    }

    async Task Serve(Socket peer, string authKey)
    {
        RpcConnection? connection = null;
        RpcSession? session = null;
        try
        {
            connection = new RpcConnection(peer);
            session = new RpcSession(connection, parts, authKey);
            Add(connection, session);
            await session.Run();
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // the client is gone, or was sent away
        }
        catch (InvalidDataException e)
        {
            parts.Meter.Drop();
            LogNonsense(logger, connection?.From ?? "", e.Message);
        }
        // the border of a session: the others go on, and the log says what happened
        catch (Exception e)
        {
            LogFault(logger, connection?.From ?? "", e);
        }
        finally
        {
            if (connection is { WasSlow: true })
            {
                parts.Meter.Drop();
                LogSlow(logger, connection.From, RpcConnection.MaxQueued);
            }
            Remove(session);
            connection?.Dispose();
            peer.Dispose();
        }
    }

    // not in the finally of an async method: compiled ahead, the lock would stay taken (ARCHITECTURE.md, traps)
    [MethodImpl(MethodImplOptions.NoInlining)]
    void Remove(RpcSession? session)
    {
        lock (gate) clients.RemoveAll(client => client.Session == session);
    }

    void Add(RpcConnection connection, RpcSession session)
    {
        lock (gate) clients.Add((connection, session));
    }

    /// <summary>Tells every client what it asked for.</summary>
    async Task Pass(Feed<PoolEvent>.Subscription subscription, CancellationToken stop)
    {
        try
        {
            await foreach (var one in subscription.Items.ReadAllAsync(stop))
            {
                // clients see one pool, as of a Serf agent: that of our own zone
                if (one.Pool.Settings.Zone != parts.Cluster.Options.Zone) continue;
                List<RpcSession> all;
                lock (gate) all = [.. clients.Select(client => client.Session)];
                foreach (var session in all) session.Happened(one);
            }
        }
        catch (OperationCanceledException)
        {
            // the agent stops
        }
    }

    void Close()
    {
        door?.Dispose();
        door = null;
        lock (gate)
        {
            foreach (var (connection, _) in clients) connection.Dispose();
        }
    }

    [LoggerMessage(LogLevel.Information, "rpc: Serf's clients are listened to on {Address}, {Key}")]
    static partial void LogListening(ILogger logger, string address, string key);

    [LoggerMessage(LogLevel.Error, "rpc: the session of {Client} ended by a fault of the program")]
    static partial void LogFault(ILogger logger, string client, Exception e);

    [LoggerMessage(LogLevel.Warning, "rpc: {Client} was cut off: {Reason}")]
    static partial void LogNonsense(ILogger logger, string client, string reason);

    [LoggerMessage(LogLevel.Warning, "rpc: {Client} was cut off: it did not read its records ({Most} may wait)")]
    static partial void LogSlow(ILogger logger, string client, int most);
}
