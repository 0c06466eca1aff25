using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace OpsBro.Api;

/// <summary>
/// <c>/openapi.json</c>: this API as OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.0). The schemas come from the same type
/// descriptions that write the answers, the parameters from what the gate checks.
/// </summary>
internal sealed class OpenApi
{
    const string About = """
        Every route of one OpsBro agent. Reading needs nothing but a way to the listener; what changes something needs the unix socket, or over
        TCP a token of http.tokens. HEAD is answered wherever GET is, without the body. A path that is there with other methods answers 405
        and says which in Allow; a path that is not there answers 404. Errors are application/problem+json (RFC 9457), but on routes of other
        products, which have their own. Deprecated routes are those of the original: same paths, same shapes.
        """;

    readonly JsonSchemaExporterOptions exact;
    readonly JsonObject schemas = [];

    OpenApi()
    {
        exact = new() { TreatNullObliviousAsNonNullable = true, TransformSchemaNode = Described };
        schemas["Problem"] = ApiJson.Default.ProblemView.GetJsonSchemaAsNode(exact);
    }

    /// <summary>The document, of all routes or some.</summary>
    public static string Text(IEnumerable<ApiRoute> routes) =>
        new OpenApi().Document([.. routes]).ToJsonString(new JsonSerializerOptions
        {
            TypeInfoResolver = ApiJson.Default,
            Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        });

