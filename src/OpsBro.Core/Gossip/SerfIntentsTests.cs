using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;

namespace OpsBro.Tests.Gossip;

public class SerfIntentsTests
{
    readonly MemoryCluster cluster = new();
    readonly MemoryNode self;

    public SerfIntentsTests()
    {
        self = cluster.Add("self");
        self.Meets("bob", 2);
        self.Meets("eve", 3);
        self.News.Clear();
        self.Records = true;
    }

    MemberStatus Status(string name) => self.Engine.Find(name)?.Status ?? MemberStatus.None;

    ulong Time(string name) => self.Engine.Find(name)!.StatusTime;

    /// <summary>Runs until rumours were sent, and gives those of a type.</summary>
    byte[][] Passed(SerfType type)
    {
        cluster.RunFor(1);
        return [.. self.Sent.Select(sent => sent.Message).Where(message => message[0] == (byte)type).DistinctBy(Convert.ToHexString)];
    }

    [Fact]
    public void A_leave_makes_a_member_leaving_and_then_left()
    {
        self.Hears(new LeaveIntent(5, "bob", false));
        Assert.Equal(MemberStatus.Leaving, Status("bob"));

        self.Loses("bob");

        Assert.Equal(MemberStatus.Left, Status("bob"));
        Assert.Equal(MemberChange.Leave, Assert.Single(self.Told<MemberNews>()).Change);
    }

    [Fact]
    public void Without_a_word_a_member_failed()
    {
        self.Loses("bob");

        Assert.Equal(MemberStatus.Failed, Status("bob"));
        Assert.Equal(MemberChange.Failed, Assert.Single(self.Told<MemberNews>()).Change);
    }

    [Fact]
    public void A_goodbye_of_its_own_is_a_leave_even_when_the_intent_was_lost()
    {
        self.Loses("bob", from: "bob");

        Assert.Equal(MemberStatus.Left, Status("bob"));
    }

    [Fact]
    public void A_leave_of_one_that_failed_makes_it_left()
    {
        self.Loses("bob");

        self.Hears(new LeaveIntent(5, "bob", false));

        Assert.Equal(MemberStatus.Left, Status("bob"));
        Assert.Equal([MemberChange.Failed, MemberChange.Leave], self.Told<MemberNews>().Select(news => news.Change));
    }

    [Fact]
    public void News_is_passed_on_as_it_came()
    {
        var intent = new LeaveIntent(5, "bob", false);
        self.Hears(intent);

        var writer = new SpanWriter();
        intent.Write(writer);
        Assert.Equal([writer.Written.ToArray()], Passed(SerfType.Leave));
    }

    [Fact]
    public void What_is_no_news_is_not_passed_on()
    {
        self.Hears(new JoinIntent(5, "bob"));
        cluster.RunFor(2);
        self.Sent.Clear();

        self.Hears(new JoinIntent(5, "bob"));
        self.Hears(new LeaveIntent(4, "bob", false));

        Assert.Empty(Passed(SerfType.Join));
        Assert.Empty(Passed(SerfType.Leave));
        Assert.Equal(MemberStatus.Alive, Status("bob"));
    }

    /// <summary>Else two nodes pass it to and fro for ever: consul#8179.</summary>
    [Fact]
    public void The_time_is_taken_even_when_the_status_does_not_change()
    {
        self.Hears(new LeaveIntent(5, "bob", false));
        self.Hears(new LeaveIntent(9, "bob", false));

        Assert.Equal(9ul, Time("bob"));
        self.Hears(new JoinIntent(8, "bob"));
        Assert.Equal(MemberStatus.Leaving, Status("bob"));
        self.Hears(new JoinIntent(10, "bob"));
        Assert.Equal((MemberStatus.Alive, 10ul), (Status("bob"), Time("bob")));
    }

    [Fact]
    public void A_leave_about_us_is_refuted()
    {
        self.Hears(new LeaveIntent(7, "self", false));

        Assert.Equal(MemberStatus.Alive, Status("self"));
        Assert.Equal(new JoinIntent(8, "self"), JoinIntent.TryRead(Assert.Single(Passed(SerfType.Join)).AsSpan(1)));
        Assert.Empty(Passed(SerfType.Leave));
        Assert.Single(self.Told<HistoryNews>(), news => news.Kind == "refute");
    }

