using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace OpsBro.Api;

/// <summary>What a caller needs to use a route.</summary>
internal enum Right
{
    /// <summary>Anyone who reaches the listener.</summary>
    Read,
    /// <summary>The unix socket, or a token.</summary>
    Write,
}

/// <summary>How a route writes its own errors. Those of the gate, before the handler runs, are problems always.</summary>
internal enum ErrorForm
{
    /// <summary><c>application/problem+json</c>.</summary>
    Problem,
    /// <summary>The sentence alone, as graphite-web has it.</summary>
    Sentence,
    /// <summary><c>{"error": …}</c>.</summary>
    Object,
}

/// <summary>A body that a route takes or gives: its content type, and its shape where there is one.</summary>
/// <param name="ContentType">Without parameters.</param>
/// <param name="Shape">The JSON, by the description that reads or writes it.</param>
/// <param name="Schema">The JSON schema of what is written without such a description, as text.</param>
/// <param name="Make">Makes an example, when one is shown: JSON for JSON, else a text; base64 when <paramref name="IsBinary"/>.</param>
/// <param name="IsBinary">True for bytes that are no text.</param>
internal sealed record ApiContent(string ContentType, JsonTypeInfo? Shape, string? Schema = null, Func<JsonNode?>? Make = null, bool IsBinary = false)
{
    /// <summary>An example that works now; null when there is none.</summary>
    public JsonNode? Example => Make?.Invoke();

    /// <summary>True when the answer may be null.</summary>
    public bool IsNullable { get; init; }

    /// <summary>True for JSON of one value.</summary>
    public bool IsJson => ContentType == "application/json" || ContentType.EndsWith("+json", StringComparison.Ordinal);
}

/// <summary>An error that a route can give.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="When">A sentence.</param>
/// <param name="Form">How it is written.</param>
internal sealed record ApiFailure(int Status, string When, ErrorForm Form);

