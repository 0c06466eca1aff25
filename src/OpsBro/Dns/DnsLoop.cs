using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpsBro.Agent;
using OpsBro.Checks;
using OpsBro.Config;
using OpsBro.Core.Dns;
using OpsBro.Core.NodeState;
using OpsBro.Gossip;
using OpsBro.NodeState;
using OpsBro.Platform;

namespace OpsBro.Dns;

/// <summary>What tells of changes that names depend on.</summary>
internal sealed record DnsFeeds(Feed<MemberChanged> Members, Feed<MemberSuspected> Suspicions, Feed<NodeChanged> Nodes);

/// <summary>
/// Opens and closes the server as the configuration says, and gives it a new picture when something changed: soon, but not for each change
/// alone. The server answers from the picture that it has meanwhile.
/// </summary>
internal sealed partial class DnsLoop : BackgroundService, IListener
{
    /// <summary>What could not be opened is tried again after so long.</summary>
    public static readonly TimeSpan TryAgain = TimeSpan.FromSeconds(10);

    /// <summary>Least time between two pictures; and so many times as long as the last one took: never more than a twentieth of a core.</summary>
    public static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(250);

    const int GatherTimes = 20;

    /// <summary>How often it looks for what no feed tells: what this node says of itself.</summary>
    public static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    /// <summary>A picture is made anew after so long; nearest first sooner, for round trips change all the time.</summary>
    public static readonly TimeSpan MostAge = TimeSpan.FromMinutes(1), MostAgeNear = TimeSpan.FromSeconds(10);

    readonly ConfigStore config;
    readonly DnsPictures pictures;
    readonly Cluster cluster;
    readonly NodeBook book;
    readonly TimeProvider time;
    readonly ILogger<DnsLoop> logger;
    readonly DnsFeeds feeds;
    readonly DnsMeters meters;
    readonly WakeUp wake = new();
    volatile DnsServer? server;
    volatile DnsOptions options = new();
    volatile PictureView? picture;
    volatile bool isDirty = true;
    int left;
    NodeMap? ownMap;
    TimeSpan madeAt, triedAt;
    int version = -1;

    /// <summary>Makes it, and has this node tell of its services.</summary>
    public DnsLoop(
        ConfigStore config, DnsPictures pictures, Cluster cluster, NodeBook book, CheckLoop checks, DnsFeeds feeds, Telemetry telemetry,
        TimeProvider time, ILogger<DnsLoop> logger)
    {
        (this.config, this.pictures, this.cluster, this.book, this.feeds, this.time, this.logger) = (config, pictures, cluster, book, feeds, time, logger);
        meters = new DnsMeters(telemetry);
        cluster.Parts.Facts.Add((ServiceFacts.Fact, () => ServiceFacts.Of(checks.All, out left)));
        cluster.Parts.Troubles.Add(() => left == 0
            ? []
            : [$"{left} services tell the others no port, weight and tags: all of them together take more than {NodeStateLimits.MaxValue} bytes, "
                + "or a name holds ; or |; use shorter tags"]);
    }

    /// <summary>A picture of when it was made.</summary>
    /// <param name="At">When.</param>
    /// <param name="Milliseconds">How long it took.</param>
    internal sealed record PictureView(DateTimeOffset At, double Milliseconds);

    /// <summary>The section as it is read now.</summary>
    public DnsOptions Options => options;

    /// <summary>The server; null when it is off.</summary>
    public DnsServer? Server => server;

    /// <inheritdoc/>
    public string Section => "dns";

    /// <inheritdoc/>
    public IReadOnlyList<string> Listens => server?.Listens ?? [];

    /// <summary>The last picture's time; null before the first.</summary>
    public PictureView? Picture => picture;

