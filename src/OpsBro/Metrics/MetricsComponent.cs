using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpsBro.Api;
using OpsBro.Cli;
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
        services.AddSingleton(s =>
        {
            Directory.CreateDirectory(options.DataDirectory);
            var database = new Database(options.MetricJournalFile, s.GetRequiredService<TimeProvider>(), s.GetRequiredService<Telemetry>(),
                s.GetRequiredService<ILogger<Database>>(), JournalFile.Kind);
            return new MetricJournal(new SeriesNames(), new JournalFile(database), () => MetricJournal.DefaultBytes);
        });
        services.AddSingleton<MetricStore>();
        services.AddHostedService<CoreNumbersLoop>();
        services.AddSingleton<ClusterMetrics>();
        services.AddHostedService(s => s.GetRequiredService<ClusterMetrics>());
        MetricRoutes.AddTo(services);
    }

    /// <inheritdoc/>
    public void MapTo(ApiRoutes api, IServiceProvider services) => MetricRoutes.MapTo(api, services);

    /// <inheritdoc/>
    public IEnumerable<Command> Verbs(ApiClient api, Terminal terminal) => [new MetricVerbs(api, terminal).Noun()];
}
