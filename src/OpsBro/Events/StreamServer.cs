using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpsBro.Agent;
using OpsBro.Config;
using OpsBro.Platform;

namespace OpsBro.Events;

/// <summary>
/// The websocket port: opens and closes it as the configuration says, and hands whoever it welcomed to the pump. The port speaks HTTP only
/// so far as readers of the stream need it.
/// </summary>
internal sealed partial class StreamServer : BackgroundService, IListener
{
    /// <summary>What could not be opened is tried again after so long.</summary>
    public static readonly TimeSpan TryAgain = TimeSpan.FromSeconds(10);

    /// <summary>Callers are counted by <see cref="StreamGuests"/>: those who became readers are not in the door any more.</summary>
    readonly TcpPlaces places;
    readonly ConfigStore config;
    readonly StreamHub hub;
    readonly StreamPump pump;
    readonly StreamGuests guests = new();
    readonly StreamWelcome welcome;
    readonly ILogger<StreamServer> logger;
    volatile WebSocketOptions options = new();
    volatile TcpDoor? door;
    volatile string problem = "";

    /// <summary>A server; nothing is open yet.</summary>
    public StreamServer(ConfigStore config, StreamHub hub, Telemetry telemetry, ILogger<StreamServer> logger)
    {
        (this.config, this.hub, this.logger) = (config, hub, logger);
        pump = new StreamPump(hub.Ring, hub.Snapshots, client => guests.Leave(client.Source), telemetry.Of("events", "websocket"),
            () => Monotonic.Now, logger);
        welcome = new StreamWelcome(hub, pump, guests);
        places = new TcpPlaces(() => int.MaxValue, refused: guests.Refuse);
    }

    /// <inheritdoc/>
    public string Section => "websocket";

    /// <inheritdoc/>
    public IReadOnlyList<string> Listens => door is null ? [] : [options.Point.ToString()];

    /// <summary>What it does now.</summary>
    public StreamStateView Now(int apiClients)
    {
        var (kept, bytes) = hub.Ring.Kept;
        return new StreamStateView
        {
            Enabled = options.IsEnabled,
            Listens = [.. Listens],
            Problems = problem.Length > 0 ? [problem] : [],
            Sequence = hub.Ring.Newest,
            Kept = kept,
            KeptBytes = bytes,
            Topics = [.. hub.Ring.Topics],
            Clients = guests.Welcomed,
            MaxClients = options.MaxClients,
            ApiClients = apiClients,
            Welcomed = welcome.Count,
            Refused = guests.Refused,
            CutOff = pump.CutOff,
            Snapshots = pump.Snapshots,
            SentBytes = pump.SentBytes,
        };
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(FollowAll(stoppingToken), pump.Run(stoppingToken));

    async Task FollowAll(CancellationToken stop)
    {
        try
        {
            await config.Follow(Look, stop);
        }
        finally
        {
            Close();
        }
    }

    /// <returns>When to look again.</returns>
    TimeSpan Look()
    {
        var problems = new List<Problem>();
        var next = WebSocketOptions.Read(config.Current.Agent, problems);
        // a slip of the pen does not shut the door
        if (door is not null && problems.Any(p => !p.IsWarning)) next = options;
        if (door is not null && (!next.IsEnabled || !next.Point.Equals(options.Point)))
        {
            Close();
            pump.EndAll(WebSocketFrames.GoingAway, "this port is closed");
            LogClosed(logger, options.Point);
        }
        options = next;
        guests.Limit(next.MaxClients, next.MaxClientsPerSource);
        problem = "";
        if (next.IsEnabled && door is null) Open();
        var agent = config.Current.Agent;
        if (problem.Length > 0) problems.Add(Problem.At(agent["websocket"] ?? agent, problem));
        config.Report("websocket", problems);
        return options.IsEnabled && door is null ? TryAgain : Timeout.InfiniteTimeSpan;
    }

    void Open()
    {
        var at = options.Point;
        try
        {
            door = new TcpDoor(at, places, welcome.Receive);
            LogListening(logger, at);
        }
        catch (SocketException e)
        {
            problem = $"websocket cannot listen on {at} ({e.Message}): another program has it, or the address is not of this host; "
                + "set websocket.address or websocket.port; it is tried again";
        }
    }

    void Close()
    {
        door?.Dispose();
        door = null;
    }

    [LoggerMessage(LogLevel.Information, "websocket: listens on {Point}")]
    static partial void LogListening(ILogger logger, IPEndPoint point);

    [LoggerMessage(LogLevel.Information, "websocket: {Point} is closed")]
    static partial void LogClosed(ILogger logger, IPEndPoint point);
}
