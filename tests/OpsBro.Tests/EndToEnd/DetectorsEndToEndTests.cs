using System.Net;

namespace OpsBro.Tests.EndToEnd;

/// <summary>Groups of a live agent: they come, go, survive a kill, and say why.</summary>
public class DetectorsEndToEndTests
{
    [Fact]
    public async Task A_group_comes_and_goes_with_its_file_and_says_why()
    {
        await using var agent = RunningAgent.Prepare();
        var release = Path.Join(agent.Home, "redhat-release");
        File.WriteAllText(release, "CentOS Linux release 7.9.2009 (Core)\n");
        agent.AddToAgentYml("groups: [mine]\n");
        // the example of the first release, on a file of this test
        agent.Write("centos.yml", $"""
            detector:
                interval: 1s
                apply_if: "grep('centos', '{release}')"
                groups: ["linux", "centos"]
            """);
        await agent.Start();

        Assert.Equal(0, (await agent.Run("detectors", "wait-group", "centos")).ExitCode);
        var groups = (await agent.Run("detectors", "state", "--json")).Json.EnumerateArray()
            .ToDictionary(g => g.GetProperty("name").GetString()!);
        var why = (await agent.Run("detectors", "state", "--why")).Output;
        File.Delete(release);
        var after = await agent.Until(said => !said.Output.Contains("centos"), "detectors", "state");

        Assert.Equal("static", groups["mine"].GetProperty("source").GetString());
        Assert.Equal("builtin", groups["zone::internet"].GetProperty("source").GetString());
        Assert.Equal("detector", groups["linux"].GetProperty("source").GetString());
        Assert.Contains($"centos: grep('centos', '{release}')", why);
        Assert.Contains("centos.yml:3", why);
        Assert.Contains(" * linux", after.Output);
        Assert.Contains(" * mine", after.Output);
    }

    [Fact]
    public async Task A_kill_and_a_restart_are_no_change_of_groups()
    {
        await using var agent = await RunningAgent.Started(("x.yml", "detector: {apply_if: 'True', groups: [here]}"));
        var before = (await agent.Until(said => said.Output.Contains("\"here\""), "detectors", "history", "--json")).Output;

        await agent.Kill();
        await agent.Start();
        await agent.Run("agent", "wait-initialized");

        Assert.Equal(before, (await agent.Run("detectors", "history", "--json")).Output);
    }

    [Fact]
    public async Task A_dry_run_shows_what_would_match_and_changes_nothing()
    {
        await using var agent = await RunningAgent.Started(
            ("x.yml", "detector: {apply_if: 'True', groups: [here], if_group: never}"));

        var run = (await agent.Run("detectors", "run", "x", "--json")).Json[0];
        var all = (await agent.Run("detectors", "run", "--json")).Json.EnumerateArray()
            .Single(r => r.GetProperty("name").GetString() == "x");
        var unknown = await agent.Run("detectors", "run", "xx");

        Assert.True(run.GetProperty("matched").GetBoolean());
        Assert.Equal("here", run.GetProperty("new_groups")[0].GetString());
        Assert.False(all.GetProperty("matched").GetBoolean());
        Assert.Equal("for the group never, which this agent does not have", all.GetProperty("inactive").GetString());
        Assert.Equal(2, unknown.ExitCode);
        Assert.DoesNotContain("here", (await agent.Run("detectors", "state")).Output);
    }

    [Fact]
    public async Task The_originals_routes_answer_in_their_shapes()
    {
        await using var agent = await RunningAgent.Started(("x.yml", "detector: {apply_if: 'True', groups: [here]}"));
        await agent.Run("detectors", "wait-group", "here");
        using var local = agent.Socket();
        using var remote = agent.Http();

        Assert.Contains("\"here\"", await local.GetStringAsync("/agent/detectors/state"));
        Assert.Contains("{\"x\":{\"matched\":true,\"groups\":[\"here\"],\"new_groups\":[]}}", await local.GetStringAsync("/agent/detectors/run/x"));
        Assert.Contains("{\"type\":\"group-add\",\"group\":\"here\"}", await local.GetStringAsync("/agent/detectors/history"));
        Assert.Contains("\"add_groups\":[\"here\"]", await remote.GetStringAsync("/agent/detectors"));
        Assert.Equal(HttpStatusCode.Forbidden, (await remote.GetAsync("/agent/detectors/run/x")).StatusCode);
    }
}