    JsonObject Document(IReadOnlyList<ApiRoute> routes)
    {
        var paths = new JsonObject();
        foreach (var route in ApiIndex.Sorted(routes))
        {
            if (paths[route.PlainPath] is not JsonObject item) paths[route.PlainPath] = item = [];
            item[route.Method.ToLowerInvariant()] = Operation(route);
        }
        var license = new JsonObject { ["name"] = "MIT", ["identifier"] = "MIT" };
        return new JsonObject
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject
            {
                ["title"] = "OpsBro agent",
                ["version"] = Product.Version,
                ["description"] = About.ReplaceLineEndings(" "),
                ["license"] = license,
            },
            ["servers"] = new JsonArray(new JsonObject { ["url"] = "/", ["description"] = "The agent that gave this document." }),
            ["tags"] = new JsonArray([.. ApiIndex.Slices(routes).Select(slice => new JsonObject { ["name"] = slice.Key })]),
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["securitySchemes"] = new JsonObject
                {
                    ["token"] = new JsonObject
                    {
                        ["type"] = "http",
                        ["scheme"] = "bearer",
                        ["description"] = "One of http.tokens in agent.yml. Over the unix socket none is needed.",
                    },
                },
                ["responses"] = new JsonObject([.. shared.Select(s => new KeyValuePair<string, JsonNode?>($"{s.Key}", Shared(s.Key, s.Value)))]),
                ["schemas"] = schemas,
            },
        };
    }

    JsonObject Operation(ApiRoute route)
    {
        var operation = new JsonObject
        {
            ["tags"] = new JsonArray(route.Slice),
            ["summary"] = route.Summary,
            ["operationId"] = IdOf(route),
            ["parameters"] = new JsonArray(
            [
                .. route.Parts.Select(part => Parameter(part, "path", true)),
                .. route.Query.Select(one => Parameter(one, "query", one.Kind.IsRequired && !route.IsBodyOptional)),
            ]),
        };
        if (route.Bodies.Count > 0)
        {
            operation["requestBody"] = new JsonObject
            {
                ["description"] = $"At most {route.MaxBody} bytes.",
                ["required"] = !route.IsBodyOptional,
                ["content"] = Contents(route.Bodies),
            };
        }
        operation["responses"] = Responses(route);
        if (route.IsLegacy) operation["deprecated"] = true;
        var token = new JsonObject { ["token"] = new JsonArray() };
        operation["security"] = route.Right == Right.Write ? new JsonArray(token) : new JsonArray(new JsonObject(), token);
        if (route.IsEndless) operation["x-endless"] = true;
        return operation;
    }

    /// <summary>The method and the words of the path: there can be no two alike.</summary>
    static string IdOf(ApiRoute route)
    {
        var words = route.PlainPath.Split(['/', '.', '-', '{', '}'], StringSplitOptions.RemoveEmptyEntries).DefaultIfEmpty("root");
        return $"{route.Method.ToLowerInvariant()}_{string.Join('_', words)}";
    }

    static JsonObject Parameter(ApiParameter parameter, string place, bool isRequired) => new()
    {
        ["name"] = parameter.Name,
        ["in"] = place,
        ["required"] = isRequired,
        ["description"] = parameter.Kind.Format.Length > 0 ? $"{parameter.Meaning} ({parameter.Kind.Format})" : parameter.Meaning,
        ["schema"] = parameter.Kind.Schema(),
        ["example"] = ExampleOf(parameter),
    };

    static JsonNode ExampleOf(ApiParameter parameter)
    {
        JsonNode one = parameter.Kind.Bounds is null
            ? JsonValue.Create(parameter.Shown)
            : JsonValue.Create(long.Parse(parameter.Shown, System.Globalization.CultureInfo.InvariantCulture));
        return parameter.Kind.IsRepeated ? new JsonArray(one) : one;
    }

    JsonObject Responses(ApiRoute route)
    {
        var good = new JsonObject { ["description"] = route.GoodStatus == 204 ? "Done; there is nothing to say." : "The answer." };
        if (route.Answers.Count > 0) good["content"] = Contents(route.Answers, ApiRecord.Answers(route));
        var responses = new JsonObject { [$"{route.GoodStatus}"] = good };
        foreach (var failure in route.Failures)
        {
            responses[$"{failure.Status}"] = shared.ContainsKey(failure.Status)
                ? Reference("responses", $"{failure.Status}")
                : new JsonObject { ["description"] = failure.When, ["content"] = Failure(route, failure) };
        }
        responses["500"] = Reference("responses", "500");
        return responses;
    }

    /// <summary>The errors that the gate gives for every route, whatever the handler's form.</summary>
    static readonly SortedDictionary<int, (string When, string Detail)> shared = new()
    {
        [401] = ("The token is not one of http.tokens.", "the token is not one of http.tokens"),
        [403] = ("Asked over TCP without a token.", "POST /v1/agent/reload changes something: use the unix socket, or a token of http.tokens"),
        [421] = ("Asked under a host name that is not this agent's.",
            "this agent is not called \"evil.example\"; use its address, or add the name to http.hosts"),
        [500] = ("A fault of the agent; its log says more.", "the agent made a mistake (InvalidOperationException); see opsbro agent log show api"),
    };

    static JsonObject Shared(int status, (string When, string Detail) error) =>
        new() { ["description"] = error.When, ["content"] = Problem(status, error.Detail, "/v1/agent/reload") };

    static JsonObject Problem(int status, string detail, string instance) => new()
    {
        ["application/problem+json"] = new JsonObject
        {
            ["schema"] = Reference("schemas", "Problem"),
            ["example"] = JsonSerializer.SerializeToNode(ApiProblem.View(status, detail, instance), ApiJson.Default.ProblemView),
        },
    };

    static JsonObject Failure(ApiRoute route, ApiFailure failure)
    {
        var detail = ApiExamples.Detail(route, failure);
        var problem = Problem(failure.Status, detail, ApiExamples.Path(route));
        JsonObject? own = failure.Form switch
        {
            ErrorForm.Sentence => Content("text/plain", new JsonObject { ["type"] = "string" }, detail + "\n"),
            ErrorForm.Object => Content("application/json", JsonNode.Parse("""
                {"type":"object","properties":{"error":{"type":"string"}},"required":["error"]}
                """)!, new JsonObject { ["error"] = detail }),
            _ => null,
        };
        if (own is null) return problem;
        // what is refused before the handler runs is a problem all the same
        if ((failure.Status == 400 && route.RefusesUnknownQuery) || (failure.Status == 413 && route.Bodies.Count > 0))
            foreach (var (type, content) in problem.ToList()) own[type] = content!.DeepClone();
        return own;
    }

    static JsonObject Content(string type, JsonNode schema, JsonNode example) =>
        new() { [type] = new JsonObject { ["schema"] = schema, ["example"] = example } };

    JsonObject Contents(IReadOnlyList<ApiContent> contents, IReadOnlyDictionary<string, JsonNode?>? examples = null)
    {
        var all = new JsonObject();
        foreach (var content in contents)
        {
            var one = new JsonObject { ["schema"] = SchemaOf(content) };
            if (content.Example is { } own) one[content.IsBinary ? "x-example-base64" : "example"] = own.DeepClone();
            else if (examples?.TryGetValue(content.ContentType, out var example) == true) one["example"] = example?.DeepClone();
            all[content.ContentType] = one;
        }
        return all;
    }

    JsonNode SchemaOf(ApiContent content)
    {
        if (content.IsBinary) return new JsonObject { ["description"] = "Bytes." };
        if (content.Shape is null) return JsonNode.Parse(content.Schema ?? """{"type":"string"}""")!;
        var schema = SchemaOf(content.Shape);
        return content.IsNullable ? new JsonObject { ["anyOf"] = new JsonArray(schema, new JsonObject { ["type"] = "null" }) } : schema;
    }

    static JsonObject Reference(string of, string name) => new() { ["$ref"] = $"#/components/{of}/{name}" };

    /// <summary>Puts the schema of a type among the components, once, and refers to it. Its own references move there with it.</summary>
    JsonObject SchemaOf(JsonTypeInfo shape)
    {
        var name = NameOf(shape.Type);
        if (!schemas.ContainsKey(name))
        {
            var schema = shape.GetJsonSchemaAsNode(exact);
            if (schema is JsonObject whole) Move(whole, "#/components/schemas/" + name);
            schemas[name] = schema;
        }
        return Reference("schemas", name);
    }

    /// <summary>Adds what the doc comment of a field says; and what is left out when it is null need not be there.</summary>
    static JsonNode Described(JsonSchemaExporterContext context, JsonNode schema)
    {
        if (context.TypeInfo.Options.DefaultIgnoreCondition == JsonIgnoreCondition.WhenWritingNull && schema is JsonObject whole
            && whole["required"] is JsonArray required)
        {
            var optional = context.TypeInfo.Properties.Where(property => property.IsGetNullable).Select(property => property.Name).ToHashSet();
            foreach (var name in required.ToList()) if (optional.Contains($"{name}")) required.Remove(name);
            if (required.Count == 0) whole.Remove("required");
        }
        if (context.PropertyInfo is not { } property || ApiRecord.Field(property.DeclaringType, property.Name) is not { } meaning) return schema;
        if (schema is not JsonObject map) map = [];   // "true": anything
        map["description"] = meaning;
        return map;
    }

    static void Move(JsonNode node, string to)
    {
        if (node is JsonArray list) foreach (var item in list) if (item is not null) Move(item, to);
        if (node is not JsonObject map) return;
        if (map["$ref"] is JsonValue value && value.GetValue<string>() is ['#', .. var rest]) map["$ref"] = to + rest;
        foreach (var (_, inner) in map) if (inner is not null) Move(inner, to);
    }

    /// <summary><c>CheckView[]</c> is <c>CheckViewList</c>, a dictionary of it <c>CheckViewMap</c>.</summary>
    static string NameOf(Type type) => type switch
    {
        { IsArray: true } => NameOf(type.GetElementType()!) + "List",
        { IsGenericType: true } => NameOf(type.GetGenericArguments()[^1]) + "Map",
        _ => type.Name,
    };
}
