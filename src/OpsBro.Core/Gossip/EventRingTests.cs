using OpsBro.Core.Gossip;

namespace OpsBro.Tests.Gossip;

public class EventRingTests
{
    [Fact]
    public void The_same_item_of_the_same_time_is_taken_once()
    {
        var ring = new EventRing<string>();

        Assert.True(ring.TryAdd(5, 6, "deploy"));
        Assert.False(ring.TryAdd(5, 6, "deploy"));
        Assert.True(ring.TryAdd(5, 6, "load"));
        Assert.True(ring.TryAdd(6, 7, "deploy"));

        Assert.Equal(3, ring.Count);
    }

    [Fact]
    public void Many_of_one_time_are_told_apart_too()
    {
        var ring = new EventRing<int>();

        for (var i = 0; i < 100; i++) Assert.True(ring.TryAdd(1, 2, i));

        for (var i = 0; i < 100; i++) Assert.False(ring.TryAdd(1, 2, i));
    }

    [Fact]
    public void What_is_older_than_the_ring_is_not_taken()
    {
        var ring = new EventRing<string>();

        Assert.False(ring.TryAdd(487, 1000, "old"));
        Assert.True(ring.TryAdd(488, 1000, "just"));
    }

    [Fact]
    public void A_gap_is_no_loss()
    {
        var ring = new EventRing<string>();
        ring.TryAdd(1, 2, "a");

        Assert.True(ring.TryAdd(513, 514, "b"));    // the same slot, a ring later
        Assert.True(ring.TryAdd(300, 514, "c"));
        Assert.False(ring.TryAdd(1, 514, "a"));

        Assert.Equal([300ul, 513ul], ring.All().Select(slot => slot.LTime));
    }

    [Fact]
    public void Too_many_push_out_the_oldest_which_are_not_taken_again()
    {
        var ring = new EventRing<int>();
        for (var i = 0; i < EventRing<int>.Most; i++) ring.TryAdd((ulong)(1 + i / 16), 300, i);

        Assert.True(ring.TryAdd(280, 300, -1));

        Assert.True(ring.Count <= EventRing<int>.Most);
        Assert.False(ring.TryAdd(1, 300, 0));
        Assert.False(ring.TryAdd(2, 300, 16));
    }
}
