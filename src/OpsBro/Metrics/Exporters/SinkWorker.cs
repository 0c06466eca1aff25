using Microsoft.Extensions.Logging;
using OpsBro.Platform;

namespace OpsBro.Metrics.Exporters;

/// <summary>How long a worker waits after tries that failed.</summary>
/// <param name="First">After the first.</param>
/// <param name="Most">At most: it doubles until then.</param>
internal sealed record BackOff(TimeSpan First, TimeSpan Most)
{
    /// <summary>Half a second to half a minute.</summary>
    public static readonly BackOff Usual = new(TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(30));

    /// <summary>The time after so many failures in a row: half of it sure, half by chance, so that many agents do not come at once.</summary>
    public TimeSpan After(int failures, double chance) =>
        TimeSpan.FromTicks((long)(Math.Min(First.Ticks * Math.Pow(2, Math.Min(failures, 30) - 1), Most.Ticks) * (0.5 + (chance / 2))));
}

/// <summary>
/// Brings the journal's numbers to one sink, on a thread of its own: reads a page, sends it until the sink has it or refuses it, confirms
/// it, reads the next. A sink that is down or slow holds up nobody but itself.
/// </summary>
internal sealed partial class SinkWorker : IDisposable
{
    /// <summary>Requests that one page may be parted into, to find the points that a sink refuses among those that it takes.</summary>
    public const int MaxParts = 256;

    /// <summary>The same when the sink took nothing of the page before: it refuses everything, and looking closer does not help.</summary>
    const int FewParts = 4;

    /// <summary>Time that a request under way gets when the agent stops, so that its page is confirmed and not sent again.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(3);

    readonly MetricJournal journal;
    readonly ISink sink;
    readonly BackOff backOff;
    readonly Meter meter;
    readonly ILogger logger;
    readonly CancellationTokenSource stop = new(), cut = new();
    readonly Thread thread;
    bool tookLast = true, isDisposed;

    /// <summary>A worker that waits for <see cref="Start"/>.</summary>
    public SinkWorker(SinkOptions options, MetricJournal journal, ISink sink, BackOff backOff, SinkReport report, Meter meter, ILogger logger)
    {
        (Options, Report) = (options, report);
        (this.journal, this.sink, this.backOff, this.meter, this.logger) = (journal, sink, backOff, meter, logger);
        journal.Follow(Follower(options.Name));
        thread = new Thread(Run) { IsBackground = true, Name = $"forward {options.Name}" };
    }

    /// <summary>What it was told.</summary>
    public SinkOptions Options { get; }

    /// <summary>How it does.</summary>
    public SinkReport Report { get; }

    /// <summary>A sink's name in the journal.</summary>
    public static string Follower(string sink) => FollowerPrefix + sink;

    /// <summary>Which followers of the journal are sinks.</summary>
    public const string FollowerPrefix = "forward ";

    /// <summary>Begins.</summary>
    public void Start() => thread.Start();

    /// <summary>No new page; a request under way gets <see cref="Grace"/>. Returns at once.</summary>
    public void Stop()
    {
        stop.Cancel();
        cut.CancelAfter(Grace);
    }

    /// <summary>Stops, and waits for the end.</summary>
    public void Dispose()
    {
        if (isDisposed) return;
        isDisposed = true;
        Stop();
        if (thread.IsAlive) thread.Join();
        sink.Dispose();
        stop.Dispose();
        cut.Dispose();
    }

    void Run()
    {
        for (var failures = 0; !stop.IsCancellationRequested;)
        {
            try
            {
                Page();
                failures = 0;
            }
            // the border of the thread: what one sink or the queue's disk does must not end the agent
            catch (Exception e)
            {
                var reason = Sinks.OneLine(e.Message);
                if (++failures == 1) LogFault(logger, e, Options.Name);
                Report.Failed(reason);
                Become(SinkState.Down, reason);
                Pause(backOff.After(failures, Random.Shared.NextDouble()));
            }
        }
    }

