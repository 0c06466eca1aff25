using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpsBro.Agent;
using OpsBro.Collectors;
using OpsBro.Config;
using OpsBro.Core.Expressions;
using OpsBro.Platform;

namespace OpsBro.Detectors;

/// <summary>
/// Owns the <see cref="DetectorEngine"/> on one thread: takes over reloads, gives due rules to <see cref="RuleWorkers"/>, takes verdicts
/// back, publishes <see cref="Groups"/> and the states.
/// </summary>
internal sealed partial class DetectorLoop : BackgroundService
{
    /// <summary>Longest sleep of the loop while it starts or a rule is out: one that is stuck is seen within it.</summary>
    public static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    /// <summary>Longest sleep otherwise. A reload and each verdict wake the loop.</summary>
    static readonly TimeSpan longestSleep = TimeSpan.FromMinutes(1);

    readonly ConfigStore config;
    readonly CollectorStore collectors;
    readonly FunctionTable functions;
    readonly Groups groups;
    readonly GroupHistory history;
    readonly Telemetry telemetry;
    readonly Readiness readiness;
    readonly TimeProvider time;
    readonly ILogger<DetectorLoop> logger;
    readonly DetectorEngine engine = new();
    readonly RuleWorkers workers = new();
    readonly ConcurrentQueue<(DetectorRule Rule, Verdict Verdict)> verdicts = [];
    readonly AutoResetEvent wake = new(false);
    IReadOnlyList<(string Group, GroupReason Reason)> own = [];
    HashSet<string> measured = [];
    int version = -1, seenChanges = -1;
    bool isReady;
    volatile Board board = new([], [], default, default);

    /// <summary>A loop on what other slices give.</summary>
    public DetectorLoop(
        ConfigStore config, CollectorStore collectors, FunctionTable functions, Groups groups, GroupHistory history, Telemetry telemetry,
        Readiness readiness, TimeProvider time, ILogger<DetectorLoop> logger)
    {
        (this.config, this.collectors, this.functions, this.groups, this.history) = (config, collectors, functions, groups, history);
        (this.telemetry, this.readiness, this.time, this.logger) = (telemetry, readiness, time, logger);
        readiness.Expect("detectors");
    }

    /// <summary>What the loop last saw, for the API.</summary>
    public Board Current => board;

    /// <summary>A picture of the loop.</summary>
    /// <param name="Detectors">Each object with its rule or problems.</param>
    /// <param name="States">Each detector's state.</param>
    /// <param name="At">Monotonic time of the picture.</param>
    /// <param name="UtcAt">Wall clock of the picture.</param>
    internal sealed record Board(
        IReadOnlyList<BoundDetector> Detectors, IReadOnlyList<DetectorState> States, TimeSpan At, DateTimeOffset UtcAt);

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.Factory.StartNew(() => Run(stoppingToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    void Run(CancellationToken stop)
    {
        using var onStop = stop.Register(Wake);
        config.Published += Wake;
        history.Start(groups.Current);
        while (!stop.IsCancellationRequested)
        {
            Step(Monotonic.Now);
            wake.WaitOne(Sleep(Monotonic.Now));
        }
        config.Published -= Wake;
        workers.Dispose();
    }

    void Wake() => wake.Set();

    void Step(TimeSpan now)
    {
        var hasNews = TakeOver(now) | TakeVerdicts(now);
        List<DetectorRule> due = [];
        do
        {
            // a group that came or went switches the rules that are for it, which may take groups away
            if (engine.Changes != seenChanges) PublishGroups();
            due.AddRange(engine.Start(now, groups.Has));
        }
        while (engine.Changes != seenChanges);
        foreach (var rule in due) Give(rule);
        workers.Tend();
        // one picture for a round of rules: the verdicts of a round that is under way come within a moment
        if (hasNews || now - board.At >= Tick)
            board = board with { States = [.. engine.States(now)], At = now, UtcAt = time.GetUtcNow() };
        if (isReady || !engine.HasSettled(now)) return;
        isReady = true;
        history.FirstRoundDone(time.GetUtcNow());
        readiness.Done("detectors");
    }

    TimeSpan Sleep(TimeSpan now)
    {
        var most = isReady && !engine.IsAnyOut ? longestSleep : Tick;
        var until = engine.NextDue is { } due && due - now < most ? due - now : most;
        if (workers.HaveWork && RuleWorkers.Patience < until) until = RuleWorkers.Patience;
        return until > TimeSpan.Zero ? until : TimeSpan.Zero;
    }

    bool TakeOver(TimeSpan now)
    {
        var current = config.Current;
        if (current.Version == version) return false;
        version = current.Version;
        var problems = new List<Problem>();
        own = OwnGroups.Of(current.Agent, problems);
        var detectors = DetectorBinder.BindAll(current, functions);
        config.Report("detectors", [.. problems, .. detectors.SelectMany(d => d.Problems)]);
        engine.Take(detectors, now);
        var ids = detectors.Select(d => d.Id).ToHashSet();
        foreach (var gone in measured.Except(ids)) telemetry.Forget("detectors", gone);
        measured = ids;
        board = board with { Detectors = detectors };
        return true;
    }

    bool TakeVerdicts(TimeSpan now)
    {
        var hasTaken = false;
        while (verdicts.TryDequeue(out var item))
        {
            hasTaken = true;
            if (!engine.Finish(item.Rule, item.Verdict, now)) continue;
            if (item.Verdict.Problem.Length > 0) LogProblem(logger, item.Rule.Name, item.Verdict.Problem);
            else LogMended(logger, item.Rule.Name);
        }
        return hasTaken;
    }

    void PublishGroups()
    {
        seenChanges = engine.Changes;
        foreach (var change in groups.Publish([.. own, .. engine.Given], time.GetUtcNow()))
        {
            history.Add(change);
            if (change.IsPresent) LogAdded(logger, change.Group, change.By);
            else LogRemoved(logger, change.Group, change.By);
        }
    }

    void Give(DetectorRule rule)
    {
        var agent = config.Current.Agent;
        workers.Do(() =>
        {
            var started = Monotonic.Now;
            var verdict = Ask(rule, agent, started);
            telemetry.Of("detectors", rule.Id).Ran(Monotonic.Now - started, failed: verdict.Problem.Length > 0);
            verdicts.Enqueue((rule, verdict));
            // of several rules, the last one wakes
            if (!workers.HaveWork) wake.Set();
        });
    }

    /// <summary>Asks a rule once, in the calling thread. Never throws.</summary>
    public Verdict Ask(DetectorRule rule, ConfigNode agent, TimeSpan now)
    {
        try
        {
            return rule.Program.Evaluate(new RuleReferences(collectors, agent, rule.Body, rule.Pack, now));
        }
        // the border between detectors: whatever a function of a rule throws is a problem of that rule alone
        catch (Exception e)
        {
            return Verdict.Failed($"{rule.Place}: {e.GetType().Name}: {e.Message}");
        }
    }

    [LoggerMessage(LogLevel.Information, "group {Group} added by {By}")]
    static partial void LogAdded(ILogger logger, string group, string by);

    [LoggerMessage(LogLevel.Information, "group {Group} removed; {By} gave it")]
    static partial void LogRemoved(ILogger logger, string group, string by);

    [LoggerMessage(LogLevel.Warning, "detector {Name} cannot be answered: {Problem}")]
    static partial void LogProblem(ILogger logger, string name, string problem);

    [LoggerMessage(LogLevel.Information, "detector {Name} can be answered again")]
    static partial void LogMended(ILogger logger, string name);
}
