using OpsBro.Config;
using OpsBro.Core.Expressions;
using OpsBro.Platform;

namespace OpsBro.Collectors;

/// <summary>One collector that shall run, with what agent.yml says of it.</summary>
internal sealed record ScheduledCollector(CollectorDefinition Definition, ICollector Collector, CollectorSettings Settings);

/// <summary>
/// Decides which collector runs when. Synchronous: time comes in, effects go out through <see cref="ICollectorWork"/>; one thread calls it.
/// A collector has at most one run; one that is past its deadline and has not come back is quarantined: nothing more is started for it,
/// and nothing of another waits for it.
/// </summary>
/// <param name="work">Does what is decided here.</param>
/// <param name="files">Makes a collector's own view of the host's files.</param>
internal sealed class CollectorSchedule(ICollectorWork work, Func<HostFiles> files)
{
    /// <summary>Time from the first run to the second of a collector that needs two: the least over which a rate means something.</summary>
    public static readonly TimeSpan SecondRunAfter = TimeSpan.FromMilliseconds(500);

    /// <summary>A run that heeds its cancelled token gets this long to say so before it counts as stuck.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(250);

    /// <summary>Later runs start on a grid of this, so that a quiet agent wakes once for several of them.</summary>
    public static readonly TimeSpan Grid = TimeSpan.FromSeconds(1);

    /// <summary>The grid of those whose interval is a multiple of it and at least five times as long: fewer wakings still.</summary>
    public static readonly TimeSpan WideGrid = TimeSpan.FromSeconds(2);

    /// <summary>Steps of the golden ratio fill an interval evenly, however many collectors there are.</summary>
    const double GoldenRatio = 0.618_033_988_749_895;

    readonly SortedDictionary<string, Entry> entries = new(StringComparer.Ordinal);
    Entry[] all = [];
    int phases;

    /// <summary>True when every enabled collector has run once, twice where it needs two runs, or is quarantined.</summary>
    public bool IsFirstRoundOver => Array.TrueForAll(all, entry => entry.HasSettled);

    /// <summary>When something is to be done next; MaxValue when nothing is planned.</summary>
    public TimeSpan Next
    {
        get
        {
            var next = TimeSpan.MaxValue;
            foreach (var entry in all)
                if (entry.Wake is var wake && wake < next) next = wake;
            return next;
        }
    }

    /// <summary>The definition and instance in use, to keep them over a reload.</summary>
    public ScheduledCollector? Find(string name) => entries.GetValueOrDefault(name)?.What;

    /// <summary>Takes over a configuration by difference: what says the same keeps schedule, data and state.</summary>
    public void Take(IReadOnlyList<ScheduledCollector> wanted, Moment moment)
    {
        var gone = entries.Keys.Except(wanted.Select(w => w.Definition.Name)).ToList();
        foreach (var name in gone) Remove(name);
        foreach (var what in wanted)
        {
            var name = what.Definition.Name;
            if (entries.TryGetValue(name, out var entry) && entry.What.Collector == what.Collector) Adjust(entry, what, moment);
            else Add(what, moment);
        }
        all = [.. entries.Values];
    }

    void Add(ScheduledCollector what, Moment moment)
    {
        if (entries.ContainsKey(what.Definition.Name)) Remove(what.Definition.Name);
        var entry = new Entry(what, files()) { Next = moment.Now };
        entries[what.Definition.Name] = entry;
        entry.Snapshot = new CollectorSnapshot(
            what.Definition.Name, what.Settings.IsEnabled ? CollectorState.Pending : CollectorState.Disabled, Value.None, default, default,
            what.Settings.Interval, "")
        { Summary = what.Collector.Summary, Keys = what.Collector.Keys, Deadline = what.Settings.Deadline };
        work.Publish(entry.Snapshot);
    }

    void Adjust(Entry entry, ScheduledCollector what, Moment moment)
    {
        var before = entry.What.Settings;
        entry.What = what;
        if (before == what.Settings) return;
        if (what.Settings.IsEnabled && !before.IsEnabled) entry.Next = moment.Now;
        else if (entry.Next > moment.Now + what.Settings.Interval) entry.Next = moment.Now + what.Settings.Interval;
        // what was read under a longer interval is not stale because the next one comes sooner: After() shortens it
        var snapshot = entry.Snapshot with
        {
            Interval = what.Settings.Interval > before.Interval ? what.Settings.Interval : entry.Snapshot.Interval,
            Deadline = what.Settings.Deadline,
        };
        if (!what.Settings.IsEnabled)
            snapshot = snapshot with { State = CollectorState.Disabled, Data = Value.None, Problem = "", NextRun = default };
        else if (!before.IsEnabled)
            snapshot = snapshot with { State = CollectorState.Pending, Problem = "" };
        Show(entry, snapshot, moment);
    }

