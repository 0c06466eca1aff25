using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace OpsBro.Api;

/// <summary>
/// Where slices map their routes. Each handler is compiled code without reflection; the list made on the way is what
/// <c>/api</c> and <c>/openapi.json</c> print. Handlers throw <see cref="ApiProblem"/> for errors. Parameters are tuples
/// (<see cref="ApiParameter"/>), and what comes back says more, where there is more to say (<see cref="ApiRoute"/>).
/// </summary>
internal sealed class ApiRoutes(IEndpointRouteBuilder endpoints)
{
    readonly List<ApiRoute> routes = [];

    /// <summary>Every route mapped so far.</summary>
    public IReadOnlyList<ApiRoute> All => routes;

    /// <summary>The component whose routes come next.</summary>
    public string Slice { get; set; } = "";

    /// <summary>A reading route.</summary>
    /// <param name="path">Path, with <c>{name}</c> parts.</param>
    /// <param name="summary">One sentence for the index.</param>
    /// <param name="shape">JSON of the answer.</param>
    /// <param name="answer">Makes the answer.</param>
    /// <param name="query">Parameters of path and query of which there is something to say.</param>
    public ApiRoute Get<T>(string path, string summary, JsonTypeInfo<T> shape, Func<HttpContext, T> answer,
        params ApiParameter[] query) =>
        Map(new ApiRoute("GET", path, summary, Right.Read, query, shape, false), async context => await Write(context, answer(context), shape));

    /// <summary>A reading route that waits for its answer.</summary>
    public ApiRoute Get<T>(string path, string summary, JsonTypeInfo<T> shape, Func<HttpContext, Task<T>> answer,
        params ApiParameter[] query) =>
        Map(new ApiRoute("GET", path, summary, Right.Read, query, shape, false), async context => await Write(context, await answer(context), shape));

    /// <summary>A route of the original: same path, same shape.</summary>
    public ApiRoute Legacy<T>(string path, string summary, JsonTypeInfo<T> shape, Func<HttpContext, T> answer, params ApiParameter[] query) =>
        Map(new ApiRoute("GET", path, summary, Right.Read, query, shape, true), async context => await Write(context, answer(context), shape));

    /// <summary>A route that changes something: POST, PUT or DELETE, for the unix socket or a token only.</summary>
    public ApiRoute Change<T>(string method, string path, string summary, JsonTypeInfo<T> shape, Func<HttpContext, Task<T>> answer,
        params ApiParameter[] query) =>
        Map(new ApiRoute(method, path, summary, Right.Write, query, shape, false), async context => await Write(context, await answer(context), shape));

    /// <summary>A route that changes something and reads a JSON body.</summary>
    public ApiRoute Change<TBody, T>(string method, string path, string summary, JsonTypeInfo<TBody> body, JsonTypeInfo<T> shape,
        Func<HttpContext, TBody, Task<T>> answer, params ApiParameter[] query) =>
        Map(new ApiRoute(method, path, summary, Right.Write, query, shape, false),
            async context => await Write(context, await answer(context, await context.Body(body)), shape)).TakesJson(body);

    /// <summary>A route that writes its answer itself: text, a stream.</summary>
    public ApiRoute Raw(string method, string path, string summary, Right right, RequestDelegate handler, bool isLegacy = false,
        params ApiParameter[] query) =>
        Map(new ApiRoute(method, path, summary, right, query, null, isLegacy), handler);

    /// <summary>A route of another product's API, with that product's shapes and errors.</summary>
    public ApiRoute Foreign(string method, string path, string summary, Right right, RequestDelegate handler, params ApiParameter[] query) =>
        Map(new ApiRoute(method, path, summary, right, query, null, false) { IsForeign = true, Errors = ErrorForm.Sentence }, handler);

    ApiRoute Map(ApiRoute route, RequestDelegate handler)
    {
        route = route with { Slice = Slice };
        routes.Add(route);
        // what can be read can be asked for without its body (RFC 9110, 9.3.2); the server leaves the body out
        var methods = route.Method == "GET" ? new[] { "GET", "HEAD" } : [route.Method];
        endpoints.MapMethods(route.Path, methods, handler).WithMetadata(route);
        return route;
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

    /// <summary>True when a query parameter says yes.</summary>
    public static bool QueryFlag(this HttpContext context, string name) => Kind.IsYes(context.Query(name));

    /// <summary>A query parameter that is a whole number, with the bounds and the default that its route declares.</summary>
    /// <exception cref="ApiProblem">400 when it is something else.</exception>
    public static int QueryNumber(this HttpContext context, string name)
    {
        var kind = context.GetEndpoint()?.Metadata.GetMetadata<ApiRoute>()?.Find(name)?.Kind
            ?? throw new InvalidOperationException($"no parameter {name} is declared where the route is mapped");
        if (context.Query(name) is not { } text) text = kind.Default ?? throw new InvalidOperationException($"{name} has no default");
        return kind.Refusal(name, text) is { } refusal ? throw ApiProblem.Bad(refusal) : int.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
    }

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
