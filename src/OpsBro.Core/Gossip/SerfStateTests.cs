using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;

namespace OpsBro.Tests.Gossip;

public class SerfStateTests
{
    readonly MemoryCluster cluster = new();
    readonly MemoryNode self;

    public SerfStateTests()
    {
        self = cluster.Add("self");
        self.Meets("bob", 2);
        self.Meets("eve", 3);
        self.News.Clear();
    }

    /// <summary>Gives a peer's state, and takes ours.</summary>
    SerfPushPull? Merge(SerfPushPull? state, byte from = 2, bool isJoin = false) =>
        Exchange(self, PeerAddress.Of([10, 0, 0, from], 40_000), state, isJoin);

    /// <summary>What a node tells of the members to one who asks.</summary>
    internal static SerfPushPull StateOf(MemoryNode node, PeerAddress asker) => Exchange(node, asker, null, isJoin: false)!;

    static SerfPushPull? Exchange(MemoryNode node, PeerAddress from, SerfPushPull? state, bool isJoin)
    {
        var serf = new SpanWriter();
        state?.Write(serf);
        var stream = new SpanWriter();
        new PushPull(isJoin, [], serf.Written.ToArray()).Write(stream);
        var sealedStream = new System.Buffers.ArrayBufferWriter<byte>();
        new StreamCodec(null, []).Write(stream.Written, dialed: true, default, sealedStream);
        ReadOnlyMemory<byte> answer = default;
        node.Do((engine, now) => answer = engine.Accept(from, sealedStream.WrittenMemory, now));
        Assert.Equal(StreamFault.None, new StreamCodec(null, []).TryRead(answer, dialed: true, out var message));
        var reader = new PushPullReader(message.Body.Span);
        while (reader.Next() is not null) { }
        return reader.TryUserState(out var ours) && ours.Length > 0 ? SerfPushPull.TryRead(ours[1..]) : null;
    }

    static SerfPushPull State(ulong time, params (string Name, ulong Time)[] members) =>
        new(time, [.. members.Select(member => KeyValuePair.Create(member.Name, member.Time))], null, 0, null, 0);

    [Fact]
    public void Our_state_has_all_times_and_an_empty_ring()
    {
        self.Hears(new JoinIntent(4, "bob"));
        self.Hears(new LeaveIntent(6, "eve", false));
        self.Loses("eve");

        var ours = Merge(null)!;

        Assert.Equal(7ul, ours.LTime);
        Assert.Equal(["eve"], ours.LeftMembers);
        Assert.Equal([new("bob", 4), new("eve", 6), new("self", 0)], ours.StatusLTimes.OrderBy(status => status.Key));
        Assert.Equal((1ul, 1ul), (ours.EventLTime, ours.QueryLTime));
        Assert.NotNull(ours.Events);   // [] and not nil: Go takes both, and 515 bytes of nils too
        Assert.Empty(ours.Events);
    }

    [Fact]
    public void Our_state_has_the_past_events_by_their_time()
    {
        self.Hears(new UserEvent(9, "late", default, false));
        self.Hears(new UserEvent(3, "early", default, false));
        self.Hears(new UserEvent(3, "too", default, false));

        var events = Merge(null)!.Events!;

        Assert.Equal([3ul, 9ul], events.Select(slot => slot!.LTime));
        Assert.Equal(["early", "too"], events[0]!.Events!.Select(past => past.Name));
    }

    [Fact]
    public void A_peers_clocks_are_seen_but_not_made_older()
    {
        Merge(State(50) with { EventLTime = 60, QueryLTime = 70 });

        Assert.Equal((49ul, 59ul, 69ul), (self.Engine.Clock, self.Engine.EventClock, self.Engine.QueryClock));
        Merge(State(0));
        Assert.Equal(49ul, self.Engine.Clock);
    }

