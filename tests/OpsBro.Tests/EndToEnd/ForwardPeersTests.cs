using System.Globalization;
using System.Text;
using System.Text.Json;
using OpsBro.Metrics;
using OpsBro.Metrics.Exporters;
using OpsBro.Tests.Forwarding;

namespace OpsBro.Tests.EndToEnd;

/// <summary>
/// Real sinks: Debian's VictoriaMetrics, Prometheus and carbon-cache, each on loopback ports and in directories of its own. Each is down
/// while an hour of numbers comes in; then every point is read back through the peer's own interface and compared.
/// </summary>
public sealed class ForwardPeersTests : IDisposable
{
    const int Series = 20, Rounds = 360;

    readonly ForwardBench bench = new();
    readonly HttpClient http = new() { Timeout = RunningAgent.Patience };
    readonly JournalPoint[] points;

    public ForwardPeersTests()
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        points = RandomPoints.Regular(Series, Rounds, now - (now % 10) - (Rounds * 10));
    }

    public void Dispose()
    {
        bench.Dispose();
        http.Dispose();
    }

    /// <summary>The peer ends, an hour of numbers waits for it, it comes back and gets them.</summary>
    async Task<SinkWorker> AfterAnHourDown(RealServer peer, SinkOptions options)
    {
        peer.Kill();
        var worker = bench.Start(options);
        bench.Append(points);
        await ForwardBench.Until(worker, now => now is { State: SinkState.Down, Retries: > 1 });
        Assert.Equal(points.Length, bench.Behind());
        await peer.Restart();
        await bench.Delivered(worker);
        Assert.True(worker.Report.Now is { RefusedPoints: 0, Lost: 0, Sent: Series * Rounds }, worker.Report.Now.ToString());
        return worker;
    }

    static SinkOptions To(SinkKind kind, int port, string path) => ForwardBench.Options(kind, port) with
    {
        Url = new Uri($"http://127.0.0.1:{port}{path}"),
        KeepsNames = false,
        Tags = [new("dc", "paris"), new("host", "h1")],
        Timeout = TimeSpan.FromSeconds(30),
    };

    async Task Same(Func<Task<List<ReadSample>>> read, Func<JournalPoint, string> key)
    {
        var expected = points.Select(p => new ReadSample(key(p), p.At * 1000, p.Value)).ToHashSet();
        List<ReadSample> last = [];
        for (var watch = System.Diagnostics.Stopwatch.StartNew(); !expected.SetEquals(last); await Task.Yield())
        {
            Assert.True(watch.Elapsed < RunningAgent.Patience,
                $"{last.Count} of {expected.Count}; missing {expected.Except(last).FirstOrDefault()}, too many {last.Except(expected).FirstOrDefault()}");
            last = await read();
        }
        Assert.Equal(expected.Count, last.Count);
    }

    static string Key(string name, string dc = "dc") => ReadSample.Key([new("__name__", name), new(dc, "paris"), new("host", "h1")]);

    Task<RealServer> VictoriaMetrics(out int graphite)
    {
        var port = graphite = Ports.Free();
        return RealServer.Start("/usr/bin/victoria-metrics", (directory, http) =>
        [
            $"-httpListenAddr=127.0.0.1:{http}", $"-graphiteListenAddr=127.0.0.1:{port}", $"-storageDataPath={directory}/data", "-retentionPeriod=1",
            "-memory.allowedBytes=256MB", "-search.latencyOffset=0s", "-influxSkipSingleField",
        ]);
    }

    /// <summary>Everything that VictoriaMetrics has of the application.</summary>
    async Task<List<ReadSample>> Exported(int port)
    {
        await http.GetStringAsync(new Uri($"http://127.0.0.1:{port}/internal/force_flush"));
        var text = await http.GetStringAsync(new Uri($"http://127.0.0.1:{port}/api/v1/export?match[]={Uri.EscapeDataString("{__name__=~\"app.*\"}")}"));
        var samples = new List<ReadSample>();
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var series = JsonDocument.Parse(line).RootElement;
            var key = ReadSample.Key(series.GetProperty("metric").EnumerateObject().Select(l => KeyValuePair.Create(l.Name, l.Value.GetString()!)));
            samples.AddRange(series.GetProperty("timestamps").EnumerateArray().Zip(series.GetProperty("values").EnumerateArray(),
                (at, value) => new ReadSample(key, at.GetInt64(), value.GetDouble())));
        }
        return samples;
    }

    [Fact]
    public async Task VictoriaMetrics_gets_an_hour_of_remote_write()
    {
        using var peer = await VictoriaMetrics(out _);

        await AfterAnHourDown(peer, To(SinkKind.RemoteWrite, peer.Port, "/api/v1/write") with { KeepsNames = true });

        await Same(() => Exported(peer.Port), p => Key(p.Name));
    }

    [Fact]
    public async Task VictoriaMetrics_gets_an_hour_of_graphite_lines()
    {
        using var peer = await VictoriaMetrics(out var graphite);

        await AfterAnHourDown(peer, To(SinkKind.Graphite, graphite, ""));

        await Same(() => Exported(peer.Port), p => Key(p.Name));
    }

    [Theory]
    [InlineData("/write?precision=s", true)]
    [InlineData("/api/v2/write?precision=s&bucket=b", false)]
    public async Task VictoriaMetrics_gets_an_hour_of_influx_lines(string path, bool gzip)
    {
        using var peer = await VictoriaMetrics(out _);

        await AfterAnHourDown(peer, To(SinkKind.Influx, peer.Port, path) with { Gzip = gzip });

        await Same(() => Exported(peer.Port), p => Key(p.Name));
    }

    Task<RealServer> Prometheus() => RealServer.Start("/usr/bin/prometheus", (directory, port) =>
    {
        File.WriteAllText(Path.Join(directory, "prometheus.yml"), "global: {scrape_interval: 1h}\n");
        return
        [
            $"--config.file={directory}/prometheus.yml", $"--storage.tsdb.path={directory}/data", $"--web.listen-address=127.0.0.1:{port}",
            "--web.enable-remote-write-receiver",
        ];
    });

    async Task<List<ReadSample>> Queried(int port, string selector)
    {
        // it accepts connections before it has read its write-ahead log
        using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{port}/api/v1/query?query={Uri.EscapeDataString(selector + "[2h]")}"));
        if (!answer.IsSuccessStatusCode) return [];
        var result = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("data").GetProperty("result");
        return
        [
            .. from series in result.EnumerateArray()
               let key = ReadSample.Key(series.GetProperty("metric").EnumerateObject().Select(l => KeyValuePair.Create(l.Name, l.Value.GetString()!)))
               from sample in series.GetProperty("values").EnumerateArray()
               select new ReadSample(key, (long)Math.Round(sample[0].GetDouble() * 1000), double.Parse(sample[1].GetString()!, CultureInfo.InvariantCulture)),
        ];
    }

    [Fact]
    public async Task Prometheus_gets_an_hour_and_a_late_point_that_it_refuses_does_not_stop_the_others()
    {
        using var peer = await Prometheus();
        var worker = await AfterAnHourDown(peer, To(SinkKind.RemoteWrite, peer.Port, "/api/v1/write"));
        await Same(() => Queried(peer.Port, "{__name__=~\"app_.*\"}"), p => Key(p.Name.Replace('.', '_')));

        var last = points[^1].At;
        var late = new JournalPoint(points[0].Name, last - 1800 + 5, 1);
        JournalPoint[] fresh = [.. Enumerable.Range(0, 100).Select(i => new JournalPoint($"fresh.n{i}", last, i))];
        bench.Append([.. fresh[..50], late, .. fresh[50..]]);
        await bench.Delivered(worker);

        var read = await Queried(peer.Port, "{__name__=~\"fresh_.*\"}");
        Assert.Equal(fresh.Select(p => new ReadSample(Key(p.Name.Replace('.', '_')), p.At * 1000, p.Value)).ToHashSet(), read.ToHashSet());
        var (reason, count) = Assert.Single(worker.Report.Now.Refused);
        Assert.Equal(1, count);
        Assert.Contains("out of order", reason);
    }

    [Fact]
    public async Task Carbon_gets_an_hour_of_lines_and_whisper_has_every_one()
    {
        var unused = Ports.Free();
        using var peer = await RealServer.Start("/usr/bin/carbon-cache", (directory, port) =>
        {
            File.WriteAllText(Path.Join(directory, "carbon.conf"), $"""
                [cache]
                USER =
                STORAGE_DIR = {directory}/
                LOCAL_DATA_DIR = {directory}/whisper/
                CONF_DIR = {directory}/
                LOG_DIR = {directory}/log/
                PID_DIR = {directory}/
                ENABLE_TAGS = False
                ENABLE_UDP_LISTENER = False
                LINE_RECEIVER_INTERFACE = 127.0.0.1
                LINE_RECEIVER_PORT = {port}
                PICKLE_RECEIVER_PORT = 0
                CACHE_QUERY_INTERFACE = 127.0.0.1
                CACHE_QUERY_PORT = {unused}
                MAX_CACHE_SIZE = inf
                MAX_UPDATES_PER_SECOND = inf
                MAX_CREATES_PER_MINUTE = inf
                """);
            File.WriteAllText(Path.Join(directory, "storage-schemas.conf"), "[all]\npattern = .*\nretentions = 10s:1d\n");
            // its directory of whisper files is judged before the first write
            Directory.CreateDirectory(Path.Join(directory, "whisper"));
            Directory.CreateDirectory(Path.Join(directory, "log"));
            return ["--config", Path.Join(directory, "carbon.conf"), "--nodaemon", "--pidfile", Path.Join(directory, "pid"), "start"];
        });

        await AfterAnHourDown(peer, To(SinkKind.Graphite, peer.Port, "") with { Tags = [], Prefix = "hosts.h1." });

        await Same(() => Whisper(Path.Join(peer.Directory, "whisper")), p => ReadSample.Key([new("__name__", "hosts.h1." + p.Name)]));
    }

    static async Task<List<ReadSample>> Whisper(string directory)
    {
        const string script = """
            import os, sys, time, whisper
            root = sys.argv[1]
            for path, _, files in os.walk(root):
                for file in files:
                    full = os.path.join(path, file)
                    name = os.path.relpath(full, root)[:-4].replace('/', '.')
                    if name.startswith('carbon'): continue
                    (start, end, step), values = whisper.fetch(full, int(time.time()) - 7200)
                    for i, v in enumerate(values):
                        if v is not None: print(name, start + i * step, repr(v))
            """;
        var said = await RunningAgent.Run(new System.Diagnostics.ProcessStartInfo("/usr/bin/python3", ["-c", script, directory])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        });
        if (said.ExitCode != 0) return [];   // a file that is being made
        return
        [
            .. from line in said.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
               let parts = line.Split(' ')
               select new ReadSample($"__name__={parts[0]}", long.Parse(parts[1]) * 1000, double.Parse(parts[2], CultureInfo.InvariantCulture)),
        ];
    }
}
