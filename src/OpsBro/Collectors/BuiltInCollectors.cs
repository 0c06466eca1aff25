using OpsBro.Config;
using OpsBro.Core.Expressions;

namespace OpsBro.Collectors;

/// <summary>The catalogue as a source. A collector's parameters are those of the pack that has its name.</summary>
internal sealed class BuiltInCollectors(IReadOnlyList<ICollector> collectors) : ICollectorSource
{
    static readonly Value none = Value.Of(new DictValue());

    /// <inheritdoc/>
    public IReadOnlyList<CollectorDefinition> Read(Configuration configuration, List<Problem> problems) =>
    [
        .. collectors.Select(collector => new CollectorDefinition(
            collector.Name, () => collector, null,
            configuration.Packs.FirstOrDefault(pack => pack.Name == collector.Name)?.Parameters ?? none)),
    ];
}
