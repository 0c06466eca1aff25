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

    [Fact]
    public void Time_to_99_percent()
    {
        var net = new NodeStateNet(1) { Loss = 0.05, Share = new NodeStateShare { SharesMaps = true } };
        for (var i = 0; i < 1_000; i++) net.Add();
        for (var i = 0; i < 1_000; i++) net.Set(i, "fact/os", "linux");
        net.Mesh();
        var began = net.Now;
        Assert.True(net.Run(Seconds(60), () => net.Now - began > Seconds(1) && net.Knowing(7) == 1_000 && net.IsSettled), "no start");
        Console.WriteLine($"join: {net.Now - began}, {net.Messages} messages, {net.Bytes} bytes");

        net.Run(Seconds(30));
        var (m, b) = (net.Messages, net.Bytes);
        net.Run(Seconds(100));
        Console.WriteLine($"idle: {(net.Messages - m) / 1e5} messages and {(net.Bytes - b) / 1e5} bytes a second and node");
        (m, b) = (net.Messages, net.Bytes);
        began = net.Now;
        net.Set(7, "check/cpu", "critical", urgent: true);
        var is99 = net.Run(Seconds(5), () => net.Knowing(7) >= 990);
        Console.WriteLine($"99 %: {is99} {net.Now - began}, {net.Messages - m} messages {net.Bytes - b} bytes");
        Assert.True(is99);
    }
}
