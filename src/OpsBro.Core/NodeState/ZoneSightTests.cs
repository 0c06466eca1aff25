using OpsBro.Core.NodeState;

namespace OpsBro.Tests.NodeState;

/// <summary>What a zone may not know is not sent to it.</summary>
public class ZoneSightTests
{
    const string Secret = NodeKeys.Member + "mid/plain-member";

    static readonly ZoneTree tree = new([("top", "mid"), ("mid", "low")]);

    readonly NodeStateNet net = new(1);
    readonly NodeStateNet.Node proxy, plain, below, behind;

    public ZoneSightTests()
    {
        (proxy, plain, below, behind) = (net.Add("mid", tree), net.Add("mid", tree), net.Add("low", tree), net.Add("low", tree));
        foreach (var each in (NodeStateNet.Node[])[proxy, below]) net.Set(each.Index, NodeKeys.Proxy, "1");
        foreach (var node in net.Nodes) net.Set(node.Index, "fact/os", "linux");
        net.Set(proxy.Index, Secret, "a 1");
    }

    void Meet(NodeStateNet.Node one, NodeStateNet.Node other, int onePool = 0)
    {
        net.Meet(one, other, onePool);
        net.Meet(other, one);
    }

    NodeMap? Of(NodeStateNet.Node viewer, NodeStateNet.Node node) => viewer.Engine.Find(node.Engine.Self.Zone, node.Engine.Self.Name);

    [Fact]
    public void The_zone_below_knows_the_proxies_and_not_whom_they_hear()
    {
        Meet(proxy, plain);
        Meet(below, proxy, onePool: 1);
        Meet(behind, below);
        Assert.True(net.Run(TimeSpan.FromSeconds(60), () => Of(behind, proxy)?["fact/os"] is not null && Of(plain, proxy)?[Secret] is not null));

        net.Set(proxy.Index, "fact/os", "hurd", urgent: true);
        net.Set(proxy.Index, Secret, "f 2", urgent: true);
        Assert.True(net.Run(TimeSpan.FromSeconds(60), () => Of(behind, proxy)?["fact/os"] == "hurd" && Of(plain, proxy)?[Secret] == "f 2"));

        foreach (var viewer in (NodeStateNet.Node[])[below, behind])
            Assert.DoesNotContain(Of(viewer, proxy)!.Entries.ToArray(), entry => entry.Key.StartsWith(NodeKeys.Member, StringComparison.Ordinal));
        var count = net.Messages;
        net.Run(TimeSpan.FromSeconds(60));
        Assert.InRange(net.Messages - count, 0, 4 * 60);   // equal hashes and no more: the shortened map is no difference
    }

    [Fact]
    public void Who_was_not_told_all_tells_nothing_to_those_who_may_know_it()
    {
        var late = net.Add("mid", tree);
        Meet(below, proxy, onePool: 1);
        Assert.True(net.Run(TimeSpan.FromSeconds(60), () => Of(below, proxy)?["fact/os"] is not null));
        Meet(below, late, onePool: 1);
        net.Run(TimeSpan.FromSeconds(60));
        Assert.Null(Of(late, proxy));

        Meet(proxy, late);

        Assert.True(net.Run(TimeSpan.FromSeconds(60), () => Of(late, proxy)?[Secret] == "a 1"));
    }

    [Fact]
    public void A_zone_that_becomes_ours_to_know_is_asked_for_all_of_it()
    {
        Meet(below, proxy, onePool: 1);
        Assert.True(net.Run(TimeSpan.FromSeconds(60), () => Of(below, proxy)?["fact/os"] is not null));
        net.Run(TimeSpan.FromSeconds(10));   // nothing is on its way any more
        var turned = new ZoneTree([("low", "mid")]);

        foreach (var node in net.Nodes) node.Engine.SetTree(turned);

        Assert.True(net.Run(TimeSpan.FromSeconds(60), () => Of(below, proxy)?[Secret] == "a 1"));
    }
}
