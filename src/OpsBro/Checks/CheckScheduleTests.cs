using OpsBro.Checks;
using OpsBro.Core.Checks;
using OpsBro.Core.Expressions;
using OpsBro.Platform;

namespace OpsBro.Tests.Checks;

public sealed class CheckScheduleTests : IDisposable
{
    readonly CheckFixture fixture = new();
    readonly List<string> told = [];
    readonly List<(ScheduledCheck Check, ProgramStart Program)> started = [];
    readonly List<ScheduledCheck> asking = [];
    readonly Dictionary<string, CheckStanding> saved = [];
    readonly CheckSchedule schedule;
    TimeSpan now = CheckFixture.Now;
    bool isFull;

    public CheckScheduleTests() => schedule = new CheckSchedule(new Work(this), new Random(1), new Telemetry());

    public void Dispose() => fixture.Dispose();

    sealed class Work(CheckScheduleTests test) : ICheckWork
    {
        public void Start(ScheduledCheck check, ProgramStart program) => test.started.Add((check, program));

        public void Start(ScheduledCheck check, ExpressionCheck expression) => test.asking.Add(check);

        public void Changed(ScheduledCheck check, in CheckTransition transition, DateTimeOffset utc) =>
            test.told.Add($"{check.Definition.Name} {transition.From.Word()} {transition.To.Word()}");

        public bool Save(ScheduledCheck check)
        {
            if (test.isFull) return false;
            test.saved[check.Definition.Id] = check.Standing;
            return true;
        }

        public void Forget(string id) => test.saved.Remove(id);

        public void Measured(ScheduledCheck check, IReadOnlyList<PerfValue> values, DateTimeOffset utc) =>
            test.told.Add($"{check.Definition.Name} {string.Join(' ', values.Select(v => $"{v.Label}={v.Value}"))}");
    }

    DateTimeOffset Utc => CheckFixture.Utc + (now - CheckFixture.Now);

    const string Rule = "  critical_if: \"{{collector.a.x}} > 5\"\n  ok_output: \"'x is %d' % {{collector.a.x}}\"\n";

    void Measure(int x) => fixture.Publish("a", CheckFixture.Tree(("x", x)), CheckFixture.Now - now);

    void Take(Func<string, bool>? has = null)
    {
        schedule.Take(fixture.Bind(), _ => null, now, Utc);
        schedule.Activate(has ?? (_ => true), now, Utc);
    }

    void Begin()
    {
        schedule.Begin(now);
        schedule.Tick(now, Utc);
    }

    void Pass(double seconds, int x)
    {
        for (var i = 0; i < seconds * 10; i++)
        {
            now += TimeSpan.FromMilliseconds(100);
            Measure(x);
            schedule.Tick(now, Utc);
        }
    }

    void End(int index, int code, string output) => schedule.Ended(started[index].Check,
        new ProgramResult(ProgramEnd.Exited, code, System.Text.Encoding.UTF8.GetBytes(output), [], 0, TimeSpan.FromSeconds(1), ""), now, Utc);

    [Fact]
    public void Nothing_runs_before_the_first_round_and_everything_in_it()
    {
        fixture.Write("a.yml", "check:\n  interval: 1h\n" + Rule);
        Measure(1);
        Take();
        schedule.Tick(now, Utc);
        Assert.False(schedule.HasCompletedRound(now, TimeSpan.Zero));

        Begin();

        Assert.Equal(["a pending ok"], told);
        Assert.True(schedule.HasCompletedRound(now, TimeSpan.Zero));
    }

    [Fact]
    public void Each_check_runs_once_an_interval()
    {
        fixture.Write("a.yml", "check:\n  interval: 1s\n" + Rule);
        fixture.Write("b.yml", "check:\n  interval: 10s\n" + Rule);
        Measure(1);
        Take();
        Begin();

        Pass(100, 1);

        var runs = schedule.All.ToDictionary(c => c.Definition.Name, c => c.Meter.Runs);
        Assert.InRange(runs["a"], 100, 102);
        Assert.InRange(runs["b"], 10, 12);
    }

