using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;

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

    /// <summary>What the rule book of Serf 0.9.4 makes of one member, message by message. Page: serf-wire.md A14.</summary>
    sealed class SerfsBook
    {
        ulong time;

        public MemberStatus Status { get; private set; } = MemberStatus.Alive;

        public List<MemberStatus> Seen { get; } = [];

        public void Takes(SerfPushPull state, string name)
        {
            var said = state.StatusLTimes.Single(status => status.Key == name).Value;
            if (state.LeftMembers?.Contains(name) == true) Leave(said + 1);
            else Join(said);
        }

        public void Join(ulong at)
        {
            if (at <= time) return;
            time = at;
            if (Status == MemberStatus.Leaving) Set(MemberStatus.Alive);
        }

        public void Leave(ulong at)
        {
            if (at <= time) return;
            time = at;
            if (Status == MemberStatus.Alive) Set(MemberStatus.Leaving);
            else if (Status == MemberStatus.Failed) Set(MemberStatus.Left);
        }

        public void Dies()
        {
            if (Status == MemberStatus.Alive) Set(MemberStatus.Failed);
            else if (Status == MemberStatus.Leaving) Set(MemberStatus.Left);
        }

        void Set(MemberStatus status) => Seen.Add(Status = status);
    }

    /// <summary>A node that leaves: the state that it gives at once, the time of its intent, and of the one that comes with its goodbye.</summary>
    static (SerfPushPull State, ulong First, ulong Second) Leaves()
    {
        var cluster = MemoryCluster.Of(2);
        var (leaver, peer) = (cluster.Nodes[0], cluster.Nodes[1]);
        leaver.Records = true;
        leaver.Do((engine, now) => engine.Leave(now));
        var state = SerfStateTests.StateOf(leaver, peer.Address);
        cluster.RunUntil(() => leaver.Told<LeftNews>().Any(), "it left", 12);
        var times = leaver.Sent.Where(sent => sent.Message[0] == (byte)SerfType.Leave)
            .Select(sent => LeaveIntent.TryRead(sent.Message.AsSpan(1))!.LTime).Distinct().ToList();
        Assert.Equal(2, times.Count);
        return (state, times[0], times[1]);
    }

    [Fact]
    public void A_state_exchanged_between_the_leave_and_its_first_word_makes_no_failure_of_it_at_Serfs()
    {
        var (state, first, second) = Leaves();
        var book = new SerfsBook();
        book.Join(first - 1);

        book.Takes(state, "n0");
        book.Leave(first);
        book.Dies();
        book.Leave(second);

        Assert.Equal([MemberStatus.Leaving, MemberStatus.Left], book.Seen);
    }

    [Fact]
    public void Who_has_the_time_of_our_leave_for_that_of_a_join_or_missed_it_hears_it_again_with_the_goodbye()
    {
        var (_, first, second) = Leaves();
        var (misled, deaf) = (new SerfsBook(), new SerfsBook());

        misled.Join(first);   // from another of Serf's, who had it in his state
        misled.Leave(first);
        foreach (var book in (SerfsBook[])[misled, deaf])
        {
            book.Dies();
            book.Leave(second);
        }

        Assert.True(second > first);
        Assert.Equal((MemberStatus.Left, MemberStatus.Left), (misled.Status, deaf.Status));
    }

    [Fact]
    public void The_last_two_that_leave_together_do_not_wait_for_each_other()
    {
        var cluster = MemoryCluster.Of(2);

        foreach (var node in cluster.Nodes) node.Do((engine, now) => engine.Leave(now));

        cluster.RunUntil(() => cluster.Nodes.All(node => node.Told<LeftNews>().Any()), "both left", 4);
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
