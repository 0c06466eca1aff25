using OpsBro.Core.Gossip;

namespace OpsBro.Tests.Gossip;

public class SerfLeaveTests
{
    [Theory, InlineData(1), InlineData(2), InlineData(3)]
    public void One_that_leaves_has_left_to_all_and_failed_to_none(ulong seed)
    {
        var cluster = MemoryCluster.Of(8, seed);
        var leaver = cluster.Nodes[3];
        var began = cluster.Now;

        leaver.Do((engine, now) => engine.Leave(now));
        cluster.RunUntil(() => leaver.Told<LeftNews>().Any(), "it left", 12);
        leaver.IsDown = true;
        cluster.RunFor(60);

        Assert.True(cluster.Now - began > GossipLimits.LeavePropagateDelay);
        foreach (var node in cluster.Nodes.Where(node => node != leaver))
        {
            Assert.Equal(MemberStatus.Left, node.Engine.Find("n3")!.Status);
            Assert.Equal([MemberChange.Leave], node.Told<MemberNews>().Select(news => news.Change));
        }
    }

    [Fact]
    public void Alone_one_leaves_at_once()
    {
        var cluster = new MemoryCluster();
        var node = cluster.Add("alone");

        node.Do((engine, now) => engine.Leave(now));

        Assert.Single(node.Told<LeftNews>());
        Assert.True(node.Engine.IsLeaving);
    }

    [Fact]
    public void It_stays_up_a_while_after_its_goodbye()
    {
        var cluster = MemoryCluster.Of(3);
        var leaver = cluster.Nodes[0];

        leaver.Do((engine, now) => engine.Leave(now));
        cluster.RunUntil(() => cluster.Nodes[1].Told<MemberNews>().Any(news => news.Change == MemberChange.Leave), "n1 heard it", 10);

        Assert.Empty(leaver.Told<LeftNews>());
        cluster.RunUntil(() => leaver.Told<LeftNews>().Any(), "it left", 5);
        Assert.Equal(MemberStatus.Left, leaver.Engine.Self.Status);
    }

    [Fact]
    public void When_nobody_hears_it_the_leave_still_ends()
    {
        var cluster = MemoryCluster.Of(3);
        cluster.IsCut = (_, _) => true;
        var leaver = cluster.Nodes[0];

        leaver.Do((engine, now) => engine.Leave(now));

        cluster.RunUntil(() => leaver.Told<LeftNews>().Any(), "it left", 11.5);
    }

    [Fact]
    public void One_that_left_may_come_back_with_a_higher_incarnation()
    {
        var cluster = MemoryCluster.Of(3);
        var leaver = cluster.Nodes[2];
        leaver.Do((engine, now) => engine.Leave(now));
        cluster.RunUntil(() => leaver.Told<LeftNews>().Any(), "it left", 12);
        leaver.IsDown = true;
        cluster.RunFor(30);

        var again = cluster.Add("n2", settings => settings with { Incarnation = 100 });
        again.Do((engine, now) => engine.Join(cluster.Nodes[0].Address, false, now));

        cluster.RunUntil(() => cluster.Nodes.Where(node => !node.IsDown)
            .All(node => node.Engine.Members().Count(member => member.Status == MemberStatus.Alive) == 3), "it is back", 5);
        Assert.Equal(again.Address, cluster.Nodes[0].Engine.Find("n2")!.Address);
    }
}
