using System.Text.Json;

namespace OpsBro.Tests.EndToEnd;

/// <summary>Checks as an operator meets them: a real agent, real plugins, the verbs.</summary>
public sealed class MonitoringEndToEndTests
{
    /// <summary>A check whose state is the number in a file.</summary>
    static string FileCheck(string file) => $"""
        check:
          interval: 200ms
          script: ["/bin/sh", "-c", "echo it is $(cat {file}); exit $(cat {file})"]
        """;

    const string EvaluatedCheck = """
        check:
          display_name: two and two
          warning_if: "{{configuration.thresholds.sum}} == 4"
          warning_output: "'the sum is %d' % {{configuration.thresholds.sum}}"
          thresholds: {sum: 4}
        """;

    static JsonElement Check(Said said, string id) => said.Json.EnumerateArray().Single(c => c.GetProperty("id").GetString() == id);

    static bool Is(Said said, string id, string state) =>
        said.Json.EnumerateArray().Any(c => c.GetProperty("id").GetString() == id && c.GetProperty("state").GetString() == state);

    [Fact]
    public async Task States_and_history_survive_a_kill()
    {
        await using var agent = RunningAgent.Prepare();
        var file = Path.Join(agent.Home, "state");
        File.WriteAllText(file, "0");
        agent.Write("flip.yml", FileCheck(file));
        await agent.Start();
        await agent.Until(said => Is(said, "flip", "ok"), "monitoring", "state", "--json");
        File.WriteAllText(file, "2");
        var before = await agent.Until(said => Is(said, "flip", "critical"), "monitoring", "state", "--json");
        // what is asked for is read after everything written before: it is on disk now
        await agent.Run("monitoring", "history", "flip");

        await agent.Kill();
        await agent.Start();

        var after = await agent.Run("monitoring", "state", "--json");
        Assert.Equal("critical", Check(after, "flip").GetProperty("state").GetString());
        Assert.Equal(Check(before, "flip").GetProperty("since").GetDateTimeOffset().ToUnixTimeMilliseconds(),
            Check(after, "flip").GetProperty("since").GetDateTimeOffset().ToUnixTimeMilliseconds());
        var history = await agent.Run("monitoring", "history", "flip", "--json");
        Assert.Equal([("ok", "critical"), ("pending", "ok")], history.Json.EnumerateArray()
            .Select(c => (c.GetProperty("old_state").GetString()!, c.GetProperty("state").GetString()!)));
    }

    [Fact]
    public async Task The_verbs_say_how_the_host_is()
    {
        await using var agent = RunningAgent.Prepare();
        var file = Path.Join(agent.Home, "state");
        File.WriteAllText(file, "2");
        agent.Write("flip.yml", FileCheck(file));
        agent.Write("sum.yml", EvaluatedCheck);
        agent.Write("web.yml", "service:\n  name: web\n  check:\n    script: $nagiosplugins$/check_dummy 0 'up | n=1'\n");
        agent.Write("other.yml", "check:\n  if_group: no-such-group\n  critical_if: 1 < 2\n");
        await agent.Start();

        var state = await agent.Run("monitoring", "state");
        Assert.Equal(0, state.ExitCode);
        Assert.Contains("Services:\n* Own configuration\n  - service:web OK since", state.Output);
        Assert.Contains("    | the sum is 4\n", state.Output);
        Assert.DoesNotContain("other", state.Output);
        Assert.DoesNotContain("\e[", state.Output);

        var problems = await agent.Run("monitoring", "state", "--problems");
        Assert.Contains("flip CRITICAL", problems.Output);
        Assert.DoesNotContain("service:web", problems.Output);

        Assert.Contains("other\texpression\tinactive\t10s\tno-such-group", (await agent.Run("monitoring", "list", "--all")).Output);
        Assert.Equal(2, (await agent.Run("monitoring", "run", "flip")).ExitCode);
        Assert.Equal(2, (await agent.Run("monitoring", "wait-ok", "two and two", "--timeout", "300ms")).ExitCode);
        File.WriteAllText(file, "0");
        var run = await agent.Run("monitoring", "run", "flip");
        Assert.Equal((0, true), (run.ExitCode, run.Output.Contains("    | it is 0\n")));
        Assert.Equal(0, (await agent.Run("monitoring", "wait-ok", "web")).ExitCode);

        var wrong = await agent.Run("monitoring", "run", "flipp");
        Assert.Equal((2, "error: no check is named \"flipp\" (did you mean \"flip\"?); see opsbro monitoring list"), (wrong.ExitCode, wrong.Errors.Trim()));
        var inactive = await agent.Run("monitoring", "run", "other");
        Assert.Equal((2, "error: check other is for the group no-such-group, which this agent does not have"), (inactive.ExitCode, inactive.Errors.Trim()));
    }