    [Fact]
    public void What_was_said_of_a_stranger_is_known_when_it_comes()
    {
        self.Hears(new JoinIntent(5, "joe"));
        self.Hears(new LeaveIntent(6, "jim", false));
        self.Hears(new LeaveIntent(3, "joe", false));   // older: no news

        self.Meets("joe", 4);
        self.Meets("jim", 5);

        Assert.Equal((MemberStatus.Alive, 5ul), (Status("joe"), Time("joe")));
        Assert.Equal((MemberStatus.Leaving, 6ul), (Status("jim"), Time("jim")));
    }

    [Fact]
    public void What_was_said_of_a_stranger_long_ago_is_forgotten()
    {
        self.Hears(new LeaveIntent(6, "jim", false));

        cluster.RunFor(400);
        self.Meets("jim", 5);

        Assert.Equal((MemberStatus.Alive, 0ul), (Status("jim"), Time("jim")));
    }

    [Fact]
    public void A_member_that_is_back_is_alive_whatever_was_said_before()
    {
        self.Hears(new LeaveIntent(5, "bob", false));
        self.Loses("bob");

        self.Meets("bob", 2, incarnation: 2);

        Assert.Equal((MemberStatus.Alive, 5ul), (Status("bob"), Time("bob")));
    }

    [Fact]
    public void A_prune_forgets_a_member_that_failed_at_once()
    {
        self.Loses("bob");

        self.Hears(new LeaveIntent(5, "bob", true));

        Assert.Equal(MemberStatus.None, Status("bob"));
        Assert.Equal([MemberChange.Failed, MemberChange.Leave, MemberChange.Reap], self.Told<MemberNews>().Select(news => news.Change));
        Assert.Equal(2, self.Engine.Count);
        Assert.Equal(2, self.Engine.Members().Count);
    }

    [Fact]
    public void A_prune_of_one_that_is_there_waits_until_it_left()
    {
        self.Hears(new LeaveIntent(5, "bob", true));
        Assert.Equal(MemberStatus.Leaving, Status("bob"));

        self.Loses("bob");

        Assert.Equal(MemberStatus.None, Status("bob"));
    }

    [Fact]
    public void A_pruned_member_may_come_back()
    {
        self.Loses("bob");
        self.Hears(new LeaveIntent(5, "bob", true));

        self.Meets("bob", 2, incarnation: 2);

        Assert.Equal(MemberStatus.Alive, Status("bob"));
        Assert.Equal(3, self.Engine.Count);
    }

    [Theory, InlineData(ulong.MaxValue), InlineData(1ul << 60), InlineData((1ul << 20) + 100)]
    public void A_poisonous_time_changes_nothing(ulong time)
    {
        self.Hears(new JoinIntent(time, "bob"));
        self.Hears(new LeaveIntent(time, "eve", false));
        self.Hears(new LeaveIntent(time, "self", false));
        self.Hears(new LeaveIntent(time, "stranger", false));

        Assert.Equal(0ul, self.Engine.Clock);
        Assert.Equal(4, self.Engine.Counters.RefusedJumps);
        Assert.All(self.Engine.Members(), member => Assert.Equal((MemberStatus.Alive, 0ul), (member.Status, member.StatusTime)));
        Assert.Empty(Passed(SerfType.Join));
    }

    [Fact]
    public void A_recording_from_long_ago_changes_nothing()
    {
        self.Hears(new JoinIntent(Serf.MaxIntentLag + 100, "eve"));

        self.Hears(new LeaveIntent(50, "bob", false));
        self.Hears(new LeaveIntent(200, "bob", false));

        Assert.Equal((MemberStatus.Leaving, 200ul), (Status("bob"), Time("bob")));
        Assert.Equal(1, self.Engine.Counters.RefusedJumps);
    }

    [Fact]
    public void Strangers_fill_only_so_much_memory()
    {
        for (var i = 0; i < GossipLimits.MaxQueue + 100; i++) self.Hears(new JoinIntent(5, $"stranger-{i}"));

        Assert.Equal(100, self.Engine.Counters.DroppedRumours);
    }

    [Fact]
    public void A_forced_leave_tells_all_and_has_the_next_time()
    {
        self.Loses("bob");

        self.Do((engine, now) => Assert.Null(engine.ForceLeave("bob", false, now)));

        Assert.Equal(MemberStatus.Left, Status("bob"));
        Assert.Equal(new LeaveIntent(1, "bob", false), LeaveIntent.TryRead(Assert.Single(Passed(SerfType.Leave)).AsSpan(1)));
    }

    [Theory, InlineData("nobody"), InlineData("self")]
    public void A_forced_leave_that_cannot_be_says_why(string name) =>
        Assert.Contains(name, self.Engine.ForceLeave(name, false, cluster.Now));
}
