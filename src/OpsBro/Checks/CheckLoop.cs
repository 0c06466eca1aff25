using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpsBro.Agent;
using OpsBro.Api;
using OpsBro.Collectors;
using OpsBro.Config;
using OpsBro.Core.Checks;
using OpsBro.Core.Expressions;
using OpsBro.Detectors;
using OpsBro.Platform;
using OpsBro.Storage;

namespace OpsBro.Checks;

/// <summary>
/// Drives <see cref="CheckSchedule"/>: one thread judges, workers run scripts. Results, questions and reloads reach the schedule one at a
/// time. The first round waits for the first round of the collectors and detectors, so that it finds data and groups.
/// </summary>
internal sealed partial class CheckLoop : IHostedService, ICheckWork
{
    /// <summary>The agent counts as ready after this long even when scripts of the first round still run.</summary>
    public static readonly TimeSpan FirstRoundPatience = TimeSpan.FromSeconds(1);

    /// <summary>Longest sleep. A reload, new groups and the end of a run wake the loop.</summary>
    static readonly TimeSpan longestSleep = TimeSpan.FromMinutes(1);

    /// <summary>Sleep while the first round is awaited.</summary>
    static readonly TimeSpan startSleep = TimeSpan.FromMilliseconds(20);

    readonly ConfigStore config;
    readonly Groups groups;
    readonly Feed<CheckChanged> changes;
    readonly Feed<Sample> samples;
    readonly HistoryLog history;
    readonly StoredStandings stored;
    readonly Readiness readiness;
    readonly TimeProvider clock;
    readonly ILogger<CheckLoop> logger;
    readonly CheckSchedule schedule;
    readonly CheckWorkers workers = new();
    readonly RunningPrograms running = new();
    readonly CheckBinder binder;
    readonly ConcurrentQueue<Action> mail = new();
    readonly AutoResetEvent wake = new(false);
    readonly Thread thread;
    BoundObjects<CheckDefinition> checks = null!, services = null!;
    CheckSettings settings = new();
    ConfigNode? section;
    Dictionary<string, CheckStanding> standings = [];
    IReadOnlyList<GroupView>? seenGroups;
    int version = -1, renewals;
    bool hasBegun, isReady;
    volatile bool isStopping;

    /// <summary>Makes the loop; nothing runs yet.</summary>
    public CheckLoop(
        ConfigStore config, CollectorStore collectors, FunctionTable functions, Groups groups,
        Feed<CheckChanged> changes, Feed<Sample> samples, HistoryLog history,
        StoredStandings stored, Readiness readiness, Telemetry telemetry, TimeProvider clock, ILogger<CheckLoop> logger)
    {
        (this.config, this.groups, this.changes, this.samples, this.history, this.stored, this.readiness, this.clock, this.logger) =
            (config, groups, changes, samples, history, stored, readiness, clock, logger);
        schedule = new CheckSchedule(this, new Random(), telemetry);
        binder = new CheckBinder(functions, collectors, () => config.Current.Agent, () => settings);
        thread = new Thread(Run) { IsBackground = true, Name = "checks" };
        readiness.Expect("checks");
        config.Published += Wake;
        groups.Published += Wake;
    }

    /// <summary>Every check, for any thread.</summary>
    public IReadOnlyList<ScheduledCheck> All => schedule.All;

    /// <summary>Checks came, went, or were switched on or off. Called on the loop's thread: a listener wakes its own loop and returns.</summary>
    public event Action? ListChanged;