/// <summary>
/// One route as the index, OpenAPI and <c>opsbro api</c> show it. The defaults say what holds for most; the methods say more, where a route
/// is mapped: <c>api.Change(…).WithBody(new JoinRequest { … }).Fails(503, "the agent stops")</c>.
/// </summary>
/// <param name="Method">GET, POST, PUT or DELETE.</param>
/// <param name="Path">With <c>{name}</c> parts; <c>{**rest}</c> takes slashes.</param>
/// <param name="Summary">One sentence.</param>
/// <param name="Right">What a caller needs.</param>
/// <param name="Parameters">Those that have something said of them, of path and query.</param>
/// <param name="Shape">The JSON of the answer; null for other content.</param>
/// <param name="IsLegacy">True for a path and shape of the original.</param>
internal sealed record ApiRoute(
    string Method, string Path, string Summary, Right Right, IReadOnlyList<ApiParameter> Parameters, JsonTypeInfo? Shape, bool IsLegacy)
{
    readonly List<ApiContent> taken = [], given = [];
    readonly SortedDictionary<int, ApiFailure> failures = [];
    readonly HashSet<int> never = [];
    bool? needsQuery;

    /// <summary>The component that mapped it.</summary>
    public string Slice { get; init; } = "";

    /// <summary>True for a path of another product: its callers send parameters that mean nothing here.</summary>
    public bool IsForeign { get; init; }

    /// <summary>How the handler's errors look.</summary>
    public ErrorForm Errors { get; set; }

    /// <summary>Largest body in bytes.</summary>
    public int MaxBody { get; set; } = RequestReading.MaxBody;

    /// <summary>True when what the body says may stand in the query.</summary>
    public bool IsBodyOptional { get; set; }

    /// <summary>Status of a good answer.</summary>
    public int GoodStatus { get; set; } = 200;

    /// <summary>True for an answer that goes on until the caller ends it.</summary>
    public bool IsEndless { get; set; }

    /// <summary>True for a handler that takes microseconds and never blocks: it runs on the sockets' thread (<see cref="LoopConnection"/>).</summary>
    public bool IsQuick { get; set; }

    /// <summary>False for the original's paths and for those of other products, whose callers send what they always sent.</summary>
    public bool RefusesUnknownQuery => !IsLegacy && !IsForeign;

    /// <summary>The parameters of the query.</summary>
    public IEnumerable<ApiParameter> Query => Parameters.Where(parameter => !IsInPath(parameter.Name));

    /// <summary>True when one of them must be given; asked at each request.</summary>
    public bool NeedsQuery => needsQuery ??= Query.Any(parameter => parameter.Kind.IsRequired);

    /// <summary>The parameters of the path, in its order.</summary>
    public IEnumerable<ApiParameter> Parts => Path.Split('/').Where(part => part.StartsWith('{'))
        .Select(part => part.Trim('{', '}', '*')).Select(name => Find(name) ?? (name, "A part of the path.", name.ToUpperInvariant()));

    /// <summary>The path as OpenAPI and people write it.</summary>
    public string PlainPath => Path.Replace("{**", "{");

    /// <summary>The bodies that are taken; empty when none is read.</summary>
    public IReadOnlyList<ApiContent> Bodies => taken;

    /// <summary>The bodies of a good answer.</summary>
    public IReadOnlyList<ApiContent> Answers =>
        given.Count > 0 ? given : GoodStatus == 204 ? [] : [Shape is null ? new ApiContent("text/plain", null) : new ApiContent("application/json", Shape)];

    /// <summary>The errors that this route can give, by status.</summary>
    public IEnumerable<ApiFailure> Failures
    {
        get
        {
            var all = new SortedDictionary<int, ApiFailure>(failures);
            void Add(int status, string when, ErrorForm form) => all.TryAdd(status, new ApiFailure(status, when, form));
            if (RefusesUnknownQuery || IsForeign || Bodies.Count > 0)
                Add(400, Bodies.Count > 0 ? "A parameter or the body is not as it must be." : "A parameter is not as it must be.", Errors);
            Add(401, "The token is not one of http.tokens.", ErrorForm.Problem);
            if (Right == Right.Write) Add(403, "Asked over TCP without a token.", ErrorForm.Problem);
            if (Path.Contains('{')) Add(404, "There is nothing of that name.", Errors);
            if (Bodies.Count > 0) Add(413, "The body is too large.", ErrorForm.Problem);
            Add(421, "Asked under a host name that is not this agent's.", ErrorForm.Problem);
            return all.Values.Where(failure => !never.Contains(failure.Status));
        }
    }

    /// <summary>A parameter by name; null when nothing is said of it.</summary>
    public ApiParameter? Find(string name) => Parameters.FirstOrDefault(parameter => parameter.Name == name);

    bool IsInPath(string name) => Path.Contains($"{{{name}}}", StringComparison.Ordinal) || Path.Contains($"{{**{name}}}", StringComparison.Ordinal);

    /// <summary>Says the JSON that is taken, and an example of it.</summary>
    public ApiRoute WithBody<T>(JsonTypeInfo<T> shape, T example)
    {
        taken.RemoveAll(content => content.Shape == shape);
        taken.Add(new ApiContent("application/json", shape, null, () => JsonSerializer.SerializeToNode(example, shape)));
        return this;
    }

    /// <summary>Says another body that is taken, and an example of it.</summary>
    public ApiRoute Takes(string contentType, Func<JsonNode> example, string? schema = null, bool isBinary = false)
    {
        taken.Add(new ApiContent(contentType, null, schema, example, isBinary));
        return this;
    }

    /// <summary>Says another body that is taken, and an example of it that does not change.</summary>
    public ApiRoute Takes(string contentType, string example, string? schema = null) => Takes(contentType, () => JsonValue.Create(example), schema);

    /// <summary>Says the JSON of the answer, for a route that writes it itself.</summary>
    public ApiRoute Gives(JsonTypeInfo shape, bool orNull = false)
    {
        given.Add(new ApiContent("application/json", shape) { IsNullable = orNull });
        return this;
    }

    /// <summary>Says the content of the answer; once for each form that it may have.</summary>
    /// <param name="contentType">Without parameters.</param>
    /// <param name="schema">JSON schema; without one, a text.</param>
    public ApiRoute Gives(string contentType, string? schema = null)
    {
        given.Add(new ApiContent(contentType, null, schema));
        return this;
    }

    /// <summary>The answer has no body: 204.</summary>
    public ApiRoute GivesNothing()
    {
        GoodStatus = 204;
        return this;
    }

    /// <summary>The answer goes on until the caller ends it.</summary>
    public ApiRoute Endless()
    {
        IsEndless = true;
        return this;
    }

    /// <summary>The handler is quick, and never blocks.</summary>
    public ApiRoute Quick()
    {
        IsQuick = true;
        return this;
    }

    /// <summary>Says one more error that it gives.</summary>
    public ApiRoute Fails(int status, string when, ErrorForm? form = null)
    {
        failures[status] = new ApiFailure(status, when, form ?? Errors);
        return this;
    }

    /// <summary>Says that it does not give errors that most routes of its form give.</summary>
    public ApiRoute Never(params ReadOnlySpan<int> statuses)
    {
        foreach (var status in statuses) never.Add(status);
        return this;
    }

    /// <summary>The parameters of the query may stand in a form or a JSON object as well, as those of graphite-web may.</summary>
    public ApiRoute OrForm()
    {
        IsBodyOptional = true;
        JsonObject schema = new() { ["type"] = "object" }, properties = [], example = [];
        foreach (var parameter in Query)
        {
            properties[parameter.Name] = parameter.Kind.Schema();
            if (parameter.Kind.IsRequired) example[parameter.Name] = parameter.Kind.IsRepeated ? new JsonArray(parameter.Shown) : parameter.Shown;
        }
        schema["properties"] = properties;
        Takes("application/json", () => example, schema.ToJsonString());
        return Takes("application/x-www-form-urlencoded", ApiExamples.Query(Query.Where(p => p.Kind.IsRequired)), schema.ToJsonString());
    }

    /// <summary>Says how the handler's errors look; before <see cref="Fails"/>.</summary>
    public ApiRoute ErrorsAs(ErrorForm form)
    {
        Errors = form;
        return this;
    }

    /// <summary>Says the largest body, in bytes.</summary>
    public ApiRoute UpTo(int bytes)
    {
        MaxBody = bytes;
        return this;
    }

    /// <summary>Takes a body of JSON; <see cref="WithBody"/> gives an example.</summary>
    public ApiRoute TakesJson(JsonTypeInfo shape)
    {
        taken.Add(new ApiContent("application/json", shape));
        return this;
    }
}
