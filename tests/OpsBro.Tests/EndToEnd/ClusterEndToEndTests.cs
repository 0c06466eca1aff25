namespace OpsBro.Tests.EndToEnd;

/// <summary>Real agents in one cluster: they find, lose and tell each other.</summary>
public class ClusterEndToEndTests
{
    /// <summary>An agent called <paramref name="name"/>, with more keys of <c>gossip</c>.</summary>
    static async Task<RunningAgent> Named(string name, params string[] more)
    {
        var agent = RunningAgent.Prepare();
        agent.Gossip([$"name: {name}", "profile: local", .. more]);
        await agent.Start();
        return agent;
    }

    [Fact]
    public async Task Two_agents_join_and_see_each_other_leave_and_fail()
    {
        await using var alpha = await Named("alpha");
        await using var beta = await Named("beta");

        var joined = await beta.Run("gossip", "join", alpha.Address);
        await alpha.Sees("beta", "alive");
        await beta.Sees("alpha", "alive");
        var screen = await alpha.Run("members");
        await beta.Kill();
        await alpha.Sees("beta", "failed");
        var history = await alpha.Run("gossip", "history", "beta", "--json");
        await beta.Start();
        await alpha.Sees("beta", "alive");
        await beta.Sees("alpha", "alive");
        await beta.Run("agent", "stop");
        await alpha.Sees("beta", "left");

        Assert.Equal((0, $"joined {alpha.Address}\n"), (joined.ExitCode, joined.Output));
        Assert.Contains("zone internet:", screen.Output);
        Assert.Contains(beta.Address, screen.Output);
        var lines = history.Json.EnumerateArray().ToList();
        Assert.Contains(lines, line => $"{line.GetProperty("to")}" == "suspect");
        Assert.Contains(lines, line => $"{line.GetProperty("from")}" == "alive" && $"{line.GetProperty("to")}" == "failed");
    }
}
