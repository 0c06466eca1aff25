using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;

namespace OpsBro.Tests.Gossip;

public class SerfConflictsTests
{
    [Fact]
    public void The_one_that_most_know_stays_and_the_other_must_stop()
    {
        var cluster = MemoryCluster.Of(4);
        var clone = cluster.Add("n2");

        clone.Do((engine, now) => engine.Join(cluster.Nodes[0].Address, false, now));
        cluster.RunFor(60);

        var lost = clone.Told<ConflictNews>().ToList();
        Assert.Contains(lost, news => news is { IsSelf: true, MustStop: true });
        Assert.All(lost, news => Assert.Equal((clone.Address, cluster.Nodes[2].Address), (news.Mine, news.Theirs)));
        Assert.DoesNotContain(cluster.Nodes.Take(4).SelectMany(node => node.Told<ConflictNews>()), news => news.MustStop);
        Assert.Equal(cluster.Nodes[2].Address, cluster.Nodes[0].Engine.Find("n2")!.Address);
    }

    [Fact]
    public void Others_tell_a_conflict_once_and_not_for_each_rumour()
    {
        var cluster = new MemoryCluster();
        var self = cluster.Add("self");
        self.Meets("bob", 2);

        for (var i = 0u; i < 50; i++) self.Meets("bob", 3, incarnation: 5 + i);

        var news = Assert.Single(self.Told<ConflictNews>());
        Assert.Equal(("bob", MemoryCluster.Address(2), MemoryCluster.Address(3), false, false),
            (news.Name, news.Mine, news.Theirs, news.IsSelf, news.MustStop));
    }

    [Fact]
    public void When_nobody_answers_we_stay()
    {
        var cluster = new MemoryCluster();
        var self = cluster.Add("self");
        self.Meets("bob", 2);

        self.Meets("self", 9, incarnation: 40);
        cluster.RunFor(20);

        Assert.False(Assert.Single(self.Told<ConflictNews>()).MustStop);
    }

    [Fact]
    public void We_say_whom_we_take_for_a_name_but_not_for_ours()
    {
        var cluster = new MemoryCluster();
        var self = cluster.Add("self");
        self.Meets("bob", 2);
        self.Records = true;
        Query Conflict(string name, uint id) => new(3, id, MemoryCluster.Address(2).Addr, 7946, "bob", null, QueryFlags.None, 0,
            1_000_000_000, "_serf_conflict", System.Text.Encoding.UTF8.GetBytes(name));

        self.Hears(Conflict("self", 1));
        self.Hears(Conflict("nobody", 2));
        self.Hears(Conflict("bob", 3));

        var response = QueryResponse.TryRead(Assert.Single(self.Sent).Message.AsSpan(1))!;
        var view = ConflictResponse.TryRead(response.Payload.Span[1..])!;
        Assert.Equal(3u, response.Id);
        Assert.Equal(("bob", MemoryCluster.Address(2).Addr, (ushort)7946, 1), (view.Name, view.Addr, view.Port, view.Status));
    }
}
