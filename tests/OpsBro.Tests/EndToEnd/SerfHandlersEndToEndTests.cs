namespace OpsBro.Tests.EndToEnd;

/// <summary>What the operator's programs do, and what is done when they do not do it.</summary>
public class SerfHandlersEndToEndTests
{
    [Fact]
    public async Task Handlers_keep_their_order_and_their_failures_are_seen_until_they_work()
    {
        await using var agent = RunningAgent.Prepare();
        string order = Path.Join(agent.Home, "order"), pids = Path.Join(agent.Home, "pids");
        string after = Path.Join(agent.Home, "after"), ok = Path.Join(agent.Home, "ok");
        Configure(
            $"user:order=read line; sleep 0.0$((6 - line)); echo $line $OPSBRO_ZONE >> {order}",
            $"user:bad=test -e {ok} || {{ echo \"why it is\" >&2; exit 3; }}",
            $"user:slow=sleep 1000 & echo $! > {pids}; wait");
        await agent.Start();

        for (var i = 1; i <= 5; i++) await agent.Run("gossip", "events", "add", "order", $"{i}");
        await agent.Run("gossip", "events", "add", "bad");
        await agent.Run("gossip", "events", "add", "slow");

        var problems = await Problems("user:bad", "user:slow");
        Assert.Contains("exit code 3: why it is", problems);
        Assert.Contains("ended after its timeout of 0.5 s", problems);
        await RunningAgent.Until(() => RunningAgent.IsGone(File.ReadAllText(pids).Trim()), () => "the end of a grandchild");
        await RunningAgent.Until(() => File.Exists(order) && File.ReadAllLines(order).Length == 5, () => "five lines");
        Assert.Equal(["1 internet", "2 internet", "3 internet", "4 internet", "5 internet"], File.ReadAllLines(order));
        await File.WriteAllTextAsync(ok, "");
        await agent.Run("gossip", "events", "add", "bad");
        await agent.Until(s => s.Json.GetProperty("problems").EnumerateArray().All(p => !$"{p}".Contains("user:bad")), "agent", "info", "--json");

        Configure($"user:order=echo new >> {after}", "user-typo=x");
        var reload = await agent.Run("agent", "reload");
        await agent.Until(s => s.Json.GetProperty("problems").EnumerateArray().Any(p => $"{p}".Contains("there is no event \"user-typo\"")),
            "agent", "info", "--json");
        await agent.Run("gossip", "events", "add", "order", "6");

        await RunningAgent.Until(() => File.Exists(after), () => $"the new handler; {reload.Output}{reload.Errors}");
        Assert.Equal(5, File.ReadAllLines(order).Length);

        void Configure(params string[] handlers) =>
            agent.Gossip("handler_timeout: 500ms", $"handlers: [{string.Join(", ", handlers.Select(h => $"'{h}'"))}]");

        async Task<string> Problems(params string[] all) => string.Join('\n', (await agent.Until(
            s => all.All(one => s.Json.GetProperty("problems").EnumerateArray().Any(p => $"{p}".Contains($"handler \"{one}"))), "agent", "info", "--json"))
            .Json.GetProperty("problems").EnumerateArray());
    }
}
