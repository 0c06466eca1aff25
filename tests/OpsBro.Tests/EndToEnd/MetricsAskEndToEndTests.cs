using System.Net;
using System.Text;
using System.Text.Json;

namespace OpsBro.Tests.EndToEnd;

/// <summary>A live agent asked for numbers by Grafana's calls, by Prometheus and by a person.</summary>
public class MetricsAskEndToEndTests
{
    [Fact]
    public async Task The_page_satisfies_promtool_and_a_real_prometheus_scrapes_it()
    {
        await using var agent = await RunningAgent.Started();
        using var http = agent.Http();
        await agent.Until(said => said.Output.Contains("\"state\": \"ok\""), "collectors", "list", "--json");

        var page = await http.GetStringAsync("/metrics");
        var judged = await RunningAgent.Run(new System.Diagnostics.ProcessStartInfo("/usr/bin/promtool", ["check", "metrics"])
        { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true }, page);

        // names of the kernel's and of programs' own fields are theirs: they may hold a word that promtool takes for a unit
        string[] foreign = ["opsbro_kernelstats_", "opsbro_memory_", "opsbro_redis_"];
        var faults = (judged.Output + judged.Errors).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => !foreign.Any(prefix => line.StartsWith(prefix, StringComparison.Ordinal)));
        Assert.Equal([], faults);
        Assert.Contains(judged.ExitCode, new[] { 0, 3 });   // 3: only remarks on style
        Assert.Contains("\nopsbro_loadaverage_load1 ", page);
        Assert.Contains("\nopsbro_diskusage_total_bytes{mount=\"/\"} ", page);
        Assert.Contains("# TYPE opsbro_kernelstats_ctxt_total counter\n", page);