    [Fact]
    public void A_script_is_not_started_again_while_it_runs_and_its_values_are_told()
    {
        fixture.Write("s.yml", "check:\n  interval: 2s\n  script: /bin/true\n");
        Take();
        Begin();
        Pass(5, 1);
        Assert.Single(started);

        End(0, 1, "so so | a=1 b=2");

        Assert.Equal(["s pending warning", "s a=1 b=2"], told);
        Pass(3, 1);
        Assert.Equal(2, started.Count);
    }

    [Fact]
    public void A_rule_that_asks_the_world_is_judged_elsewhere_and_holds_nobody_up()
    {
        fixture.Functions.Add(new FunctionDoc("look", "filesystem", "look(path)", "Looks at a file."), _ => Value.Of(true));
        fixture.Write("a.yml", "check:\n  critical_if: not look('/etc')\n");
        fixture.Write("b.yml", "check:\n  critical_if: 1 > 2\n");
        Take();
        Begin();
        Assert.Equal(["b pending ok"], told);

        var check = Assert.Single(asking);
        schedule.Ended(check, ((ExpressionCheck)check.Definition.Kind).Run(now, out _), TimeSpan.Zero, false, now, Utc);

        Assert.Equal(["b pending ok", "a pending ok"], told);
    }

    [Fact]
    public void Scripts_of_the_same_interval_spread()
    {
        for (var i = 0; i < 20; i++) fixture.Write($"s{i}.yml", "check:\n  interval: 60s\n  script: /bin/true\n");
        Take();
        Begin();
        for (var i = 0; i < 20; i++) End(i, 0, "ok");

        var due = schedule.All.Select(c => (int)(c.Due - now).TotalSeconds / 10).Distinct().Count();

        Assert.True(due >= 4, $"20 scripts are due in {due} different tenths of a minute");
    }

    [Fact]
    public void A_check_of_another_group_does_not_run_until_the_group_is_there()
    {
        fixture.Write("a.yml", "check:\n  if_group: web\n" + Rule);
        Measure(1);
        Take(group => group != "web");
        Begin();
        Assert.Empty(told);
        Assert.True(schedule.HasCompletedRound(now, TimeSpan.Zero));

        schedule.Activate(_ => true, now, Utc);
        now += CheckSchedule.SettleTime;
        Measure(1);
        schedule.Tick(now, Utc);
        Assert.Equal(["a pending ok"], told);

        schedule.Activate(group => group != "web", now, Utc);
        Pass(30, 9);
        Assert.Equal(["a pending ok"], told);
        Assert.Empty(saved);
    }

    [Fact]
    public void A_reload_keeps_what_did_not_change_and_runs_what_did()
    {
        fixture.Write("a.yml", "check:\n  interval: 1h\n" + Rule);
        fixture.Write("b.yml", "check:\n  interval: 1h\n" + Rule);
        Measure(1);
        Take();
        Begin();
        var a = schedule.All.Single(c => c.Definition.Name == "a");
        var (due, standing) = (a.Due, a.Standing);
        var kept = a.Definition;

        fixture.Write("b.yml", "check:\n  interval: 1h\n  critical_if: 1 < 2\n");
        var next = fixture.Bind().Select(d => d.Name == "a" ? kept : d).ToList();
        schedule.Take(next, _ => null, now, Utc);
        schedule.Activate(_ => true, now, Utc);
        schedule.Tick(now, Utc);

        Assert.Equal((due, standing), (a.Due, a.Standing));
        Assert.Equal(["a pending ok", "b pending ok", "b ok critical"], told);

        schedule.Take([kept], _ => null, now, Utc);
        Assert.Equal("a", Assert.Single(saved).Key);
        Assert.Single(schedule.All);
    }

    [Fact]
    public void A_stored_standing_goes_on_after_a_restart()
    {
        fixture.Write("a.yml", "check:\n  max_attempts: 3\n" + Rule);
        Measure(9);
        var since = Utc - TimeSpan.FromDays(1);
        var before = CheckStanding.New(since) with { State = CheckState.Critical, HardState = CheckState.Critical, Attempt = 3 };

        schedule.Take(fixture.Bind(), id => id == "a" ? before : null, now, Utc);
        schedule.Activate(_ => true, now, Utc);
        Begin();

        Assert.Empty(told);
        Assert.Equal((CheckState.Critical, since, 3), (schedule.All[0].Standing.State, schedule.All[0].Standing.Since, schedule.All[0].Standing.Attempt));
    }

