using System.Diagnostics;
using System.Text.Json;

namespace OpsBro.Tests.EndToEnd;

/// <summary>Real agents, one on each host of a network of its own, called n0, n1, …; all of it ends with the cluster.</summary>
sealed class LabCluster : IAsyncDisposable
{
    LabCluster(NetworkLab network) => Network = network;

    /// <summary>The network between them.</summary>
    public NetworkLab Network { get; }

    /// <summary>The agents by their host.</summary>
    public IReadOnlyList<RunningAgent> Agents { get; private set; } = [];

    /// <summary>A network with an agent on each host, none of them started.</summary>
    /// <param name="hosts">How many.</param>
    /// <param name="settings">More keys of <c>gossip</c> for a host.</param>
    public static async Task<LabCluster> Prepare(int hosts, Func<int, string[]> settings)
    {
        var cluster = new LabCluster(await NetworkLab.Create(hosts));
        cluster.Agents = [.. Enumerable.Range(0, hosts).Select(host =>
        {
            var agent = RunningAgent.Prepare(cluster.Network, host);
            agent.Gossip([$"name: n{host}", .. settings(host)]);
            return agent;
        })];
        return cluster;
    }

    /// <summary>Starts some hosts' agents at once.</summary>
    public Task Start(params IEnumerable<int> hosts) => Task.WhenAll(hosts.Select(host => Agents[host].Start()));

    /// <summary>What a host's agent says of each member, by name; empty while it does not answer.</summary>
    public async Task<Dictionary<string, string>> View(int host)
    {
        var members = await Agents[host].Ask("/v1/members");
        return members?.EnumerateArray().ToDictionary(m => $"{m.GetProperty("name")}", m => $"{m.GetProperty("state")}") ?? [];
    }

    /// <summary>Waits until hosts' agents all say so of a member.</summary>
    public Task AllSay(IEnumerable<int> hosts, string name, string state) =>
        Until(hosts, $"{name} is {state}", async host => (await View(host)).GetValueOrDefault(name) == state);

    /// <summary>Waits until each of some hosts' agents sees exactly all of them alive.</summary>
    public Task AllSeeAll(params IEnumerable<int> hosts)
    {
        var wanted = hosts.Select(host => $"n{host}").ToHashSet();
        return Until(hosts, $"sees {string.Join(' ', wanted.Order())} and no other alive", async host =>
            wanted.SetEquals((await View(host)).Where(member => member.Value == "alive").Select(member => member.Key)));
    }

    /// <summary>Asks again until it is so at all hosts; fails with what they say when patience ends.</summary>
    public async Task Until(IEnumerable<int> hosts, string fact, Func<int, Task<bool>> isSo)
    {
        var watch = Stopwatch.StartNew();
        foreach (var host in hosts)
        {
            while (!await isSo(host))
            {
                Assert.True(watch.Elapsed < RunningAgent.Patience, $"never so at n{host}: {fact}; it says: {await Said(host)}");
                await Task.Delay(TimeSpan.FromMilliseconds(100));
            }
        }
    }

    async Task<string> Said(int host) =>
        $"{string.Join(", ", (await View(host)).Select(member => $"{member.Key} {member.Value}"))}\n{Agents[host].LogText()}";

    /// <summary>Lines of a host's history, the newest first: node, state before, state after, why.</summary>
    public async Task<IReadOnlyList<(string Node, string From, string To, string Text)>> History(int host)
    {
        var lines = await Agents[host].Ask("/v1/gossip/history?limit=500");
        Assert.NotNull(lines);
        return [.. lines.Value.EnumerateArray().Select(l =>
            ($"{l.GetProperty("node")}", $"{l.GetProperty("from")}", $"{l.GetProperty("to")}", $"{l.GetProperty("text")}"))];
    }

    /// <summary>Every failure that each host's agent saw, one line each.</summary>
    public async Task<string[][]> Failures() => await Task.WhenAll(Enumerable.Range(0, Agents.Count).Select(async host =>
        (await History(host)).Where(line => line.To == "failed").Select(line => $"n{host} saw {line.Node} fail: {line.Text}").ToArray()));

    /// <summary>A counter of a host's gossip.</summary>
    public async Task<long> Counter(int host, string name)
    {
        var gossip = await Agents[host].Ask("/v1/gossip");
        return gossip?.GetProperty("pools")[0].GetProperty("counters").GetProperty(name).GetInt64() ?? 0;
    }

    /// <summary>What a host's operator should mend.</summary>
    public async Task<string[]> Problems(int host)
    {
        var info = await Agents[host].Ask("/v1/agent/info");
        return [.. info?.GetProperty("problems").EnumerateArray().Select(problem => $"{problem}") ?? []];
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var agent in Agents) await agent.DisposeAsync();
        await Network.DisposeAsync();
    }
}
