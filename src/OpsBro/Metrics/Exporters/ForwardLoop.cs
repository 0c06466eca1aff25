using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpsBro.Agent;
using OpsBro.Config;

namespace OpsBro.Metrics.Exporters;

/// <summary>
/// Keeps one <see cref="SinkWorker"/> for each sink of agent.yml: starts new ones, replaces changed ones, ends removed ones and lets the
/// journal forget them, and says which sinks are in trouble.
/// </summary>
internal sealed partial class ForwardLoop(
    ConfigStore config, MetricStore store, AgentState self, Telemetry telemetry, TimeProvider time, ILogger<ForwardLoop> logger)
    : BackgroundService
{
    /// <summary>A sink that is down for longer is a problem that <c>agent info</c> shows.</summary>
    public static readonly TimeSpan DownIsAProblem = TimeSpan.FromMinutes(1);

    /// <summary>So long is a loss a problem after it happened last.</summary>
    public static readonly TimeSpan LossIsAProblem = TimeSpan.FromHours(24);

    /// <summary>Time between two looks at the sinks.</summary>
    static readonly TimeSpan tick = TimeSpan.FromSeconds(5);

    /// <summary>The same without any.</summary>
    static readonly TimeSpan longestSleep = TimeSpan.FromMinutes(1);

    readonly AutoResetEvent wake = new(false);
    readonly Dictionary<string, (ConfigNode Node, SinkWorker Worker)> running = [];
    IReadOnlyList<Problem> faults = [], reported = [];
    volatile IReadOnlyList<SinkWorker> workers = [];
    int version = -1;

    /// <summary>The sinks, sorted by name.</summary>
    public IReadOnlyList<SinkWorker> Workers => workers;

    /// <summary>The picture of each sink, for the API.</summary>
    public ForwardView[] Views() =>
        [.. workers.Select(worker => ForwardView.Of(worker, store.Journal.Behind(SinkWorker.Follower(worker.Options.Name)), time.GetUtcNow()))];

    /// <summary>The sinks follow the journal before anything is measured.</summary>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        TakeOver();
        return base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.Factory.StartNew(() => Run(stoppingToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    void Run(CancellationToken stop)
    {
        using var onStop = stop.Register(Wake);
        config.Published += Wake;
        while (!stop.IsCancellationRequested)
        {
            TakeOver();
            Report();
            wake.WaitOne(running.Count > 0 ? tick : longestSleep);
        }
        config.Published -= Wake;
        foreach (var (_, worker) in running.Values) worker.Stop();   // all at once: their patience runs side by side
        foreach (var (_, worker) in running.Values) worker.Dispose();
    }

    void Wake() => wake.Set();

    void TakeOver()
    {
        var current = config.Current;
        if (current.Version == version) return;
        version = current.Version;
        var problems = new List<Problem>();
        var section = ForwardSection.Read(current.Agent, self.Identity.Name, problems);
        faults = problems;
        var meant = Meant(current, section);
        if (meant is not null) EndAllBut(meant);
        foreach (var (options, node) in section.Sinks)
        {
            if (running.TryGetValue(options.Name, out var old))
            {
                if (old.Node.SaysTheSameAs(node)) continue;
                old.Worker.Dispose();
                LogChanged(logger, options.Name, options.Target);
            }
            Begin(options, node, old.Worker?.Report ?? new SinkReport(time));
        }
        workers = [.. running.Values.Select(r => r.Worker).OrderBy(w => w.Options.Name, StringComparer.Ordinal)];
    }

    /// <summary>
    /// The sinks that are meant to be there; null while agent.yml or the section cannot be read: a slip of the pen must not throw away what
    /// waits for a sink, above all not at a start, which has no earlier file to go by.
    /// </summary>
    public static IReadOnlySet<string>? Meant(Configuration current, ForwardSection section) =>
        section.IsReadable && current.Problems.All(p => p.IsWarning || !current.Agent.File.StartsWith(p.File, StringComparison.Ordinal))
            ? section.Names
            : null;

    void Begin(SinkOptions options, ConfigNode node, SinkReport report)
    {
        var worker = new SinkWorker(
            options, store.Journal, Sinks.Of(options), BackOff.Usual, report, telemetry.Of("forward", options.Name), logger);
        running[options.Name] = (node, worker);
        worker.Start();
    }

    void EndAllBut(IReadOnlySet<string> meant)
    {
        foreach (var gone in running.Keys.Except(meant).ToList()) End(gone);
        foreach (var follower in store.Journal.Followers())
        {
            if (!follower.StartsWith(SinkWorker.FollowerPrefix, StringComparison.Ordinal)) continue;
            if (!meant.Contains(follower[SinkWorker.FollowerPrefix.Length..])) store.Journal.Forget(follower);
        }
    }

    void End(string name)
    {
        running.Remove(name, out var gone);
        gone.Worker.Dispose();
        telemetry.Forget("forward", name);
        LogRemoved(logger, name);
    }

    void Report()
    {
        List<Problem> problems = [.. faults, .. running.Values.SelectMany(r => TroublesOf(r.Worker.Options.Name, r.Worker.Report.Now, r.Node))];
        if (problems.SequenceEqual(reported)) return;
        reported = problems;
        config.Report("forward", problems);
    }

    /// <summary>What the operator should know of a sink, at the place where it is written.</summary>
    public static IEnumerable<Problem> TroublesOf(string name, SinkFigures now, ConfigNode node)
    {
        if (now.State == SinkState.Down && now.StateAge >= DownIsAProblem)
            yield return Warning($"the sink {name} takes nothing since {now.Since.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}: {now.Error}");
        if (now.Lost > 0 && now.LostAge < LossIsAProblem)
            yield return Warning($"{now.Lost} points for the sink {name} were given up, because the queue is full; see opsbro forward state");

        Problem Warning(string message) => Problem.At(node, message) with { IsWarning = true };
    }

    [LoggerMessage(LogLevel.Information, "the sink {Name} is configured anew: {Target}")]
    static partial void LogChanged(ILogger logger, string name, string target);

    [LoggerMessage(LogLevel.Information, "the sink {Name} is configured no more; what waited for it is forgotten")]
    static partial void LogRemoved(ILogger logger, string name);
}
