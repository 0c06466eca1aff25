using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace OpsBro.Api;

/// <summary>What a caller needs to use a route.</summary>
internal enum Right
{
    /// <summary>Anyone who reaches the listener.</summary>
    Read,
    /// <summary>The unix socket, or a token.</summary>
    Write,
}

/// <summary>One route as the index and OpenAPI show it.</summary>
/// <param name="Method">GET, POST, PUT or DELETE.</param>
/// <param name="Path">With <c>{name}</c> parts; <c>{**rest}</c> takes slashes.</param>
/// <param name="Summary">One sentence.</param>
/// <param name="Right">What a caller needs.</param>
/// <param name="Query">Query parameters: name and meaning.</param>
/// <param name="Shape">The JSON of the answer; null for other content.</param>
/// <param name="IsLegacy">True for a path and shape of the original.</param>
internal sealed record ApiRoute(
    string Method, string Path, string Summary, Right Right, IReadOnlyList<(string Name, string Meaning)> Query, JsonTypeInfo? Shape, bool IsLegacy)
{
    /// <summary>The JSON of the request's body; null when none is read.</summary>
    public JsonTypeInfo? Body { get; init; }

    /// <summary>True for a path of another product: its callers send parameters that mean nothing here.</summary>
    public bool IsForeign { get; init; }

    /// <summary>False for the original's paths and for those of other products, whose callers send what they always sent.</summary>
    public bool RefusesUnknownQuery => !IsLegacy && !IsForeign;
}

/// <summary>
/// Where slices map their routes. Each handler is compiled code without reflection; the list made on the way is what
/// <c>/api</c> and <c>/openapi.json</c> print. Handlers throw <see cref="ApiProblem"/> for errors.
/// </summary>
internal sealed class ApiRoutes(IEndpointRouteBuilder endpoints)
{
    readonly List<ApiRoute> routes = [];

    /// <summary>Every route mapped so far.</summary>
    public IReadOnlyList<ApiRoute> All => routes;

    /// <summary>A reading route.</summary>
    /// <param name="path">Path, with <c>{name}</c> parts.</param>
    /// <param name="summary">One sentence for the index.</param>
    /// <param name="shape">JSON of the answer.</param>
    /// <param name="answer">Makes the answer.</param>
    /// <param name="query">Query parameters: name and meaning.</param>
    public void Get<T>(string path, string summary, JsonTypeInfo<T> shape, Func<HttpContext, T> answer,
        params (string Name, string Meaning)[] query) =>
        Map(new ApiRoute("GET", path, summary, Right.Read, query, shape, false), async context => await Write(context, answer(context), shape));

    /// <summary>A reading route that waits for its answer.</summary>
    public void Get<T>(string path, string summary, JsonTypeInfo<T> shape, Func<HttpContext, Task<T>> answer,
        params (string Name, string Meaning)[] query) =>
        Map(new ApiRoute("GET", path, summary, Right.Read, query, shape, false), async context => await Write(context, await answer(context), shape));

    /// <summary>A route of the original: same path, same shape.</summary>
    public void Legacy<T>(string path, string summary, JsonTypeInfo<T> shape, Func<HttpContext, T> answer) =>
        Map(new ApiRoute("GET", path, summary, Right.Read, [], shape, true), async context => await Write(context, answer(context), shape));

    /// <summary>A route that changes something: POST, PUT or DELETE, for the unix socket or a token only.</summary>
    public void Change<T>(string method, string path, string summary, JsonTypeInfo<T> shape, Func<HttpContext, Task<T>> answer,
        params (string Name, string Meaning)[] query) =>
        Map(new ApiRoute(method, path, summary, Right.Write, query, shape, false), async context => await Write(context, await answer(context), shape));

    /// <summary>A route that changes something and reads a JSON body.</summary>
    public void Change<TBody, T>(string method, string path, string summary, JsonTypeInfo<TBody> body, JsonTypeInfo<T> shape,
        Func<HttpContext, TBody, Task<T>> answer, params (string Name, string Meaning)[] query) =>
        Map(new ApiRoute(method, path, summary, Right.Write, query, shape, false) { Body = body },
            async context => await Write(context, await answer(context, await context.Body(body)), shape));

    /// <summary>A route that writes its answer itself: text, a stream.</summary>
    public void Raw(string method, string path, string summary, Right right, RequestDelegate handler, bool isLegacy = false,
        params (string Name, string Meaning)[] query) =>
        Map(new ApiRoute(method, path, summary, right, query, null, isLegacy), handler);

    /// <summary>A route of another product's API, with that product's shapes and errors.</summary>
    public void Foreign(string method, string path, string summary, Right right, RequestDelegate handler, params (string Name, string Meaning)[] query) =>
        Map(new ApiRoute(method, path, summary, right, query, null, false) { IsForeign = true }, handler);

    void Map(ApiRoute route, RequestDelegate handler)
    {
        routes.Add(route);
        // what can be read can be asked for without its body (RFC 9110, 9.3.2); the server leaves the body out
        var methods = route.Method == "GET" ? new[] { "GET", "HEAD" } : [route.Method];
        endpoints.MapMethods(route.Path, methods, handler).WithMetadata(route);
    }

    /// <summary>Writes a JSON answer.</summary>
    public static Task Write<T>(HttpContext context, T answer, JsonTypeInfo<T> shape, string contentType = "application/json")
    {
        context.Response.ContentType = contentType;
        return JsonSerializer.SerializeAsync(context.Response.Body, answer, shape, context.RequestAborted);
    }
}

/// <summary>Reading requests.</summary>
internal static class RequestReading
{
    /// <summary>Largest body taken, in bytes.</summary>
    public const int MaxBody = 1024 * 1024;

    /// <summary>A part of the path.</summary>
    public static string Part(this HttpContext context, string name) => (string)context.Request.RouteValues[name]!;

    /// <summary>A query parameter, or null.</summary>
    public static string? Query(this HttpContext context, string name) =>
        context.Request.Query.TryGetValue(name, out var values) ? values.ToString() : null;

    /// <summary>A query parameter that is a whole number within limits.</summary>
    /// <exception cref="ApiProblem">400 when it is something else.</exception>
    public static int QueryNumber(this HttpContext context, string name, int otherwise, int least, int most)
    {
        if (context.Query(name) is not { } text) return otherwise;
        if (int.TryParse(text, out var number) && number >= least && number <= most) return number;
        throw ApiProblem.Bad($"{name} is \"{text}\"; write a whole number from {least} to {most}");
    }

    /// <summary>A query parameter that is a duration.</summary>
    /// <exception cref="ApiProblem">400 when it is something else.</exception>
    public static TimeSpan QueryDuration(this HttpContext context, string name, TimeSpan otherwise)
    {
        if (context.Query(name) is not { } text) return otherwise;
        return Config.Durations.TryParse(text, out var duration)
            ? duration
            : throw ApiProblem.Bad($"{name} is \"{text}\"; write a duration, for instance 30s or 2h");
    }

    /// <summary>Reads a JSON body.</summary>
    /// <exception cref="ApiProblem">400 when it is not of that shape.</exception>
    public static async Task<T> Body<T>(this HttpContext context, JsonTypeInfo<T> shape)
    {
        try
        {
            return await JsonSerializer.DeserializeAsync(context.Request.Body, shape, context.RequestAborted)
                   ?? throw ApiProblem.Bad("the body is null; send a JSON object");
        }
        catch (JsonException e)
        {
            throw ApiProblem.Bad($"the body is not the JSON expected: {e.Message}");
        }
    }
}
