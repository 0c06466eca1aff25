using System.Net;
using System.Text.Json;
using OpsBro.Storage;

namespace OpsBro.Tests.Metrics.Asking;

/// <summary>
/// Answers beside those that graphite-web 1.1.8 of Debian 12 gave to the same requests over the same names: recorded once, spaces left
/// out.
/// </summary>
public class GraphiteShapesTests
{
    [Theory]
    [InlineData("/metrics/find?query=*", """
        [{"text":"web1","id":"web1","allowChildren":1,"expandable":1,"leaf":0},{"text":"web2","id":"web2","allowChildren":1,"expandable":1,"leaf":0}]
        """)]
    [InlineData("/metrics/find?query=web*.*", """[{"text":"cpu","id":"web*.cpu","allowChildren":1,"expandable":1,"leaf":0}]""")]
    [InlineData("/metrics?query=web*.*", """[{"text":"cpu","id":"web*.cpu","allowChildren":1,"expandable":1,"leaf":0}]""")]
    [InlineData("/metrics/?query=web1.*&format=treejson", """[{"text":"cpu","id":"web1.cpu","allowChildren":1,"expandable":1,"leaf":0}]""")]
    [InlineData("/metrics/find?query=*&wildcards=1", """
        [{"text":"*","id":"*","allowChildren":1,"expandable":1,"leaf":0},{"text":"web1","id":"web1","allowChildren":1,"expandable":1,"leaf":0},
        {"text":"web2","id":"web2","allowChildren":1,"expandable":1,"leaf":0}]
        """)]
    [InlineData("/metrics/find?query=nosuch", "[]")]
    [InlineData("/metrics/find?query=web1.cpu.*&format=completer", """
        {"metrics":[{"path":"web1.cpu.system","name":"system","is_leaf":"1"},{"path":"web1.cpu.user","name":"user","is_leaf":"1"}]}
        """)]
    [InlineData("/metrics/find?query=web1&format=completer", """{"metrics":[{"path":"web1.","name":"web1","is_leaf":"0"}]}""")]
    [InlineData("/metrics/find?query=web1.&format=completer", """
        {"metrics":[{"path":"web1.cpu.","name":"cpu","is_leaf":"0"},{"path":"web1.cpu","name":"cpu","is_leaf":"1"}]}
        """)]
    [InlineData("/metrics/find?query=web*&wildcards=1&format=completer", """
        {"metrics":[{"path":"web1.","name":"web1","is_leaf":"0"},{"path":"web2.","name":"web2","is_leaf":"0"},{"name":"*"}]}
        """)]
    [InlineData("/metrics/find?query=web1.*&format=nodelist", """{"nodes":["cpu"]}""")]
    [InlineData("/metrics/expand?query=*", """{"results":["web1","web2"]}""")]
    [InlineData("/metrics/expand?query=web*.*&query=web1", """{"results":["web1","web1.cpu","web2.cpu"]}""")]
    [InlineData("/metrics/expand?query=web*.*&query=web1&groupByExpr=1", """{"results":{"web*.*":["web1.cpu","web2.cpu"],"web1":["web1"]}}""")]
    [InlineData("/metrics/expand?query=web*.*&leavesOnly=1", """{"results":["web1.cpu"]}""")]
    [InlineData("/metrics/expand", """{"results":[]}""")]
    [InlineData("/metrics/index.json", """["web1.cpu","web1.cpu.system","web1.cpu.user","web2.cpu.user"]""")]
    [InlineData("/metrics/get-metadata", "{}")]
    [InlineData("/tags/findSeries?expr=host=a", """["disk.used;dc=x;host=a"]""")]
    [InlineData("/tags/findSeries?expr=name=disk.used&expr=host!=a&limit=1", """["disk.used;dc=x;host=b"]""")]
    [InlineData("/tags/findSeries?expr=dc=~x|z&expr=host!=~b.*", """["disk.used;dc=x;host=a"]""")]
    [InlineData("/tags/findSeries?expr=host=zzz", "[]")]
    [InlineData("/tags/foo", "null")]
    [InlineData("/tags/autoComplete/tags", """["dc","host","name"]""")]
    [InlineData("/tags/autoComplete/tags?tagPrefix=d", """["dc"]""")]
    [InlineData("/tags/autoComplete/tags?expr=host=a&tagPrefix=d&limit=1", """["dc"]""")]
    [InlineData("/tags/autoComplete/tags?expr=host=a", """["dc","name"]""")]
    [InlineData("/tags/autoComplete/values?tag=name&valuePrefix=d", """["disk.used"]""")]
    [InlineData("/tags/autoComplete/values?tag=host", """["a","b","c"]""")]
    [InlineData("/tags/autoComplete/values?tag=host&expr=dc=x&valuePrefix=b", """["b"]""")]
    [InlineData("/render?target=nosuch&format=json", "[]")]
    [InlineData("/render?format=json", "[]")]
    [InlineData("/events/get_data?from=0", "[]")]
    public async Task An_answer_is_the_one_of_graphite_web(string path, string recorded)
    {
        await using var rig = await AskRig.Started();

        Assert.Equal(AskRig.Compact(recorded), await rig.Json(path));
    }

