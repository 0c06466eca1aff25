namespace OpsBro.Tests.EndToEnd;

/// <summary>Collectors of applications as an operator meets them: a real agent, real servers, checks that read them.</summary>
public sealed class DeclaredEndToEndTests
{
    const string Queue = """
        collector:
          name: queue
          interval: 1s
          program: ["/bin/cat", "FILE"]
          format: json
        """;

    static bool Is(Said said, string id, string state) => said.Json.EnumerateArray()
        .Any(check => check.GetProperty("id").GetString() == id && check.GetProperty("state").GetString() == state);

    [Fact]
    public async Task A_declared_collector_is_as_good_as_a_built_in_one_and_changes_on_reload()
    {
        await using var agent = RunningAgent.Prepare();
        var file = Path.Join(agent.Home, "queue.json");
        File.WriteAllText(file, """{"jobs": {"depth": 12}}""");
        agent.Write("queue.yml", Queue.Replace("FILE", file));
        agent.Write("depth.yml", """
            check:
              interval: 200ms
              critical_if: "{{collector.queue.jobs.depth}} > 10"
              critical_output: "'%d jobs' % {{collector.queue.jobs.depth}}"
            """);
        await agent.Start();
        await agent.Until(said => Is(said, "depth", "critical"), "monitoring", "state", "--json");

        File.WriteAllText(file, """{"jobs": {"depth": 3}}""");
        await agent.Until(said => Is(said, "depth", "ok"), "monitoring", "state", "--json");

        File.WriteAllText(file, """{"work": {"depth": 30}}""");
        agent.Write("queue.yml", Queue.Replace("FILE", file) + "\n  rename: {work.depth: jobs.depth}\n");
        await agent.Run("agent", "reload");
        await agent.Until(said => Is(said, "depth", "critical"), "monitoring", "state", "--json");

        agent.Write("queue.yml", Queue.Replace("FILE", file).Replace("format:", "fromat:"));
        await agent.Run("agent", "reload");
        var check = await agent.Run("config", "check");
        var shown = await agent.Run("collectors", "show", "queue");

        Assert.Equal(1, check.ExitCode);
        Assert.Contains("queue.yml:5:3: unknown key \"fromat\" in a collector (did you mean \"format\"?)", check.Output + check.Errors);
        Assert.Contains("collector.queue.jobs.depth = 30", shown.Output);
    }

    [Fact]
    public async Task A_redis_that_dies_makes_a_check_critical()
    {
        using var redis = await RealServer.Start("/usr/bin/redis-server", (directory, port) =>
            ["--port", $"{port}", "--bind", "127.0.0.1", "--dir", directory, "--save", ""]);
        await using var agent = RunningAgent.Prepare();
        agent.AddToAgentYml("groups: [redis]\ncollectors:\n  redis: {interval: 1s}\n");
        agent.Write("packs/local/redis/parameters.yml", $"port: {redis.Port}\n");
        agent.Write("answers.yml", """
            check:
              interval: 200ms
              critical_if: "{{collector.redis.available}} == False"
              critical_output: "{{collector.redis.problem}}"
            """);
        await agent.Start();
        await agent.Until(said => Is(said, "answers", "ok"), "monitoring", "state", "--json");

        redis.Kill();

        var said = await agent.Until(said => Is(said, "answers", "critical"), "monitoring", "state", "--json");
        Assert.Contains($"redis at 127.0.0.1:{redis.Port}: Connection refused", said.Output);
    }
}
