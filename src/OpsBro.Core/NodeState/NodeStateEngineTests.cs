using OpsBro.Core.NodeState;

namespace OpsBro.Tests.NodeState;

public class NodeStateEngineTests
{
    static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);

    public static TheoryData<ulong> Seeds => [1, 2, 3, 4, 5, 6, 7, 8];

    [Theory, MemberData(nameof(Seeds))]
    public void Whatever_is_done_in_whatever_order_all_know_the_same_in_the_end(ulong seed)
    {
        var net = new NodeStateNet(seed) { Loss = 0.2, Double = 0.1, MaxDelay = Seconds(2) };
        var chance = new Core.Gossip.Chance(seed + 77);
        for (var i = 0; i < 3 + (int)seed * 2; i++) net.Add();
        net.Mesh();

        for (var i = 0; i < 400; i++)
        {
            var node = chance.Below(net.Nodes.Count);
            var key = $"check/{chance.Below(12)}";
            var urgent = chance.Below(3) == 0;
            if (chance.Below(3) == 0) net.Remove(node, key, urgent);
            else net.Set(node, key, $"{i}", urgent);
            net.Run(Seconds(chance.Fraction()));
        }

        Assert.True(net.Run(Seconds(120), () => net.IsSettled), $"seed {seed}: not settled");
        foreach (var owner in net.Nodes)
            foreach (var other in net.Nodes)
                Assert.Equal(NodeStateNet.Text(owner.Engine.Self), NodeStateNet.Text(other.Engine.Find("lan", owner.Engine.Self.Name)));
    }
}
