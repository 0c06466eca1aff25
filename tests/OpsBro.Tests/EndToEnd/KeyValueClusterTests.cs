using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace OpsBro.Tests.EndToEnd;

/// <summary>Five agents, three of them keep keys and values, one after the other is killed while programs write: what was acknowledged is there.</summary>
public class KeyValueClusterTests
{
    const int Hosts = 5, Keepers = 3, Writers = 4, Keys = 25, Kills = 2;

    /// <summary>Acknowledged writes between two acts: the agents get so far each time, however slow the machine.</summary>
    const int WritesBetween = 40;

    /// <summary>A write that was acknowledged last.</summary>
    readonly record struct Acknowledged(long Version, string Value);

    [NetworkFact]
    public async Task What_was_acknowledged_is_there_after_random_kills()
    {
        var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        await using var cluster = await LabCluster.Prepare(Hosts, _ => ["profile: local", $"encrypt: \"{key}\""]);
        foreach (var host in Enumerable.Range(0, Hosts))
        {
            if (host < Keepers) cluster.Agents[host].AddToAgentYml("groups: [kv]\n");
            cluster.Agents[host].Write("conf.d/seeds.yml", $"seeds: [{NetworkLab.AddressOf(0)}, {NetworkLab.AddressOf(1)}, {NetworkLab.AddressOf(2)}]\n");
        }
        await cluster.Start(Enumerable.Range(0, Hosts));
        await AllSeeTheKeepers(cluster);

        var acknowledged = new ConcurrentDictionary<string, Acknowledged>();
        var written = new Counter();
        using var enough = new CancellationTokenSource();
        var writers = Enumerable.Range(0, Writers).Select(writer => Task.Run(() => Write(cluster, writer, acknowledged, written, enough.Token))).ToArray();
        var random = new Random(5);
        for (var kill = 0; kill < Kills; kill++)
        {
            await written.More(WritesBetween);
            var victim = random.Next(Keepers);
            await cluster.Agents[victim].Kill();
            if (kill % 2 == 0) await written.More(WritesBetween);   // else it is back before the others know that it was gone
            await cluster.Agents[victim].Start();
            await AllSeeTheKeepers(cluster);   // one at a time: a majority is up
        }
        await written.More(WritesBetween);
        await enough.CancelAsync();
        await Task.WhenAll(writers);

        foreach (var (name, last) in acknowledged)
            await cluster.Until([0, 4], $"{name} has version {last.Version} or a later one", async host =>
            {
                if (await cluster.Agents[host].Ask($"/v1/kv/{name}") is not { } entry) return false;
                var version = entry.GetProperty("version").GetInt64();
                Assert.True(version >= last.Version, $"{name} was acknowledged with version {last.Version} and {last.Value}; n{host} has {entry}");
                if (version == last.Version) Assert.Equal(last.Value, entry.GetProperty("value").GetString());
                return true;
            });
        Assert.True(acknowledged.Count > Keys, $"{acknowledged.Count} keys were written");
    }

    /// <summary>One program: writes its own keys over and over, through any agent that runs.</summary>
    static async Task Write(LabCluster cluster, int writer, ConcurrentDictionary<string, Acknowledged> acknowledged, Counter written, CancellationToken enough)
    {
        var (random, clients) = (new Random(writer), new HttpClient?[Hosts]);
        for (var number = 1; !enough.IsCancellationRequested; number++)
        {
            var (host, name, value) = (random.Next(Hosts), $"e2e/{writer}/{random.Next(Keys)}", $"{writer}-{number}");
            using var body = new ByteArrayContent(Encoding.ASCII.GetBytes(value));
            try
            {
                var client = clients[host] ??= cluster.Agents[host].Socket();
                using var answer = await client.PutAsync(new Uri($"http://opsbro/v1/kv/{name}"), body, CancellationToken.None);
                if (answer.StatusCode == HttpStatusCode.ServiceUnavailable) continue;   // of unknown fate: neither there nor not there for sure
                var said = await answer.Content.ReadAsStringAsync(CancellationToken.None);
                Assert.True(answer.IsSuccessStatusCode, $"PUT {name} at n{host}: {answer.StatusCode} {said}");
                acknowledged[name] = new Acknowledged(JsonDocument.Parse(said).RootElement.GetProperty("version").GetInt64(), value);
                written.Add();
            }
            catch (HttpRequestException)
            {
                await Task.Yield();   // it was killed: of unknown fate
            }
        }
        foreach (var client in clients) client?.Dispose();
    }

    static Task AllSeeTheKeepers(LabCluster cluster) => cluster.Until(Enumerable.Range(0, Hosts), "sees n0, n1 and n2 keep keys", async host =>
        await cluster.Agents[host].Ask("/v1/kv-state") is { } state && state.GetProperty("state").GetString() == "ok"
        && state.GetProperty("members").EnumerateArray().Count(m => m.GetProperty("state").GetString() == "alive") == Keepers);

    /// <summary>Counts acknowledged writes, and lets others wait for more.</summary>
    sealed class Counter
    {
        int count;

        public void Add() => Interlocked.Increment(ref count);

        public async Task More(int by)
        {
            var goal = Volatile.Read(ref count) + by;
            await RunningAgent.Until(() => Volatile.Read(ref count) >= goal, () => $"{Volatile.Read(ref count)} of {goal} acknowledged writes");
        }
    }
}