    [Fact]
    public async Task An_agent_asked_twice_to_stop_leaves_no_program_behind()
    {
        await using var agent = RunningAgent.Prepare();
        string Stubborn(string name) => $"[\"/bin/sh\", \"-c\", \"trap '' TERM; echo $$$$ > {agent.Home}/{name}; sleep 1000; sleep 1000\"]";
        agent.Write("slow.yml", $"check:\n  timeout: 1h\n  script: {Stubborn("check")}\n");
        agent.Write("tree.yml", $"collector:\n  name: tree\n  program: {Stubborn("collector").Replace("$$$$", "$$")}\n  format: json\n");
        await agent.Start();
        var pids = new[] { "check", "collector" }.Select(name => Path.Join(agent.Home, name)).ToList();
        await agent.Until(_ => pids.TrueForAll(file => File.Exists(file) && File.ReadAllText(file).EndsWith('\n')), "version");

        OpsBro.Platform.LibcSpawn.kill(agent.Pid, OpsBro.Platform.LibcSpawn.SigTerm);
        OpsBro.Platform.LibcSpawn.kill(agent.Pid, OpsBro.Platform.LibcSpawn.SigTerm);
        await agent.Ended();

        foreach (var pid in pids.Select(File.ReadAllText))
            await RunningAgent.Until(() => RunningAgent.IsGone(pid.Trim()), () => $"{pid.Trim()} ends");   // it would run for half an hour
    }

    [Fact]
    public async Task The_routes_of_the_original_answer_in_its_shapes()
    {
        await using var agent = await RunningAgent.Started(
            ("sum.yml", EvaluatedCheck), ("web.yml", "service:\n  name: web\n  check:\n    critical_if: 1 > 2\n"));
        using var client = new HttpClient { BaseAddress = agent.Url };
        async Task<JsonElement> Get(string path) => JsonDocument.Parse(await client.GetStringAsync(path)).RootElement;

        var state = await Get("/monitoring/state");
        var sum = state.GetProperty("checks").GetProperty("sum");
        Assert.Equal(("warning", 1, "the sum is 4"),
            (sum.GetProperty("state").GetString(), sum.GetProperty("state_id").GetInt32(), sum.GetProperty("output").GetString()));
        Assert.Equal($"file:{Path.Join(agent.Config, "sum.yml")}", sum.GetProperty("from").GetString());
        Assert.True(sum.GetProperty("last_check").GetInt64() > 1_700_000_000);
        Assert.Equal(0, state.GetProperty("services").GetProperty("web").GetProperty("state_id").GetInt32());
        Assert.Equal("two and two", (await Get("/monitoring/checks/sum")).GetProperty("display_name").GetString());
        Assert.Equal("web", (await Get("/monitoring/services/web")).GetProperty("name").GetString());
        Assert.Empty((await Get("/state/services/web")).GetProperty("failing").EnumerateArray());
        var uuid = (await Get("/agent/uuid")).GetString();
        Assert.True((await Get($"/monitoring/state/{uuid}")).GetProperty("services").TryGetProperty("web", out _));
        Assert.Equal(System.Net.HttpStatusCode.NotFound, (await client.GetAsync("/state/services/wub")).StatusCode);
        Assert.Single((await Get("/state/services")).GetProperty("web").GetProperty("passing").EnumerateArray());
        Assert.NotEmpty((await Get("/monitoring/history/checks")).EnumerateArray().First().GetProperty("entries").EnumerateArray());
    }
}
