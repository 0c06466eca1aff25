using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;

namespace OpsBro.Api;

/// <summary>
/// <c>/openapi.json</c>: this API as OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.0). The schemas come from the same type
/// descriptions that write the answers.
/// </summary>
internal sealed class OpenApi
{
    static readonly JsonSchemaExporterOptions exact = new() { TreatNullObliviousAsNonNullable = true };

    readonly JsonObject schemas = new() { ["Problem"] = ApiJson.Default.ProblemView.GetJsonSchemaAsNode(exact) };

    OpenApi()
    {
    }

    /// <summary>The document.</summary>
    public static string Text(IReadOnlyList<ApiRoute> routes) =>
        new OpenApi().Document(routes).ToJsonString(new JsonSerializerOptions { TypeInfoResolver = ApiJson.Default });

    JsonObject Document(IReadOnlyList<ApiRoute> routes)
    {
        var paths = new JsonObject();
        foreach (var route in ApiIndex.Sorted(routes))
        {
            var path = route.Path.Replace("{**", "{");
            if (paths[path] is not JsonObject item) paths[path] = item = [];
            item[route.Method.ToLowerInvariant()] = Operation(route, path);
        }
        var license = new JsonObject { ["name"] = "MIT", ["identifier"] = "MIT" };
        return new JsonObject
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject { ["title"] = "OpsBro agent", ["version"] = Product.Version, ["license"] = license },
            ["servers"] = new JsonArray(new JsonObject { ["url"] = "/" }),
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["securitySchemes"] = new JsonObject { ["token"] = new JsonObject { ["type"] = "http", ["scheme"] = "bearer" } },
                ["schemas"] = schemas,
            },
        };
    }

    JsonObject Operation(ApiRoute route, string path)
    {
        var parameters = new JsonArray();
        foreach (var part in path.Split('/').Where(p => p.StartsWith('{')))
            parameters.Add((JsonNode)Parameter(part.Trim('{', '}'), "path", "A part of the path.", true));
        foreach (var (name, meaning) in route.Query) parameters.Add((JsonNode)Parameter(name, "query", meaning, false));
        var answer = route.Shape is null
            ? Content("text/plain", new JsonObject { ["type"] = "string" })
            : Content("application/json", SchemaOf(route.Shape));
        var operation = new JsonObject
        {
            ["summary"] = route.Summary,
            ["operationId"] = $"{route.Method.ToLowerInvariant()}{path.Replace('/', '_').Replace("{", "").Replace("}", "")}",
            ["parameters"] = parameters,
            ["responses"] = new JsonObject
            {
                ["200"] = new JsonObject { ["description"] = "The answer.", ["content"] = answer },
                ["default"] = new JsonObject
                {
                    ["description"] = "What went wrong.",
                    ["content"] = Content("application/problem+json", Reference("Problem")),
                },
            },
        };
        if (route.Body is not null)
            operation["requestBody"] = new JsonObject { ["required"] = true, ["content"] = Content("application/json", SchemaOf(route.Body)) };
        if (route.IsLegacy) operation["deprecated"] = true;
        if (route.Right == Right.Write) operation["security"] = new JsonArray(new JsonObject { ["token"] = new JsonArray() });
        return operation;
    }

    static JsonObject Content(string type, JsonNode schema) => new() { [type] = new JsonObject { ["schema"] = schema } };

    static JsonObject Reference(string name) => new() { ["$ref"] = "#/components/schemas/" + name };

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
        return Reference(name);
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

    static JsonObject Parameter(string name, string place, string meaning, bool isRequired) => new()
    {
        ["name"] = name,
        ["in"] = place,
        ["required"] = isRequired,
        ["description"] = meaning,
        ["schema"] = new JsonObject { ["type"] = "string" },
    };
}
