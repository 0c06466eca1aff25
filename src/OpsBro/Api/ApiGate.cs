using System.Net;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using OpsBro.Config;

namespace OpsBro.Api;

/// <summary>
/// Decides who may do what, before any handler runs, and writes errors as problem+json. The unix socket has every right; TCP may read,
/// and with a token write. Browsers may not reach the agent under a foreign name, nor send it changes from another page.
/// </summary>
internal sealed class ApiGate(RequestDelegate next, ConfigStore config, Telemetry telemetry)
{
    readonly Meter meter = telemetry.Of("api", "requests");
    readonly string machine = Environment.MachineName;
    (int Version, HttpOptions Options) known = (-1, new HttpOptions());

    HttpOptions Options
    {
        get
        {
            var current = config.Current;
            if (known.Version != current.Version) known = (current.Version, HttpOptions.Read(current.Agent, []));
            return known.Options;
        }
    }

    /// <summary>Handles one request.</summary>
    public async Task Invoke(HttpContext context)
    {
        var started = System.Diagnostics.Stopwatch.GetTimestamp();
        var failed = false;
        try
        {
            Check(context);
            await next(context);
            if (context.Response is { StatusCode: 404 or 405, HasStarted: false })
                throw new ApiProblem(context.Response.StatusCode, $"nothing answers {context.Request.Method} {context.Request.Path}; see /api");
        }
        catch (ApiProblem problem)
        {
            await Write(context, problem.Status, problem.Message);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            failed = true;   // the caller has gone; nobody reads an answer
        }
        catch (BadHttpRequestException e)
        {
            await Write(context, e.StatusCode, e.Message);
        }
        finally
        {
            meter.Ran(System.Diagnostics.Stopwatch.GetElapsedTime(started), failed || context.Response.StatusCode >= 500);
        }
    }

    void Check(HttpContext context)
    {
        var isLocal = context.Features.Get<IConnectionSocketFeature>()?.Socket is { } socket && IsTrusted(PeerCredentials.Of(socket));
        if (!isLocal && !IsKnownHost(context.Request.Host.Host))
            throw new ApiProblem(421, $"this agent is not called \"{context.Request.Host.Host}\"; use its address, or add the name to http.hosts");
        var isReading = context.Request.Method is "GET" or "HEAD" or "OPTIONS";
        var right = context.GetEndpoint()?.Metadata.GetMetadata<ApiRoute>()?.Right ?? (isReading ? Right.Read : Right.Write);
        var token = TokenOf(context.Request);
        if (token is not null && !isLocal && !Options.Knows(token)) throw new ApiProblem(401, "the token is not one of http.tokens");
        if (right == Right.Read || isLocal) return;
        if (token is null)
            throw new ApiProblem(403, $"{context.Request.Method} {context.Request.Path} changes something: use the unix socket, or a token of http.tokens");
    }

    /// <summary>Whoever could open the socket file (0660) is trusted when it is root, this user or this group.</summary>
    static bool IsTrusted(PeerCredentials? peer) => peer is { } p && (p.Uid == 0 || p.Uid == Platform.Posix.EffectiveUser || p.Gid == Platform.Posix.EffectiveGroup);

    bool IsKnownHost(string host) =>
        host.Length == 0 || host == "localhost" || IPAddress.TryParse(host.Trim('[', ']'), out _)
        || string.Equals(host, machine, StringComparison.OrdinalIgnoreCase)
        || host.StartsWith(machine + ".", StringComparison.OrdinalIgnoreCase)
        || Options.Hosts.Contains(host, StringComparer.OrdinalIgnoreCase);

    static string? TokenOf(HttpRequest request)
    {
        const string scheme = "Bearer ";
        string? header = request.Headers.Authorization;
        return header is not null && header.StartsWith(scheme, StringComparison.OrdinalIgnoreCase) ? header[scheme.Length..].Trim() : null;
    }

    static async Task Write(HttpContext context, int status, string detail)
    {
        if (context.Response.HasStarted) return;
        context.Response.Clear();
        context.Response.StatusCode = status;
        var title = Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status);
        await ApiRoutes.Write(context, new ProblemView("about:blank", title, status, detail, context.Request.Path), ApiJson.Default.ProblemView, "application/problem+json");
    }
}
