using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace OpsBro.Api;

/// <summary>The API explains itself: <c>/api</c> as text, HTML or JSON, as asked. <see cref="OpenApi"/> is for programs.</summary>
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

    internal static IEnumerable<ApiRoute> Sorted(IReadOnlyList<ApiRoute> routes) =>
        routes.OrderBy(r => r.IsLegacy).ThenBy(r => r.Path, StringComparer.Ordinal).ThenBy(r => r.Method, StringComparer.Ordinal);

    /// <summary>The routes by the slice that has them, in the order of Components.cs.</summary>
    internal static IEnumerable<IGrouping<string, ApiRoute>> Slices(IReadOnlyList<ApiRoute> routes) => routes.GroupBy(route => route.Slice);

    static string PlainText(IReadOnlyList<ApiRoute> routes)
    {
        var text = new StringBuilder("OpsBro HTTP API. Routes marked * change something: unix socket or token only. Old paths come last.\n\n");
        foreach (var route in Sorted(routes))
        {
            text.Append($"{route.Method,-6} {route.Path}{(route.Right == Right.Write ? " *" : "")}\n       {route.Summary}\n");
            foreach (var one in route.Query) text.Append($"         ?{one.Name}=  {one.Meaning}\n");
        }
        return text.ToString();
    }

    static string Html(IReadOnlyList<ApiRoute> routes)
    {
        var text = new StringBuilder("""
            <!doctype html><html lang="en"><meta charset="utf-8"><title>OpsBro API</title>
            <style>
            body{font:15px/1.5 system-ui;max-width:60em;margin:2em auto;padding:0 1em}
            code{font-weight:600}td{padding:.3em 1em .3em 0;vertical-align:top}
            </style>
            <h1>OpsBro HTTP API</h1><p>Routes marked <b>write</b> need the unix socket or a token. The same as <a href="/openapi.json">OpenAPI</a>.</p><table>
            """);
        foreach (var route in Sorted(routes))
        {
            var path = WebUtility.HtmlEncode(route.Path);
            var shown = route is { Method: "GET" } && !route.Path.Contains('{') ? $"<a href=\"{path}\"><code>{path}</code></a>" : $"<code>{path}</code>";
            var notes = (route.Right == Right.Write ? " <b>write</b>" : "") + (route.IsLegacy ? " <i>old path</i>" : "");
            text.Append($"<tr><td>{route.Method}<td>{shown}{notes}<td>{WebUtility.HtmlEncode(route.Summary)}");
            foreach (var one in route.Query) text.Append($"<br><code>?{one.Name}=</code> {WebUtility.HtmlEncode(one.Meaning)}");
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
}
