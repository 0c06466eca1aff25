using System.IO.Compression;
using System.Net;
using System.Text.Json;
using OpsBro.Metrics.Asking;

namespace OpsBro.Tests.Metrics.Asking;

/// <summary>What is refused, in a sentence that a dashboard shows; compression; limits.</summary>
public class AskRefusalTests
{
    [Theory]
    [InlineData("/render?target=web1.cpu&from=abc", "from is \"abc\" is no time")]
    [InlineData("/render?target=web1.cpu&until=99999999999999", "until is \"99999999999999\" is no time")]
    [InlineData("/render?target=web1.cpu&from=1000&until=1000", "from and until are both 1000")]
    [InlineData("/render?target=web1.cpu&tz=Nowhere", "tz is \"Nowhere\"")]
    [InlineData("/render?target=web1.cpu&maxDataPoints=x", "maxDataPoints is \"x\"; write a whole number from 1")]
    [InlineData("/render?target=web1.cpu&maxDataPoints=0", "maxDataPoints is \"0\"")]
    [InlineData("/render?target=web1.cpu&xFilesFactor=2", "xFilesFactor is \"2\"")]
    [InlineData("/render?target=web1.cpu&format=png", "format png is not made here; ask for json, csv or raw")]
    [InlineData("/render?target=web1.cpu&format=pickle", "format pickle is not made here")]
    [InlineData("/render?target=web1.cpu&format=xml", "format is \"xml\"; write json, csv or raw")]
    [InlineData("/render?target=web1.cpu&jsonp=cb", "jsonp is not answered")]
    [InlineData("/render?target=nosuchf(web1.cpu)", "there is no function \"nosuchf\"")]
    [InlineData("/render?target=sumSeries(web1.cpu", "at character")]
    [InlineData("/metrics/find", "query is missing")]
    [InlineData("/metrics/find?query=*&format=xx", "format is \"xx\"; write treejson, completer or nodelist")]
    [InlineData("/metrics/get-metadata?metric=a&key=owner", "key is \"owner\"")]
    [InlineData("/events/get_data?from=abc", "from is \"abc\" is no time")]
    [InlineData("/events/get_data?set=all", "set is \"all\"")]
    [InlineData("/tags/findSeries", "expr is missing")]
    [InlineData("/tags/findSeries?expr=junk", "\\u0022junk\\u0022 is no tag expression")]
    [InlineData("/tags/findSeries?expr=host!=a", "at least one tag expression must ask for a value that is not empty")]
    [InlineData("/tags/findSeries?expr=host=~.*", "at least one tag expression must ask for a value that is not empty")]
    [InlineData("/tags/findSeries?expr=host=~(", "is not a regex that can be used here")]
    [InlineData("/tags/autoComplete/tags?limit=x", "limit is \\u0022x\\u0022")]
    [InlineData("/tags/autoComplete/values", "tag is missing")]
    [InlineData("/tags?filter=(", "is no regular expression")]
    public async Task A_wrong_value_is_refused_with_the_value_and_the_way_out(string path, string sentence)
    {
        await using var rig = await AskRig.Started();

        var answer = await rig.Http.GetAsync(new Uri(path, UriKind.Relative));
        var text = await answer.Content.ReadAsStringAsync();

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        if (path.StartsWith("/tags", StringComparison.Ordinal)) text = JsonDocument.Parse(text).RootElement.GetProperty("error").GetString()!;
        Assert.Contains(sentence.Replace("\\u0022", "\""), text);
        Assert.DoesNotContain("   at ", text);
    }

    [Theory]
    [InlineData("/render", "application/json", "[]", "the body is no JSON object")]
    [InlineData("/render", "application/json", "{\"target\": {}}", "target holds a JSON object")]
    [InlineData("/render", "application/json", "{", "the body is not the JSON expected")]
    [InlineData("/tags/tagSeries", "application/x-www-form-urlencoded", "", "path is missing")]
    [InlineData("/tags/tagSeries", "application/x-www-form-urlencoded", "path=a;b", "write name;tag=value")]
    [InlineData("/events", "application/json", "{\"tags\": \"a\"}", "what is missing")]
    [InlineData("/events", "application/json", "{\"what\": \"x\", \"when\": \"soon\"}", "when is \"soon\"")]
    public async Task A_wrong_body_is_refused(string path, string type, string body, string sentence)
    {
        await using var rig = await AskRig.Started();

        var answer = await rig.Http.PostAsync(new Uri(path, UriKind.Relative), new StringContent(body, System.Text.Encoding.UTF8, type));
        var text = await answer.Content.ReadAsStringAsync();

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(sentence, text);
    }

