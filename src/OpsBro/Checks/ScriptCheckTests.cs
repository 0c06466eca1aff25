using OpsBro.Checks;
using OpsBro.Core.Checks;
using OpsBro.Platform;

namespace OpsBro.Tests.Checks;

/// <summary>With Debian's monitoring-plugins.</summary>
public sealed class ScriptCheckTests : IDisposable
{
    readonly CheckFixture fixture = new();

    public void Dispose() => fixture.Dispose();

    (CheckResult Result, IReadOnlyList<PerfValue> Values) Run(string script, string more = "", int timeoutMilliseconds = 20_000)
    {
        var check = fixture.One($"check:\n  script: {script}\n{more}");
        var program = ((ScriptCheck)check.Kind).Prepare(out _)!;
        return (ScriptCheck.Judge(ProcessGroup.Run(program, TimeSpan.FromMilliseconds(timeoutMilliseconds)), out var values), values);
    }

    [Theory]
    [InlineData(0, CheckState.Ok, "OK: all, well")]
    [InlineData(1, CheckState.Warning, "WARNING: all, well")]
    [InlineData(2, CheckState.Critical, "CRITICAL: all, well")]
    [InlineData(3, CheckState.Unknown, "UNKNOWN: all, well")]
    public void Exit_codes_are_states(int code, CheckState state, string output)
    {
        var (result, _) = Run($"$nagiosplugins$/check_dummy $code$ 'all, well'", $"  code: {code}\n");

        Assert.Equal((state, output), (result.State, result.Output));
    }

    [Fact]
    public void Performance_data_of_real_plugins_is_read()
    {
        var (disk, values) = Run("$nagiosplugins$/check_disk -w 1% -c 0% -p /");
        Assert.Equal(CheckState.Ok, disk.State);
        var root = Assert.Single(values);
        Assert.Equal("/", root.Label);
        Assert.True(root.Value > 0 && root.Most > 0 && root.Unit.Length > 0);

        (_, values) = Run("$nagiosplugins$/check_load -w 1000,1000,1000 -c 2000,2000,2000");
        Assert.Equal(["load1", "load5", "load15"], values.Select(v => v.Label));
        (_, values) = Run("$nagiosplugins$/check_procs -w 1:100000");
        Assert.Equal("procs", Assert.Single(values).Label);
    }

    [Fact]
    public void A_port_nobody_listens_on_is_critical()
    {
        var (result, _) = Run("$nagiosplugins$/check_tcp -H 127.0.0.1 -p 1 -t 5");

        Assert.Equal(CheckState.Critical, result.State);
    }

    [Fact]
    public void The_plugin_of_the_seed_gets_its_thresholds()
    {
        var check = fixture.One(File.ReadAllText(Repository.PathOf("src", "OpsBro", "Config", "fixtures", "seed", "check2.yml")));

        var program = ((ScriptCheck)check.Kind).Prepare(out _)!;

        Assert.EndsWith("/check_mailq", program.Arguments[0]);
        Assert.Equal(["-w", "1", "-c", "2"], program.Arguments.Skip(1));
        Assert.Equal((TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(30)), (check.Rules.Interval, check.Timeout));
    }

    [Fact]
    public void A_macro_looks_in_the_check_then_the_parameters_then_agent_yml()
    {
        fixture.Write("agent.yml", "a: agent\nb: agent\nc: agent\n");
        fixture.Ship("web/parameters.yml", "a: pack\nb: pack\n");
        fixture.Ship("web/checks/x.yml", "check:\n  script: /bin/echo $a$ $b$ $c$ $d|c$ $pack.directory$\n  a: own\n");
        var check = Assert.Single(fixture.Bind());

        var program = ((ScriptCheck)check.Kind).Prepare(out _)!;

        Assert.Equal(["own", "pack", "agent", "agent"], program.Arguments.Skip(1).Take(4));
        Assert.EndsWith("/web", program.Arguments[5]);
    }

    [Fact]
    public void A_value_with_shell_signs_reaches_the_plugin_as_data()
    {
        var (result, _) = Run("$nagiosplugins$/check_dummy 0 $text$", "  text: \"$(touch /tmp/evil); ls 'x\"\n");

        Assert.Equal("OK: $(touch /tmp/evil); ls 'x", result.Output);
    }

    [Fact]
    public void A_macro_without_a_value_is_a_problem_and_the_result_says_so()
    {
        fixture.Write("one.yml", "check:\n  script: /bin/echo $nothing.here$\n");
        var check = Assert.Single(fixture.Bind());

        Assert.Null(((ScriptCheck)check.Kind).Prepare(out var problem));

        Assert.Equal("the macro $nothing.here$ has no value: neither the check nor its pack's parameters nor agent.yml has that key", problem);
        Assert.EndsWith($"one.yml:2:11: {problem}", Assert.Single(fixture.Problems).ToString());
    }

    [Fact]
    public void A_shell_line_is_refused_and_a_list_is_taken()
    {
        Assert.StartsWith("one.yml:2:21: script: \"|\" needs a shell", fixture.ProblemOf("check:\n  script: /bin/ls / | wc -l\n"));
        var (result, _) = Run("[/bin/sh, -c, \"echo $greeting$ | tr a-z A-Z\"]", "  greeting: hello\n");
        Assert.Equal((CheckState.Ok, "HELLO"), (result.State, result.Output));
    }

    [Fact]
    public void A_plugin_that_is_not_there_is_unknown_and_named()
    {
        var (result, _) = Run("/usr/lib/nagios/plugins/check_nothing -w 1");

        Assert.Equal((CheckState.Unknown, "/usr/lib/nagios/plugins/check_nothing does not exist"), (result.State, result.Output));
    }

    [Fact]
    public void A_plugin_that_takes_too_long_is_unknown_with_what_it_said_before()
    {
        var (result, _) = Run("[/bin/sh, -c, \"echo begun; sleep 1000 & sleep 1000\"]", timeoutMilliseconds: 300);

        Assert.Equal((CheckState.Unknown, "ended after its timeout of 0.3 s; it had printed: begun"), (result.State, result.Output));
    }

    [Theory]
    [InlineData("[/bin/sh, -c, \"echo odd; exit 127\"]", "exit code 127 is not one of a plugin (0 to 3): odd")]
    [InlineData("[/bin/sh, -c, \"kill -SEGV $$$$\"]", "ended by signal 11")]
    [InlineData("[/bin/sh, -c, \"exit 3\"]", "the plugin printed nothing")]
    public void What_is_no_answer_of_a_plugin_is_unknown(string script, string output)
    {
        var (result, _) = Run(script);

        Assert.Equal((CheckState.Unknown, output), (result.State, result.Output));
    }

    [Fact]
    public void The_environment_is_clean_and_agent_yml_can_add_to_it()
    {
        fixture.Write("agent.yml", "checks:\n  environment: {SITE: paris, LANG: fr_FR.UTF-8}\n");
        fixture.Bind();
        fixture.Settings = CheckSettings.Read(fixture.Configuration.Agent, fixture.Problems);

        var (result, _) = Run("[/bin/sh, -c, \"echo $$SITE $$LANG ${DOTNET_ROOT-none} ${USER-nobody}\"]");

        Assert.Equal("paris fr_FR.UTF-8 none nobody", result.Output);
    }
}
