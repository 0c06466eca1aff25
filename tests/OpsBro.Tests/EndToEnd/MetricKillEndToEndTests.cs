using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace OpsBro.Tests.EndToEnd;

/// <summary>A whole agent that takes Graphite's lines in is killed again and again; its store is looked at and worked over.</summary>
public sealed class MetricKillEndToEndTests
{
    const int Kills = 10, Series = 20, Together = 20;

    /// <summary>What a kill may lose.</summary>
    static readonly TimeSpan mayLose = TimeSpan.FromSeconds(1);

    /// <summary>Five days ago: each round of all series has a slot of ten seconds of its own.</summary>
    static readonly long begin = (DateTimeOffset.UtcNow.ToUnixTimeSeconds() / 10 * 10) - (5 * 86_400);

    /// <summary>What was known at one moment: numbers of ours that the agent had taken, and how many of them its journal had on the disk.</summary>
    readonly record struct Known(long Taken, long Position, long At);

    static async Task<(long Next, long OnDisk)> Journal(RunningAgent agent)
    {
        var status = (await agent.Ask("/v1/metrics/status"))!.Value;
        return (status.GetProperty("journal_next").GetInt64(), status.GetProperty("journal_on_disk").GetInt64());
    }

    [Fact]
    public async Task Kills_of_a_whole_agent_lose_at_most_the_last_second_and_damage_nothing()
    {
        await using var agent = RunningAgent.Prepare();
        var graphite = Ports.Free();
        agent.AddToAgentYml($"graphite: {{enabled: true, port: {graphite}, udp: false}}\n");
        var random = new Random(8);
        var (next, within) = (0L, 0);
        await agent.Start();
        for (var kill = 0; kill < Kills; kill++)
        {
            var (sent, safe, known) = await Feed(agent, graphite, next, TimeSpan.FromMilliseconds(random.Next(1_100, 1_900)));
            var killed = Stopwatch.GetTimestamp();
            await agent.Kill();

            await agent.Start();
            var there = await There(agent, sent);
            // what it said is on the disk is there, always; what is older than a second is, unless the machine stood still for that long
            Assert.True(there >= safe, $"{safe} numbers were on the disk, {there} are there");
            var old = known.LastOrDefault(k => Stopwatch.GetElapsedTime(k.At, killed) > mayLose).Taken;
            if (there >= Math.Max(old, next)) within++;
            next = there;
            Assert.Empty(Directory.GetFiles(agent.Data, "*.damaged-*"));
            var status = (await agent.Ask("/v1/metrics/status"))!.Value;
            Assert.Equal((0, 0, 0), (status.GetProperty("lost").GetInt32(), status.GetProperty("damaged").GetInt32(),
                status.GetProperty("problems").GetArrayLength()));
        }
        Assert.InRange(within, Kills / 2, Kills);
    }

    /// <summary>Sends numbers one after the other for a while, and writes down what the agent says that it has.</summary>
    static async Task<(long Sent, long Safe, List<Known> Known)> Feed(RunningAgent agent, int port, long first, TimeSpan time)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port));
        var (sent, safe) = (first, first);
        List<Known> known = [];
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < time || known.Count == 0;)
        {
            var text = new StringBuilder();
            for (var end = sent + Together; sent < end; sent++) text.Append($"kill.s{sent % Series} {sent} {begin + (sent / Series * 10)}\n");
            await socket.SendAsync(Encoding.ASCII.GetBytes(text.ToString()));
            var taken = first + (await agent.Ask("/v1/graphite"))!.Value.GetProperty("accepted").GetInt64();
            var (next, onDisk) = await Journal(agent);
            known.Add(new Known(taken, next, Stopwatch.GetTimestamp()));
            safe = known.LastOrDefault(k => k.Position <= onDisk).Taken is var then && then > safe ? then : safe;
        }
        return (sent, safe, known);
    }

    /// <summary>How many of our numbers are there: all before the first that is missing, each right, and none after it.</summary>
    static async Task<long> There(RunningAgent agent, long sent)
    {
        var slots = (sent + Series - 1) / Series;
        var path = $"/render?target=kill.*&from={begin - 10}&until={begin + (slots * 10)}&format=json&noNullPoints=1";
        var values = new Dictionary<long, double>();
        foreach (var series in (await agent.Ask(path))!.Value.EnumerateArray())
        {
            var number = long.Parse($"{series.GetProperty("target")}"["kill.s".Length..]);
            foreach (var point in series.GetProperty("datapoints").EnumerateArray())
                values.Add(((point[1].GetInt64() - begin) / 10 * Series) + number, point[0].GetDouble());
        }
        for (var k = 0L; k < values.Count; k++)
            Assert.True(values.TryGetValue(k, out var value) && value.Equals((double)k), $"number {k} of {values.Count} is not there, or is another");
        return values.Count;
    }

    [Fact]
    public async Task Collectors_and_checks_are_in_the_store_and_its_state_can_be_asked_for_and_tidied()
    {
        await using var agent = await RunningAgent.Started(("probe.yml", Probe));
        using var http = agent.Http();
        var host = Environment.MachineName.Replace('.', '_');
        var named = Array.Empty<string>();
        await RunningAgent.Until(() =>
        {
            named = http.GetFromJson("/metrics/index.json").EnumerateArray().Select(n => $"{n}").ToArray();
            return named.Contains($"{host}.probe.some_label") && named.Contains($"{host}.loadaverage.load1")
                && named.Any(n => n.StartsWith($"{host}.diskusage."));
        }, () => string.Join('\n', named) + agent.LogText());

        Assert.DoesNotContain(named, n => n.Contains(".checks."));
        var before = (await agent.Ask("/v1/metrics/status"))!.Value;
        await agent.Tell("/v1/metrics/compact", "{}");
        var after = (await agent.Ask("/v1/metrics/status"))!.Value;
        using var refused = await http.PostAsync(new Uri("/v1/metrics/compact", UriKind.Relative), null);

        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.InRange(before.GetProperty("series").GetInt32(), 20, 10_000);
        Assert.Equal(100_000, before.GetProperty("max_series").GetInt32());
        var first = after.GetProperty("tiers")[0];
        Assert.Equal((10, 7 * 86_400), (first.GetProperty("step").GetInt32(), first.GetProperty("keep").GetInt32()));
        Assert.InRange(first.GetProperty("bytes").GetInt64(), 1_000, 10_000_000);
        Assert.InRange(first.GetProperty("oldest").GetInt64(), DateTimeOffset.UtcNow.ToUnixTimeSeconds() - 3600, DateTimeOffset.UtcNow.ToUnixTimeSeconds());
        Assert.Empty(after.GetProperty("problems").EnumerateArray());
        Assert.InRange(after.GetProperty("disk_bytes").GetInt64(), 1_000, after.GetProperty("max_disk").GetInt64());
        var load = http.GetFromJson($"/render?target={host}.probe.some_label&from=-10min&format=json&noNullPoints=1")[0];
        Assert.Equal(7.5, load.GetProperty("datapoints")[0][0].GetDouble());
    }

    const string Probe = """
        check:
          interval: 1s
          script: echo "fine | 'Some label'=7.5"
        """;
}

/// <summary>JSON of an answer, at once.</summary>
static class JsonAnswers
{
    /// <summary>GET.</summary>
    public static JsonElement GetFromJson(this HttpClient http, string path) =>
        JsonDocument.Parse(http.GetStringAsync(new Uri(path, UriKind.Relative)).GetAwaiter().GetResult()).RootElement;
}
