using OpsBro.Core.Gossip;

namespace OpsBro.Tests.Gossip;

public class SerfReturnTests
{
    static bool Alive(MemoryNode node, int count) =>
        node.Engine.Members().Count(member => member.Status == MemberStatus.Alive) == count;

    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4)]
    public void A_cluster_that_was_cut_in_two_is_one_again_soon(ulong seed)
    {
        var cluster = MemoryCluster.Of(10, seed);
        bool IsLeft(PeerAddress address) => cluster.Nodes.Take(5).Any(node => node.Address == address);
        cluster.IsCut = (from, to) => IsLeft(from) != IsLeft(to);
        cluster.RunUntil(() => cluster.Nodes.All(node => Alive(node, 5)), "each half is alone", 90);
        cluster.RunFor(90);

        cluster.IsCut = (_, _) => false;

        cluster.RunUntil(() => cluster.Nodes.All(node => Alive(node, 10)), "all see all", 10);
    }

    [Fact]
    public void A_member_that_failed_is_looked_for_a_day_long_and_then_forgotten()
    {
        var cluster = MemoryCluster.Of(2);
        var (self, other) = (cluster.Nodes[0], cluster.Nodes[1]);
        other.IsDown = true;
        cluster.RunUntil(() => self.Engine.Find("n1")!.Status == MemberStatus.Failed, "it failed", 60);

        cluster.RunFor(23 * 3600);
        Assert.NotNull(self.Engine.Find("n1"));
        cluster.RunFor(3600 + 30);

        Assert.Null(self.Engine.Find("n1"));
        Assert.Equal([MemberChange.Failed, MemberChange.Reap], self.Told<MemberNews>().Select(news => news.Change));
        Assert.Equal((1, 1), (self.Engine.Count, self.Engine.Members().Count));
        var dials = self.Dials;
        cluster.RunFor(3600);
        Assert.Equal(dials, self.Dials);
    }

    [Fact]
    public void Nobody_waits_for_the_news_of_these_tries()
    {
        var cluster = MemoryCluster.Of(2);
        cluster.Nodes[1].IsDown = true;

        cluster.RunFor(120);

        Assert.Empty(cluster.Nodes[0].Told<JoinNews>());
    }

    [Fact]
    public void Seeds_are_tried_until_one_is_a_member()
    {
        var cluster = new MemoryCluster();
        var late = cluster.Add("late");
        late.IsDown = true;
        var self = cluster.Add("self");
        self.Do((engine, _) => engine.Seeds([late.Address, self.Address]));
        cluster.RunFor(40);
        Assert.NotEmpty(self.Told<JoinNews>());
        Assert.All(self.Told<JoinNews>(), news => Assert.Equal((late.Address, "timed out"), (news.Address, news.Error)));

        late.IsDown = false;
        cluster.RunUntil(() => Alive(self, 2) && Alive(late, 2), "both are one", 11);

        cluster.RunFor(5);
        var dials = self.Told<JoinNews>().Count();
        cluster.RunFor(60);
        Assert.Equal(dials, self.Told<JoinNews>().Count());
    }

    [Fact]
    public void A_node_alone_without_seeds_has_nothing_to_do()
    {
        var node = new MemoryCluster().Add("alone");

        Assert.Equal(TimeSpan.MaxValue, node.Engine.Tick(TimeSpan.FromHours(1)));
    }

    [Fact]
    public void A_join_tells_how_it_went_and_is_followed_by_its_intent()
    {
        var cluster = MemoryCluster.Of(2);
        var node = cluster.Add("new");
        node.Records = true;

        node.Do((engine, now) => engine.Join(cluster.Nodes[0].Address, false, now));
        node.Do((engine, now) => engine.Join(MemoryCluster.Address(99), false, now));
        cluster.RunFor(15);

        Assert.Equal([new JoinNews(cluster.Nodes[0].Address, ""), new JoinNews(MemoryCluster.Address(99), "timed out")], node.Told<JoinNews>());
        Assert.Contains(node.Sent, sent => sent.Message[0] == 1);
        Assert.True(cluster.Nodes[1].Engine.Find("new")!.StatusTime > 0);
    }
}
