using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using Microsoft.AspNetCore.Http;

namespace OpsBro.Api;

/// <summary>The API explains itself: <c>/api</c> for people (text, HTML or JSON, as asked), <c>/openapi.json</c> for programs.</summary>
internal static class ApiIndex
{
    /// <summary>Writes the index in the form that the caller accepts best.</summary>
    public static Task Write(HttpContext context, IReadOnlyList<ApiRoute> routes)
    {
        var accept = context.Request.Headers.Accept.ToString();
        var wanted = context.Query("format") ?? (accept.Contains("text/html") ? "html" : accept.Contains("application/json") ? "json" : "text");
        (context.Response.ContentType, var body) = wanted switch
        {
            "html" => ("text/html; charset=utf-8", Html(routes)),
            "json" => ("application/json", Json(routes)),
            "text" => ("text/plain; charset=utf-8", PlainText(routes)),
            _ => throw ApiProblem.Bad($"format is \"{wanted}\"; write text, html or json"),
        };
        return context.Response.WriteAsync(body, context.RequestAborted);
    }

    static IEnumerable<ApiRoute> Sorted(IReadOnlyList<ApiRoute> routes) =>
        routes.OrderBy(r => r.IsLegacy).ThenBy(r => r.Path, StringComparer.Ordinal).ThenBy(r => r.Method, StringComparer.Ordinal);

    static string PlainText(IReadOnlyList<ApiRoute> routes)
    {
        var text = new StringBuilder("OpsBro HTTP API. Routes marked * change something: unix socket or token only. Old paths come last.\n\n");
        foreach (var route in Sorted(routes))
        {
            text.Append($"{route.Method,-6} {route.Path}{(route.Right == Right.Write ? " *" : "")}\n       {route.Summary}\n");
            foreach (var (name, meaning) in route.Query) text.Append($"         ?{name}=  {meaning}\n");
        }
        return text.ToString();
    }

    static string Html(IReadOnlyList<ApiRoute> routes)
    {
        var text = new StringBuilder("""
            <!doctype html><html lang="en"><meta charset="utf-8"><title>OpsBro API</title>
            <style>body{font:15px/1.5 system-ui;max-width:60em;margin:2em auto;padding:0 1em}code{font-weight:600}td{padding:.3em 1em .3em 0;vertical-align:top}</style>
            <h1>OpsBro HTTP API</h1><p>Routes marked <b>write</b> need the unix socket or a token. The same as <a href="/openapi.json">OpenAPI</a>.</p><table>
            """);
        foreach (var route in Sorted(routes))
        {
            var path = WebUtility.HtmlEncode(route.Path);
            var shown = route is { Method: "GET" } && !route.Path.Contains('{') ? $"<a href=\"{path}\"><code>{path}</code></a>" : $"<code>{path}</code>";
            var notes = (route.Right == Right.Write ? " <b>write</b>" : "") + (route.IsLegacy ? " <i>old path</i>" : "");
            text.Append($"<tr><td>{route.Method}<td>{shown}{notes}<td>{WebUtility.HtmlEncode(route.Summary)}");
            foreach (var (name, meaning) in route.Query) text.Append($"<br><code>?{WebUtility.HtmlEncode(name)}=</code> {WebUtility.HtmlEncode(meaning)}");
        }
        return text.Append("</table></html>").ToString();
    }

    /// <summary>The shape of the original's <c>/api</c>: a list of routes and methods, with the summary added.</summary>
    static string Json(IReadOnlyList<ApiRoute> routes)
    {
        var list = new JsonArray();
        foreach (var route in Sorted(routes))
            list.Add((JsonNode)new JsonObject { ["routes"] = new JsonArray(route.Path), ["method"] = route.Method, ["summary"] = route.Summary });
        return list.ToJsonString();
    }

    /// <summary>OpenAPI 3.1: the schemas come from the same type descriptions that write the answers.</summary>
    public static string OpenApi(IReadOnlyList<ApiRoute> routes)
    {
        var paths = new JsonObject();
        foreach (var route in Sorted(routes))
        {
            var path = route.Path.Replace("{**", "{");
            if (paths[path] is not JsonObject item) paths[path] = item = [];
            item[route.Method.ToLowerInvariant()] = Operation(route, path);
        }
        return new JsonObject
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject { ["title"] = "OpsBro agent", ["version"] = Product.Version, ["license"] = new JsonObject { ["name"] = "MIT", ["identifier"] = "MIT" } },
            ["servers"] = new JsonArray(new JsonObject { ["url"] = "/" }),
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["securitySchemes"] = new JsonObject { ["token"] = new JsonObject { ["type"] = "http", ["scheme"] = "bearer" } },
                ["schemas"] = new JsonObject { ["Problem"] = ApiJson.Default.ProblemView.GetJsonSchemaAsNode() },
            },
        }.ToJsonString(new JsonSerializerOptions { TypeInfoResolver = ApiJson.Default });
    }

    static JsonObject Operation(ApiRoute route, string path)
    {
        var parameters = new JsonArray();
        foreach (var part in path.Split('/').Where(p => p.StartsWith('{')))
            parameters.Add((JsonNode)Parameter(part.Trim('{', '}'), "path", "A part of the path.", true));
        foreach (var (name, meaning) in route.Query) parameters.Add((JsonNode)Parameter(name, "query", meaning, false));
        var content = route.Shape is null
            ? new JsonObject { ["text/plain"] = new JsonObject { ["schema"] = new JsonObject { ["type"] = "string" } } }
            : new JsonObject { ["application/json"] = new JsonObject { ["schema"] = route.Shape.GetJsonSchemaAsNode() } };
        var operation = new JsonObject
        {
            ["summary"] = route.Summary,
            ["operationId"] = $"{route.Method.ToLowerInvariant()}{path.Replace('/', '_').Replace("{", "").Replace("}", "")}",
            ["parameters"] = parameters,
            ["responses"] = new JsonObject
            {
                ["200"] = new JsonObject { ["description"] = "The answer.", ["content"] = content },
                ["default"] = new JsonObject
                {
                    ["description"] = "What went wrong.",
                    ["content"] = new JsonObject
                    {
                        ["application/problem+json"] = new JsonObject { ["schema"] = new JsonObject { ["$ref"] = "#/components/schemas/Problem" } },
                    },
                },
            },
        };
        if (route.IsLegacy) operation["deprecated"] = true;
        if (route.Right == Right.Write) operation["security"] = new JsonArray(new JsonObject { ["token"] = new JsonArray() });
        return operation;
    }

    static JsonObject Parameter(string name, string place, string meaning, bool isRequired) => new()
    {
        ["name"] = name,
        ["in"] = place,
        ["required"] = isRequired,
        ["description"] = meaning,
        ["schema"] = new JsonObject { ["type"] = "string" },
    };
}
