using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using OpsBro.Tests.EndToEnd;

namespace OpsBro.Tests.ApiDocument;

/// <summary>
/// What the API says of itself is true: every documented operation is called on a scratch agent, and what comes back is held against the
/// document. A new route takes part by itself; where this fails, the message says what the declaration of the route lacks.
/// </summary>
public class ApiDocumentEndToEndTests
{
    const string Help = "(say it where the route is mapped: kind and example of a parameter, WithBody, Gives, Fails, Never; see src/OpsBro/Api/ApiRoute.cs)";

    /// <summary>Called last, in this order: they take the agent out of its zone, out of the cluster, and down.</summary>
    static readonly string[] last =
    [
        "PUT /agent/zone", "POST /v1/gossip/zones/change", "GET /agent/zones-keys/reload/{name}", "POST /v1/gossip/zones/{name}/key",
        "GET /agent/leave/{name}", "GET /agent/join/{host}", "POST /v1/gossip/leave", "POST /v1/gossip/join", "POST /v1/agent/stop",
    ];

    /// <summary>Those that need a cluster with a key.</summary>
    static readonly string[] keyed = ["POST /v1/gossip/keys/install", "POST /v1/gossip/keys/use", "POST /v1/gossip/keys/remove", "POST /v1/gossip/keys/rotate"];

    /// <summary>What has to be called before, so that the example names something that is there.</summary>
    static readonly Dictionary<string, string> before = new()
    {
        ["DELETE /v1/metrics/{name}"] = "POST /write",
        ["POST /v1/gossip/keys/use"] = "POST /v1/gossip/keys/install",
        ["POST /v1/gossip/keys/remove"] = "POST /v1/gossip/keys/install",
    };

    /// <summary>An agent with a check, a service and a sink, so that every example can name something. Nothing of it is switched on besides.</summary>
    static async Task<RunningAgent> Scratch()
    {
        var agent = RunningAgent.Prepare();
        agent.AddToAgentYml("  tokens: [0123456789abcdef]\n");
        agent.AddToAgentYml("forward: {central: {kind: graphite, address: '127.0.0.1:9'}}\n");
        agent.Write("zone.yml", "zone:\n  name: internet\n");
        agent.Write("sum.yml", "check:\n  critical_if: 1 > 2\n");
        agent.Write("web.yml", "service:\n  name: web\n  check:\n    critical_if: 1 > 2\n");
        await agent.Start();
        return agent;
    }

    static async Task<IReadOnlyList<ApiOperation>> OperationsOf(RunningAgent agent)
    {
        using var http = agent.Socket();
        return ApiOperation.All(JsonNode.Parse(await http.GetStringAsync("/openapi.json"))!);
    }

