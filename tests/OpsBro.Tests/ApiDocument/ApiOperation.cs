using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using OpsBro.Tests.EndToEnd;

namespace OpsBro.Tests.ApiDocument;

/// <summary>One operation of /openapi.json, and the requests that its examples make.</summary>
sealed record ApiOperation(JsonNode Document, string Method, string Path, JsonObject Text)
{
    /// <summary>A value that no parameter takes and no name is.</summary>
    public const string Nonsense = "nonsense";

    /// <summary>Every one of a document.</summary>
    public static IReadOnlyList<ApiOperation> All(JsonNode document) =>
    [
        .. from path in document["paths"]!.AsObject()
           from operation in path.Value!.AsObject()
           select new ApiOperation(document, operation.Key.ToUpperInvariant(), path.Key, operation.Value!.AsObject()),
    ];

    /// <summary>Method and path.</summary>
    public string Name => $"{Method} {Path}";

    /// <summary>True when it needs the socket or a token.</summary>
    public bool IsChange => !Text["security"]!.AsArray().Any(need => need!.AsObject().Count == 0);

    /// <summary>True for an answer without an end.</summary>
    public bool IsEndless => Text["x-endless"] is not null;

    /// <summary>True for the original's paths.</summary>
    public bool IsOld => Text["deprecated"] is not null;

    /// <summary>Parameters of the path or the query.</summary>
    public IEnumerable<JsonObject> Parameters(string place) => Text["parameters"]!.AsArray().OfType<JsonObject>().Where(p => $"{p["in"]}" == place);

    /// <summary>The answer of a status; null when it is not documented.</summary>
    public JsonNode? Response(int status)
    {
        var response = Text["responses"]![$"{status}"];
        return response?["$ref"] is { } reference ? new JsonSchema(Document).Resolve($"{reference}") : response;
    }

    /// <summary>The path with the examples of its parts, or with another text for each, and of the query what must be given.</summary>
    /// <param name="part">Instead of the examples of the path.</param>
    /// <param name="values">Of the query, and instead of its examples.</param>
    public string Address(string? part = null, IReadOnlyDictionary<string, string>? values = null)
    {
        var path = Parameters("path").Aggregate(Path, (path, one) => path.Replace($"{{{one["name"]}}}", Uri.EscapeDataString(part ?? $"{one["example"]}")));
        var query = new List<string>();
        foreach (var parameter in Parameters("query"))
        {
            var name = $"{parameter["name"]}";
            if (values?.TryGetValue(name, out var value) == true) query.Add($"{name}={Uri.EscapeDataString(value)}");
            else if (parameter["required"]!.GetValue<bool>())
            {
                foreach (var example in parameter["example"] is JsonArray several ? several : [parameter["example"]!.DeepClone()])
                    query.Add($"{name}={Uri.EscapeDataString($"{example}")}");
            }
        }
        return query.Count == 0 ? path : $"{path}?{string.Join('&', query)}";
    }

    /// <summary>The calls that must go well: with what must be given, with each other parameter beside that, and for each of its words.</summary>
    public IEnumerable<IEnumerable<HttpRequestMessage>> Variants()
    {
        yield return Requests();
        foreach (var parameter in Parameters("query"))
        {
            JsonNode[] values = parameter["schema"]!["enum"] is JsonArray words ? [.. words.Select(word => word!)]
                : [parameter["example"] is JsonArray several ? several[0]! : parameter["example"]!];
            foreach (var value in values) yield return Requests(values: new Dictionary<string, string> { [$"{parameter["name"]}"] = $"{value}" });
        }
    }

    /// <summary>A request for each content type of the body; one without a body when none is taken.</summary>
    /// <param name="part">Instead of the examples of the path.</param>
    /// <param name="wrong">Name of a parameter that gets a value it does not take.</param>
    /// <param name="values">Instead of the examples of the query.</param>
    public IEnumerable<HttpRequestMessage> Requests(
        string? part = null, string? wrong = null, IReadOnlyDictionary<string, string>? values = null)
    {
        if (wrong is not null) values = new Dictionary<string, string> { [wrong] = Nonsense };
        var address = Address(part, values);
        var bodies = Text["requestBody"]?["content"]?.AsObject();
        if (bodies is null) yield return new HttpRequestMessage(new HttpMethod(Method), address);
        foreach (var (type, content) in bodies ?? [])
        {
            var bytes = content!["x-example-base64"] is { } binary
                ? Convert.FromBase64String($"{binary}")
                : Encoding.UTF8.GetBytes(type.EndsWith("json", StringComparison.Ordinal) ? content["example"]!.ToJsonString() : $"{content["example"]}");
            var body = new ByteArrayContent(bytes);
            body.Headers.ContentType = new MediaTypeHeaderValue(type);
            yield return new HttpRequestMessage(new HttpMethod(Method), address) { Content = body };
        }
    }

    /// <summary>A parameter of the query that does not take every text; null when all do. On old and foreign paths anything is a no.</summary>
    public JsonObject? Choosy => Parameters("query").FirstOrDefault(one => $"{one["schema"]!["type"]}" == "integer"
        || (one["schema"]!["enum"] is JsonArray words && ((IsOurs && !IsOld) || !words.Any(word => $"{word}" == "true"))));

    /// <summary>False for routes of other products, with their own errors.</summary>
    public bool IsOurs => Response(400)?["content"]?["application/problem+json"] is not null;

    /// <summary>What is wrong with an answer, against what is documented of it; empty when nothing is.</summary>
    public async Task<IReadOnlyList<string>> Faults(HttpResponseMessage answer)
    {
        var status = (int)answer.StatusCode;
        using var patience = new CancellationTokenSource(RunningAgent.Patience);
        var type = answer.Content.Headers.ContentType?.MediaType ?? "";
        var text = status == 200 && (IsEndless || type == "text/event-stream") ? "" : await answer.Content.ReadAsStringAsync(patience.Token);
        var shown = text.Length > 300 ? text[..300] + "…" : text;
        if (Response(status) is not { } documented) return [$"answers {status}, which is not documented, say .Fails({status}, when): {shown}"];
        if (documented["content"] is not JsonObject { Count: > 0 } contents)
            return text.Length == 0 ? [] : [$"{status} has a body, and none is documented: {shown}"];
        if (contents[type] is not { } content)
            return [$"{status} is \"{type}\", documented is {string.Join(", ", contents.Select(c => c.Key))}; say .Gives(…)"];
        if (type != "application/json" && type != "application/problem+json") return [];
        try
        {
            var found = new JsonSchema(Document).Faults(content["schema"], JsonNode.Parse(text));
            return [.. found.Take(5).Select(fault => $"{status}: {fault}; the answer: {shown}")];
        }
        catch (System.Text.Json.JsonException e)
        {
            return [$"{status} is no JSON ({e.Message}): {shown}"];
        }
    }
}
