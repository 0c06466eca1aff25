using System.Diagnostics;
using System.Text.Json;

namespace OpsBro.Tests.EndToEnd;

/// <summary>A live agent and its files: reload, edits that count at once, files that break.</summary>
public class ConfigEndToEndTests
{
    [Fact]
    public async Task An_agent_takes_over_what_changed_and_keeps_what_broke()
    {
        await using var agent = RunningAgent.Prepare();
        agent.Write("broken.yml", "check: {script: [\n");
        agent.Write("dns.yml", "dns: {enabled: true, port: 6766}\n");
        agent.Write("shinken.yml", "shinken: {enabled: true}\n");
        agent.Write("packs/local/demo/parameters.yml", "# how many\nlimit: {type: int, default: 3, max: 10}\n");
        agent.Write("packs/local/demo/checks/one.yml", "check: {script: \"echo $limit$\", if_group: nobody}\n");
        await agent.Start();

        var check = await agent.Run("config", "check");
        var modules = await agent.Run("agent", "modules", "state", "--json");
        var tooMuch = await agent.Run("packs", "parameters", "set", "local.demo.limit", "11");
        var set = await agent.Run("packs", "parameters", "set", "local.demo.limit", "7");
        var groups = await agent.Run("agent", "parameters", "add", "groups", "hot");
        agent.Write("dns.yml", "dns: {enabled: true, port: [\n");
        var reload = await agent.Run("agent", "reload", "--json");
        var show = await agent.Run("config", "show", "--origin");
        var info = await agent.Run("agent", "info", "--json");

        Assert.Equal(1, check.ExitCode);
        Assert.Contains($"{agent.Config}/broken.yml:1:17: a list is opened with [ here", check.Output);
        string? StateOf(string kind) => modules.Json.EnumerateArray().Single(m => m.GetProperty("kind").GetString() == kind).GetProperty("state").GetString();
        Assert.Equal(("started", "not active yet"), (StateOf("dns"), StateOf("shinken")));
        Assert.Equal((2, "error: parameter limit is \"11\"; write at most 10; nothing was changed\n"), (tooMuch.ExitCode, tooMuch.Errors));
        Assert.Contains("reloaded: 0 objects added, 1 changed, 0 removed", set.Output);
        Assert.Matches("^# how many\nlimit: {type: int, default: 7, max: 10}\n# CHANGE: \\(.*\\) SET limit → 7\n$",
            await File.ReadAllTextAsync(Path.Join(agent.Config, "packs/local/demo/parameters.yml")));
        Assert.Contains("settings changed", groups.Output);
        Assert.Equal(0, reload.Json.GetProperty("removed").GetInt32());
        Assert.Contains($"packs.demo.limit\t7\t{agent.Config}/packs/local/demo/parameters.yml:2:29", show.Output);
        Assert.Contains($"dns.dns.port\t6766\t{agent.Config}/dns.yml:1:28", show.Output);
        Assert.Contains("dns.yml:1:", info.Json.GetProperty("problems").ToString());
    }

    [Fact]
    public async Task Hangup_makes_the_agent_read_its_files()
    {
        await using var agent = await RunningAgent.Started();
        agent.AddToAgentYml("display_name: heard\n");

        using var kill = Process.Start("kill", ["-HUP", $"{agent.Pid}"]);
        await kill.WaitForExitAsync();

        var said = await agent.Until(s => s.Json.GetProperty("version").GetInt32() > 1, "config", "show", "display_name", "--json");
        Assert.Equal("heard", said.Json.GetProperty("entries")[0].GetProperty("value").GetString());
    }

    [Fact]
    public async Task Packs_are_shown_and_copied_without_an_agent()
    {
        await using var agent = RunningAgent.Prepare();

        var list = await agent.Run("packs", "list", "--json");
        var first = list.Json.EnumerateArray().First().GetProperty("name").GetString()!;
        var copied = await agent.Run("packs", "overload", $"core.{first}");
        var again = await agent.Run("packs", "overload", $"core.{first}");
        var shown = await agent.Run("packs", "show", first, "--json");
        var check = await agent.Run("config", "check");
        var settings = await agent.Run("config", "show", "http");

        Assert.Equal((0, $"http.listen = 127.0.0.1:{agent.Port}\n"), (settings.ExitCode, settings.Output));
        Assert.Equal(0, copied.ExitCode);
        Assert.Contains("is there already", again.Errors);
        Assert.Equal(["local"], shown.Json.GetProperty("levels").EnumerateArray().Select(l => l.GetProperty("level").GetString()));
        Assert.All(shown.Json.GetProperty("objects").EnumerateArray(), o => Assert.StartsWith(agent.Config, o.GetProperty("file").GetString()));
        Assert.DoesNotContain("replace", check.Output);
    }

    [Fact]
    public async Task A_misspelt_key_of_every_section_is_found_without_an_agent()
    {
        await using var agent = RunningAgent.Prepare();
        agent.AddToAgentYml("""
              lissten: x
            collectors: {cpustats: {intervall: 3s}, cpustat: {interval: 3s}}
            storage: {history_ages: 3d}
            checks: {concurency: 3}
            display_nam: x
            log: {file: x}
            """);

        var said = await agent.Run("config", "check");

        var file = Path.Join(agent.Config, "agent.yml");
        Assert.Equal(
            [
                $"{file}:3:3: unknown key \"lissten\" in http (did you mean \"listen\"?)",
                $"{file}:4:25: unknown key \"intervall\" in collectors.cpustats (did you mean \"interval\"?)",
                $"{file}:4:41: no collector is named \"cpustat\" (did you mean \"cpustats\"?); \"opsbro collectors list\" names them all",
                $"{file}:5:11: unknown key \"history_ages\" in storage (did you mean \"history_age\"?)",
                $"{file}:6:10: unknown key \"concurency\" in checks (did you mean \"concurrency\"?)",
                $"{file}:7:1: unknown key \"display_nam\" (did you mean \"display_name\"?)",
                $"{file}:8:6: warning: nothing in this release reads the section log; it changes nothing",
            ],
            said.Output.Split('\n')[..^2]);
        Assert.Equal(1, said.ExitCode);
    }

    [Fact]
    public async Task A_data_directory_too_long_for_a_socket_is_refused_in_one_line()
    {
        await using var agent = RunningAgent.Prepare();
        var far = Path.Join(agent.Home, new string('d', 100));

        var start = await agent.Run("agent", "start", "--data", far);
        var info = await agent.Run("info", "--data", far);

        Assert.Equal((2, 2), (start.ExitCode, info.ExitCode));
        Assert.Matches("^error: .*/opsbro.sock has [0-9]+ bytes, and a unix socket at most 107; give a shorter directory with --data\n$", start.Errors);
        Assert.Equal(start.Errors, info.Errors);
    }

    [Fact]
    public async Task A_pack_that_is_switched_off_is_still_shown()
    {
        await using var agent = RunningAgent.Prepare();
        agent.Write("packs/local/redis/pack.yml", "enabled: false\n");

        var list = await agent.Run("packs", "list");
        var show = await agent.Run("packs", "show", "redis");

        Assert.Contains("redis\tcore < local\toff\t", list.Output);
        Assert.Contains($"switched off: enabled: false in {agent.Config}/packs/local/redis/pack.yml", show.Output);
    }
}
