using OpsBro.Agent;
using OpsBro.Api;
using OpsBro.Checks;
using OpsBro.Collectors;
using OpsBro.Config;
using OpsBro.Detectors;
using OpsBro.Dns;
using OpsBro.Evaluator;
using OpsBro.Events;
using OpsBro.Gossip;
using OpsBro.KeyValue;
using OpsBro.Metrics;
using OpsBro.Metrics.Exporters;
using OpsBro.Metrics.Listeners;
using OpsBro.NodeState;
using OpsBro.Storage;

namespace OpsBro;

/// <summary>The agent's table of contents: every capability, in start order.</summary>
internal static class Components
{
    /// <summary>A new one of each.</summary>
    public static IReadOnlyList<IComponent> Create() =>
    [
        new ApiComponent(),
        new AgentComponent(),
        new ConfigComponent(),
        new StorageComponent(),
        new EvaluatorComponent(),
        new CollectorsComponent(),
        new DetectorsComponent(),
        new MonitoringComponent(),
        new GossipComponent(),
        new NodeStateComponent(),
        new DnsComponent(),
        new EventsComponent(),
        new KeyValueComponent(),
        new MetricsComponent(),
        new ForwardComponent(),
        new StatsdComponent(),
        new GraphiteComponent(),
        new IntakeComponent(),
    ];
}
