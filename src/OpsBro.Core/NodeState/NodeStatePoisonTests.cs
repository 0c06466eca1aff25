using OpsBro.Core.NodeState;

namespace OpsBro.Tests.NodeState;

/// <summary>Deltas that are well formed and still meant to harm.</summary>
public class NodeStatePoisonTests
{
    const ulong Now = 1_790_000_000;

    [Theory, InlineData(NodeStateLimits.MaxGeneration), InlineData(NodeStateLimits.BelievedGeneration), InlineData(Now + 1)]
    public void No_generation_that_is_made_up_silences_a_node(ulong lie)
    {
        var net = new NodeStateNet(1);
        for (var i = 0; i < 4; i++) net.Add(generation: Now);
        var late = net.Nodes[3];
        foreach (var one in net.Nodes[..3])
            foreach (var other in net.Nodes[..3])
                if (one != other) net.Meet(one, other);
        net.Set(1, "check/a", "o");
        net.Run(TimeSpan.FromSeconds(30));
        // an engine of the same name that lies
        var liar = new NodeStateNet(2);
        liar.Add();
        liar.Add(generation: lie);
        liar.Set(1, "check/a", "c");
        var message = Delta(liar.Nodes[1].Engine.Self);
        foreach (var node in net.Nodes[..3]) node.Engine.Receive(message, net.Now);
        net.Run(TimeSpan.FromSeconds(60));
        net.Set(1, "check/a", "w");
        net.Run(TimeSpan.FromSeconds(60));

        // one that comes later believes the node, too
        foreach (var other in net.Nodes[..3])
        {
            net.Meet(late, other);
            net.Meet(other, late);
        }
        net.Run(TimeSpan.FromSeconds(60));

        Assert.Equal("w", net.Nodes[0].Engine.Find("lan", NodeStateNet.NameOf(1))!["check/a"]);
        Assert.Equal("w", late.Engine.Find("lan", NodeStateNet.NameOf(1))!["check/a"]);
    }

    static byte[] Delta(NodeMap map)
    {
        var output = new Core.Wire.SpanWriter();
        NodeStateCodec.Begin(output, NodeStateMessage.Delta, 0, 12345);
        new Core.Wire.MsgPackWriter(output).Array(1);
        NodeStateCodec.Write(output, map, 0, map.After(0).Length, null);
        return output.Written.ToArray();
    }
}