    [Fact]
    public void Standings_are_stored_when_they_change_and_output_now_and_then()
    {
        fixture.Write("a.yml", "check:\n  interval: 1s\n  max_attempts: 3\n" + Rule);
        Measure(1);
        Take();
        Begin();
        var first = saved["a"];
        Pass(10, 2);
        Assert.Same(first, saved["a"]);

        Pass(70, 3);
        Assert.Equal("x is 3", saved["a"].Output);

        Pass(1.1, 9);
        Assert.Equal((CheckState.Critical, 1), (saved["a"].State, saved["a"].Attempt));
        Pass(1.1, 9);
        Assert.Equal(2, saved["a"].Attempt);
    }

    [Fact]
    public void A_run_on_demand_answers_when_it_has_a_result_and_joins_one_under_way()
    {
        fixture.Write("s.yml", "check:\n  script: /bin/true\n");
        Take();
        Begin();
        var answers = 0;

        schedule.RunNow(schedule.All[0], () => answers++, now, Utc);
        schedule.RunNow(schedule.All[0], () => answers++, now, Utc);
        Assert.Equal((0, 1), (answers, started.Count));
        End(0, 0, "ok");
        Assert.Equal(2, answers);

        schedule.RunNow(schedule.All[0], () => answers++, now, Utc);
        Assert.Equal(2, started.Count);
        Pass(20, 1);
        Assert.Equal(2, started.Count);
        End(1, 0, "ok");
        Assert.Equal(3, answers);
    }

    [Fact]
    public void A_script_without_a_result_for_too_long_is_unknown()
    {
        fixture.Write("s.yml", "check:\n  interval: 1s\n  timeout: 1s\n  script: /bin/true\n");
        Take();
        Begin();
        End(0, 0, "ok");
        Pass(10, 1);

        Assert.Equal(2, started.Count);
        Assert.Equal(["s pending ok", "s ok unknown"], told);
        Assert.StartsWith("no result for ", schedule.All[0].Standing.Output);
    }

    [Fact]
    public void Nobody_looks_for_what_hangs_while_nothing_runs()
    {
        fixture.Write("s.yml", "check:\n  interval: 60s\n  script: /bin/true\n");
        Take();
        Begin();
        Assert.InRange(schedule.Tick(now, Utc) - now, TimeSpan.Zero, TimeSpan.FromSeconds(1));

        End(0, 0, "ok");

        Assert.InRange(schedule.Tick(now, Utc) - now, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(60));
    }

    [Fact]
    public void A_script_that_ends_after_its_check_is_gone_changes_nothing()
    {
        fixture.Write("s.yml", "check:\n  script: /bin/true\n");
        Take();
        Begin();

        schedule.Take([], _ => null, now, Utc);
        End(0, 2, "bad");

        Assert.Empty(told);
        Assert.Empty(saved);
    }

    [Fact]
    public void A_standing_that_could_not_be_stored_is_stored_later()
    {
        fixture.Write("a.yml", "check:\n  interval: 1s\n" + Rule);
        Measure(9);
        Take();
        isFull = true;
        Begin();
        Pass(3, 9);
        Assert.Empty(saved);

        isFull = false;
        Pass(1.5, 9);

        Assert.Equal(CheckState.Critical, saved["a"].State);
    }

    [Fact]
    public void A_rule_that_comes_later_waits_for_the_data_that_comes_with_it()
    {
        Take();
        Begin();
        fixture.Write("a.yml", "check:\n  interval: 1s\n" + Rule);
        Take();
        schedule.Tick(now, Utc);
        Assert.Empty(told);

        Pass(CheckSchedule.SettleTime.TotalSeconds + 0.1, 1);

        Assert.Equal(["a pending ok"], told);
    }

    [Fact]
    public void Standings_are_stored_again_when_what_was_stored_is_gone()
    {
        fixture.Write("a.yml", "check:\n  interval: 1s\n" + Rule);
        Measure(1);
        Take();
        Begin();
        saved.Clear();
        Pass(3, 1);
        Assert.Empty(saved);

        schedule.SaveAnew();

        Assert.Equal(CheckState.Ok, saved["a"].State);
    }
}
