using OpsBro.Collectors;
using OpsBro.Core.Expressions;
using OpsBro.Platform;

namespace OpsBro.Tests.Collectors;

public class CollectorScheduleTests
{
    readonly Work work = new();

    [Fact]
    public void Every_collector_runs_at_once_when_the_agent_starts()
    {
        var schedule = Started(new Fake("a"), new Fake("b"));

        Assert.Equal(["a", "b"], work.StartedNames);
        Assert.False(schedule.IsFirstRoundOver);
    }

    [Fact]
    public void The_first_round_is_over_when_each_has_ended()
    {
        var schedule = Started(new Fake("a"), new Fake("b"));

        End(schedule, work.Running[0], at: 0.1);
        Assert.False(schedule.IsFirstRoundOver);
        End(schedule, work.Running[0], at: 0.2);

        Assert.True(schedule.IsFirstRoundOver);
    }

    [Fact]
    public void A_collector_of_rates_runs_again_after_half_a_second()
    {
        var schedule = Started(new Fake("rates") { NeedsTwoRuns = true });
        End(schedule, work.Running[0], at: 0.01, data: false);
        Assert.Equal(CollectorState.Pending, work.Last.State);
        Assert.False(schedule.IsFirstRoundOver);

        schedule.Tick(At(0.49));
        Assert.Empty(work.Running);
        schedule.Tick(At(0.5));
        End(schedule, work.Running[0], at: 0.51);

        Assert.Equal(CollectorState.Ok, work.Last.State);
        Assert.True(schedule.IsFirstRoundOver);
    }

    [Fact]
    public void Later_runs_are_spread_and_keep_a_steady_beat()
    {
        var schedule = Started([.. Enumerable.Range(0, 8).Select(i => new Fake($"c{i}"))]);
        foreach (var task in work.Running.ToArray()) End(schedule, task, at: 0.01);
        var starts = new Dictionary<string, List<double>>();

        for (var second = 0.02; second < 60; second += 0.01)
        {
            schedule.Tick(At(second));
            foreach (var task in work.Running.ToArray())
            {
                if (!starts.TryGetValue(task.Collector.Name, out var list)) starts[task.Collector.Name] = list = [];
                list.Add(second);
                End(schedule, task, second);
            }
        }

        Assert.Equal(5, starts.Values.Select(s => Math.Round(s[0])).Distinct().Count());   // every place of the wide grid
        Assert.All(starts.Values, times => Assert.InRange(times[0], 5, 17));
        foreach (var times in starts.Values)
            foreach (var (before, after) in times.Zip(times.Skip(1)))
                Assert.Equal(10, after - before, 0.05);
    }

    [Fact]
    public void A_failure_keeps_the_data_and_shows_the_message()
    {
        var schedule = Started(new Fake("a"));
        End(schedule, work.Running[0], at: 0);
        schedule.Tick(At(20));

        schedule.Ended(work.Running[0], new CollectorResult(default, Value.None, "cannot read /proc/x", TimeSpan.Zero), At(20));

        Assert.Equal(CollectorState.Error, work.Last.State);
        Assert.Equal("cannot read /proc/x", work.Last.Problem);
        Assert.Equal(ValueKind.Dict, work.Last.Data.Kind);
        Assert.Equal(At(0).Now, work.Last.At);
    }

    [Fact]
    public void A_host_without_the_thing_is_no_error_and_has_no_data()
    {
        var schedule = Started(new Fake("a"));
        End(schedule, work.Running[0], at: 0);
        schedule.Tick(At(20));

        schedule.Ended(work.Running[0], new CollectorResult(Outcome.None("no redis here"), Value.None, null, TimeSpan.Zero), At(20));

        Assert.Equal(CollectorState.NotEligible, work.Last.State);
        Assert.Equal("no redis here", work.Last.Problem);
        Assert.Equal(ValueKind.None, work.Last.Data.Kind);
    }

    [Fact]
    public void A_run_past_its_deadline_is_cancelled_then_quarantined_with_its_last_source()
    {
        var schedule = Started(new Fake("stuck"), new Fake("well"));
        var stuck = work.Running.Single(t => t.Collector.Name == "stuck");
        End(schedule, work.Running.Single(t => t.Collector.Name == "well"), at: 0.01);
        stuck.Host.About("/mnt/nfs");

        schedule.Tick(At(4.99));
        Assert.False(stuck.IsLate);
        schedule.Tick(At(5));
        Assert.True(stuck.IsLate);
        Assert.Equal(CollectorState.Pending, work.Of("stuck").State);
        schedule.Tick(At(5.25));

        Assert.Equal(CollectorState.Quarantined, work.Of("stuck").State);
        Assert.Equal("has not come back since 2026-01-01T00:00:00Z; its last source was /mnt/nfs", work.Of("stuck").Problem);
        Assert.True(schedule.IsFirstRoundOver);
    }

