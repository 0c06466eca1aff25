using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpsBro.Agent;
using OpsBro.Config;
using OpsBro.Core.Statsd;

namespace OpsBro.Metrics.Listeners;

/// <summary>
/// Statsd: opens the sockets as the configuration says, and flushes at each multiple of the interval, so that every flush falls into a
/// bucket of its own. New options of the sockets count at once, those of the figures from the next flush on.
/// </summary>
internal sealed partial class StatsdListener : BackgroundService, IStatsdOutput, IListener
{
    /// <summary>What could not be opened is tried again after so long.</summary>
    public static readonly TimeSpan TryAgain = TimeSpan.FromSeconds(10);

    readonly ConfigStore config;
    readonly MetricStore store;
    readonly MetricSource source;
    readonly StatsdBook book;
    readonly TimeProvider time;
    readonly ILogger<StatsdListener> logger;
    StatsdOptions options = new();
    volatile StatsdCounts past = StatsdCounts.None;
    volatile StatsdIntake intake;
    volatile StatsdSockets? sockets;
    volatile StatsdFlushView? lastFlush;
    long flushes, cutBefore, flushAt, due = long.MaxValue;
    int numbers, refused;

    /// <summary>A listener; nothing is open yet.</summary>
    public StatsdListener(ConfigStore config, MetricStore store, StatsdBook book, TimeProvider time, ILogger<StatsdListener> logger)
    {
        (this.config, this.store, this.book, this.time, this.logger) = (config, store, book, time, logger);
        source = store.Source("statsd");
        intake = new StatsdIntake(options.Settings, options.Limits, book);
    }

    /// <inheritdoc/>
    public string Section => "statsd";

    /// <inheritdoc/>
    public IReadOnlyList<string> Listens => sockets?.Listens ?? [];

    /// <summary>What it does now.</summary>
    public StatsdView Now()
    {
        var (open, counts) = (sockets, past.With(intake.Counts));
        return new StatsdView
        {
            Enabled = open is not null,
            Listens = open?.Listens ?? [],
            Problems = open?.Problems ?? [],
            Interval = intake.Settings.IntervalSeconds,
            Packets = counts.Packets,
            Lines = counts.Lines,
            BadLines = counts.BadLines,
            Faults = book.Faults(),
            BadSamples = book.Samples(),
            Metrics = counts.Metrics,
            RefusedMetrics = counts.RefusedMetrics,
            RefusedTimerValues = counts.RefusedTimerValues,
            RefusedSetMembers = counts.RefusedMembers,
            CutPackets = Interlocked.Read(ref cutBefore) + (open?.Cut ?? 0),
            KernelDrops = open?.Drops ?? 0,
            ReceiveBuffer = open?.Granted ?? 0,
            Connections = open?.Connections ?? 0,
            RefusedConnections = open?.RefusedConnections ?? 0,
            Events = book.EventCount,
            ServiceChecks = book.CheckCount,
            RefusedServiceChecks = book.RefusedChecks,
            Flushes = Interlocked.Read(ref flushes),
            LastFlush = lastFlush,
        };
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await config.Follow(Look, stoppingToken);
        }
        finally
        {
            Close();
        }
    }

    /// <returns>When to look again.</returns>
    TimeSpan Look()
    {
        Follow();
        if (sockets is null)
        {
            due = long.MaxValue;
            return Timeout.InfiniteTimeSpan;
        }
        var interval = intake.Settings.IntervalSeconds * 1000L;
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        // also after a jump of the clock
        if (due - now > interval) due = ((now / interval) + 1) * interval;
        if (now >= due)
        {
            Flush(due / 1000, (now - due) / 1000.0);
            due = long.MaxValue;
            return TimeSpan.Zero;
        }
        var patience = TimeSpan.FromMilliseconds(due - now);
        return sockets.Problems.Length > 0 && patience > TryAgain ? TryAgain : patience;
    }

    /// <summary>Opens and closes as the configuration says, and tries again what could not be opened.</summary>
    void Follow()
    {
        var problems = new List<Problem>();
        var next = StatsdOptions.Read(config.Current.Agent, problems);
        // a slip of the pen does not shut the door
        if (sockets is not null && !next.IsEnabled && problems.Any(p => !p.IsWarning)) next = options;
        if (sockets is not null && (!next.IsEnabled || !next.HasTheSocketsOf(options))) CloseSockets();
        if (sockets is null && options.IsEnabled && !next.IsEnabled) LastFlush();
        options = next;
        if (next.IsEnabled)
        {
            if (sockets is null)
            {
                if (IsOther) (past, intake) = (past.With(intake.Counts), Make());   // before the first packet
                sockets = new StatsdSockets(next, () => intake);
            }
            if (sockets.Open()) LogListening(logger, string.Join(", ", sockets.Listens), intake.Settings.IntervalSeconds);
        }
        var agent = config.Current.Agent;
        config.Report("statsd", [.. problems, .. (sockets?.Problems ?? []).Select(p => Problem.At(agent["statsd"] ?? agent, p))]);
    }

    /// <summary>The configuration asks for other figures than are made.</summary>
    bool IsOther => !options.Settings.SaysTheSameAs(intake.Settings) || options.Limits != intake.Limits;

    StatsdIntake Make() => new(options.Settings, options.Limits, book);

    void Flush(long at, double lagSeconds)
    {
        var began = Stopwatch.GetTimestamp();
        (flushAt, numbers, refused) = (at, 0, 0);
        var (flushed, isOther) = (intake, IsOther);
        if (isOther) intake = Make();
        flushed.Flush(lagSeconds, isOther, this);
        if (isOther) past = past.With(flushed.Counts);
        var took = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        flushed.WriteTime(took, this);
        lastFlush = new StatsdFlushView(DateTimeOffset.FromUnixTimeSeconds(at), numbers, refused, Math.Round(took, 3));
        Interlocked.Increment(ref flushes);
    }

    /// <inheritdoc/>
    public void Add(ReadOnlySpan<byte> name, double value)
    {
        numbers++;
        if (!store.Add(source, name, flushAt, value)) refused++;
    }

    void CloseSockets()
    {
        if (sockets is not { } open) return;
        open.Dispose();
        Interlocked.Add(ref cutBefore, open.Cut);
        sockets = null;
    }

    /// <summary>The begun interval, now: but not into the bucket of the flush before, whose numbers it would replace.</summary>
    void LastFlush()
    {
        var next = flushAt - (flushAt % MetricStore.BaseStep) + MetricStore.BaseStep;
        Flush(Math.Max(time.GetUtcNow().ToUnixTimeSeconds(), next), 0);
    }

    void Close()
    {
        if (sockets is null) return;
        CloseSockets();
        LastFlush();
    }

    [LoggerMessage(LogLevel.Information, "statsd: listens on {Places}; flushes every {Seconds} s")]
    static partial void LogListening(ILogger logger, string places, int seconds);
}
