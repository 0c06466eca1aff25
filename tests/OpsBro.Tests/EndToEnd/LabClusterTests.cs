namespace OpsBro.Tests.EndToEnd;

/// <summary>Five agents that their tests share: made by the first test that runs, so that a skipped class costs nothing.</summary>
public sealed class FiveAgents : IAsyncLifetime
{
    internal const int Count = 5;

    LabCluster? cluster;

    /// <summary>Hosts.</summary>
    internal static IEnumerable<int> All => Enumerable.Range(0, Count);

    /// <summary>What the others saw while their seed was down: the number of members, by host.</summary>
    internal IReadOnlyList<int> AloneViews { get; private set; } = [];

    /// <summary>The agents: all run, nothing is shut, and all see all.</summary>
    internal async Task<LabCluster> Whole()
    {
        if (cluster is null)
        {
            cluster = await LabCluster.Prepare(Count, _ => []);
            foreach (var host in All.Skip(1)) cluster.Agents[host].Write("conf.d/seeds.yml", $"seeds: [{NetworkLab.AddressOf(0)}]\n");
            // the seed comes last
            await cluster.Start(All.Skip(1));
            AloneViews = await Task.WhenAll(All.Skip(1).Select(async host => (await cluster.View(host)).Count));
        }
        await cluster.Network.Heal();
        await cluster.Start(All.Where(host => !cluster.Agents[host].IsRunning));
        await cluster.AllSeeAll(All);
        return cluster;
    }

    /// <inheritdoc/>
    public Task InitializeAsync() => Task.CompletedTask;

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        if (cluster is not null) await cluster.DisposeAsync();
    }
}

/// <summary>What befalls a cluster, with real agents and a real network between them.</summary>
public class LabClusterTests(FiveAgents five) : IClassFixture<FiveAgents>
{
    /// <summary>Probes that each agent makes under loss: one a second.</summary>
    const int LossyProbes = 15;

    static IEnumerable<int> AllBut(int host) => FiveAgents.All.Where(other => other != host);

    [NetworkFact]
    public async Task Agents_start_without_their_seed_and_find_it_when_it_comes()
    {
        await five.Whole();

        Assert.Equal([1, 1, 1, 1], five.AloneViews);
    }

    [NetworkFact]
    public async Task A_killed_agent_is_failed_to_all_and_history_says_who_suspected_it()
    {
        var cluster = await five.Whole();

        await cluster.Agents[4].Kill();
        await cluster.AllSay(AllBut(4), "n4", "failed");

        foreach (var host in AllBut(4))
        {
            var history = (await cluster.History(host)).Where(line => line.Node == "n4").ToList();
            Assert.Contains(history, line => line.To == "suspect" && AllBut(4).Any(other => line.Text.StartsWith($"by n{other}: ", StringComparison.Ordinal)));
            Assert.Contains(history, line => line is { From: "alive", To: "failed", Text.Length: > 0 });
        }
    }

    [NetworkFact]
    public async Task An_agent_that_is_stopped_has_left()
    {
        var cluster = await five.Whole();
        var failures = await cluster.Failures();

        await cluster.Agents[3].Run("agent", "stop");
        await cluster.AllSay(AllBut(3), "n3", "left");
        await cluster.Agents[3].Start();
        await cluster.AllSay(FiveAgents.All, "n3", "alive");

        Assert.Equal(failures, await cluster.Failures());
    }

    [NetworkFact]
    public async Task Two_halves_find_together_again_without_a_restart()
    {
        var cluster = await five.Whole();
        var processes = cluster.Agents.Select(agent => agent.Pid).ToList();

        await cluster.Network.Partition(0, 1);
        await cluster.AllSeeAll(0, 1);
        await cluster.AllSeeAll(2, 3, 4);
        await cluster.AllSay([0, 1], "n4", "failed");
        await cluster.Network.Heal();
        await cluster.AllSeeAll(FiveAgents.All);

        Assert.All(cluster.Agents, agent => Assert.True(agent.IsRunning));
        Assert.Equal(processes, cluster.Agents.Select(agent => agent.Pid));
    }

    [NetworkFact]
    public async Task Of_a_deaf_agent_only_itself_is_failed_and_it_comes_back()
    {
        var cluster = await five.Whole();
        var failures = await cluster.Failures();

        await cluster.Network.Deafen(2);
        await cluster.AllSay(AllBut(2), "n2", "failed");
        await cluster.AllSeeAll(AllBut(2));
        var after = await cluster.Failures();
        await cluster.Network.Heal();
        await cluster.AllSeeAll(FiveAgents.All);

        foreach (var host in AllBut(2)) Assert.Equal(failures[host].Length + 1, after[host].Length);
    }

    [NetworkFact]
    public async Task With_a_third_of_everything_lost_nobody_is_failed()
    {
        var cluster = await five.Whole();
        var failures = await cluster.Failures();
        var probes = await Task.WhenAll(FiveAgents.All.Select(host => cluster.Counter(host, "probes")));

        await cluster.Network.Lose(30);
        await cluster.Until(FiveAgents.All, $"made {LossyProbes} probes", async host =>
            await cluster.Counter(host, "probes") >= probes[host] + LossyProbes);
        var after = await cluster.Failures();
        var lost = await Task.WhenAll(FiveAgents.All.Select(host => cluster.Counter(host, "indirect_probes")));
        await cluster.Network.Heal();

        Assert.Equal(failures, after);
        Assert.True(lost.Sum() > 0, "nothing was lost");
    }
}
