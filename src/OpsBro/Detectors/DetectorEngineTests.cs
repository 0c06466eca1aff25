using OpsBro.Config;
using OpsBro.Detectors;

namespace OpsBro.Tests.Detectors;

public class DetectorEngineTests
{
    static readonly ConfigNode nowhere = new(ConfigNodeKind.Scalar, "x.yml", 3, 15) { Text = "rule" };
    readonly DetectorEngine engine = new();
    readonly HashSet<string> groups = [];

    [Fact]
    public void A_rule_is_due_at_once_and_then_after_its_interval()
    {
        Take(At(0), Rule("os", interval: 3600));

        Assert.Equal(["os"], Start(At(0)));
        Assert.Empty(Start(At(1)));
        Finish("os", True("linux"), At(2));
        Assert.Equal(At(3602), engine.NextDue);
        Assert.Empty(Start(At(3601)));
        Assert.Equal(["os"], Start(At(3602)));
    }

    [Fact]
    public void Rules_whose_verdicts_came_apart_are_due_together()
    {
        Take(At(0.2), Rule("fast"), Rule("slow"));
        Start(At(0.2));
        Assert.True(engine.IsAnyOut);
        Finish("fast", True("linux"), At(0.21));
        Finish("slow", Verdict.False, At(0.44));

        Assert.False(engine.IsAnyOut);
        Assert.Equal(At(10), engine.NextDue);
        Assert.Equal(["fast", "slow"], Start(At(10)));
        Finish("fast", True("linux"), At(10.01));
        Assert.Equal(At(20), engine.NextDue);
    }

    [Fact]
    public void Groups_come_with_a_true_rule_and_go_with_a_false_one()
    {
        Take(At(0), Rule("os"));
        Start(At(0));

        Finish("os", True("linux", "debian"), At(0));
        Assert.Equal(["linux", "debian"], Given);

        Start(At(10));
        Finish("os", Verdict.False, At(10));
        Assert.Empty(Given);
    }

    [Fact]
    public void A_rule_that_waits_for_data_is_asked_again_soon_whatever_its_interval()
    {
        Take(At(0), Rule("cloud", interval: 86_400));
        Start(At(0));
        Finish("cloud", Verdict.Failed("collector dmidecode has not run yet", DataState.NotYet), At(0));

        Assert.Equal(DetectorEngine.StartRetry, engine.NextDue);
        Assert.False(engine.HasSettled(At(0)));
        Assert.Equal(DetectorWord.Pending, State("cloud", At(0)).Word);
        Assert.Equal(["cloud"], Start(DetectorEngine.StartRetry));

        Finish("cloud", Verdict.False with { Data = DataState.NotYet }, At(60));
        Assert.Equal(At(61), engine.NextDue);
        Assert.True(engine.HasSettled(At(60)));
    }

    [Fact]
    public void The_first_round_does_not_wait_for_a_slow_rule_for_ever()
    {
        Take(At(0), Rule("port"));
        Start(At(0));

        Assert.False(engine.HasSettled(At(1)));
        Assert.True(engine.HasSettled(DetectorEngine.StartWindow));
    }

    [Fact]
    public void A_problem_is_told_when_it_comes_and_when_it_goes()
    {
        Take(At(0), Rule("app"));
        Start(At(0));
        Assert.True(engine.Finish(running["app"], Verdict.Failed("division by zero"), At(0)));
        Start(At(10));
        Assert.False(engine.Finish(running["app"], Verdict.Failed("division by zero"), At(10)));
        Start(At(20));
        Assert.True(engine.Finish(running["app"], Verdict.False, At(20)));
    }

    [Fact]
    public void A_rule_whose_data_is_absent_is_asked_again_within_a_minute()
    {
        Take(At(0), Rule("cloud", interval: 86_400));
        Start(At(0));

        Finish("cloud", Verdict.False with { Data = DataState.Absent }, At(0));

        Assert.Equal(At(60), engine.NextDue);
        Assert.True(engine.HasSettled(At(0)));
    }

    [Fact]
    public void A_rule_that_fails_keeps_its_groups_and_shows_why()
    {
        Take(At(0), Rule("app"));
        Start(At(0));
        Finish("app", True("app"), At(0));
        Start(At(10));

        Finish("app", Verdict.Failed("x.yml:3:20: division by zero"), At(10));

        Assert.Equal(["app"], Given);
        Assert.Equal((DetectorWord.Error, "x.yml:3:20: division by zero"), (State("app", At(10)).Word, State("app", At(10)).Problem));
    }

