using System.Diagnostics;
using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace OpsBro.Tests.EndToEnd;

/// <summary>The ways in over HTTP of a live agent, by plain requests and by Debian's Prometheus.</summary>
public class IntakeEndToEndTests
{
    const string token = "0123456789abcdef0123";

    static readonly long now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();

    static async Task<RunningAgent> Agent()
    {
        var agent = RunningAgent.Prepare();
        agent.AddToAgentYml($"  tokens: [{token}]\n");
        await agent.Start();
        return agent;
    }

    static async Task<(int Status, string Body)> Post(HttpClient http, string path, byte[] body, string type = "text/plain", string encoding = "",
        bool hasToken = true)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
        if (encoding.Length > 0) request.Content.Headers.ContentEncoding.Add(encoding);
        if (hasToken) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        request.Headers.ExpectContinue = body.Length > 1_000_000;
        using var answer = await http.SendAsync(request);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(bytes);
        return packed.ToArray();
    }

    static async Task<JsonElement> Way(RunningAgent agent, string way) =>
        (await agent.Ask("/v1/intake"))!.Value.EnumerateArray().Single(w => $"{w.GetProperty("way")}" == way);

    [Fact]
    public async Task Influx_lines_come_in_and_errors_name_their_line()
    {
        await using var agent = await Agent();
        using var http = agent.Http();
        var lines = Encoding.UTF8.GetBytes($"cpu,host=a user=1.5,idle=2i {now}\nmem free=3u {now}\n");

        Assert.Equal((204, ""), await Post(http, "/write?db=x&precision=s", lines));
        Assert.Equal((204, ""), await Post(http, "/api/v2/write?bucket=b&org=o&precision=s", Gzip(lines), encoding: "gzip"));
        var (status, body) = await Post(http, "/write?precision=s", Encoding.UTF8.GetBytes($"good v=1 {now}\nbad\n"));
        Assert.Equal((400, "invalid"), (status, JsonDocument.Parse(body).RootElement.GetProperty("code").GetString()));
        Assert.Contains("line 2: there is no field", body);
        Assert.Equal(403, (await Post(http, "/write", lines, hasToken: false)).Status);
        using var influx = agent.Http();
        influx.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Token", token);   // as its own clients say it
        Assert.Equal(204, (await Post(influx, "/write?precision=s", lines, hasToken: false)).Status);
        Assert.Contains("precision is \\u0022years\\u0022", (await Post(http, "/write?precision=years", lines)).Body);
        Assert.Equal(415, (await Post(http, "/write", lines, encoding: "br")).Status);
        Assert.Equal(400, (await Post(http, "/write", lines, encoding: "gzip")).Status);

        var way = await Way(agent, "influx");
        Assert.Equal((10, 6), (way.GetProperty("accepted").GetInt32(), way.GetProperty("requests").GetInt32()));
        var state = (await agent.Run("intake", "state")).Output.Split('\n');
        Assert.Equal("WAY\tREQUESTS\tBAD\tBUSY\tTAKEN\tREFUSED\tSKIPPED\tLAST PROBLEM", state[0]);
        Assert.Single(state, line => line.StartsWith("influx\t6\t", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_body_that_unpacks_to_too_much_is_refused()
    {
        await using var agent = await Agent();
        using var http = agent.Http();

        Assert.Equal(413, (await Post(http, "/write", Gzip(new byte[40 * 1024 * 1024]), encoding: "gzip")).Status);
        Assert.Equal(413, (await Post(http, "/write", new byte[17 * 1024 * 1024])).Status);
        var (status, body) = await Post(http, "/api/v1/write", [0xff, 0xff, 0xff, 0x7f, 0, 1], "application/x-protobuf", "snappy");
        Assert.Equal(400, status);
        Assert.Contains("no snappy block", body);
        Assert.Equal(0, (await Way(agent, "influx")).GetProperty("accepted").GetInt32());
    }

    [Fact]
    public async Task OTLP_comes_in_as_JSON_and_protobuf_and_a_part_that_fails_is_told()
    {
        await using var agent = await Agent();
        using var http = agent.Http();
        string Json(string name) => $$"""
            {"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"name": "{{name}}", "gauge": {"dataPoints": [
              {"timeUnixNano": "{{now}}000000000", "asDouble": 1.5} ] } } ] } ] } ] }
            """;

        Assert.Equal((200, "{}"), await Post(http, "/v1/metrics", Encoding.UTF8.GetBytes(Json("a.b")), "application/json"));
        var (status, body) = await Post(http, "/v1/metrics", Encoding.UTF8.GetBytes(Json("")), "application/json");
        Assert.Equal((200, "1"), (status, $"{JsonDocument.Parse(body).RootElement.GetProperty("partialSuccess").GetProperty("rejectedDataPoints")}"));
        var binary = Metrics.Proto.In(1, Metrics.Proto.In(2, Metrics.Proto.In(2, Metrics.Proto.Text(1, "c.d"), Metrics.Proto.In(5, Metrics.Proto.In(1,
            Metrics.Proto.Fixed(3, (ulong)now * 1_000_000_000), Metrics.Proto.Double(4, 2))))));
        Assert.Equal((200, ""), await Post(http, "/v1/metrics", Gzip(binary), "application/x-protobuf", "gzip"));
        Assert.Contains("a metric has no name", (await Post(http, "/v1/metrics", Encoding.UTF8.GetBytes(Json("")), "application/json")).Body);
        Assert.Equal(415, (await Post(http, "/v1/metrics", binary, "text/plain")).Status);
        Assert.Equal(400, (await Post(http, "/v1/metrics", "{"u8.ToArray(), "application/json")).Status);

        Assert.Equal(2, (await Way(agent, "otlp")).GetProperty("accepted").GetInt32());
    }

    [Fact]
    public async Task Prometheus_writes_to_us_with_a_token()
    {
        await using var agent = await Agent();
        var directory = Directory.CreateTempSubdirectory("opsbro-prometheus-").FullName;
        var port = Ports.Free();
        File.WriteAllText(Path.Join(directory, "prometheus.yml"), $$"""
            global: {scrape_interval: 1s}
            scrape_configs: [{job_name: itself, static_configs: [{targets: ["127.0.0.1:{{port}}"]}]}]
            remote_write:
              - url: http://127.0.0.1:{{agent.Port}}/api/v1/write
                authorization: {credentials: {{token}} }
                queue_config: {batch_send_deadline: 1s}
            """);
        using var prometheus = ChildProcess.Start(new ProcessStartInfo("/usr/bin/prometheus",
            [
                $"--config.file={directory}/prometheus.yml", $"--storage.tsdb.path={directory}/data", $"--web.listen-address=127.0.0.1:{port}",
                "--log.level=warn",
            ])
        { RedirectStandardError = true, RedirectStandardOutput = true });
        var said = new StringBuilder();
        prometheus.ErrorDataReceived += (_, line) => said.AppendLine(line.Data);
        prometheus.OutputDataReceived += (_, _) => { };
        prometheus.BeginErrorReadLine();
        prometheus.BeginOutputReadLine();
        try
        {
            var watch = Stopwatch.StartNew();
            JsonElement way;
            while ((way = await Way(agent, "remote_write")).GetProperty("accepted").GetInt64() < 500)
                Assert.True(watch.Elapsed < RunningAgent.Patience * 2, $"{way}\n{said}");

            Assert.Equal(("", 0), ($"{way.GetProperty("last_problem")}", way.GetProperty("bad_requests").GetInt32()));
        }
        finally
        {
            prometheus.Kill();
            await prometheus.WaitForExitAsync();
            Directory.Delete(directory, recursive: true);
        }
    }
}