    /// <summary>The picture that is answered from, or one of now when nobody is answered.</summary>
    public async Task<DnsZone> Zone(bool isNearestFirst)
    {
        var running = server;
        if (running is not null && running.Options.IsNearestFirst == isNearestFirst) return running.Zone;
        return await pictures.Make(options with { IsNearestFirst = isNearestFirst });
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        config.Published += wake.Call;
        try
        {
            using var members = feeds.Members.Subscribe();
            using var suspicions = feeds.Suspicions.Subscribe();
            using var nodes = feeds.Nodes.Subscribe();
            _ = Drain(members, stoppingToken);
            _ = Drain(suspicions, stoppingToken);
            _ = Drain(nodes, stoppingToken);
            while (!stoppingToken.IsCancellationRequested)
            {
                await Guarded(stoppingToken);
                await wake.Wait(server is null ? Timeout.InfiniteTimeSpan : LookAgain, stoppingToken);
                var pause = TimeSpan.FromMilliseconds(GatherTimes * (picture?.Milliseconds ?? 0));
                if (pause < Gather) pause = Gather;
                if (server is not null && pause - (Monotonic.Now - madeAt) is { Ticks: > 0 } early) await Task.Delay(early, stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            // the agent stops
        }
        finally
        {
            config.Published -= wake.Call;
            Close();
        }
    }

    async Task Guarded(CancellationToken stop)
    {
        try
        {
            await Follow();
        }
        // the border of the loop: the server answers from the picture that it has, and the next look tries again
        catch (Exception e) when (e is not OperationCanceledException || !stop.IsCancellationRequested)
        {
            LogFault(logger, e);
            isDirty = true;
            await Task.Delay(TryAgain, stop);
        }
    }

    async Task Drain<T>(Feed<T>.Subscription subscription, CancellationToken stop)
    {
        try
        {
            await foreach (var _ in subscription.Items.ReadAllAsync(stop))
            {
                if (server is null || isDirty) continue;
                isDirty = true;
                wake.Call();
            }
        }
        catch (OperationCanceledException)
        {
            // the agent stops
        }
    }

    async Task Follow()
    {
        if (config.Current.Version != version) TakeConfiguration();
        if (!options.IsEnabled) return;
        var now = Monotonic.Now;
        // no feed tells what this node says of itself once all can read it
        var own = book.Find(cluster.Options.Zone, cluster.Name)?.Map;
        if (own != ownMap) (ownMap, isDirty) = (own, true);
        if (server is null || isDirty || now - madeAt > (options.IsNearestFirst ? MostAgeNear : MostAge)) await NewPicture();
        if (server is { Problems.Length: > 0 } && now - triedAt > TryAgain) Open();
        if (server is { } running) meters.Take(running);
    }

    void TakeConfiguration()
    {
        var current = config.Current;
        var problems = new List<Problem>();
        var next = DnsOptions.Read(current.Agent, problems);
        // a slip of the pen does not shut the door
        if (server is not null && !next.IsEnabled && problems.Any(p => !p.IsWarning)) next = options;
        if (server is { } running)
        {
            if (!next.IsEnabled || !next.HasTheSocketsOf(options)) Close();
            else running.Options = next;
        }
        (options, version, isDirty) = (next, current.Version, true);
        Report(problems);
    }

    void Report(List<Problem> problems)
    {
        var agent = config.Current.Agent;
        config.Report("dns", [.. problems, .. (server?.Problems ?? []).Select(p => Problem.At(agent["dns"] ?? agent, p))]);
    }

    async Task NewPicture()
    {
        isDirty = false;
        var began = Stopwatch.GetTimestamp();
        DnsZone zone;
        try
        {
            zone = await pictures.Make(options);
        }
        catch (PoolClosedException)
        {
            isDirty = true;   // the pool was replaced meanwhile, and the next look finds the new one; or it is broken, which gossip tells
            if (server is not null) return;
            zone = pictures.Alone(options);
        }
        finally
        {
            madeAt = Monotonic.Now;
        }
        picture = new PictureView(time.GetUtcNow(), Math.Round(Stopwatch.GetElapsedTime(began).TotalMilliseconds, 3));
        if (server is { } running)
        {
            running.Zone = zone;
            return;
        }
        server = new DnsServer(options, zone, time, logger);
        Open();
    }

    void Open()
    {
        triedAt = Monotonic.Now;
        if (server!.Open()) LogListening(logger, string.Join(", ", server.Listens), options.Domain);
        var problems = new List<Problem>();
        DnsOptions.Read(config.Current.Agent, problems);
        Report(problems);
    }

    void Close()
    {
        if (server is not { } open) return;
        server = null;
        open.Dispose();
        meters.Take(open);
        meters.Over();
    }

    [LoggerMessage(LogLevel.Information, "dns: listens on {Places} for names below .{Domain}")]
    static partial void LogListening(ILogger logger, string places, string domain);

    [LoggerMessage(LogLevel.Error, "dns: the picture of the cluster was not made by a fault of the program; it is tried again")]
    static partial void LogFault(ILogger logger, Exception e);
}
