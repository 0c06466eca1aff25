using System.CommandLine;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using OpsBro.Api;
using OpsBro.Cli;
using OpsBro.Detectors;
using OpsBro.Platform;
using OpsBro.Storage;

namespace OpsBro.Collectors;

/// <summary>Reads the host: <c>collectors list|state|show|run|wait-ok|history</c>, <c>/v1/collectors</c>.</summary>
internal sealed class CollectorsComponent : IComponent
{
    /// <summary>Changes that one answer gives unless asked for more.</summary>
    const int DefaultHistory = 100;

    /// <inheritdoc/>
    public string Name => "collectors";

    /// <inheritdoc/>
    public void AddTo(IServiceCollection services, AgentOptions options)
    {
        services.TryAddSingleton(provider => new Feed<Sample>("samples", provider.GetRequiredService<Telemetry>()));
        services.AddSingleton<CollectorStore>();
        services.AddSingleton<ICollectorSource>(_ => new BuiltInCollectors(CollectorCatalogue.Create()));
        services.AddSingleton<ICollectorSource, Declared.DeclaredCollectors>();
        services.AddSingleton(provider => new CollectorRunner(
            provider.GetRequiredService<Telemetry>(), provider.GetRequiredService<Feed<Sample>>(), provider.GetRequiredService<TimeProvider>(),
            provider.GetService<Groups>() is { } groups ? groups.Has : _ => false));
        services.AddSingleton<Config.IConfigChecker, Declared.CollectorChecker>().AddSingleton<Config.IConfigChecker, CollectorSettingsChecker>();
        services.AddSingleton<CollectorLoop>();
        services.AddHostedService(provider => provider.GetRequiredService<CollectorLoop>());
    }

    /// <inheritdoc/>
    public void MapTo(ApiRoutes api, IServiceProvider services)
    {
        var store = services.GetRequiredService<CollectorStore>();
        var history = services.GetRequiredService<HistoryLog>();
        var clock = services.GetRequiredService<TimeProvider>();
        IReadOnlyList<HistoryEntry> History(HttpContext context) => history.Read(
            "collector", context.Query("name"), context.QueryNumber("limit"),
            context.Query("since") is null ? null : clock.GetUtcNow() - context.QueryDuration("since", TimeSpan.Zero));
        var loop = services.GetRequiredService<CollectorLoop>();
        var known = Kind.NameOf(() => store.Names.Order(StringComparer.Ordinal), "cpustats");
        ApiParameter name = ("name", "a collector", known), limit = ("limit", "how many at most", Kind.Number(1..HistoryLog.MaxRead, DefaultHistory)),
            since = ("since", "only the last while", Kind.Duration);
        api.Get("/v1/collectors", "Every collector and how it is.", CollectorsJson.Default.CollectorViewArray,
            context => [.. store.All.Select(s => CollectorView.Of(s, Monotonic.Now, context.QueryFlag("data")))],
            ("data", "the trees as well", Kind.Flag));
        api.Get("/v1/collectors/history", "Changes of the collectors' states, newest first.", CollectorsJson.Default.CollectorChangeViewArray,
            context => [.. History(context).Select(CollectorChangeView.Of)],
            ("name", "only this collector", known), limit, since);
        api.Get("/v1/collectors/{name}", "One collector with its data.", CollectorsJson.Default.CollectorView,
            context => CollectorView.Of(Find(store, context), Monotonic.Now, hasData: true), name);
        api.Change("POST", "/v1/collectors/{name}/run", "Run one collector now and answer with what it found.", CollectorsJson.Default.CollectorView,
            async context =>
            {
                var snapshot = await loop.RunNow(Find(store, context).Name, context.RequestAborted);
                return CollectorView.Of(snapshot, Monotonic.Now, hasData: true);
            }, name).Fails(409, "It is switched off, quarantined, or runs now.");
        api.Legacy("/collectors", "Every collector with its data.", CollectorsJson.Default.DictionaryStringLegacyCollectorView,
            _ => store.All.ToDictionary(s => s.Name, LegacyCollectorView.Of));
        api.Legacy("/agent/collectors/history", "Changes of the collectors' states, oldest first, second by second.",
            CollectorsJson.Default.LegacyCollectorChangesViewArray, context => LegacyCollectorChangesView.Of(History(context).Reverse()),
            ("name", "only this collector", known), limit, since).Fails(400, "A parameter is not as it must be.");
        api.Legacy("/collectors/{name}", "One collector with its data.", CollectorsJson.Default.LegacyCollectorView,
            context => LegacyCollectorView.Of(Find(store, context)), name);
    }

    static CollectorSnapshot Find(CollectorStore store, HttpContext context) =>
        store.TryGet(context.Part("name"), out var snapshot)
            ? snapshot
            : throw ApiProblem.NotFound("collector", context.Part("name"), "opsbro collectors list", store.Names);

    /// <inheritdoc/>
    public IEnumerable<Command> Verbs(ApiClient api, Terminal terminal) => [new CollectorVerbs(api, terminal).Noun()];
}
