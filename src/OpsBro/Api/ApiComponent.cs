using System.CommandLine;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using OpsBro.Agent;
using OpsBro.Cli;

namespace OpsBro.Api;

/// <summary>The parts of the API that belong to no slice: health, the index with its verb <c>api</c>.</summary>
internal sealed class ApiComponent : IComponent
{
    /// <inheritdoc/>
    public string Name => "api";

    /// <inheritdoc/>
    public void AddTo(IServiceCollection services, AgentOptions options) => services.AddSingleton<Config.IConfigChecker, HttpChecker>();

    /// <inheritdoc/>
    public void MapTo(ApiRoutes api, IServiceProvider services)
    {
        var readiness = services.GetRequiredService<Readiness>();
        api.Raw("GET", "/healthz", "200 as long as the agent runs.", Right.Read, context => Text(context, 200, "ok\n"));
        api.Raw("GET", "/readyz", "200 once every loop has made its first round, 503 before.", Right.Read, context =>
            readiness.State == "ok"
            ? Text(context, 200, "ok\n")
            : Text(context, 503, $"{readiness.State}: {string.Join(", ", readiness.Waiting)}\n")).Fails(503, "Not yet, or not any more.", ErrorForm.Sentence);
        new ApiIndex(api, services.GetRequiredService<AgentState>()).MapTo();
        api.Raw("GET", "/", "OK.", Right.Read, context => Text(context, 200, "OK"), isLegacy: true);
    }

    /// <inheritdoc/>
    public IEnumerable<Command> Verbs(ApiClient api, Terminal terminal) => [ApiVerb.Create(api, terminal)];

    static Task Text(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(text, context.RequestAborted);
    }
}