    [Fact]
    public void A_rule_is_asked_only_while_the_agent_has_its_if_group_and_its_groups_go_with_it()
    {
        Take(At(0), Rule("kernel", ifGroup: "linux"));
        Assert.Empty(Start(At(0)));
        Assert.Equal(DetectorWord.Inactive, State("kernel", At(0)).Word);
        Assert.Null(engine.NextDue);

        groups.Add("linux");
        Assert.Equal(["kernel"], Start(At(1)));
        Finish("kernel", True("kernel6"), At(1));
        Assert.Equal(["kernel6"], Given);

        groups.Clear();
        var before = engine.Changes;
        Assert.Empty(Start(At(2)));
        Assert.Empty(Given);
        Assert.NotEqual(before, engine.Changes);
    }

    [Fact]
    public void A_rule_that_does_not_come_back_is_stuck_alone()
    {
        Take(At(0), Rule("port"), Rule("os"));
        Start(At(0));
        Finish("os", True("linux"), At(0));

        Assert.Equal(["os"], Start(At(30)));
        Assert.Equal(DetectorWord.Stuck, State("port", At(30)).Word);
        Assert.Contains("30 s", State("port", At(30)).Problem);
        Assert.True(engine.HasSettled(At(30)));

        Finish("port", True("web"), At(31));
        Assert.Equal(["linux", "web"], Given);
    }

    [Fact]
    public void A_reload_keeps_the_schedule_and_the_groups_of_what_did_not_change()
    {
        Take(At(0), Rule("os", interval: 3600), Rule("gone"));
        Start(At(0));
        Finish("os", True("linux"), At(0));
        Finish("gone", True("old"), At(0));

        Take(At(50), Rule("os", interval: 3600), Rule("fresh"));

        Assert.Equal(["linux"], Given);
        Assert.Equal(["fresh"], Start(At(50)));
    }

    [Fact]
    public void A_changed_rule_is_due_at_once_and_keeps_its_groups_until_its_first_verdict()
    {
        Take(At(0), Rule("os", interval: 3600));
        Start(At(0));
        Finish("os", True("linux"), At(0));

        Take(At(50), Rule("os", interval: 60));
        Assert.Equal(["linux"], Given);
        Assert.Equal(["os"], Start(At(50)));
        Finish("os", Verdict.Failed("broken"), At(50));

        Assert.Empty(Given);
    }

    [Fact]
    public void A_verdict_of_a_rule_that_was_replaced_meanwhile_says_nothing()
    {
        Take(At(0), Rule("os", interval: 3600));
        var old = Assert.Single(engine.Start(At(0), groups.Contains));

        Take(At(1), Rule("os", interval: 60));
        Start(At(1));
        engine.Finish(old, True("old"), At(2));

        Assert.Empty(Given);
    }

    [Fact]
    public void A_rule_that_no_longer_parses_goes_on_as_it_was_and_shows_the_problem()
    {
        Take(At(0), Rule("os"));
        Start(At(0));
        Finish("os", True("linux"), At(0));

        engine.Take([new BoundDetector("os", "os", null, [Problem.At(nowhere, "apply_if is missing")])], At(5));

        Assert.Equal(["linux"], Given);
        Assert.Equal(["os"], Start(At(10)));
        Assert.Equal((DetectorWord.Error, "x.yml:3:15: apply_if is missing"), (State("os", At(10)).Word, State("os", At(10)).Problem));
    }

    IEnumerable<string> Given => engine.Given.Select(g => g.Group);

    DetectorState State(string id, TimeSpan now) => engine.States(now).Single(s => s.Id == id);

    IEnumerable<string> Start(TimeSpan now)
    {
        var due = engine.Start(now, groups.Contains);
        foreach (var rule in due) running[rule.Id] = rule;
        return [.. due.Select(r => r.Id)];
    }

    void Finish(string id, Verdict verdict, TimeSpan now) => engine.Finish(running[id], verdict, now);

    void Take(TimeSpan now, params DetectorRule[] rules) =>
        engine.Take([.. rules.Select(r => new BoundDetector(r.Id, r.Name, r, []))], now);

    readonly Dictionary<string, DetectorRule> running = [];

    static TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);

    static Verdict True(params string[] groups) => new(true, groups, []);

    /// <summary>The engine evaluates nothing: the rules here have no program.</summary>
    static DetectorRule Rule(string id, int interval = 10, string ifGroup = "") => new(
        id, id, nowhere with { Text = $"{interval} {ifGroup}" }, null, "rule", [], TimeSpan.FromSeconds(interval), ifGroup, true, "",
        "x.yml:3", null!);
}
