using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using OpsBro.Agent;
using OpsBro.Api;
using OpsBro.Cli;
using OpsBro.Config;

namespace OpsBro.Metrics.Listeners;

/// <summary>Graphite's own ways in: lines on TCP and UDP, pickles on TCP.</summary>
internal sealed class GraphiteComponent : IComponent
{
    /// <inheritdoc/>
    public string Name => "graphite";

    /// <inheritdoc/>
    public void AddTo(IServiceCollection services, AgentOptions options)
    {
        services.AddSingleton<GraphiteBook>().AddSingleton<GraphiteIntake>().AddSingleton<GraphiteListener>();
        services.AddHostedService(s => s.GetRequiredService<GraphiteListener>()).AddSingleton<IListener>(s => s.GetRequiredService<GraphiteListener>());
        services.AddSingleton<IConfigChecker, GraphiteChecker>();
    }

    /// <inheritdoc/>
    public void MapTo(ApiRoutes api, IServiceProvider services)
    {
        var listener = services.GetRequiredService<GraphiteListener>();
        api.Get("/v1/graphite", "What the Graphite listener does: connections, lines, and those that could not be read.",
            IntakeJson.Default.GraphiteView, _ => listener.Now());
    }

    /// <inheritdoc/>
    public IEnumerable<Command> Verbs(ApiClient api, Terminal terminal) => [new IntakeVerbs(api, terminal).Graphite()];
}
