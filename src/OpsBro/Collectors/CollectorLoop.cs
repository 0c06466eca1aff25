using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpsBro.Agent;
using OpsBro.Config;
using OpsBro.Detectors;
using OpsBro.Platform;
using OpsBro.Storage;

namespace OpsBro.Collectors;

/// <summary>
/// Drives <see cref="CollectorSchedule"/>: one thread decides, a few others run collectors. Results, questions and reloads reach the
/// schedule one at a time.
/// </summary>
internal sealed partial class CollectorLoop : IHostedService, ICollectorWork, IDisposable
{
    /// <summary>The agent counts as ready after this long even when a collector still waits for a far server.</summary>
    public static readonly TimeSpan FirstRoundPatience = TimeSpan.FromMilliseconds(1500);

    /// <summary>Longest sleep. A reload, new groups and the end of a run wake the loop.</summary>
    static readonly TimeSpan longestSleep = TimeSpan.FromMinutes(1);

    readonly ConfigStore config;
    readonly CollectorStore store;
    readonly IReadOnlyList<ICollectorSource> sources;
    readonly TimeProvider clock;
    readonly Readiness readiness;
    readonly ILogger<CollectorLoop> logger;
    readonly HistoryLog history;
    readonly Groups? groups;
    readonly Feed<GroupChanged>.Subscription? groupChanges;
    readonly CollectorSchedule schedule;
    readonly CollectorWorkers workers;
    readonly ConcurrentQueue<Action<Moment>> mail = new();

    /// <summary>Never disposed: a run that was stuck when the agent stopped may still report.</summary>
    readonly AutoResetEvent wake = new(false);

    readonly Thread thread;
    volatile bool isStopping;
    int version = -1;

    /// <summary>Makes the loop; nothing runs yet.</summary>
    public CollectorLoop(
        ConfigStore config, CollectorStore store, IEnumerable<ICollectorSource> sources, CollectorRunner runner, TimeProvider clock,
        Readiness readiness, ILogger<CollectorLoop> logger, HistoryLog history, Groups? groups = null)
    {
        (this.config, this.store, this.sources, this.clock, this.readiness, this.logger, this.history) =
            (config, store, [.. sources], clock, readiness, logger, history);
        (this.groups, groupChanges) = (groups, groups?.Changes.Subscribe());
        config.Published += Wake;
        if (groups is not null) groups.Published += Wake;
        schedule = new CollectorSchedule(this, () => new HostFiles());
        workers = new CollectorWorkers(task =>
        {
            var result = runner.Run(task);
            mail.Enqueue(moment => schedule.Ended(task, result, moment));
            // of several runs that end one after the other, the last one wakes
            if (!workers!.IsBehind) wake.Set();
        });
        thread = new Thread(Run) { IsBackground = true, Name = "collectors" };
        readiness.Expect("collectors");
    }

    Moment Now => new(Monotonic.Now, clock.GetUtcNow());

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        thread.Start();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        isStopping = true;
        wake.Set();
        workers.Stop();
        return Task.CompletedTask;
    }

    /// <summary>Runs a collector now, or joins the run that is under way, and gives what it found.</summary>
    /// <exception cref="Api.ApiProblem">It is disabled or quarantined.</exception>
    public Task<CollectorSnapshot> RunNow(string name, CancellationToken cancel)
    {
        var answer = new TaskCompletionSource<CollectorSnapshot>(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(moment =>
        {
            if (schedule.RunNow(name, moment, snapshot => answer.TrySetResult(snapshot)) is { } refusal)
                answer.TrySetException(new Api.ApiProblem(409, refusal));
        });
        return answer.Task.WaitAsync(cancel);
    }

    void Wake() => wake.Set();

    void Post(Action<Moment> letter)
    {
        mail.Enqueue(letter);
        wake.Set();
    }

    void Run()
    {
        var readyAt = Monotonic.Now + FirstRoundPatience;
        var isReady = false;
        while (!isStopping)
        {
            if (config.Current.Version != version) TakeOver(config.Current);
            while (mail.TryDequeue(out var letter)) letter(Now);
            if (HasNewGroups()) schedule.RetryNotEligible(Now);
            schedule.Tick(Now);
            workers.Look(Monotonic.Now);
            if (!isReady && (schedule.IsFirstRoundOver || Monotonic.Now >= readyAt))
            {
                isReady = true;
                readiness.Done("collectors");
            }
            wake.WaitOne(Sleep(isReady));
        }
    }

    TimeSpan Sleep(bool isReady)
    {
        var sleep = workers.IsBehind || !isReady ? CollectorWorkers.Patience : longestSleep;
        var next = schedule.Next - Monotonic.Now;
        // whole milliseconds, rounded up: a wait that ends early would only wait again
        return next <= TimeSpan.Zero
            ? TimeSpan.Zero
            : TimeSpan.FromMilliseconds(Math.Ceiling(Math.Min(sleep.TotalMilliseconds, next.TotalMilliseconds)));
    }

    bool HasNewGroups()
    {
        var isNew = false;
        while (groupChanges is not null && groupChanges.Items.TryRead(out _)) isNew = true;
        return isNew;
    }

    void TakeOver(Configuration configuration)
    {
        version = configuration.Version;
        var problems = new List<Problem>();
        var wanted = new Dictionary<string, ScheduledCollector>(StringComparer.Ordinal);
        foreach (var definition in sources.SelectMany(source => source.Read(configuration, problems)))
        {
            if (wanted.ContainsKey(definition.Name))
            {
                if (definition.Body is { } body)
                    problems.Add(Problem.At(body, $"a collector named \"{definition.Name}\" is there already; give this one another name"));
                continue;
            }
            var collector = schedule.Find(definition.Name) is { } known && IsSame(known.Definition, definition)
                ? known.Collector
                : definition.Create();
            wanted[definition.Name] = new(definition, collector, CollectorSettings.Read(configuration.Agent, collector, problems));
        }
        CollectorSettings.CheckNames(configuration.Agent, wanted.Keys, problems);
        config.Report("collectors", problems);
        schedule.Take([.. wanted.Values], Now);
    }

    static bool IsSame(CollectorDefinition known, CollectorDefinition definition) => (known.Body, definition.Body) switch
    {
        (null, null) => true,
        ({ } before, { } now) => before.SaysTheSameAs(now),
        _ => false,
    };

    void ICollectorWork.Start(CollectorTask task) => workers.Add(task);

    void ICollectorWork.Publish(CollectorSnapshot snapshot) => store.Publish(snapshot);

    void ICollectorWork.Removed(string name) => store.Remove(name);

    void ICollectorWork.Changed(CollectorSnapshot snapshot, CollectorState before, Moment moment)
    {
        // at start each collector finds its state: that is no news
        if (before == CollectorState.Pending && snapshot.State is CollectorState.Ok or CollectorState.NotEligible) return;
        LogChanged(logger, snapshot.Name, before.Word(), snapshot.State.Word(), snapshot.Problem);
        history.Add(new HistoryEntry(moment.Utc, "collector", snapshot.Name, before.Word(), snapshot.State.Word(), snapshot.Problem));
    }

    [LoggerMessage(LogLevel.Information, "collector {Name} was {Before} and is {State} {Problem}")]
    static partial void LogChanged(ILogger logger, string name, string before, string state, string problem);

    /// <inheritdoc/>
    public void Dispose()
    {
        config.Published -= Wake;
        if (groups is not null) groups.Published -= Wake;
        groupChanges?.Dispose();
    }
}
