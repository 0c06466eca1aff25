using OpsBro.Collectors.Linux;

namespace OpsBro.Collectors;

/// <summary>Every built-in collector, sorted by name: one line each. A test prints the missing line.</summary>
internal static class CollectorCatalogue
{
    /// <summary>Makes one instance of each.</summary>
    public static IReadOnlyList<ICollector> Create() =>
    [
        new Applications.Redis(),
        new IoStats(),
        new NetworkTraffic(),
    ];
}
