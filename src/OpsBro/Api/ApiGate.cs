using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using OpsBro.Config;
using OpsBro.Platform;

namespace OpsBro.Api;

/// <summary>
/// Decides who may do what, before any handler runs, and writes errors as problem+json. The unix socket has every right; TCP may read,
/// and with a token write. Browsers may not reach the agent under a foreign name, nor send it changes from another page.
/// </summary>
internal sealed partial class ApiGate(RequestDelegate next, ConfigStore config, Telemetry telemetry, ILogger<ApiGate> logger)
{
    readonly Meter meter = telemetry.Of("api", "requests");
    readonly CurrentHttp http = new(config);

    /// <summary>Handles one request.</summary>
    public async Task Invoke(HttpContext context)
    {
        var loop = context.GetEndpoint()?.Metadata.GetMetadata<ApiRoute>() is { IsQuick: true } ? null : context.Features.Get<LoopConnection>();
        if (loop is not null) loop.IsAway = true;
        // what takes long leaves the sockets' thread; and the request before this one may have been answered on a thread that must go back
        if (LentThread.IsLent || (loop is not null && SocketLoop.IsHere)) await Task.Yield();
        var started = System.Diagnostics.Stopwatch.GetTimestamp();
        var failed = false;
        try
        {
            Check(context);
            await next(context);
            if (context.Response is { StatusCode: 404 or 405, HasStarted: false }) await Write(context, NothingThere(context));
        }
        catch (ApiProblem problem)
        {
            await Write(context, problem);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            failed = true;   // the caller has gone; nobody reads an answer
        }
        catch (ConnectionResetException)
        {
            failed = true;   // in the middle of the request
        }
        catch (BadHttpRequestException e)
        {
            await Write(context, new ApiProblem(e.StatusCode, e.Message));
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            // a fault of one handler is one answer and one line of the log; the agent and every other request go on
            LogFault(logger, context.Request.Method, context.Request.Path, e);
            await Write(context, new ApiProblem(500, $"the agent made a mistake ({e.GetType().Name}); see opsbro agent log show api"));
        }
        finally
        {
            if (loop is not null) loop.IsAway = false;
            meter.Ran(System.Diagnostics.Stopwatch.GetElapsedTime(started), failed || context.Response.StatusCode >= 500);
        }
    }

    void Check(HttpContext context)
    {
        var isLocal = IsLocal(context);
        if (!isLocal && !http.Options.Answers(context.Request.Host.Host))
            throw new ApiProblem(421, $"this agent is not called \"{context.Request.Host.Host}\"; use its address, or add the name to http.hosts");
        var route = context.GetEndpoint()?.Metadata.GetMetadata<ApiRoute>();
        var token = TokenOf(context.Request);
        if (token is not null && !isLocal && !http.Options.Knows(token)) throw new ApiProblem(401, "the token is not one of http.tokens");
        if (route is null) return;   // nothing is there: 404 or 405, whoever asks
        if (route.Right == Right.Write && !isLocal && token is null)
        {
            throw new ApiProblem(403,
                $"{context.Request.Method} {context.Request.Path} changes something: use the unix socket, or a token of http.tokens");
        }
        if (route.RefusesUnknownQuery && (context.Request.QueryString.HasValue || route.NeedsQuery)) CheckQuery(context.Request, route);
    }

    /// <summary>True for a request over the unix socket, by someone who is trusted.</summary>
    public static bool IsLocal(HttpContext context) =>
        context.Features.Get<IConnectionSocketFeature>()?.Socket is { } socket && IsTrusted(PeerCredentials.Of(socket));

    static void CheckQuery(HttpRequest request, ApiRoute route)
    {
        foreach (var (name, texts) in request.Query)
        {
            if (name.Length == 0) continue;
            var parameter = route.Query.FirstOrDefault(one => one.Name == name) ?? throw ApiProblem.Bad(Unknown(request.Path, name, route));
            foreach (var text in parameter.Kind.IsRepeated ? [.. texts] : (string?[])[texts.ToString()])
                if (parameter.Refusal(text ?? "") is { } refusal) throw ApiProblem.Bad(refusal);
        }
        foreach (var parameter in route.Query)
        {
            if (parameter.Kind.IsRequired && !request.Query.ContainsKey(parameter.Name))
                throw ApiProblem.Bad($"{parameter.Name} is missing; write for instance {parameter.Name}={parameter.Shown}");
        }
    }

    /// <summary>What is said of a parameter that a route does not have.</summary>
    public static string Unknown(string path, string name, ApiRoute route)
    {
        var known = route.Query.Select(parameter => parameter.Name).ToList();
        var takes = known.Count == 0 ? "it takes none" : $"it takes {string.Join(", ", known)}";
        return $"{path} has no parameter \"{name}\"{Spelling.Hint(name, known)}; {takes}";
    }

    /// <summary>The router sets <c>Allow</c> when the path is there with other methods.</summary>
    static ApiProblem NothingThere(HttpContext context) => context.Response is { StatusCode: 405, Headers.Allow: var methods } && methods.Count > 0
        ? new ApiProblem(405, $"{context.Request.Path} does not take {context.Request.Method}, but {methods}; see /api")
        : new ApiProblem(404, $"nothing answers {context.Request.Method} {context.Request.Path}; see /api");

    /// <summary>Whoever could open the socket file (0660) is trusted when it is root, this user or this group.</summary>
    static bool IsTrusted(PeerCredentials? peer) => peer is { } p
        && (p.Uid == 0 || p.Uid == Platform.Posix.EffectiveUser || p.Gid == Platform.Posix.EffectiveGroup);

    /// <summary>Clients of InfluxDB call the scheme "Token".</summary>
    static string? TokenOf(HttpRequest request)
    {
        string? header = request.Headers.Authorization;
        foreach (var scheme in (string[])["Bearer ", "Token "])
            if (header is not null && header.StartsWith(scheme, StringComparison.OrdinalIgnoreCase)) return header[scheme.Length..].Trim();
        return null;
    }

    static async Task Write(HttpContext context, ApiProblem problem)
    {
        if (context.Response.HasStarted) return;
        var allow = context.Response.Headers.Allow;
        context.Response.Clear();
        context.Response.StatusCode = problem.Status;
        if (problem.Status == 405) context.Response.Headers.Allow = allow;
        if (problem.Status == 401) context.Response.Headers.WWWAuthenticate = "Bearer";
        // the only thing that is asked for here (RFC 9110, 15.5.22; RFC 6455, 4.4)
        if (problem.Status == 426) (context.Response.Headers.Upgrade, context.Response.Headers.SecWebSocketVersion) = ("websocket", "13");
        var view = ApiProblem.View(problem.Status, problem.Message, context.Request.Path);
        await ApiRoutes.Write(context, view, ApiJson.Default.ProblemView, "application/problem+json");
    }

    [LoggerMessage(LogLevel.Error, "{method} {path} failed")]
    static partial void LogFault(ILogger logger, string method, string path, Exception e);
}
