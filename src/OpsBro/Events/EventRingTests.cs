using OpsBro.Events;

namespace OpsBro.Tests.Events;

public class EventRingTests
{
    readonly EventRing ring = new(DateTimeOffset.UnixEpoch.AddYears(56));

    void Add(int count)
    {
        for (var i = 0; i < count; i++) ring.Add("member", number => [(byte)number]);
    }

    [Fact]
    public void A_reader_gets_what_came_after_its_position_in_order()
    {
        var start = ring.Newest;
        Add(3);

        var batch = ring.After(start + 1, out _);

        Assert.Equal([start + 2, start + 3], batch.Items.Select(item => item.Sequence));
        Assert.Equal(start + 3, batch.Newest);
        Assert.False(batch.Lost);
    }

    [Fact]
    public void A_reader_that_waits_is_woken()
    {
        ring.After(ring.Newest, out var next);
        Assert.False(next.IsCompleted);

        Add(1);

        Assert.True(next.IsCompletedSuccessfully);
    }

    [Fact]
    public void A_reader_too_far_behind_is_told_and_goes_on_from_now()
    {
        var start = ring.Newest;
        Add(EventRing.Capacity + 1);

        var batch = ring.After(start, out _);

        Assert.True(batch.Lost);
        Assert.Empty(batch.Items);
        Assert.Equal(ring.Newest, batch.Newest);
        Assert.False(ring.After(start + 1, out _).Lost);
    }

    [Fact]
    public void A_position_of_another_run_is_lost()
    {
        Assert.True(ring.After(1, out _).Lost);
        Assert.True(ring.After(ring.Newest + 1, out _).Lost);
        Assert.False(ring.After(ring.Newest, out _).Lost);
    }

    [Fact]
    public void Much_comes_in_parts_without_waiting()
    {
        var position = ring.Newest;
        Add(EventRing.MaxBatch + 10);

        var first = ring.After(position, out var next);
        Assert.Equal(EventRing.MaxBatch, first.Items.Count);
        Assert.True(next.IsCompleted);
        var second = ring.After(first.Newest, out next);

        Assert.Equal(10, second.Items.Count);
        Assert.False(next.IsCompleted);
    }

    [Fact]
    public void The_numbers_of_a_later_run_are_higher()
    {
        Add(EventRing.Capacity);

        Assert.True(new EventRing(DateTimeOffset.UnixEpoch.AddYears(56).AddSeconds(5)).Newest > ring.Newest);
        Assert.True(ring.Newest < 1L << 53);
    }
}
