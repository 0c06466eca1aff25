using OpsBro.Checks;
using OpsBro.Core.Checks;

namespace OpsBro.Tests.Checks;

public sealed class ExpressionCheckTests : IDisposable
{
    readonly CheckFixture fixture = new();

    public void Dispose() => fixture.Dispose();

    static string Seed(string file) => File.ReadAllText(Repository.PathOf("src", "OpsBro", "Config", "fixtures", "seed", file));

    void Idle(double percent, TimeSpan? age = null) => fixture.Publish("cpustats", CheckFixture.Tree(("cpuall.%idle", percent)), age);

    [Theory]
    [InlineData(50, CheckState.Ok, "OK: cpu is great: 50.0%")]
    [InlineData(4.5, CheckState.Warning, "Warning: cpu is very high: 95.5%")]
    [InlineData(0.5, CheckState.Critical, "Critical: cpu is too high: 99.5%")]
    public void The_cpu_check_of_the_seed_judges(double idle, CheckState state, string output)
    {
        var check = fixture.One(Seed("check.yml"));
        Idle(idle);

        var result = CheckFixture.Run(check);

        Assert.Equal((state, output), (result.State, result.Output));
        Assert.Equal(("linux", TimeSpan.FromSeconds(10)), (check.IfGroup, check.Rules.Interval));
    }

    [Fact]
    public void Data_that_is_not_there_is_unknown_with_the_reason_and_its_place()
    {
        var check = fixture.One(Seed("check.yml"));

        var result = CheckFixture.Run(check);

        Assert.Equal(CheckState.Unknown, result.State);
        Assert.Equal($"collector.cpustats.cpuall.%idle has no value: no collector is named \"cpustats\" ({fixture.PathOf("one.yml")}:7:29)", result.Output);
    }

    [Fact]
    public void Data_older_than_three_intervals_is_unknown_and_never_ok()
    {
        var check = fixture.One(Seed("check.yml"));
        Idle(50, age: TimeSpan.FromSeconds(30));
        Assert.Equal(CheckState.Ok, CheckFixture.Run(check).State);

        Idle(50, age: TimeSpan.FromSeconds(31));
        var result = CheckFixture.Run(check);

        Assert.Equal(CheckState.Unknown, result.State);
        Assert.Contains("data of collector cpustats is 31 s old, more than 3 intervals of 10s", result.Output);
    }

    [Fact]
    public void A_rule_that_fails_is_unknown_with_file_line_and_column()
    {
        var check = fixture.One("check:\n  critical_if: \"{{collector.cpustats.cpuall.%idle}} < 'x'\"\n  ok_output: \"'fine'\"\n");
        Idle(50);

        var result = ((ExpressionCheck)check.Kind).Run(CheckFixture.Now, out var failed);

        Assert.True(failed);
        Assert.Equal(CheckState.Unknown, result.State);
        Assert.StartsWith($"{fixture.PathOf("one.yml")}:2:", result.Output);
        Assert.Contains("critical_if: ", result.Output);
    }

    [Fact]
    public void Variables_are_computed_first_and_from_each_other()
    {
        var check = fixture.One("""
            check:
              variables:
                used: 100 - {{collector.cpustats.cpuall.%idle}}
                half: "{{variables.used}} / 2"
              warning_if: "{{variables.half}} > 20"
              warning_output: "'half is %d' % {{variables.half}}"
              ok_output: "'fine, %d' % {{variables.used}}"
            """);
        Idle(40);
        Assert.Equal("half is 30", CheckFixture.Run(check).Output);
        Idle(90);
        Assert.Equal("fine, 10", CheckFixture.Run(check).Output);
    }

    [Fact]
    public void Configuration_looks_in_the_check_under_either_spelling_and_then_in_agent_yml()
    {
        fixture.Write("agent.yml", "site:\n  limit: 7\n");
        var check = fixture.One("""
            check:
              critical_if: "{{configuration.thresholds.x}} + {{configuration.site.limit}} == 12"
              critical_output: "'%d' % {configuration.threshold.x}"
              threshold: {x: 5}
            """);

        Assert.Equal((CheckState.Critical, "5"), (CheckFixture.Run(check).State, CheckFixture.Run(check).Output));
    }

    [Fact]
    public void Parameters_are_those_of_the_pack()
    {
        fixture.Ship("web/parameters.yml", "limit: 3\n");
        fixture.Ship("web/checks/busy.yml", "check:\n  critical_if: 4 > {{parameters.limit}}\n  critical_output: \"'more than %d' % {{parameters.limit}}\"\n");

        var check = Assert.Single(fixture.Bind());

        Assert.Empty(fixture.Problems);
        Assert.Equal("web/busy", check.Id);
        Assert.Equal("more than 3", CheckFixture.Run(check).Output);
    }