    void Remove(string name)
    {
        if (!entries.Remove(name, out var entry)) return;
        // a run that is still out keeps its files: they are closed when it ends
        if (entry.Task is null) entry.Dispose();
        work.Removed(name);
    }

    /// <summary>Starts what is due and quarantines what is stuck.</summary>
    public void Tick(Moment moment)
    {
        foreach (var entry in all)
        {
            if (entry.Task is { } task) Watch(entry, task, moment);
            else if (entry.What.Settings.IsEnabled && entry.Next <= moment.Now) Start(entry, moment);
        }
    }

    void Start(Entry entry, Moment moment)
    {
        if (entry.Next <= moment.Now) Plan(entry, moment);
        entry.Task = new CollectorTask(entry.What.Collector, entry.Host, entry.What.Definition.Parameters, moment, entry.What.Settings.Deadline);
        work.Start(entry.Task);
    }

    void Plan(Entry entry, Moment moment)
    {
        var interval = entry.What.Settings.Interval;
        var isFirst = entry.Plans++ == 0;
        if (isFirst && entry.What.Collector.NeedsTwoRuns)
        {
            entry.Next = moment.Now + SecondRunAfter;
        }
        else if (!entry.HasPhase)
        {
            // everything starts at once; from then on the runs are spread over the interval, if there is room between two beats
            entry.HasPhase = true;
            var wait = interval > Grid ? interval * (0.5 + (phases++ * GoldenRatio % 1)) : interval;
            entry.Next = OnGrid(moment.Now + wait, GridOf(interval));
        }
        else
        {
            // a steady beat; after a pause (a suspended machine) missed runs are not made up for
            var next = moment.Now - entry.Next > interval ? moment.Now + interval : entry.Next + interval;
            // back to the grid after a run that new groups or a reload asked for
            entry.Next = interval.Ticks % Grid.Ticks == 0 ? NearestOn(next, GridOf(interval)) : next;
        }
    }

    static TimeSpan GridOf(TimeSpan interval) =>
        interval >= WideGrid * 5 && interval.Ticks % WideGrid.Ticks == 0 ? WideGrid : Grid;

    static TimeSpan OnGrid(TimeSpan time, TimeSpan grid) => TimeSpan.FromTicks((time.Ticks + grid.Ticks - 1) / grid.Ticks * grid.Ticks);

    static TimeSpan NearestOn(TimeSpan time, TimeSpan grid) =>
        TimeSpan.FromTicks((time.Ticks + (grid.Ticks / 2)) / grid.Ticks * grid.Ticks);

    void Watch(Entry entry, CollectorTask task, Moment moment)
    {
        var past = moment.Now - task.Started.Now - task.Deadline;
        if (past < TimeSpan.Zero) return;
        if (!task.IsLate) task.Expire();
        if (past < Grace || entry.Snapshot.State is CollectorState.Quarantined or CollectorState.Disabled) return;
        var source = entry.Host.LastSource is { Length: > 0 } path ? $"its last source was {path}" : "it has read no file yet";
        Show(entry, entry.Snapshot with
        {
            State = CollectorState.Quarantined,
            Problem = $"has not come back since {task.Started.Utc.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}; {source}",
            NextRun = default,
        }, moment);
        entry.Answer();
    }

    /// <summary>Takes the result of a run, on time or late.</summary>
    public void Ended(CollectorTask task, CollectorResult result, Moment moment)
    {
        task.Dispose();
        var entry = entries.GetValueOrDefault(task.Collector.Name);
        if (entry?.Task != task)
        {
            task.Host.Dispose();
            (task.Collector as IDisposable)?.Dispose();
            return;
        }
        entry.Task = null;
        entry.Ends++;
        var wasStuck = entry.Snapshot.State == CollectorState.Quarantined;
        if (wasStuck || entry.Next < moment.Now - entry.What.Settings.Interval) entry.Next = moment.Now + entry.What.Settings.Interval;
        if (entry.What.Settings.IsEnabled) Show(entry, After(entry, task, result, moment), moment);
        entry.Answer();
    }

