using Xunit.Abstractions;

[assembly: TestCollectionOrderer("OpsBro.Tests.LongFirst", "OpsBro.Tests")]

namespace OpsBro.Tests;

/// <summary>
/// Classes that take long come first, so that all cores are busy to the end. They wait more than they compute: three for two cores
/// run side by side (xunit.runner.json).
/// </summary>
public sealed class LongFirst : ITestCollectionOrderer
{
    static readonly string[] longOnes = ["Simulation.", "Killing.", "EndToEnd.KeyValue", "EndToEnd.Lab", "EndToEnd.", "ApiDocument.", "Graphite."];

    /// <inheritdoc/>
    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections.OrderBy(collection => Rank(collection.DisplayName));

    static int Rank(string name)
    {
        var rank = Array.FindIndex(longOnes, part => name.Contains($".{part}", StringComparison.Ordinal));
        return rank < 0 ? longOnes.Length : rank;
    }
}