    [Fact]
    public void A_quarantined_collector_is_not_started_again_and_others_keep_their_beat()
    {
        var schedule = Started(new Fake("stuck"), new Fake("well"));
        End(schedule, work.Running.Single(t => t.Collector.Name == "well"), at: 0.01);

        for (var second = 0.1; second < 65; second += 0.1)
        {
            schedule.Tick(At(second));
            foreach (var task in work.Running.Where(t => t.Collector.Name == "well").ToArray()) End(schedule, task, second);
        }

        Assert.Equal(1, work.StartedNames.Count(n => n == "stuck"));
        Assert.InRange(work.StartedNames.Count(n => n == "well"), 6, 7);
    }

    [Fact]
    public void A_quarantined_collector_is_released_when_it_comes_back()
    {
        var schedule = Started(new Fake("stuck"));
        var task = work.Running[0];
        schedule.Tick(At(6));
        Assert.Equal(CollectorState.Quarantined, work.Last.State);

        End(schedule, task, at: 100, took: 100);
        Assert.Equal(CollectorState.Ok, work.Last.State);
        Assert.Equal("the last run took 100s, longer than its deadline of 5s", work.Last.Problem);
        schedule.Tick(At(110));

        Assert.Equal(2, work.StartedNames.Count);
    }

    [Fact]
    public void A_disabled_collector_never_runs()
    {
        var schedule = new CollectorSchedule(work, () => new HostFiles());
        schedule.Take([Wanted(new Fake("a"), isEnabled: false)], At(0));

        schedule.Tick(At(100));

        Assert.Empty(work.StartedNames);
        Assert.Equal(CollectorState.Disabled, work.Last.State);
        Assert.True(schedule.IsFirstRoundOver);
        Assert.StartsWith("collector a is disabled", schedule.RunNow("a", At(100), _ => { }));
    }

    [Fact]
    public void A_reload_that_says_the_same_keeps_schedule_and_data()
    {
        var collector = new Fake("a");
        var schedule = Started(collector);
        End(schedule, work.Running[0], at: 0);
        var next = schedule.Next;

        schedule.Take([Wanted(collector)], At(3));

        Assert.Equal(next, schedule.Next);
        Assert.Equal(CollectorState.Ok, work.Last.State);
    }

    [Fact]
    public void A_reload_takes_over_a_shorter_interval_at_once()
    {
        var collector = new Fake("a");
        var schedule = Started(collector);
        End(schedule, work.Running[0], at: 0);

        schedule.Take([Wanted(collector, interval: 1)], At(2));

        Assert.Equal(At(3).Now, schedule.Next);
        Assert.Equal(TimeSpan.FromSeconds(10), work.Last.Interval);   // so that the data at hand is not stale all at once
        schedule.Tick(At(3));
        End(schedule, work.Running[0], at: 3);
        Assert.Equal(TimeSpan.FromSeconds(1), work.Last.Interval);
    }

    [Fact]
    public void A_reload_forgets_what_is_gone_and_ignores_its_late_result()
    {
        var schedule = Started(new Fake("a"));
        var task = work.Running[0];

        schedule.Take([], At(1));
        End(schedule, task, at: 2);

        Assert.Equal(["a"], work.Forgotten);
        Assert.Equal(TimeSpan.MaxValue, schedule.Next);
    }

    [Fact]
    public void Run_now_answers_with_the_result_and_leaves_the_beat_alone()
    {
        var schedule = Started(new Fake("a"));
        End(schedule, work.Running[0], at: 0);
        var next = schedule.Next;
        CollectorSnapshot? answer = null;

        Assert.Null(schedule.RunNow("a", At(1), snapshot => answer = snapshot));
        End(schedule, work.Running[0], at: 1.1);

        Assert.Equal(At(1.1).Now, answer!.At);
        Assert.Equal(next, schedule.Next);
    }

    [Fact]
    public void Run_now_of_a_stuck_collector_is_answered_when_it_is_quarantined()
    {
        var schedule = Started(new Fake("a"));
        CollectorSnapshot? answer = null;

        schedule.RunNow("a", At(1), snapshot => answer = snapshot);
        schedule.Tick(At(6));

        Assert.Equal(CollectorState.Quarantined, answer!.State);
        Assert.StartsWith("collector a has not come back since", schedule.RunNow("a", At(7), _ => { }));
    }

    [Fact]
    public void After_a_suspended_machine_missed_runs_are_not_made_up_for()
    {
        var schedule = Started(new Fake("a"));
        End(schedule, work.Running[0], at: 0);

        schedule.Tick(At(10));
        End(schedule, work.Running[0], at: 10);
        schedule.Tick(At(5000));
        End(schedule, work.Running[0], at: 5000);
        schedule.Tick(At(5001));

        Assert.Equal(3, work.StartedNames.Count);
    }