    CollectorSnapshot After(Entry entry, CollectorTask task, CollectorResult result, Moment moment)
    {
        var snapshot = entry.Snapshot with
        {
            Interval = entry.What.Settings.Interval,
            LastRun = task.Started.Utc,
            Took = result.Took,
            NextRun = moment.Utc + (entry.Next - moment.Now),
        };
        if (result.Error is { } error)
            return snapshot with { State = CollectorState.Error, Problem = error, Interval = entry.Snapshot.Interval };
        if (result.Outcome.NotEligible is { } reason)
            return snapshot with { State = CollectorState.NotEligible, Problem = reason, Data = Value.None };
        if (result.Data.Kind == ValueKind.None)
        {
            return task.Collector.NeedsTwoRuns && entry.Ends == 1
                ? snapshot
                : snapshot with { State = CollectorState.NotEligible, Problem = "the run gave no data", Data = Value.None };
        }
        var lateness = task.IsLate
            ? $"the last run took {Durations.Text(TimeSpan.FromMilliseconds(Math.Round(result.Took.TotalMilliseconds)))}, "
              + $"longer than its deadline of {Durations.Text(task.Deadline)}"
            : "";
        return snapshot with
        {
            State = CollectorState.Ok,
            Data = result.Data,
            CollectedAt = moment.Utc,
            At = moment.Now,
            Problem = result.Outcome.Problem ?? lateness,
        };
    }

    /// <summary>Runs soon what had nothing to read: the host has other groups than before.</summary>
    public void RetryNotEligible(Moment moment)
    {
        foreach (var entry in all)
            if (entry.Snapshot.State == CollectorState.NotEligible && entry.Next > moment.Now) entry.Next = moment.Now;
    }

    /// <summary>Runs a collector now, or joins the run that is under way.</summary>
    /// <param name="name">Which one.</param>
    /// <param name="moment">Now.</param>
    /// <param name="answer">Gets the snapshot after the run, or after it was quarantined.</param>
    /// <returns>Null, or why it cannot run.</returns>
    public string? RunNow(string name, Moment moment, Action<CollectorSnapshot> answer)
    {
        if (!entries.TryGetValue(name, out var entry)) return $"no collector is named \"{name}\"{Spelling.Hint(name, entries.Keys)}";
        if (!entry.What.Settings.IsEnabled)
            return $"collector {name} is disabled; write collectors: {{{name}: {{enabled: true}}}} in agent.yml and reload";
        if (entry.Snapshot.State == CollectorState.Quarantined) return $"collector {name} {entry.Snapshot.Problem}";
        entry.Waiters.Add(answer);
        if (entry.Task is null) Start(entry, moment);
        return null;
    }

    void Show(Entry entry, CollectorSnapshot snapshot, Moment moment)
    {
        var before = entry.Snapshot;
        entry.Snapshot = snapshot;
        work.Publish(snapshot);
        if (before.State != snapshot.State) work.Changed(snapshot, before.State, moment);
    }

    /// <summary>A collector with its schedule.</summary>
    sealed class Entry(ScheduledCollector what, HostFiles host) : IDisposable
    {
        public ScheduledCollector What { get; set; } = what;
        public HostFiles Host => host;
        public CollectorSnapshot Snapshot { get; set; } = null!;
        public TimeSpan Next { get; set; }
        public CollectorTask? Task { get; set; }
        public int Plans { get; set; }
        public int Ends { get; set; }
        public bool HasPhase { get; set; }
        public List<Action<CollectorSnapshot>> Waiters { get; } = [];

        public bool HasSettled => !What.Settings.IsEnabled || Snapshot.State == CollectorState.Quarantined
            || Ends >= (What.Collector.NeedsTwoRuns && Snapshot.State != CollectorState.NotEligible ? 2 : 1);

        public TimeSpan Wake => Task switch
        {
            null => What.Settings.IsEnabled ? Next : TimeSpan.MaxValue,
            { IsLate: false } task => task.Started.Now + task.Deadline,
            _ when Snapshot.State is CollectorState.Quarantined or CollectorState.Disabled => TimeSpan.MaxValue,
            var task => task.Started.Now + task.Deadline + Grace,
        };

        public void Answer()
        {
            foreach (var waiter in Waiters) waiter(Snapshot);
            Waiters.Clear();
        }

        public void Dispose()
        {
            Host.Dispose();
            (What.Collector as IDisposable)?.Dispose();
        }
    }
}