    [Fact]
    public void A_text_of_several_lines_keeps_its_first_as_the_output()
    {
        var check = fixture.One("check:\n  warning_if: \"True\"\n  warning_output: \"'first' + chr(10) + 'second'\"\n".Replace("chr(10)", "'\\\\n'"));

        var result = CheckFixture.Run(check);

        Assert.Equal(("first", "second"), (result.Output, result.LongOutput));
    }

    [Fact]
    public void Without_an_output_the_rule_speaks_for_itself()
    {
        var check = fixture.One("check:\n  critical_if: 1 < 2\n");

        Assert.Equal("critical_if is true: 1 < 2", CheckFixture.Run(check).Output);
    }

    [Fact]
    public void Free_keys_stay_and_only_slips_of_the_pen_are_refused()
    {
        fixture.One("check:\n  critical_if: \"{{configuration.names.x}} == 1\"\n  names: {x: 1}\n  team: ops\n");
        Assert.Equal("one.yml:3:3: unknown key \"intervall\" in a check (did you mean \"interval\"?)",
            fixture.ProblemOf("check:\n  critical_if: 1 < 2\n  intervall: 10s\n"));
    }

    [Theory]
    [InlineData("check:\n  interval: 10s\n", "one.yml:2:3: a check needs critical_if, warning_if or script")]
    [InlineData("check:\n  critical_if: 1 < 2\n  script: /bin/true\n",
        "one.yml:3:11: a check has either a script or critical_if and warning_if, not both")]
    [InlineData("check:\n  critical_if: 1 < 2\n  interval: 10 sec\n",
        "one.yml:3:13: interval: \"10 sec\" is not a duration; write for instance 250ms, 10s or 5m")]
    [InlineData("check:\n  critical_if: \"1 < {{parameters.x}}\"\n",
        "one.yml:2:21: critical_if: parameters.x: this check belongs to no pack; write configuration.… and keys of the check")]
    [InlineData("check:\n  critical_if: \"1 < {{variables.x}}\"\n",
        "one.yml:2:21: critical_if: variables.x is not there; a variable stands under variables, above where it is used")]
    [InlineData("service:\n  notes: x\n", "one.yml:2:3: a service needs a check; write check: with its keys below")]
    [InlineData("check:\n  critical_if: 1 < 2\n  max_attempts: 0\n", "one.yml:3:17: max_attempts")]
    public void What_is_wrong_is_said_with_its_place(string yaml, string problem) => Assert.StartsWith(problem, fixture.ProblemOf(yaml));

    [Fact]
    public void A_plain_text_as_output_is_explained()
    {
        var problem = fixture.ProblemOf("check:\n  critical_if: 1 < 2\n  ok_output: all is well\n");

        Assert.StartsWith("one.yml:3:", problem);
        Assert.EndsWith("a plain text stands in quotes of its own, \"'all is well'\"", problem);
    }

    [Fact]
    public void A_service_has_a_check_of_its_own()
    {
        var check = fixture.One("service:\n  name: web\n  if_group: nginx\n  check:\n    critical_if: 1 < 2\n    interval: 5s\n");

        Assert.Equal(("service:one/web", "web", "nginx", true), (check.Id, check.Name, check.IfGroup, check.IsService));
        Assert.Equal(TimeSpan.FromSeconds(5), check.Rules.Interval);
    }

    [Fact]
    public void Every_key_of_the_rules_is_read()
    {
        var rules = fixture.One("""
            check:
              critical_if: 1 < 2
              interval: 5m
              retry_interval: 1m
              max_attempts: 3
              freshness: 20m
              flap_detection: {low: 10, high: 30}
              handlers: [mail, slack]
              display_name: all well
              notes: call Jean
            """).Rules;

        Assert.Equal(new CheckRules
        {
            Interval = TimeSpan.FromMinutes(5),
            RetryInterval = TimeSpan.FromMinutes(1),
            MaxAttempts = 3,
            Freshness = TimeSpan.FromMinutes(20),
            FlapLow = 10,
            FlapHigh = 30,
        }, rules);
    }

    [Fact]
    public void A_numeric_check_allocates_nothing_but_its_text()
    {
        var check = fixture.One("check:\n  critical_if: \"{{collector.cpustats.cpuall.%idle}} < 5\"\n  ok_output: \"'fine'\"\n");
        Idle(50);
        var kind = (ExpressionCheck)check.Kind;
        for (var i = 0; i < 100; i++) kind.Run(CheckFixture.Now, out _);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++) kind.Run(CheckFixture.Now, out _);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
