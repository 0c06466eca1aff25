using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;

namespace OpsBro.Tests.Gossip;

/// <summary>The memory of the process is looked at: no other test may run meanwhile, for a simulation beside it takes more than what is allowed.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public class Alone
{
    public const string Name = "alone";
}

/// <summary>What a peer sends that goes wild does not fill the memory.</summary>
[Collection(Alone.Name)]
public class HostileMemoryTests
{
    [Fact]
    public void Huge_events_and_queries_cost_bounded_memory()
    {
        var cluster = MemoryCluster.Of(2);
        var node = cluster.Nodes[0];
        var before = GC.GetTotalMemory(true);
        for (var i = 0u; i < 1_500; i++)
        {
            node.Hears(new UserEvent(5 + i, "big", new byte[9_000], false));
            node.Hears(new Query(5 + i, i, new byte[] { 10, 0, 0, 2 }, 7946, "n1", null, QueryFlags.None, 0, long.MaxValue, "big", new byte[9_000]));
        }
        node.News.Clear();
        var grown = (GC.GetTotalMemory(true) - before) >> 20;
        GC.KeepAlive(node);

        Assert.True(grown < 20, $"{grown} MB");
    }
}
