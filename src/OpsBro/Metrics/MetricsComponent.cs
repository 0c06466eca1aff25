using Microsoft.Extensions.DependencyInjection;

namespace OpsBro.Metrics;

/// <summary>The numbers of this host: kept, asked for, passed on.</summary>
internal sealed class MetricsComponent : IComponent
{
    /// <inheritdoc/>
    public string Name => "metrics";

    /// <inheritdoc/>
    public void AddTo(IServiceCollection services, AgentOptions options) => services.AddSingleton<MetricJournal>().AddSingleton<MetricStore>();
}
