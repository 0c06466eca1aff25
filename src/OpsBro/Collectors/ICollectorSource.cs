using OpsBro.Config;
using OpsBro.Core.Expressions;

namespace OpsBro.Collectors;

/// <summary>
/// Where collectors come from: the catalogue is one source, the <c>collector:</c> objects of packs another. Each registered source is
/// asked at start and after each reload.
/// </summary>
internal interface ICollectorSource
{
    /// <summary>The collectors of this configuration. Called on the loop's thread; must not wait for anything.</summary>
    /// <param name="configuration">The configuration just taken over.</param>
    /// <param name="problems">What the operator must mend; a broken object is left out or given as it was.</param>
    IReadOnlyList<CollectorDefinition> Read(Configuration configuration, List<Problem> problems);
}

/// <summary>One collector that shall run.</summary>
/// <param name="Name">Unique, and the instance's own <see cref="ICollector.Name"/>; of two with one name the first wins and the other is a problem.</param>
/// <param name="Create">Makes the instance; called once, and again only after <paramref name="Body"/> says something else.</param>
/// <param name="Body">What the operator wrote, null for a built-in: the test of a reload by difference.</param>
/// <param name="Parameters">What <c>{{parameters.x}}</c> reads; a change is taken over without a new instance.</param>
internal sealed record CollectorDefinition(string Name, Func<ICollector> Create, ConfigNode? Body, Value Parameters);
