using OpsBro.Core.NodeState;

namespace OpsBro.Tests.NodeState;

public class VouchTests
{
    static readonly ZoneTree tree = new([("top", "mid")]);

    [Fact]
    public void What_a_proxy_says_of_a_member_below_is_believed_at_once()
    {
        var net = new NodeStateNet(1);
        var top = net.Add("top", tree);
        var proxy = net.Add("mid", tree);
        var member = net.Add("mid", tree);
        net.Set(proxy.Index, NodeKeys.Proxy, "1");
        net.Set(member.Index, "fact/os", "linux");
        var key = $"{NodeKeys.Member}mid/{member.Engine.Self.Name}";
        net.Set(proxy.Index, key, "a 1");
        net.Meet(proxy, member);
        net.Meet(member, proxy);
        net.Meet(top, proxy);
        net.Meet(proxy, top, pool: 1);

        var isThere = net.Run(TimeSpan.FromSeconds(30),
            () => top.Engine.Find("mid", member.Engine.Self.Name) is not null && top.Engine.GoneSince("mid", member.Engine.Self.Name) is null);
        Assert.True(isThere, "the proxy's word was not believed");
        net.Set(proxy.Index, key, "f 2", urgent: true);
        var isGone = net.Run(TimeSpan.FromSeconds(1), () => top.Engine.GoneSince("mid", member.Engine.Self.Name) is not null);

        Assert.True(isGone, "the proxy's bad news was not believed within a second");
    }
}
