using OpsBro.Core.Gossip;

namespace OpsBro.Tests.Gossip;

public class LamportClockTests
{
    [Fact]
    public void A_clock_starts_at_one_and_is_always_ahead_of_what_it_saw()
    {
        var clock = new LamportClock();

        Assert.Equal((1ul, 0ul), (clock.Time, clock.Seen));
        Assert.Equal(1ul, clock.Next());
        clock.Witness(1);
        Assert.Equal(2ul, clock.Time);
        clock.Witness(41);
        Assert.Equal((42ul, 41ul), (clock.Time, clock.Seen));
        clock.Witness(7);
        Assert.Equal(42ul, clock.Time);
    }

    [Theory, InlineData(ulong.MaxValue), InlineData(1ul << 63), InlineData(LamportClock.Most), InlineData((1ul << 20) + 2)]
    public void A_time_that_would_poison_the_cluster_is_not_believed(ulong time) => Assert.False(new LamportClock().Believes(time));

    [Fact]
    public void A_time_a_little_ahead_is_believed() => Assert.True(new LamportClock().Believes(1 + GossipLimits.MaxLamportJump));

    [Fact]
    public void A_clock_never_runs_to_its_end()
    {
        var clock = new LamportClock();

        clock.Witness(ulong.MaxValue);
        clock.Witness(LamportClock.Most);

        Assert.Equal(1ul, clock.Time);
    }

    [Fact]
    public void One_peer_alone_cannot_move_a_clock_far()
    {
        var clock = new MergedClock();
        clock.Merge(Peer(1), 10, isFirst: true);

        Assert.False(clock.Merge(Peer(2), 1ul << 40, isFirst: false));
        Assert.False(clock.Merge(Peer(2), 1ul << 41, isFirst: false));

        Assert.Equal(10ul, clock.Time);
    }

    [Fact]
    public void Two_peers_move_it_to_what_both_say()
    {
        var clock = new MergedClock();
        clock.Merge(Peer(1), 10, isFirst: true);

        clock.Merge(Peer(2), 3_000_000, isFirst: false);
        var believed = clock.Merge(Peer(3), 2_900_000, isFirst: false);

        Assert.True(believed);
        Assert.Equal(2_900_000ul, clock.Time);
    }

    [Fact]
    public void Another_port_is_no_other_peer()
    {
        var clock = new MergedClock();
        clock.Merge(Peer(1), 10, isFirst: true);

        clock.Merge(Peer(2), 3_000_000, isFirst: false);

        Assert.False(clock.Merge(Peer(2).WithPort(4), 3_000_000, isFirst: false));
    }

    [Fact]
    public void A_new_node_believes_the_first_state_it_sees_but_no_poison()
    {
        var (old, poisoned) = (new MergedClock(), new MergedClock());

        Assert.True(old.Merge(Peer(1), 5_000_000, isFirst: true));
        Assert.False(poisoned.Merge(Peer(1), ulong.MaxValue, isFirst: true));

        Assert.Equal(5_000_000ul, old.Time);
        Assert.Equal(1ul, poisoned.Time);
    }

    static PeerAddress Peer(byte last) => PeerAddress.Of([10, 0, 0, last], 7946);
}
