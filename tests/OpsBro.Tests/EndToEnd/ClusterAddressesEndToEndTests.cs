namespace OpsBro.Tests.EndToEnd;

/// <summary>Clusters by IPv6 and by both, seeds that come late, and what verbs say to scripts.</summary>
public class ClusterAddressesEndToEndTests
{
    static async Task<RunningAgent> Started(string name, string gossip, string more = "")
    {
        var agent = RunningAgent.Prepare();
        agent.Write("conf.d/gossip.yml", $"gossip: {{name: {name}, profile: local, detect: {{enabled: false}}, {gossip}}}\n");
        agent.AddToAgentYml(more);
        await agent.Start();
        return agent;
    }

    [Theory]
    [InlineData("\"::1\"", "", "[::1]", "\"::1\"", "")]
    [InlineData("\"::\"", "127.0.0.1", "127.0.0.1", "127.0.0.1", "")]
    [InlineData("\"::\"", "\"::1\"", "[::1]", "\"::\"", "\"::1\"")]
    public async Task Two_agents_are_one_cluster_by_IPv6_alone_and_by_a_socket_for_both(
        string bind, string advertise, string shown, string otherBind, string otherAdvertise)
    {
        var (port, otherPort) = (Ports.Free(), Ports.Free());
        static string Place(string bind, string advertise, int port) =>
            $"bind: {bind}, port: {port}" + (advertise.Length > 0 ? $", advertise: {advertise}" : "");
        await using var alpha = await Started("alpha", Place(bind, advertise, port));
        await using var beta = await Started("beta", Place(otherBind, otherAdvertise, otherPort), $"seeds: [\"{shown}:{port}\"]\n");

        await alpha.Sees("beta", "alive");
        await beta.Sees("alpha", "alive");
        var ping = await alpha.Run("gossip", "ping", "beta");
        var info = await beta.Run("gossip", "members", "--json");
        var screen = await alpha.Run("info");

        Assert.True(ping.ExitCode == 0, ping.Errors);
        Assert.Contains(info.Json.EnumerateArray(), m => $"{m.GetProperty("name")}" == "alpha" && m.GetProperty("port").GetInt32() == port
            && $"{m.GetProperty("address")}" == shown.Trim('[', ']'));
        Assert.Contains($"Address: {shown}:{port} (UDP and TCP", screen.Output);
    }

    [Fact]
    public async Task A_seed_that_comes_late_is_joined_and_verbs_say_to_scripts_what_happened()
    {
        await using var late = RunningAgent.Prepare();
        await using var alpha = RunningAgent.Prepare();
        alpha.Gossip("name: alpha", "profile: local");
        alpha.AddToAgentYml($"seeds: [\"{late.Address}\"]\n");
        await alpha.Start();
        var alone = await alpha.Run("gossip", "wait-members", "--name", "late", "--timeout", "1");
        var unknown = await alpha.Run("gossip", "ping", "late");
        var never = await alpha.Run("gossip", "events", "wait", "never", "--timeout", "1");

        late.Gossip("name: late", "profile: local");
        await late.Start();
        var together = await alpha.Run("gossip", "wait-members", "--name", "late", "--timeout", "60");
        var ping = await alpha.Run("gossip", "ping", "late");
        var leave = await alpha.Run("gossip", "leave", "late");
        var told = await alpha.Run("event", "deploy", "v1");
        var here = await late.Run("gossip", "events", "wait", "deploy", "--timeout", "30");
        var listed = await late.Run("gossip", "events", "list", "--json");
        await late.Kill();
        await alpha.Sees("late", "failed");
        var silent = await alpha.Run("gossip", "ping", "late");
        var left = await alpha.Run("leave", "late");
        await alpha.Sees("late", "left");
        var history = await alpha.Run("gossip", "history", "late");

        Assert.Equal((2, 2, 2), (alone.ExitCode, unknown.ExitCode, never.ExitCode));
        Assert.Equal((0, 0, 0, 0), (together.ExitCode, ping.ExitCode, told.ExitCode, here.ExitCode));
        Assert.Equal(2, leave.ExitCode);
        Assert.Contains("only a failed member", leave.Errors);
        Assert.Equal(("deploy", "v1"), ($"{listed.Json[0].GetProperty("name")}", $"{listed.Json[0].GetProperty("payload")}"));
        Assert.Equal((2, 0), (silent.ExitCode, left.ExitCode));
        Assert.Contains("SUSPECT\tby alpha: it did not answer us", history.Output);
    }
}