    void Page()
    {
        var follower = Follower(Options.Name);
        var page = journal.Read(follower, Options.Batch);
        if (page.Lost > 0)
        {
            Report.Lose(page.Lost);
            meter.Drop(page.Lost);
            LogLost(logger, Options.Name, page.Lost);
        }
        if (page.Points.Count > 0)
        {
            if (!Deliver(page.Points)) return;
            journal.Confirm(follower, page.Position);
        }
        if (page.Points.Count >= Options.Batch) return;
        Report.Wait(0);
        Pause(Options.Interval);
    }

    /// <summary>Sends a page until nothing of it waits; false when the agent stops before.</summary>
    bool Deliver(IReadOnlyList<JournalPoint> points)
    {
        var parts = new Stack<(int From, int Count)>([(0, points.Count)]);
        var (left, failures, hasTaken, hasRefused) = (tookLast ? MaxParts : FewParts, 0, false, false);
        while (parts.TryPop(out var part))
        {
            var waiting = Math.Max(journal.Behind(Follower(Options.Name)), points.Count);
            Report.Wait(points[part.From].At);
            var began = Monotonic.Now;
            var delivery = sink.Send(points, part.From, part.Count, cut.Token);
            meter.Ran(Monotonic.Now - began, failed: delivery.Answer is not Answer.Taken);
            switch (delivery.Answer)
            {
                case Answer.Taken:
                    failures = 0;
                    hasTaken |= delivery.Points.Samples > 0;
                    Report.Took(delivery);
                    Become(waiting > Options.Batch ? SinkState.Behind : SinkState.Ok, "");
                    break;
                case Answer.TooMany when part.Count > 1:
                    Halve(parts, part);
                    break;
                case Answer.Refused when part.Count > 1 && left >= 2:
                    left -= 2;
                    Halve(parts, part);
                    break;
                case Answer.Later:
                    Report.Failed(delivery.Reason);
                    Become(SinkState.Down, delivery.Reason);
                    var pause = backOff.After(++failures, Random.Shared.NextDouble());
                    parts.Push(part);
                    Pause(delivery.RetryAfter > pause ? delivery.RetryAfter : pause);
                    if (stop.IsCancellationRequested) return false;
                    break;
                default:
                    failures = 0;
                    hasRefused = true;
                    Report.Refuse(delivery);
                    meter.Drop(delivery.Points.Samples);
                    LogRefused(logger, Options.Name, delivery.Points.Samples, delivery.Reason);
                    Become(waiting > Options.Batch ? SinkState.Behind : SinkState.Ok, "");
                    break;
            }
        }
        if (hasTaken || hasRefused) tookLast = hasTaken;
        return true;
    }

    /// <summary>The older half is sent first: a sink may want its samples in order of time.</summary>
    static void Halve(Stack<(int From, int Count)> parts, (int From, int Count) part)
    {
        var half = part.Count / 2;
        parts.Push((part.From + half, part.Count - half));
        parts.Push((part.From, half));
    }

    void Become(SinkState state, string reason)
    {
        var before = Report.Now;
        if (!Report.Become(state)) return;
        if (state == SinkState.Down) LogDown(logger, Options.Name, Options.Target, reason);
        else if (before.State == SinkState.Down) LogUp(logger, Options.Name, Options.Target, (long)before.StateAge.TotalSeconds);
    }

    void Pause(TimeSpan time) => stop.Token.WaitHandle.WaitOne(time);

    [LoggerMessage(LogLevel.Warning, "the sink {Name} ({Target}) takes nothing: {Reason}; its numbers wait")]
    static partial void LogDown(ILogger logger, string name, string target, string reason);

    [LoggerMessage(LogLevel.Information, "the sink {Name} ({Target}) takes numbers again, after {Seconds} s")]
    static partial void LogUp(ILogger logger, string name, string target, long seconds);

    [LoggerMessage(LogLevel.Error, "the sink {Name}: its numbers could not be read or sent; it is tried again")]
    static partial void LogFault(ILogger logger, Exception e, string name);

    [LoggerMessage(LogLevel.Debug, "the sink {Name} refused {Points} points: {Reason}")]
    static partial void LogRefused(ILogger logger, string name, long points, string reason);

    [LoggerMessage(LogLevel.Warning, "{Points} points for the sink {Name} were given up: the queue is full")]
    static partial void LogLost(ILogger logger, string name, long points);
}
