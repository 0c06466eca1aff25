using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using OpsBro.Agent;

namespace OpsBro.Api;

/// <summary>How much is said of a route.</summary>
internal enum ApiDetail
{
    /// <summary>A line or two.</summary>
    List,
    /// <summary>Parameters, answers, errors, calls with curl.</summary>
    Call,
    /// <summary>The same, and examples of body, answer and errors.</summary>
    Full,
}

/// <summary>
/// The API explains itself: <c>/api</c> as text, HTML or JSON, as asked; <c>/api/ROUTE</c> or <c>?route=</c> for those whose path has that,
/// in full when it is one. <see cref="OpenApi"/> is for programs.
/// </summary>
internal sealed class ApiIndex(ApiRoutes api, AgentState agent)
{
    static readonly string[] details = ["list", "call", "full"], formats = ["text", "html", "json"];

    /// <summary>Maps its routes and that of the document.</summary>
    public void MapTo()
    {
        ApiParameter route = ("route", "only routes whose path begins with this or has it", "/v1/members"),
            part = ("route", "the path of a route, or a part of it", "v1/members"),
            format = ("format", "form of the answer; else what the caller accepts", Kind.OneOf(formats)),
            detail = ("detail", "how much; of one route all of it, of many less", Kind.OneOf(details));
        const string unknown = "No path has that.";
        foreach (var one in new[]
            {
                api.Raw("GET", "/api", "Every route, for people: text, HTML or JSON.", Right.Read, Write, query: [route, format, detail]).Fails(404, unknown),
                api.Raw("GET", "/api/{**route}", "One route in full, or all whose path has that.", Right.Read, Write, query: [part, format, detail])
                    .Fails(404, unknown),
            })
            one.Gives("text/plain").Gives("text/html").Gives("application/json", Schema);
        api.Raw("GET", "/openapi.json", "This API as OpenAPI 3.1, for programs.", Right.Read, context =>
        {
            context.Response.ContentType = "application/json";
            return context.Response.WriteAsync(OpenApi.Text(Chosen(context)), context.RequestAborted);
        }, query: route).Gives("application/json", """{"type":"object","required":["openapi"]}""").Fails(404, unknown);
    }

    const string Schema = """
        {"type":"array","items":{"type":"object","properties":{"routes":{"type":"array","items":{"type":"string"}},"method":{"type":"string"},
        "summary":{"type":"string"}},"required":["routes","method","summary"]}}
        """;

    /// <summary>Writes the index in the form that the caller accepts best.</summary>
    Task Write(HttpContext context)
    {
        var routes = Chosen(context);
        var accept = context.Request.Headers.Accept.ToString();
        var format = context.Query("format") is { Length: > 0 } wanted ? wanted
            : accept.Contains("text/html") ? "html" : accept.Contains("application/json") ? "json" : "text";
        var detail = context.Query("detail") is { Length: > 0 } word ? (ApiDetail)Array.IndexOf(details, word)
            : routes.Count < api.All.Count && routes.Select(route => route.Path).Distinct().Count() == 1 ? ApiDetail.Full : ApiDetail.Call;
        var text = new ApiText(agent.Addresses);
        (context.Response.ContentType, var body) = format switch
        {
            "html" => ("text/html; charset=utf-8", new ApiPage(text).Of(routes, detail, routes.Count < api.All.Count)),
            "json" => ("application/json", Json(routes)),
            _ => ("text/plain; charset=utf-8", text.Of(routes, detail)),
        };
        return context.Response.WriteAsync(body, context.RequestAborted);
    }

    /// <summary>The routes that a request asks for: the one of exactly that path, else those that begin with it, else those that have it.</summary>
    /// <exception cref="ApiProblem">404 when there is none.</exception>
    IReadOnlyList<ApiRoute> Chosen(HttpContext context)
    {
        var wanted = context.Request.RouteValues["route"] as string is { } rest ? "/" + Uri.UnescapeDataString(rest) : context.Query("route") ?? "";
        return wanted.Length == 0 ? api.All : Chosen(api.All, wanted);
    }

    /// <summary>The same, for a path or a part of one. <c>*</c> and names in braces are alike: <c>/v1/packs/{name}</c>.</summary>
    public static IReadOnlyList<ApiRoute> Chosen(IReadOnlyList<ApiRoute> all, string wanted)
    {
        foreach (var matches in (Func<ApiRoute, bool>[])
            [
                route => route.PlainPath == wanted || route.Path == wanted,
                route => route.PlainPath.StartsWith(wanted, StringComparison.Ordinal),
                route => route.PlainPath.Contains(wanted.TrimStart('/'), StringComparison.OrdinalIgnoreCase),
            ])
            if (all.Where(matches).ToList() is { Count: > 0 } found) return found;
        throw ApiProblem.NotFound("route", wanted, "opsbro api or GET /api", all.Select(route => route.PlainPath));
    }

    /// <summary>The original's paths last; else by path.</summary>
    public static IEnumerable<ApiRoute> Sorted(IEnumerable<ApiRoute> routes) =>
        routes.OrderBy(r => r.IsLegacy).ThenBy(r => r.Path, StringComparer.Ordinal).ThenBy(r => r.Method, StringComparer.Ordinal);

    /// <summary>The routes by the slice that has them, in the order of Components.cs.</summary>
    public static IEnumerable<IGrouping<string, ApiRoute>> Slices(IReadOnlyList<ApiRoute> routes) => routes.GroupBy(route => route.Slice);

    /// <summary>The shape of the original's <c>/api</c>: a list of routes and methods, with the summary added.</summary>
    static string Json(IReadOnlyList<ApiRoute> routes)
    {
        var list = new JsonArray();
        foreach (var route in Sorted(routes))
            list.Add((JsonNode)new JsonObject { ["routes"] = new JsonArray(route.Path), ["method"] = route.Method, ["summary"] = route.Summary });
        return list.ToJsonString();
    }
}
