using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpsBro.Api;
using OpsBro.Gossip;

namespace OpsBro.Events;

/// <summary>Tells programs of every change as it happens: <c>/v1/stream</c>.</summary>
internal sealed class EventsComponent : IComponent
{
    /// <inheritdoc/>
    public string Name => "events";

    /// <inheritdoc/>
    public void AddTo(IServiceCollection services, AgentOptions options)
    {
        services.AddSingleton(provider => new EventRing(provider.GetRequiredService<TimeProvider>().GetUtcNow()));
        services.AddSingleton<ClusterFeeds>().AddSingleton<EventSources>();
        services.AddHostedService(provider => provider.GetRequiredService<EventSources>());
    }

    /// <inheritdoc/>
    public void MapTo(ApiRoutes api, IServiceProvider services)
    {
        var cluster = services.GetRequiredService<Cluster>();
        var stream = new EventStream(
            services.GetRequiredService<EventRing>(), services.GetRequiredService<Telemetry>(),
            services.GetRequiredService<IHostApplicationLifetime>(), services.GetRequiredService<TimeProvider>(),
            () => cluster.Name);   // as in the items: a reload may change it
        api.Raw("GET", "/v1/stream", "Every change of members, groups, checks and events as it happens: server-sent events.", Right.Read,
            stream.Serve, isLegacy: false, ("topics", string.Join(", ", EventStream.Topics) + "; all unless told"),
            ("since", "resume after the change with this number; a browser says it by Last-Event-ID"));
    }
}