    [Theory]
    [InlineData("/tags", """[{"id":2,"tag":"dc"},{"id":1,"tag":"host"},{"id":3,"tag":"name"}]""")]
    [InlineData("/tags?filter=d", """[{"id":2,"tag":"dc"}]""")]
    [InlineData("/tags/host", """
        {"id":1,"tag":"host","values":[{"id":1,"value":"a","count":1},{"id":4,"value":"b","count":1},{"id":8,"value":"c","count":1}]}
        """)]
    [InlineData("/tags/host?filter=a", """{"id":1,"tag":"host","values":[{"id":1,"value":"a","count":1}]}""")]
    public async Task Tags_are_the_same_but_for_the_numbers_of_its_database(string path, string recorded)
    {
        await using var rig = await AskRig.Started();

        Assert.Equal(WithoutIds(recorded), WithoutIds(await rig.Get(path)));
    }

    static string WithoutIds(string json) => System.Text.RegularExpressions.Regex.Replace(AskRig.Compact(json), "\"id\":[0-9]+", "\"id\":0");

    [Fact]
    public async Task Render_is_the_one_of_graphite_web()
    {
        await using var rig = await AskRig.Started();
        const string target = "target=web1.cpu.user&from=-70s";
        long[] times = [.. Enumerable.Range(0, 7).Select(i => AskRig.Now - 60 + (10 * i))];

        var json = await rig.Json($"/render?{target}&format=json");
        var withoutNulls = await rig.Json($"/render?{target}&noNullPoints=1");
        var csv = await rig.Get($"/render?{target}&format=csv");
        var raw = await rig.Get($"/render?{target}&format=raw");

        string[] numbers = ["2.5", "null", "4.0", "0.1", "1e+20", "1.5e-07", "123456789.25"];
        var points = numbers.Select((number, i) => $"[{number},{times[i]}]").ToList();
        static string Whole(IEnumerable<string> some) =>
            $$$"""[{"target":"web1.cpu.user","tags":{"name":"web1.cpu.user"},"datapoints":[{{{string.Join(',', some)}}}]}]""";
        Assert.Equal(Whole(points), json);
        Assert.Equal(Whole(points.Where(p => !p.Contains("null"))), withoutNulls);
        Assert.Equal($"web1.cpu.user,{times[0]},{times[0] + 70},10|2.5,None,4.0,0.1,1e+20,1.5e-07,123456789.25\n", raw);
        Assert.StartsWith("web1.cpu.user,2023-11-14 22:13:00,2.5\r\nweb1.cpu.user,2023-11-14 22:13:10,\r\n", csv);
    }

    [Fact]
    public async Task Series_without_points_are_left_out_of_a_long_answer_and_it_stays_json()
    {
        await using var rig = await AskRig.Started();
        for (var i = 0; i < 40; i++) rig.Add($"long.s{i:00}", [.. Enumerable.Range(0, 1000).Select(at => (double?)at)]);

        // what is formatted first is all gaps
        var json = JsonDocument.Parse(await rig.Get("/render?noNullPoints=1&from=-10000s&target=offset(removeAboveValue(long.*,-1),1)&target=long.s39"));

        Assert.Equal("long.s39", Assert.Single(json.RootElement.EnumerateArray()).GetProperty("target").GetString());
    }

    [Theory]
    [InlineData("GET", "/render?target=constantLine(100)&from=-2min&format=json&maxDataPoints=5", null)]
    [InlineData("POST", "/render", "target=constantLine(100)&from=-2min&format=json&maxDataPoints=5")]
    [InlineData("POST", "/render", """{"target":["constantLine(100)"],"from":"-2min","format":"json","maxDataPoints":5}""")]
    public async Task Grafanas_test_of_the_source_gets_its_line(string method, string path, string? body)
    {
        await using var rig = await AskRig.Started();
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
        {
            request.Content = new StringContent(body, System.Text.Encoding.UTF8,
                body.StartsWith('{') ? "application/json" : "application/x-www-form-urlencoded");
        }

        var answer = await rig.Http.SendAsync(request);

        var series = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement[0];
        Assert.Equal("100.0", series.GetProperty("tags").GetProperty("name").GetString());
        Assert.All(series.GetProperty("datapoints").EnumerateArray(), point => Assert.Equal(100, point[0].GetDouble()));
    }

