using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

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
    public async Task The_index_is_for_people_on_the_web_and_in_the_terminal()
    {
        await using var agent = await RunningAgent.Started();
        using var http = new HttpClient { BaseAddress = agent.Url };

        var text = await http.GetStringAsync("/api?format=text");
        var page = await http.GetStringAsync("/api?format=html");
        var one = await http.GetStringAsync("/api/v1/events");
        var list = await agent.Run("api");
        var some = await agent.Run("api", "/v1/gossip/k");
        var full = await agent.Run("api", "/v1/members");
        var json = await agent.Run("api", "/v1/checks/history", "--json");
        var unknown = await agent.Run("api", "/v1/memberz");
        var completed = await agent.Run("[suggest]", "opsbro api /v1/col");

        Assert.Contains($"curl --unix-socket {agent.Data}/opsbro.sock 'http://opsbro/v1/collectors'", text);
        Assert.Contains($"curl -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json'", text);
        Assert.Contains($"'http://127.0.0.1:{agent.Port}/v1/events'", text);
        Assert.Contains("?limit=  how many at most (1 to 10000; else 100)", text);
        // a page of one file: nothing is fetched from elsewhere, and nothing runs in it
        Assert.DoesNotContain("<script", page);
        Assert.DoesNotMatch("(src|href)=\"(https?:)?//", page);
        Assert.Contains("prefers-color-scheme:dark", page);
        Assert.Contains("name=\"viewport\"", page);
        Assert.Contains("<h2 id=\"gossip\">gossip</h2>", page);
        Assert.Contains("an answer, 200 application/json:", one);
        Assert.Contains("POST  * /v1/events", one);
        Assert.Equal((0, 0), (list.ExitCode, some.ExitCode));
        Assert.Contains("GET     /v1/members\n", list.Output);
        Assert.DoesNotContain("curl", list.Output);
        Assert.DoesNotContain("/v1/members", some.Output);
        Assert.Contains("POST  * /v1/gossip/keys/rotate", some.Output);
        Assert.Contains("?state=  only this state (alive, suspect, leaving, left or failed)", full.Output);
        Assert.Contains("an answer, 200 application/json:", full.Output);
        Assert.Equal("/v1/checks/history", Assert.Single(json.Json.GetProperty("paths").EnumerateObject()).Name);
        Assert.Equal("error: no route is named \"/v1/memberz\" (did you mean \"/v1/members\"?); see opsbro api or GET /api\n", unknown.Errors);
        Assert.Equal(2, unknown.ExitCode);
        Assert.Contains("/v1/collectors/history", completed.Output);
        await agent.Kill();
        Assert.Equal(1, (await agent.Run("api")).ExitCode);
    }
}