    [Fact]
    public void Who_left_there_leaves_here_too_though_its_time_is_that_of_its_join()
    {
        self.Hears(new JoinIntent(5, "bob"));

        Merge(State(9, ("bob", 5), ("eve", 3)) with { LeftMembers = ["bob"] });

        Assert.Equal(MemberStatus.Leaving, self.Engine.Find("bob")!.Status);
        Assert.Equal((MemberStatus.Alive, 3ul), (self.Engine.Find("eve")!.Status, self.Engine.Find("eve")!.StatusTime));
    }

    [Fact]
    public void The_time_of_one_that_left_does_not_grow_with_each_merge()
    {
        self.Hears(new LeaveIntent(5, "bob", false));
        self.Loses("bob");

        for (var i = 0; i < 10; i++) Merge(State(9, ("bob", 5)) with { LeftMembers = ["bob"] });

        Assert.Equal((MemberStatus.Left, 5ul), (self.Engine.Find("bob")!.Status, self.Engine.Find("bob")!.StatusTime));
    }

    [Fact]
    public void One_that_is_about_to_leave_leaves_at_the_other_side_too_with_the_same_time()
    {
        self.Hears(new LeaveIntent(6, "bob", false));
        Assert.Equal(MemberStatus.Leaving, self.Engine.Find("bob")!.Status);

        var ours = Merge(null)!;

        Assert.Equal(["bob"], ours.LeftMembers);
        Assert.Equal(6ul, ours.StatusLTimes.Single(status => status.Key == "bob").Value + 1);   // as its reader counts
        for (var i = 0; i < 3; i++) Merge(ours);
        Assert.Equal((MemberStatus.Leaving, 6ul), (self.Engine.Find("bob")!.Status, self.Engine.Find("bob")!.StatusTime));
    }

    [Fact]
    public void A_peer_that_holds_us_left_is_refuted()
    {
        self.Records = true;

        Merge(State(9, ("self", 5)) with { LeftMembers = ["self"] });
        cluster.RunFor(1);

        Assert.Equal(MemberStatus.Alive, self.Engine.Self.Status);
        Assert.Contains(self.Sent, sent => sent.Message[0] == (byte)SerfType.Join);
    }

    [Fact]
    public void Past_events_are_told_in_order_however_they_lie()
    {
        Merge(State(1) with
        {
            EventLTime = 10,
            Events = [null, new EventSlot(9, [new PastEvent("c", default)]), null, new EventSlot(2, [new PastEvent("a", default)]),
                new EventSlot(3, null), new EventSlot(4, [new PastEvent("b", default), new PastEvent("b", default)])],
        });

        Assert.Equal(["a", "b", "c"], self.Told<EventNews>().Select(news => news.Name));
    }

    [Fact]
    public void An_event_later_than_the_peers_own_clock_is_a_lie()
    {
        Merge(State(1) with { EventLTime = 10, Events = [new EventSlot(10, [new PastEvent("a", default)])] });

        Assert.Empty(self.Told<EventNews>());
    }

    [Fact]
    public void One_peer_cannot_poison_the_clocks_but_two_may_move_them_on()
    {
        Merge(State(5));   // the first state is always believed, up to a point

        Merge(State(1ul << 40) with { EventLTime = ulong.MaxValue }, from: 3);
        Merge(State(1ul << 41, ("bob", 1ul << 40)), from: 3);
        Assert.Equal((4ul, 0ul), (self.Engine.Clock, self.Engine.EventClock));
        Assert.Equal(0ul, self.Engine.Find("bob")!.StatusTime);

        Merge(State(1ul << 40), from: 4);
        Assert.Equal((1ul << 40) - 1, self.Engine.Clock);
    }

    [Theory]
    [InlineData(new byte[] { 9, 9, 9 })]
    [InlineData(new byte[] { 2 })]
    [InlineData(new byte[] { 2, 0xc1 })]
    public void A_state_that_makes_no_sense_changes_nothing(byte[] state)
    {
        var stream = new SpanWriter();
        new PushPull(false, [], state).Write(stream);
        self.Do((engine, now) => engine.Accept(MemoryCluster.Address(2), stream.Written.ToArray(), now));

        Assert.Equal(1, self.Engine.Counters.Malformed);
        Assert.Empty(self.News);
    }
}
