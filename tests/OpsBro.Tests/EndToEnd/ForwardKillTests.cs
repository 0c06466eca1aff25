using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using OpsBro.Tests.Forwarding;

namespace OpsBro.Tests.EndToEnd;

/// <summary>What kills and restarts of a real agent lose and send twice; it takes numbers over TCP.</summary>
public sealed class ForwardKillTests
{
    static string Sink(int port, string more = "") =>
        $"forward:\n  vm: {{kind: remote_write, url: \"http://127.0.0.1:{port}/write\", names: keep, include: \"test.**\", "
        + $"batch: 500, interval: 100ms{more}}}\n";

    static JsonElement One(Said said) => Assert.Single(said.Json.EnumerateArray());

    static bool Has(Said said, string figure, long value) =>
        said.Json.EnumerateArray().Any(sink => sink.GetProperty(figure).GetInt64() == value);

    /// <summary>Writes Graphite's lines, each series once a second, and returns what a sink should get.</summary>
    static async Task<List<ReadSample>> Feed(int port, int from, int count, string host)
    {
        const int series = 50;
        var start = DateTimeOffset.UtcNow.ToUnixTimeSeconds() - 7000;
        var text = new StringBuilder();
        var expected = new List<ReadSample>();
        for (var i = from; i < from + count; i++)
        {
            var (name, at) = ($"test.part.n{i % series}", start + (i / series));
            text.Append($"{name} {i} {at}\n");
            expected.Add(new ReadSample(ReadSample.Key([new("__name__", name), new("host", host)]), at * 1000, i));
        }
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port));
        await socket.SendAsync(Encoding.ASCII.GetBytes(text.ToString()));
        return expected;
    }

    /// <summary>Waits until the store has the last of the numbers that were fed.</summary>
    static async Task Arrived(RunningAgent agent, int last)
    {
        using var http = agent.Http();
        var answer = "";
        for (var watch = System.Diagnostics.Stopwatch.StartNew(); !answer.Contains($"[{last}.0,"); await Task.Yield())
        {
            Assert.True(watch.Elapsed < RunningAgent.Patience, $"{last} never came: {answer}\n{agent.LogText()}");
            answer = await http.GetStringAsync(new Uri("/render?target=test.part.n49&from=-3h&format=json&noNullPoints=1", UriKind.Relative));
        }
    }

    [Fact]
    public async Task Kills_in_the_middle_lose_nothing_and_send_at_most_one_page_again()
    {
        const int points = 10_000, batch = 500, kills = 3;
        using var sink = new FakeHttpSink();
        using var allowed = new SemaphoreSlim(0);
        sink.Otherwise = _ =>
        {
            allowed.Wait();
            return Reply.Ok;
        };
        await using var agent = RunningAgent.Prepare();
        var graphite = Ports.Free();
        agent.AddToAgentYml($"graphite: {{enabled: true, port: {graphite}, udp: false}}\n{Sink(sink.Port, ", timeout: 60s")}");
        await agent.Start();
        var expected = await Feed(graphite, 0, points, Environment.MachineName);
        await Arrived(agent, points - 1);
        var down = One(await agent.Until(said => $"{One(said).GetProperty("state")}" == "down", "forward", "state", "--json"));
        Assert.Contains("refused", $"{down.GetProperty("last_error")}");
        Assert.InRange(down.GetProperty("behind_points").GetInt64(), points, long.MaxValue);
        // an orderly stop has everything on the disk
        Assert.Equal(0, (await agent.Run("agent", "stop")).ExitCode);
        await agent.Ended();
        sink.Listen();

        for (var kill = 1; kill <= kills; kill++)
        {
            await agent.Start();
            var before = sink.Taken.Count;
            allowed.Release(4);
            await RunningAgent.Until(() => sink.Taken.Count >= before + 4, () => $"{sink.Taken.Count} requests; {agent.LogText()}");
            await agent.Kill();
        }
        allowed.Release(1_000);
        await agent.Start();
        await agent.Until(said => Has(said, "behind_points", 0), "forward", "state", "--json");

        var read = sink.Taken.SelectMany(WireDecoders.RemoteWriteSamples).ToList();
        Assert.True(expected.ToHashSet().SetEquals(read), $"{read.Distinct().Count()} of {points}");
        Assert.InRange(read.Count, points, points + (kills * batch));
    }

    [Fact]
    public async Task A_restart_sends_nothing_twice()
    {
        using var sink = new FakeHttpSink().Listen();
        await using var agent = RunningAgent.Prepare();
        var graphite = Ports.Free();
        agent.AddToAgentYml($"graphite: {{enabled: true, port: {graphite}, udp: false}}\n{Sink(sink.Port)}");
        var expected = new List<ReadSample>();
        for (var round = 0; round < 3; round++)
        {
            await agent.Start();
            expected.AddRange(await Feed(graphite, round * 2000, 2000, Environment.MachineName));
            await agent.Until(said => Has(said, "sent_points", 2000) && Has(said, "behind_points", 0), "forward", "state", "--json");
            await agent.Run("agent", "stop");
            await agent.Ended();
        }

        var read = sink.Taken.SelectMany(WireDecoders.RemoteWriteSamples).ToList();
        Assert.Equal(expected.Count, read.Count);
        Assert.Equal(expected.Select(s => s.Value).Order(), read.Select(s => s.Value).Order());
    }
}
