using System.Security.Cryptography;

namespace OpsBro.Tests.EndToEnd;

/// <summary>Agents that are set up wrong, or stand behind a router: the others are spared, and the one concerned says what to do.</summary>
public class LabTroubleTests
{
    static string NewKey() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    static string Seed(int host) => $"seeds: [{NetworkLab.AddressOf(host)}]\n";

    [NetworkFact]
    public async Task An_agent_with_a_wrong_key_stays_outside_and_says_so_itself_until_it_reloads_the_right_one()
    {
        string right = NewKey(), wrong = NewKey();
        await using var cluster = await LabCluster.Prepare(3, host => ["profile: local", $"encrypt: \"{(host == 2 ? wrong : right)}\""]);
        foreach (var host in (int[])[1, 2]) cluster.Agents[host].Write("conf.d/seeds.yml", Seed(0));

        await cluster.Start(0, 1, 2);
        await cluster.AllSeeAll(0, 1);
        await cluster.Until([0, 2], "names the wrong key", async host =>
            (await cluster.Problems(host)).Any(problem => problem.Contains("do not open with any of our keys", StringComparison.Ordinal)));
        var own = Assert.Single(await cluster.Problems(2), problem => problem.Contains("gossip", StringComparison.Ordinal));
        var screen = await cluster.Agents[2].Run("agent", "info");
        var joined = await cluster.Agents[2].Run("gossip", "join", NetworkLab.AddressOf(0));

        Assert.Contains($"from {NetworkLab.AddressOf(0)}", own);
        Assert.Contains("opsbro gossip keys use --local", own);
        Assert.Contains("do not open with any of our keys", string.Join(' ', screen.Output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)));
        Assert.Equal(2, joined.ExitCode);
        Assert.Equal(["n2"], (await cluster.View(2)).Keys);
        Assert.DoesNotContain("n2", (await cluster.View(0)).Keys);
        Assert.DoesNotContain("n2", (await cluster.View(1)).Keys);

        var process = cluster.Agents[2].Pid;
        cluster.Agents[2].Gossip("name: n2", "profile: local", $"encrypt: \"{right}\"");
        var reloaded = await cluster.Agents[2].Run("agent", "reload");
        await cluster.AllSeeAll(0, 1, 2);

        Assert.Equal(0, reloaded.ExitCode);
        Assert.Equal((true, process), (cluster.Agents[2].IsRunning, cluster.Agents[2].Pid));
    }

    [NetworkFact]
    public async Task Of_two_agents_with_one_name_the_newcomer_stops_and_the_message_names_both_addresses()
    {
        await using var cluster = await LabCluster.Prepare(4, host => ["profile: local"]);
        cluster.Agents[3].Gossip("name: n1", "profile: local");
        foreach (var host in (int[])[1, 2, 3]) cluster.Agents[host].Write("conf.d/seeds.yml", Seed(0));
        string first = $"{NetworkLab.AddressOf(1)}:7946", second = $"{NetworkLab.AddressOf(3)}:7946";

        await cluster.Start(0, 1, 2);
        await cluster.AllSeeAll(0, 1, 2);
        await cluster.Start(3);
        await cluster.Until([0, 3], "names both addresses", async host =>
            (await cluster.Problems(host)).Any(p => p.Contains("n1", StringComparison.Ordinal) && p.Contains(first, StringComparison.Ordinal)
                && p.Contains(second, StringComparison.Ordinal) && p.Contains("gossip.name", StringComparison.Ordinal)));

        await cluster.Until([3], "stopped by the vote", async host =>
            (await cluster.Problems(host)).Any(problem => problem.StartsWith("gossip stopped", StringComparison.Ordinal)));
        await cluster.AllSeeAll(0, 1, 2);
        Assert.Contains(await cluster.History(0), line => line is { Node: "n1", To: "conflict" });
    }

    [NetworkFact]
    public async Task An_agent_behind_a_router_is_reached_at_the_address_that_it_advertises()
    {
        await using var cluster = await LabCluster.Prepare(3, host => ["profile: local"]);
        var inner = await cluster.Network.Nat(2);
        await using var hidden = RunningAgent.Prepare(inner, NetworkLab.InnerAddress);
        hidden.Gossip("name: hidden", "profile: local", $"advertise: {NetworkLab.AddressOf(2)}");
        hidden.Write("conf.d/seeds.yml", Seed(0));
        cluster.Agents[1].Write("conf.d/seeds.yml", Seed(0));

        await Task.WhenAll(cluster.Start(0, 1), hidden.Start());
        await cluster.AllSay([0, 1], "hidden", "alive");
        var outside = await hidden.Until(said => said.Json.GetArrayLength() == 3, "gossip", "members", "--json");
        var asked = await cluster.Agents[1].Run("gossip", "ping", "hidden");
        var asks = await hidden.Run("gossip", "ping", "n1");
        await hidden.Kill();
        await cluster.AllSay([0, 1], "hidden", "failed");
        await hidden.Start();
        await cluster.AllSay([0, 1], "hidden", "alive");

        Assert.Equal((0, 0), (asked.ExitCode, asks.ExitCode));
        Assert.Contains(outside.Json.EnumerateArray(), m => $"{m.GetProperty("name")}" == "hidden" && $"{m.GetProperty("address")}" == NetworkLab.AddressOf(2));
    }
}
