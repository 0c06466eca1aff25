using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpsBro.Agent;
using OpsBro.Api;
using OpsBro.Cli;
using OpsBro.Config;

namespace OpsBro.Events;

/// <summary>Tells programs of every change as it happens: <c>/v1/stream</c>, the websocket port, <c>events watch</c>.</summary>
internal sealed class EventsComponent : IComponent
{
    /// <inheritdoc/>
    public string Name => "events";

    /// <inheritdoc/>
    public void AddTo(IServiceCollection services, AgentOptions options)
    {
        services.AddSingleton(provider => new EventRing(provider.GetRequiredService<TimeProvider>().GetUtcNow()));
        services.AddSingleton<ClusterFeeds>().AddSingleton<NodeRecords>().AddSingleton<EventSources>();
        services.AddHostedService(provider => provider.GetRequiredService<EventSources>());
        services.AddSingleton<StreamDoor>().AddSingleton<StreamHub>().AddSingleton<EventStream>().AddSingleton<StreamServer>();
        services.AddHostedService(provider => provider.GetRequiredService<StreamServer>());
        services.AddSingleton<IListener>(provider => provider.GetRequiredService<StreamServer>());
        services.AddSingleton<IConfigChecker, WebSocketChecker>();
    }

    /// <inheritdoc/>
    public void MapTo(ApiRoutes api, IServiceProvider services)
    {
        var stream = services.GetRequiredService<EventStream>();
        var server = services.GetRequiredService<StreamServer>();
        api.Raw("GET", StreamWelcome.Path,
            "Every change of members, groups, checks and events as it happens: server-sent events, or a websocket when it is asked for.",
                Right.Read, stream.Serve, isLegacy: false, [.. StreamParameters.All])
            .Gives("text/event-stream").Endless().Fails(403, "Asked by a page of another host.").Fails(426, "A websocket of another version than 13.")
            .Fails(503, "As many readers as may are here already.");
        api.Get("/v1/stream/state", "What the stream and the websocket port do: readers, limits, changes kept.",
            EventsJson.Default.StreamStateView, _ => server.Now(stream.Clients));
    }

    /// <inheritdoc/>
    public IEnumerable<Command> Verbs(ApiClient api, Terminal terminal)
    {
        yield return EventsVerbs.Of(api, terminal);
    }
}
