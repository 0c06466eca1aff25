using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace OpsBro.Tests.ApiDocument;

/// <summary>The rules of OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.0) that a machine can hold against our document.</summary>
static partial class OpenApiRules
{
    static readonly string[] methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

    /// <summary>Everything that is wrong, each with its place.</summary>
    public static IReadOnlyList<string> Faults(JsonNode document)
    {
        var faults = new List<string>();
        if (!$"{document["openapi"]}".StartsWith("3.1.", StringComparison.Ordinal)) faults.Add("openapi is not 3.1");
        foreach (var name in (string[])["title", "version"])
            if (document["info"]?[name] is null) faults.Add($"info.{name} is missing");
        var schema = new JsonSchema(document);
        faults.AddRange(References(document).Where(reference => schema.Resolve(reference) is null).Select(reference => $"{reference} leads nowhere"));
        foreach (var (name, one) in document["components"]?["schemas"]?.AsObject() ?? []) faults.AddRange(schema.FaultsOf(one, name));
        var paths = document["paths"] as JsonObject ?? [];
        foreach (var alike in paths.GroupBy(path => Part().Replace(path.Key, "{}")).Where(same => same.Count() > 1))
            faults.Add($"{string.Join(" and ", alike.Select(path => path.Key))} are the same path");
        var ids = new HashSet<string>();
        foreach (var (path, item) in paths)
        {
            if (!path.StartsWith('/')) faults.Add($"{path} does not begin with a slash");
            foreach (var (method, operation) in item as JsonObject ?? [])
            {
                var at = $"{method.ToUpperInvariant()} {path}";
                if (!methods.Contains(method)) faults.Add($"{at}: there is no such method");
                if (!ids.Add($"{operation?["operationId"]}")) faults.Add($"{at}: another one has the operationId \"{operation?["operationId"]}\"");
                faults.AddRange(Of(document, schema, path, operation as JsonObject ?? []).Select(fault => $"{at}: {fault}"));
            }
        }
        return faults;
    }

    static IEnumerable<string> Of(JsonNode document, JsonSchema schema, string path, JsonObject operation)
    {
        if ($"{operation["summary"]}".Length == 0) yield return "it has no summary";
        var tags = (document["tags"] as JsonArray ?? []).Select(tag => $"{tag?["name"]}").ToList();
        foreach (var tag in operation["tags"] as JsonArray ?? [])
            if (!tags.Contains($"{tag}")) yield return $"the tag {tag} is not declared";
        foreach (var need in operation["security"] as JsonArray ?? [])
            foreach (var (scheme, _) in need as JsonObject ?? [])
                if (document["components"]?["securitySchemes"]?[scheme] is null) yield return $"the security scheme {scheme} is not declared";
        var parameters = (operation["parameters"] as JsonArray ?? []).OfType<JsonObject>().ToList();
        foreach (var twice in parameters.GroupBy(p => $"{p["in"]} {p["name"]}").Where(same => same.Count() > 1)) yield return $"{twice.Key} is declared twice";
        var inPath = Part().Matches(path).Select(match => match.Groups[1].Value).ToList();
        foreach (var name in inPath.Where(name => !parameters.Exists(p => $"{p["in"]}" == "path" && $"{p["name"]}" == name)))
            yield return $"the path's {name} is not declared";
        foreach (var parameter in parameters)
        {
            var name = $"{parameter["name"]}";
            if ($"{parameter["in"]}" is not ("path" or "query" or "header" or "cookie")) yield return $"{name} is in {parameter["in"]}";
            if ($"{parameter["in"]}" == "path" && !inPath.Contains(name)) yield return $"{name} is not in the path";
            if ($"{parameter["in"]}" == "path" && parameter["required"]?.GetValue<bool>() != true) yield return $"{name} is in the path and not required";
            if ($"{parameter["description"]}".Length == 0) yield return $"{name} has no description";
            foreach (var fault in schema.FaultsOf(parameter["schema"], name)) yield return fault;
            if (!parameter.ContainsKey("example")) yield return $"{name} has no example";
            else foreach (var fault in schema.Faults(parameter["schema"], parameter["example"])) yield return $"the example of {name}: {fault}";
        }
        if (operation["requestBody"] is { } body)
            foreach (var fault in Contents(schema, body["content"], isNeeded: true)) yield return $"the body: {fault}";
        var responses = operation["responses"] as JsonObject ?? [];
        if (!responses.Any(response => response.Key.StartsWith('2'))) yield return "it has no good answer";
        foreach (var (status, response) in responses)
        {
            if (!Status().IsMatch(status)) yield return $"{status} is no status";
            var answer = response?["$ref"] is { } reference ? schema.Resolve($"{reference}") : response;
            if ($"{answer?["description"]}".Length == 0) yield return $"{status} has no description";
            foreach (var fault in Contents(schema, answer?["content"], isNeeded: false)) yield return $"{status}: {fault}";
        }
    }

    static IEnumerable<string> Contents(JsonSchema schema, JsonNode? contents, bool isNeeded)
    {
        if (isNeeded && contents is not JsonObject { Count: > 0 }) yield return "it has no content";
        foreach (var (type, content) in contents as JsonObject ?? [])
        {
            if (!type.Contains('/')) yield return $"{type} is no content type";
            foreach (var fault in schema.FaultsOf(content?["schema"], type)) yield return fault;
            var example = (content as JsonObject)?.ContainsKey("example") == true;
            if (isNeeded && !example && content?["x-example-base64"] is null) yield return $"{type} has no example";
            if (!example || type == "application/x-www-form-urlencoded") continue;   // a form's schema is that of its fields
            foreach (var fault in schema.Faults(content!["schema"], content["example"])) yield return $"the example of {type}: {fault}";
        }
    }

    static IEnumerable<string> References(JsonNode? node) => node switch
    {
        JsonArray list => list.SelectMany(References),
        JsonObject map => map.SelectMany(entry => entry is { Key: "$ref", Value: JsonValue value } ? [$"{value}"] : References(entry.Value)),
        _ => [],
    };

    [GeneratedRegex(@"\{([^}]+)\}")]
    private static partial Regex Part();

    [GeneratedRegex("^[1-5][0-9][0-9]$|^default$")]
    private static partial Regex Status();
}
