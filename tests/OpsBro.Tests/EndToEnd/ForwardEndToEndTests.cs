using System.Text.Json;
using OpsBro.Tests.Forwarding;

namespace OpsBro.Tests.EndToEnd;

/// <summary>Passing on as an operator meets it: a real agent, sinks that come and go, the verbs.</summary>
public sealed class ForwardEndToEndTests
{
    static string Sink(int port, string more = "") =>
        $"forward:\n  vm: {{kind: remote_write, url: \"http://127.0.0.1:{port}/write\", names: keep, include: \"test.**\", "
        + $"batch: 500, interval: 100ms{more}}}\n";

    static JsonElement One(Said said) => Assert.Single(said.Json.EnumerateArray());

    [Fact]
    public async Task Sinks_come_change_and_go_by_a_reload()
    {
        using var first = new FakeHttpSink().Listen();
        using var second = new FakeHttpSink().Listen();
        await using var agent = await RunningAgent.Started();
        Assert.Empty((await agent.Run("forward", "state", "--json")).Json.EnumerateArray());
        Assert.Contains("no sink is configured", (await agent.Run("forward", "state")).Errors);

        agent.Write("conf.d/forward.yml", Sink(first.Port));
        await agent.Run("agent", "reload");
        await agent.Until(said => said.Json.GetArrayLength() == 1, "forward", "state", "--json");
        var test = await agent.Run("forward", "test", "vm");
        Assert.Equal(0, test.ExitCode);
        Assert.StartsWith($"vm (http://127.0.0.1:{first.Port}/write): taken in ", test.Output);
        Assert.Contains("opsbro.forward.test", Assert.Single(first.Taken.SelectMany(WireDecoders.RemoteWriteSamples)).Series);

        agent.Write("conf.d/forward.yml", Sink(second.Port));
        await agent.Run("agent", "reload");
        await agent.Until(said => $"{One(said).GetProperty("target")}".Contains($":{second.Port}/"), "forward", "state", "--json");

        agent.Write("conf.d/forward.yml", Sink(second.Port).Replace("batch: 500", "batch: none"));
        await agent.Run("agent", "reload");
        await agent.Until(said => said.Output.Contains("batch is"), "agent", "info", "--json");
        Assert.Single((await agent.Run("forward", "state", "--json")).Json.EnumerateArray());

        File.Delete(Path.Join(agent.Config, "conf.d/forward.yml"));
        await agent.Run("agent", "reload");
        await agent.Until(said => said.Json.GetArrayLength() == 0, "forward", "state", "--json");
        Assert.Equal(2, (await agent.Run("forward", "test", "vm")).ExitCode);
    }

    [Fact]
    public async Task A_sink_that_is_not_there_says_so_and_its_token_is_nowhere_to_be_seen()
    {
        var port = Ports.Free();
        await using var agent = RunningAgent.Prepare();
        agent.AddToAgentYml(Sink(port, ", token: hush-hush-hush"));
        await agent.Start();

        var test = await agent.Run("forward", "test", "vm", "--json");

        Assert.Equal(2, test.ExitCode);
        Assert.False(test.Json.GetProperty("ok").GetBoolean());
        Assert.Contains("refused", $"{test.Json.GetProperty("answer")}");
        foreach (var verb in new[] { "forward state --json", "config show --json", "config show", "agent info --json", "config check --json" })
            Assert.DoesNotContain("hush", (await agent.Run(verb.Split(' '))).Output);
        Assert.DoesNotContain("hush", agent.LogText());
        Assert.Contains("component=\"forward\",name=\"vm\"", await agent.Http().GetStringAsync(new Uri("/metrics", UriKind.Relative)));
    }
}