    [Fact]
    public async Task Posts_of_tags_answer_canonical_names_and_forget()
    {
        await using var rig = await AskRig.Started();

        var one = await rig.Post("/tags/tagSeries", "path=disk.used;host=a;dc=x");
        var many = await rig.Post("/tags/tagMultiSeries", "path=disk.used;host=b;dc=x&path=disk.used;dc=y;host=c");
        var gone = await rig.Post("/tags/delSeries", "path=disk.used;host=a;dc=x");

        Assert.Equal("\"disk.used;dc=x;host=a\"", await one.Content.ReadAsStringAsync());
        Assert.Equal("""["disk.used;dc=x;host=b","disk.used;dc=y;host=c"]""", await many.Content.ReadAsStringAsync());
        Assert.Equal("true", await gone.Content.ReadAsStringAsync());
        Assert.Equal("[]", await rig.Get("/tags/findSeries?expr=host=a"));
    }

    [Fact]
    public async Task Changes_of_state_and_posted_events_are_annotations()
    {
        await using var rig = await AskRig.Started();
        var at = DateTimeOffset.FromUnixTimeSeconds(AskRig.Now - 100);
        rig.History.Add(new HistoryEntry(at, "check", "pack/disks", "ok", "critical", "96 % used"));

        var posted = await rig.Http.PostAsync(new Uri("/events/", UriKind.Relative),
            new StringContent("""{"what":"deploy","tags":["a","b"],"data":"x","when":1700000000}""", System.Text.Encoding.UTF8, "application/json"));

        Assert.Equal(HttpStatusCode.OK, posted.StatusCode);
        var all = JsonDocument.Parse(await rig.Get("/events/get_data?from=-1h")).RootElement;
        Assert.Equal(["check pack/disks: ok -> critical", "deploy"], all.EnumerateArray().Select(e => e.GetProperty("what").GetString()));
        Assert.Equal(AskRig.Now - 100, all[0].GetProperty("when").GetInt64());
        Assert.Equal("96 % used", all[0].GetProperty("data").GetString());
        Assert.Equal(2, all.EnumerateArray().Select(e => e.GetProperty("id").GetInt64()).Distinct().Count());
        var deploy = AskRig.Compact(await rig.Get("/events/get_data?tags=a&from=20231101&until=20231201"));
        Assert.Matches("""^\[\{"when":1700000000,"what":"deploy","data":"x","tags":\["a","b"\],"id":[0-9]+\}\]$""", deploy);
        Assert.NotEqual("[]", await rig.Get("/events/get_data?tags=a%20b&set=intersection&from=0"));
        Assert.Equal("[]", await rig.Get("/events/get_data?tags=a%20zz&set=intersection&from=0"));
        Assert.Equal("[]", await rig.Get("/events/get_data?tags=critical&from=0&until=1600000000"));
        Assert.Single(JsonDocument.Parse(await rig.Get("/events/get_data?tags=critical&from=-1h")).RootElement.EnumerateArray());
    }

    [Fact]
    public async Task The_table_of_functions_has_the_shape_that_editors_read()
    {
        await using var rig = await AskRig.Started();

        var functions = JsonDocument.Parse(await rig.Get("/functions")).RootElement;
        var alias = JsonDocument.Parse(await rig.Get("/functions/alias")).RootElement;
        var grouped = JsonDocument.Parse(await rig.Get("/functions?grouped=1")).RootElement;

        Assert.Equal("1.1.8\n", await rig.Get("/version"));
        Assert.Equal("alias(seriesList, newName)", alias.GetProperty("function").GetString());
        Assert.Equal("""[{"name":"seriesList","type":"seriesList","required":true},{"name":"newName","type":"string","required":true}]""",
            alias.GetProperty("params").GetRawText());
        Assert.All(functions.EnumerateObject(), f => Assert.Equal(["name", "function", "description", "module", "group", "params"],
            f.Value.EnumerateObject().Select(member => member.Name)));
        Assert.Equal(functions.GetProperty("sumSeries").GetRawText(), grouped.GetProperty("Combine").GetProperty("sumSeries").GetRawText());
    }
}