        using var prometheus = await RealServer.Start("/usr/bin/prometheus", (directory, port) =>
        {
            File.WriteAllText(Path.Join(directory, "p.yml"),
                $"scrape_configs: [{{job_name: a, scrape_interval: 1s, static_configs: [{{targets: ['127.0.0.1:{agent.Port}']}}]}}]\n");
            return [$"--config.file={directory}/p.yml", $"--storage.tsdb.path={directory}/data", $"--web.listen-address=127.0.0.1:{port}"];
        });
        var asked = new Uri($"http://127.0.0.1:{prometheus.Port}/api/v1/query?query=opsbro_loadaverage_load1");
        var last = "";
        await RunningAgent.Until(() =>
        {
            using var answer = http.GetAsync(asked).GetAwaiter().GetResult();   // it says 503 while it starts
            last = answer.Content.ReadAsStringAsync().GetAwaiter().GetResult();
            return answer.IsSuccessStatusCode && JsonDocument.Parse(last).RootElement.GetProperty("data").GetProperty("result").GetArrayLength() == 1;
        }, () => last);
    }

    [Fact]
    public async Task Grafana_may_read_over_tcp_and_only_the_socket_may_change()
    {
        await using var agent = await RunningAgent.Started();
        using var http = agent.Http();
        using var socket = agent.Socket();

        var test = await http.PostAsync("/render", Form("target=constantLine(100)&from=-1h&until=now&format=json&maxDataPoints=100"));
        var find = await http.PostAsync("/metrics/find?from=1&until=2", Form("query=*"));
        var wrong = await http.PostAsync("/render", Form("target=nosuch(1)&format=json"));
        var refused = await http.PostAsync("/tags/delSeries", Form("path=a;b=c"));
        var allowed = await socket.PostAsync("/tags/delSeries", Form("path=a;b=c"));
        var gone = await socket.DeleteAsync("/v1/metrics/no.such");

        Assert.Equal(100, JsonDocument.Parse(await test.Content.ReadAsStringAsync()).RootElement[0].GetProperty("datapoints")[0][0].GetDouble());
        Assert.Equal(JsonValueKind.Array, JsonDocument.Parse(await find.Content.ReadAsStringAsync()).RootElement.ValueKind);
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
        Assert.StartsWith("there is no function \"nosuch\"", await wrong.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Equal("true", await allowed.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
        foreach (var path in new[]
        {
            "/functions", "/tags", "/tags/autoComplete/tags", "/events/get_data?from=-1h&until=now&tags=", "/version", "/metrics/index.json",
        })
            Assert.True((await http.GetAsync(path)).IsSuccessStatusCode, path);
        var index = await http.GetStringAsync("/openapi.json");
        foreach (var path in new[] { "/render", "/metrics/find", "/tags/delSeries", "/v1/metrics/query", "/events/get_data" })
            Assert.True(JsonDocument.Parse(index).RootElement.GetProperty("paths").TryGetProperty(path, out _), path);
    }

    static StringContent Form(string text) => new(text, Encoding.UTF8, "application/x-www-form-urlencoded");

    [Fact]
    public async Task The_numbers_of_this_host_can_be_asked_for()
    {
        await using var agent = await RunningAgent.Started();
        using var http = agent.Http();

        var listed = await agent.Until(said => said.Output.Contains(".load1\n"), "metrics", "list");
        var name = listed.Output.Split('\n').First(line => line.EndsWith(".load1", StringComparison.Ordinal));
        var query = await agent.Until(said => said.Json.GetProperty("series").EnumerateArray()
            .Any(s => s.GetProperty("values").EnumerateArray().Any(v => v.ValueKind == JsonValueKind.Number)),
            "metrics", "query", name, "--from", "-5min", "--json");
        var shown = await agent.Run("metrics", "query", name, "--from", "-5min");
        var suggested = await agent.Run("[suggest]", $"opsbro metrics query {name[..^1]}");
        var rendered = JsonDocument.Parse(await http.GetStringAsync($"/render?target=alias({name},'load')&from=-5min&format=json&noNullPoints=1")).RootElement;
        var found = await http.GetStringAsync($"/metrics/find?query={name[..name.LastIndexOf('.')]}.*");

        Assert.Equal(name, query.Json.GetProperty("series")[0].GetProperty("name").GetString());
        Assert.StartsWith($"{name}\t", shown.Output.Split('\n')[1]);
        Assert.Contains(name, suggested.Output);
        Assert.Equal("load", rendered[0].GetProperty("target").GetString());
        Assert.NotEqual(0, rendered[0].GetProperty("datapoints").GetArrayLength());
        Assert.Contains("\"text\":\"load1\"", found);
    }

    [Fact]
    public async Task A_person_lists_queries_draws_ranks_and_exports()
    {
        await using var agent = await RunningAgent.Started();

        var query = await agent.Run("metrics", "query", "constantLine(100)", "constantLine(7.5)");
        var chart = await agent.Run("metrics", "query", "constantLine(100)", "--chart", "--from", "-2h");
        var json = await agent.Run("metrics", "query", "constantLine(100)", "--json", "--points", "2");
        var wrong = await agent.Run("metrics", "query", "sumSeries(", "--from", "-1h");
        var top = await agent.Run("metrics", "top", "--by", "change");
        var odd = await agent.Run("metrics", "top", "--by", "colour");
        var sources = await agent.Run("metrics", "sources");
        var status = await agent.Run("metrics", "status");
        var figures = await agent.Run("metrics", "status", "--json");
        var exported = await agent.Run("metrics", "export", "no.such", "--format", "csv");
        var list = await agent.Run("metrics", "list", "no.such");

        Assert.Equal("SERIES\tLAST\tMIN\tAVG\tMAX\tCOURSE", query.Output.Split('\n')[0]);
        Assert.StartsWith("7.5\t7.5\t7.5\t7.5\t7.5", query.Output.Split('\n')[2]);
        Assert.Contains("last 100", chart.Output);
        Assert.Equal(100, json.Json.GetProperty("series")[0].GetProperty("values")[0].GetDouble());
        Assert.Equal(2, wrong.ExitCode);
        Assert.Contains("at character", wrong.Errors);
        Assert.Equal((0, "SERIES\tLAST\tMIN\tAVG\tMAX\tCHANGE\tCOURSE"), (top.ExitCode, top.Output.Split('\n')[0]));
        Assert.NotEqual(0, odd.ExitCode);
        Assert.StartsWith("SOURCE\tSERIES\tACCEPTED\tREFUSED\tLAST REFUSED", sources.Output);
        Assert.Matches(@"(?s)Series: \d+ of 100000\n.*Disk: .*Journal: .*STEP\tKEPT\tBYTES\tOLDEST\n10s\t7d", status.Output);
        Assert.Equal(100_000, figures.Json.GetProperty("max_series").GetInt32());
        Assert.Equal("name,time,value\n", exported.Output);
        Assert.Equal((0, ""), (list.ExitCode, list.Output));
    }
}