    [Fact]
    public async Task More_values_than_a_request_may_have_are_refused()
    {
        await using var rig = await AskRig.Started();
        var targets = string.Join(',', Enumerable.Repeat("\"a\"", AskRequest.MaxValues + 1));

        var answer = await rig.Http.PostAsync(new Uri("/render", UriKind.Relative),
            new StringContent($"{{\"target\": [{targets}]}}", System.Text.Encoding.UTF8, "application/json"));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains($"more than {AskRequest.MaxValues} values", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public void What_costs_too_much_is_understood_and_not_done()
    {
        var cost = new OpsBro.Core.Graphite.RenderCost();
        cost.Compute(OpsBro.Core.Graphite.GraphiteLimits.ComputedPoints);

        var refused = Reply.Problem(Assert.Throws<OpsBro.Core.Graphite.GraphiteException>(() => cost.Compute(1, 7)));

        Assert.Equal(422, refused.Status);
        Assert.EndsWith("ask for fewer series or a shorter time (at character 7)", refused.Message);
        Assert.Equal(400, Reply.Problem(new OpsBro.Core.Graphite.GraphiteException("odd")).Status);
    }

    [Fact]
    public void Many_hosts_that_did_not_answer_fit_a_header()
    {
        var (few, many) = (new Microsoft.AspNetCore.Http.DefaultHttpContext(), new Microsoft.AspNetCore.Http.DefaultHttpContext());

        Reply.SayUnanswered(few, ["a", "é\n (no)"]);
        Reply.SayUnanswered(many, [.. Enumerable.Range(0, 1000).Select(i => $"h{i}")]);

        Assert.Equal("a,?? (no)", few.Response.Headers[Reply.UnansweredHeader]);
        Assert.EndsWith(",h19,and 980 more", many.Response.Headers[Reply.UnansweredHeader].ToString());
    }

    [Theory]
    [InlineData("gzip, deflate, br", "gzip")]
    [InlineData("br", "br")]
    [InlineData("gzip;q=0.5, br;q=0.8", "br")]
    [InlineData("*", "gzip")]
    [InlineData("gzip;q=0, identity", null)]
    [InlineData("deflate", null)]
    [InlineData("", null)]
    public void The_encoding_is_what_the_caller_likes_best(string accepted, string? encoding) => Assert.Equal(encoding, Reply.Encoding(accepted));

    [Theory]
    [InlineData("gzip", 1)]
    [InlineData("br", 1)]
    [InlineData("gzip", 30)]
    [InlineData("br", 30)]
    public async Task A_long_answer_is_compressed_and_is_the_same(string encoding, int series)
    {
        await using var rig = await AskRig.Started();
        for (var i = 0; i < series; i++)
            rig.Add($"many.s{i}", [.. Enumerable.Range(0, 1000).Select(at => (double?)(at * 0.1))]);
        const string path = "/render?target=many.*&from=-10000s";
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.AcceptEncoding.ParseAdd(encoding);

        var plain = await rig.Get(path);
        var answer = await rig.Http.SendAsync(request);

        Assert.Equal([encoding], answer.Content.Headers.ContentEncoding);
        var body = await answer.Content.ReadAsStreamAsync();
        await using Stream reader = encoding == "gzip" ? new GZipStream(body, CompressionMode.Decompress) : new BrotliStream(body, CompressionMode.Decompress);
        Assert.Equal(plain, await new StreamReader(reader).ReadToEndAsync());
        Assert.Equal(series, JsonDocument.Parse(plain).RootElement.GetArrayLength());
        Assert.Equal(1000 * series, JsonDocument.Parse(plain).RootElement.EnumerateArray().Sum(s => s.GetProperty("datapoints").GetArrayLength()));
    }

    [Fact]
    public async Task Our_own_routes_list_query_rank_export_and_forget()
    {
        await using var rig = await AskRig.Started();

        Assert.Equal("""{"names":["web1.cpu","web1.cpu.system"],"total":3,"unanswered":[]}""", await rig.Json("/v1/metrics?pattern=web1&limit=2"));
        Assert.Equal("""{"names":["web2.cpu.user"],"total":1,"unanswered":[]}""", await rig.Json("/v1/metrics?prefix=web2"));
        var query = JsonDocument.Parse(await rig.Get("/v1/metrics/query?target=web1.cpu&from=-20s")).RootElement;
        Assert.Equal(AskRig.Now - 20, query.GetProperty("from").GetInt64());
        Assert.Equal($$"""{"name":"web1.cpu","tags":{"name":"web1.cpu"},"start":{{AskRig.Now - 10}},"step":10,"values":[5,5]}""",
            query.GetProperty("series")[0].GetRawText());
        var top = JsonDocument.Parse(await rig.Get("/v1/metrics/top?pattern=web*&by=change&from=-5min")).RootElement;
        Assert.Equal(["web1.cpu.user", "web1.cpu.system", "web2.cpu.user", "web1.cpu"], top.EnumerateArray().Select(t => t.GetProperty("name").GetString()));
        Assert.Equal($"name,time,value\ndisk.used;dc=x;host=a,{AskRig.Now},1.0\n",
            await rig.Get("/v1/metrics/export?format=csv&pattern=disk.used;dc=x;host=a"));
        Assert.Equal($"{{\"name\":\"web2.cpu.user\",\"time\":{AskRig.Now - 20},\"value\":7.0}}",
            (await rig.Get("/v1/metrics/export?pattern=web2")).Split('\n')[0]);
        Assert.Equal($"web2.cpu.user 7.0 {AskRig.Now - 20}", (await rig.Get("/v1/metrics/export?pattern=web2&format=graphite")).Split('\n')[0]);
        Assert.Equal($"disk_used{{dc=\"y\",host=\"c\"}} 3.0 {AskRig.Now}000\n", await rig.Get("/v1/metrics/export?pattern=disk.used;dc=y&format=prometheus"));
        var sources = JsonDocument.Parse(await rig.Get("/v1/metrics/sources")).RootElement;
        Assert.Contains("\"name\":\"test\"", sources.GetRawText());
    }
}