    static async Task<HttpResponseMessage> Send(HttpClient http, HttpRequestMessage request)
    {
        using var patience = new CancellationTokenSource(RunningAgent.Patience);
        return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token);
    }

    /// <summary>Faults of calls that must go well.</summary>
    static async Task<IReadOnlyList<string>> Call(HttpClient http, ApiOperation operation, IEnumerable<HttpRequestMessage> requests, ApiRecord? record = null)
    {
        var faults = new List<string>();
        foreach (var request in requests)
        {
            using var answer = await Send(http, request);
            var found = await operation.Faults(answer);
            // whether a condition holds, the state of the agent decides; that it is refused as documented was looked at
            var isConditional = request.RequestUri!.ToString().Contains("cas=", StringComparison.Ordinal) && (int)answer.StatusCode == 409;
            if (found.Count == 0 && !answer.IsSuccessStatusCode && !isConditional)
                found = [$"its example does not work: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}"];
            faults.AddRange(found.Select(fault => $"{operation.Method} {request.RequestUri} {request.Content?.Headers.ContentType}: {fault} {Help}"));
            if (found.Count == 0 && record is not null && answer.IsSuccessStatusCode && !operation.IsEndless) await record.Add(operation, answer);
        }
        return faults;
    }

    [Fact]
    public async Task The_document_keeps_the_rules_of_openapi_and_has_every_route_once()
    {
        await using var agent = await Scratch();
        using var http = agent.Http();

        var document = JsonNode.Parse(await http.GetStringAsync("/openapi.json"))!;
        var index = JsonNode.Parse(await http.GetStringAsync("/api?format=json"))!.AsArray();

        Assert.Empty(OpenApiRules.Faults(document));
        var routes = index.Select(route => $"{route!["method"]} {route["routes"]![0]}".Replace("{**", "{")).Order();
        Assert.Equal(routes, ApiOperation.All(document).Select(operation => operation.Name).Order());
        Assert.True(index.Count > 100);
    }

    [Fact]
    public async Task Every_documented_operation_answers_as_documented()
    {
        await using var agent = await Scratch();
        await using var withKey = RunningAgent.Prepare();
        withKey.Gossip($"encrypt: {Convert.ToBase64String(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32))}");
        await withKey.Start();
        using HttpClient plain = agent.Socket(), encrypted = withKey.Socket();
        var all = await OperationsOf(agent);
        var record = await ApiRecord.Of(agent);
        var faults = new List<string>();
        // reading first, in the order of the document; then what changes something; then what ends the agent
        foreach (var operation in all.OrderBy(one => Array.IndexOf(last, one.Name)).ThenBy(one => one.IsChange).ThenBy(one => one.Method == "DELETE"))
        {
            var http = keyed.Contains(operation.Name) ? encrypted : plain;
            var first = before.TryGetValue(operation.Name, out var named) ? named : $"PUT {operation.Path}";
            var needed = last.Contains(operation.Name) ? null : all.FirstOrDefault(one => one.Name == first && one != operation);
            foreach (var requests in operation.Variants())
            {
                if (needed is not null) faults.AddRange(await Call(http, needed, needed.Requests()));
                faults.AddRange(await Call(http, operation, requests, record));
            }
        }

        faults.AddRange(record.Faults(all));
        Assert.True(faults.Count == 0, string.Join('\n', faults));
        Assert.All(last.Concat(keyed).Concat(before.Keys), name => Assert.Contains(all, one => one.Name == name));
        await agent.Ended();
    }

    [Fact]
    public async Task Every_documented_refusal_is_given_as_documented()
    {
        await using var agent = await Scratch();
        using HttpClient socket = agent.Socket(), tcp = agent.Http();
        var faults = new List<string>();
        foreach (var operation in await OperationsOf(agent))
        {
            async Task Refused(string what, HttpClient http, int status, HttpRequestMessage request)
            {
                using var answer = await Send(http, request);
                var found = (int)answer.StatusCode != status ? [$"answers {(int)answer.StatusCode}"] : await operation.Faults(answer);
                faults.AddRange(found.Select(fault => $"{operation.Method} {request.RequestUri}, {what}, must be {status}: {fault} {Help}"));
            }

            foreach (var status in ((int[])[401, 403, 421]).Where(status => status != 403 || operation.IsChange))
            {
                var request = operation.Requests().First();
                if (status == 401) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", "no such token here");
                if (status == 421) request.Headers.Host = "evil.example";
                await Refused("over TCP", tcp, status, request);
            }
            Assert.NotNull(operation.Response(401));
            Assert.NotNull(operation.Response(421));
            if (operation.IsChange) Assert.NotNull(operation.Response(403));
            if (!operation.IsOld && operation.IsOurs)
            {
                var mark = operation.Address().Contains('?') ? '&' : '?';
                var unknown = operation.Requests().First();
                unknown.RequestUri = new Uri($"{unknown.RequestUri}{mark}{ApiOperation.Nonsense}=1", UriKind.Relative);
                await Refused("unknown parameter", socket, 400, unknown);
            }
            if (operation.Choosy is { } choosy && operation.Response(400) is not null && operation.Text["requestBody"] is null)
            {
                var wrong = operation.Requests(wrong: $"{choosy["name"]}").First();
                await Refused("wrong value", socket, 400, wrong);
            }
            if (operation.Response(404) is not null && operation.Parameters("path").Any())
                await Refused("unknown name", socket, 404, operation.Requests(part: ApiOperation.Nonsense).First());
            if (operation.Text["requestBody"] is not null) await Refused("large body", socket, 413, Large(operation));
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    /// <summary>A body that nobody takes: only its length is sent, for the refusal comes before the body.</summary>
    static HttpRequestMessage Large(ApiOperation operation)
    {
        var request = operation.Requests().First();
        request.Content = new StreamContent(Stream.Null) { Headers = { ContentType = request.Content!.Headers.ContentType, ContentLength = 1L << 30 } };
        request.Headers.ExpectContinue = true;
        return request;
    }
}
