using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpsBro.Api;
using OpsBro.Cli;
using OpsBro.Config;
using OpsBro.Core.TimeSeries;
using OpsBro.Metrics.Asking;
using OpsBro.Metrics.Carrying;
using OpsBro.Metrics.Storing;
using OpsBro.Storage;

namespace OpsBro.Metrics;

/// <summary>The numbers of this host: kept, asked for, passed on.</summary>
internal sealed class MetricsComponent : IComponent
{
    /// <inheritdoc/>
    public string Name => "metrics";

    /// <inheritdoc/>
    public void AddTo(IServiceCollection services, AgentOptions options)
    {
        services.AddSingleton<IConfigChecker, MetricChecker>();
        services.AddSingleton(s =>
        {
            Directory.CreateDirectory(options.DataDirectory);
            var config = s.GetRequiredService<ConfigStore>();
            var settings = new Latest<MetricOptions>(config, agent => MetricOptions.Read(agent, []));
            return Open(options.MetricsFile, options.MetricJournalFile, s.GetRequiredService<TimeProvider>(), s.GetRequiredService<Telemetry>(),
                () => settings.Value, s.GetRequiredService<ILoggerFactory>());
        });
        services.AddHostedService<MetricLoop>();
        services.AddHostedService<CoreNumbersLoop>();
        services.AddSingleton<ClusterMetrics>();
        services.AddHostedService(s => s.GetRequiredService<ClusterMetrics>());
        MetricRoutes.AddTo(services);
    }

    /// <inheritdoc/>
    public void MapTo(ApiRoutes api, IServiceProvider services)
    {
        MetricRoutes.MapTo(api, services);
        var store = services.GetRequiredService<MetricStore>();
        api.Get("/v1/metrics/status", "How the store does: series, tiers, bytes, who brings most.", StoreJson.Default.MetricStatus, _ => store.Status());
        api.Change("POST", "/v1/metrics/compact", "Seal and merge everything now, and give free pages back to the disk.", StoreJson.Default.MetricStatus,
            async _ =>
            {
                await Task.Run(() => store.Round(isThorough: true));
                return store.Status();
            });
    }

    /// <inheritdoc/>
    public IEnumerable<Command> Verbs(ApiClient api, Terminal terminal) => [new MetricVerbs(api, terminal).Noun()];

    /// <summary>Opens the store and its journal, or makes them.</summary>
    public static MetricStore Open(
        string file, string journalFile, TimeProvider time, Telemetry telemetry, Func<MetricOptions> options, ILoggerFactory loggers)
    {
        var logger = loggers.CreateLogger<Database>();
        var segments = new SegmentFile(new Database(file, time, telemetry, logger, SegmentFile.Kind));
        var state = segments.Load();
        var index = new SeriesIndex((ulong)Random.Shared.NextInt64());
        MetricStore.Load(state, index);
        var batches = new JournalFile(new Database(journalFile, time, telemetry, logger, JournalFile.Kind));
        var journal = new MetricJournal(index, batches, () => options().JournalMax);
        return new MetricStore(time, journal, segments, state, options, loggers.CreateLogger<MetricStore>());
    }
}