    [Fact]
    public void New_groups_wake_the_collectors_that_had_nothing_to_read()
    {
        var schedule = Started(new Fake("a"));
        schedule.Ended(work.Running[0], new CollectorResult(Outcome.None("no group"), Value.None, null, TimeSpan.Zero), At(0.1));

        schedule.RetryNotEligible(At(1));
        schedule.Tick(At(1));

        Assert.Equal(2, work.StartedNames.Count);
    }

    [Fact]
    public void A_run_that_new_groups_asked_for_does_not_leave_the_grid_for_ever()
    {
        var schedule = Started(new Fake("a"));
        schedule.Ended(work.Running[0], new CollectorResult(Outcome.None("no group"), Value.None, null, TimeSpan.Zero), At(0.1));
        work.Running.Clear();
        schedule.Tick(At(6));
        End(schedule, work.Running[0], at: 6, data: false);

        schedule.RetryNotEligible(At(7.3));
        schedule.Tick(At(7.3));
        End(schedule, work.Running[0], at: 7.3);

        Assert.Equal(TimeSpan.Zero, TimeSpan.FromTicks(schedule.Next.Ticks % CollectorSchedule.WideGrid.Ticks));
        Assert.InRange(schedule.Next, At(16).Now, At(19).Now);
    }

    [Fact]
    public void One_that_runs_each_second_is_never_near_to_stale()
    {
        var schedule = new CollectorSchedule(work, () => new HostFiles());
        schedule.Take([.. Enumerable.Range(0, 8).Select(i => Wanted(new Fake($"c{i}"), interval: 1))], At(0.3));
        schedule.Tick(At(0.3));
        foreach (var task in work.Running.ToArray()) End(schedule, task, at: 0.31);

        Assert.True(schedule.Next <= At(2).Now);
        schedule.Tick(At(2));
        Assert.Equal(8, work.Running.Count);
    }

    [Fact]
    public void Only_a_change_of_state_is_told()
    {
        var schedule = Started(new Fake("a"));
        End(schedule, work.Running[0], at: 0);
        schedule.Tick(At(10));
        End(schedule, work.Running[0], at: 10);

        Assert.Equal(["a pending ok"], work.Changes);
    }

    CollectorSchedule Started(params Fake[] collectors)
    {
        var schedule = new CollectorSchedule(work, () => new HostFiles());
        schedule.Take([.. collectors.Select(c => Wanted(c))], At(0));
        schedule.Tick(At(0));
        return schedule;
    }

    void End(CollectorSchedule schedule, CollectorTask task, double at, bool data = true, double took = 0.001)
    {
        work.Running.Remove(task);
        var tree = Value.None;
        if (data)
        {
            var writer = new DataWriter();
            writer.Set("value", at);
            tree = writer.Tree;
        }
        schedule.Ended(task, new CollectorResult(Outcome.Ok, tree, null, TimeSpan.FromSeconds(took)), At(at));
    }

    static ScheduledCollector Wanted(Fake collector, bool isEnabled = true, double interval = 10) => new(
        new CollectorDefinition(collector.Name, () => collector, null, Value.None), collector,
        new CollectorSettings(isEnabled, TimeSpan.FromSeconds(interval), TimeSpan.FromSeconds(5)));

    static Moment At(double seconds) =>
        new(TimeSpan.FromSeconds(1000 + seconds), new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddSeconds(seconds));

    sealed class Fake(string name) : ICollector
    {
        public string Name => name;
        public string Summary => "a collector that a test drives";
        public bool NeedsTwoRuns { get; init; }
        public IReadOnlyList<KeyDoc> Keys => [];
        public Outcome Collect(CollectorRun run) => Outcome.Ok;
    }

    sealed class Work : ICollectorWork
    {
        readonly Dictionary<string, CollectorSnapshot> newest = [];

        public List<CollectorTask> Running { get; } = [];
        public List<string> StartedNames { get; } = [];
        public List<string> Changes { get; } = [];
        public List<string> Forgotten { get; } = [];
        public CollectorSnapshot Last { get; set; } = null!;

        public CollectorSnapshot Of(string name) => newest[name];

        public void Start(CollectorTask task)
        {
            Running.Add(task);
            StartedNames.Add(task.Collector.Name);
        }

        public void Publish(CollectorSnapshot snapshot) => Last = newest[snapshot.Name] = snapshot;

        public void Changed(CollectorSnapshot snapshot, CollectorState before, Moment moment) =>
            Changes.Add($"{snapshot.Name} {before.Word()} {snapshot.State.Word()}");

        public void Removed(string name) => Forgotten.Add(name);
    }
}
