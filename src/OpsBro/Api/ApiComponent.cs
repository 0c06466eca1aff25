using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using OpsBro.Agent;

namespace OpsBro.Api;

/// <summary>The parts of the API that belong to no slice: health, the index.</summary>
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
            : Text(context, 503, $"{readiness.State}: {string.Join(", ", readiness.Waiting)}\n"));
        api.Raw("GET", "/api", "This index: text, HTML or JSON (?format=).", Right.Read, context => ApiIndex.Write(context, api.All),
            query: ("format", "text, html or json; else what the caller accepts"));
        api.Raw("GET", "/openapi.json", "This API as OpenAPI 3.1.", Right.Read, context =>
        {
            context.Response.ContentType = "application/json";
            return context.Response.WriteAsync(OpenApi.Text(api.All), context.RequestAborted);
        });
        api.Raw("GET", "/", "OK.", Right.Read, context => Text(context, 200, "OK"), isLegacy: true);
    }

    static Task Text(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(text, context.RequestAborted);
    }
}