    /// <summary>How many active checks are in each state; states without a check are left out.</summary>
    public IReadOnlyDictionary<string, int> Counts =>
        All.Where(c => c.IsActive).GroupBy(c => c.Standing.State).OrderBy(g => g.Key).ToDictionary(g => g.Key.Word(), g => g.Count());

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        standings = stored.Load(clock.GetUtcNow());
        thread.Start();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        config.Published -= Wake;
        groups.Published -= Wake;
        isStopping = true;
        wake.Set();
        workers.Stop();
        running.EndAll();
        thread.Join();
        schedule.SaveAll();
        return Task.CompletedTask;
    }

    /// <summary>Runs a check now and waits for its result.</summary>
    public async Task RunNow(ScheduledCheck check, CancellationToken cancel)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(() =>
        {
            if (check.IsActive) schedule.RunNow(check, () => done.TrySetResult(), Monotonic.Now, clock.GetUtcNow());
            else
                done.TrySetException(new ApiProblem(409,
                    $"check {check.Definition.Name} is for the group {check.Definition.IfGroup}, which this agent does not have"));
        });
        await done.Task.WaitAsync(cancel);
    }

    void Wake() => wake.Set();

    void Post(Action action)
    {
        mail.Enqueue(action);
        wake.Set();
    }

    void Run()
    {
        while (!isStopping)
        {
            Look();
            while (mail.TryDequeue(out var action)) action();
            var next = schedule.Tick(Monotonic.Now, clock.GetUtcNow());
            if (!isReady && schedule.HasCompletedRound(Monotonic.Now, FirstRoundPatience))
            {
                isReady = true;
                readiness.Done("checks");
            }
            var sleep = next - Monotonic.Now;
            var most = isReady ? longestSleep : startSleep;
            if (sleep > most) sleep = most;
            if (sleep > TimeSpan.Zero) wake.WaitOne(sleep);
        }
    }

    /// <summary>Takes over a reload, new groups, and the moment when there is something to judge.</summary>
    void Look()
    {
        var current = config.Current;
        var (now, utc) = (Monotonic.Now, clock.GetUtcNow());
        var isNew = current.Version != version;
        if (isNew) Take(current, now, utc);
        if (renewals != stored.Renewals)
        {
            renewals = stored.Renewals;
            schedule.SaveAnew();
        }
        var isFirst = !hasBegun;
        if (isFirst)
        {
            var waiting = readiness.Waiting;
            if (waiting.Contains("collectors") || waiting.Contains("detectors")) return;
            hasBegun = true;
        }
        var given = groups.Current;
        if (isNew || isFirst || !ReferenceEquals(given, seenGroups))
        {
            seenGroups = given;
            schedule.Activate(groups.Has, now, utc);
            ListChanged?.Invoke();
        }
        if (isFirst) schedule.Begin(now);   // after the checks are switched on: those of the first round need not settle
    }

    void Take(Configuration current, TimeSpan now, DateTimeOffset utc)
    {
        version = current.Version;
        var problems = new List<Problem>();
        settings = CheckSettings.Read(current.Agent, problems);
        workers.Most = settings.Concurrency;
        if (checks is null || !IsSame(section, current.Agent["checks"]))
        {
            // other defaults make other checks of the same files
            checks = new BoundObjects<CheckDefinition>("check", binder.Bind);
            services = new BoundObjects<CheckDefinition>("service", binder.Bind);
        }
        section = current.Agent["checks"];
        problems.AddRange(checks.Take(current).Problems);
        problems.AddRange(services.Take(current).Problems);
        var all = services.Current.Concat(checks.Current).Select(b => b.Target).ToList();
        foreach (var check in all) binder.AddMacroProblems(check, problems);
        config.Report("checks", problems);
        schedule.Take(all, id => standings.Remove(id, out var standing) ? standing : null, now, utc);
    }

    static bool IsSame(ConfigNode? one, ConfigNode? other) => one is null || other is null ? one == other : one.SaysTheSameAs(other);

    void ICheckWork.Start(ScheduledCheck check, ProgramStart program) => workers.Start(() =>
    {
        var result = ProcessGroup.Run(program, check.Definition.Timeout, running);
        if (isStopping) return;   // one that was ended by the stop says nothing of the host
        Post(() => schedule.Ended(check, result, Monotonic.Now, clock.GetUtcNow()));
    });

    void ICheckWork.Start(ScheduledCheck check, ExpressionCheck expression) => workers.Start(() =>
    {
        var began = Monotonic.Now;
        var result = expression.Run(began, out var failed);
        var took = Monotonic.Now - began;
        Post(() => schedule.Ended(check, result, took, failed, Monotonic.Now, clock.GetUtcNow()));
    });

    bool ICheckWork.Save(ScheduledCheck check) => stored.Save(check.Definition.Id, check.Standing);

    void ICheckWork.Forget(string id) => stored.Forget(id);

    void ICheckWork.Changed(ScheduledCheck check, in CheckTransition transition, DateTimeOffset utc)
    {
        var (definition, standing) = (check.Definition, check.Standing);
        var text = standing.Output;
        if (!standing.IsHard) text = $"[{standing.Attempt}/{definition.Rules.MaxAttempts}] {text}";
        if (transition.Flapping is { } flapping) text = $"[flapping {(flapping ? "began" : "ended")}] {text}";
        history.Add(new HistoryEntry(utc, "check", definition.Id, transition.From.Word(), transition.To.Word(), text));
        changes.Publish(new CheckChanged(definition, transition, standing, utc));
        // while it flaps only the beginning and the end are told: a check a second would fill the log with nothing else
        var isNoise = standing.IsFlapping && transition.Flapping is null;
        if (!isNoise && (transition.From != CheckState.Pending || transition.To != CheckState.Ok))
            LogChanged(definition.Id, transition.From.Word(), transition.To.Word(), text);
    }

    void ICheckWork.Measured(ScheduledCheck check, IReadOnlyList<PerfValue> values, DateTimeOffset utc)
    {
        foreach (var value in values)
        {
            if (double.IsNaN(value.Value)) continue;
            samples.Publish(new Sample(SampleName.Of(check.Definition.Id, value.Label), value.Value, utc));
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "check {Check} went from {From} to {To}: {Text}")]
    partial void LogChanged(string check, string from, string to, string text);
}

/// <summary>The name of a plugin's value as a metric: <c>checks.linux.mailq.unsent</c>.</summary>
internal static class SampleName
{
    /// <summary>What the names of all of them begin with.</summary>
    public const string Root = "checks.";

    /// <summary>Lower case; what would cut the name at the wrong place becomes an underscore.</summary>
    public static string Of(string checkId, string label) => $"{Root}{Part(checkId).Replace('/', '.')}.{Part(label)}";

    static string Part(string text) => string.Create(text.Length, text, (span, source) =>
    {
        for (var i = 0; i < span.Length; i++)
        {
            var c = source[i];
            span[i] = char.IsWhiteSpace(c) || char.IsControl(c) || c is '.' or ';' ? '_' : char.ToLowerInvariant(c);
        }
    });
}
