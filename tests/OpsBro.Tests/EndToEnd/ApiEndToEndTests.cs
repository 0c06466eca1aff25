using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OpsBro.Tests.EndToEnd;

/// <summary>The HTTP API of a live agent, as curl and a browser see it.</summary>
public class ApiEndToEndTests
{
    const string token = "0123456789abcdef";

    static async Task<(HttpResponseMessage Answer, JsonElement Body)> Problem(HttpClient http, HttpRequestMessage request)
    {
        var answer = await http.SendAsync(request);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        return (answer, JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement);
    }

    [Fact]
    public async Task Every_refusal_is_a_problem_that_says_what_to_do()
    {
        await using var agent = await RunningAgent.Started();
        using var http = new HttpClient { BaseAddress = agent.Url };
        async Task<(int, string)> Refused(string method, string path, Action<HttpRequestMessage>? change = null)
        {
            var request = new HttpRequestMessage(new HttpMethod(method), path);
            change?.Invoke(request);
            var (answer, body) = await Problem(http, request);
            Assert.Equal((int)answer.StatusCode, body.GetProperty("status").GetInt32());
            return ((int)answer.StatusCode, body.GetProperty("detail").GetString()!);
        }

        Assert.Equal((404, "nothing answers GET /nope; see /api"), await Refused("GET", "/nope"));
        Assert.Equal((404, "nothing answers POST /nope; see /api"), await Refused("POST", "/nope"));
        Assert.Equal((405, "/healthz does not take POST, but GET, HEAD; see /api"), await Refused("POST", "/healthz"));
        Assert.Equal((400, "/v1/checks/history has no parameter \"limt\" (did you mean \"limit\"?); it takes name, limit, since"),
            await Refused("GET", "/v1/checks/history?limt=3"));
        Assert.Equal((400, "limit is \"x\"; write a whole number from 1 to 10000"), await Refused("GET", "/v1/checks/history?limit=x"));
        Assert.Equal(403, (await Refused("POST", "/v1/agent/reload")).Item1);
        Assert.Equal((401, "the token is not one of http.tokens"),
            await Refused("GET", "/v1/packs", r => r.Headers.Authorization = new AuthenticationHeaderValue("Bearer", "wrong")));
        Assert.Equal(421, (await Refused("GET", "/v1/packs", r => r.Headers.Host = "evil.example")).Item1);
        var odd = await http.SendAsync(new HttpRequestMessage(HttpMethod.Delete, "/v1/packs"));
        Assert.Equal(["GET", "HEAD"], odd.Content.Headers.Allow.Order());
        using var head = await http.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/healthz"));
        Assert.Equal((HttpStatusCode.OK, ""), (head.StatusCode, await head.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task A_token_may_write_and_a_body_has_a_limit()
    {
        await using var agent = RunningAgent.Prepare();
        agent.AddToAgentYml($"  tokens: [{token}]\n");
        await agent.Start();
        using var http = new HttpClient { BaseAddress = agent.Url };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);

        var good = await http.PostAsync("/v1/evaluator/eval", new StringContent("{\"expression\": \"6 * 7\"}", Encoding.UTF8, "application/json"));
        // Expect: 100-continue, or the refusal may close the connection while the client still sends
        var tooLarge = await Problem(http, new HttpRequestMessage(HttpMethod.Post, "/v1/evaluator/eval")
        {
            Content = new StringContent(new string('a', 1024 * 1024 + 1)),
            Headers = { ExpectContinue = true },
        });
        var shown = await http.GetStringAsync("/v1/config");

        Assert.Equal(42, JsonDocument.Parse(await good.Content.ReadAsStringAsync()).RootElement.GetProperty("value").GetInt32());
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, tooLarge.Answer.StatusCode);
        Assert.DoesNotContain(token, shown + agent.LogText());
    }

    [Fact]
    public async Task OpenApi_describes_every_route_and_refers_only_to_what_is_there()
    {
        await using var agent = await RunningAgent.Started();
        using var http = new HttpClient { BaseAddress = agent.Url };

        var document = JsonNode.Parse(await http.GetStringAsync("/openapi.json"))!;
        var index = JsonNode.Parse(await http.GetStringAsync("/api?format=json"))!.AsArray();

        foreach (var route in index)
        {
            var path = route!["routes"]![0]!.GetValue<string>().Replace("{**", "{");
            Assert.NotNull(document["paths"]![path]?[route["method"]!.GetValue<string>().ToLowerInvariant()]);
        }
        Assert.NotNull(document["paths"]!["/v1/evaluator/eval"]!["post"]!["requestBody"]);
        foreach (var reference in References(document))
        {
            Assert.StartsWith("#/components/schemas/", reference);
            Assert.NotNull(reference[2..].Split('/').Aggregate((JsonNode?)document, (node, part) => node?[part]));
        }
    }

    static IEnumerable<string> References(JsonNode? node) => node switch
    {
        JsonArray list => list.SelectMany(References),
        JsonObject map => map.SelectMany(entry => entry is { Key: "$ref", Value: JsonValue value } ? [value.GetValue<string>()] : References(entry.Value)),
        _ => [],
    };
}
