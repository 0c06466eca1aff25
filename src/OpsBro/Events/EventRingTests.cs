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

        var batch = ring.After(start + 1);

        Assert.Equal([start + 2, start + 3], batch.Items.Select(item => item.Sequence));
        Assert.Equal(start + 3, batch.Newest);
        Assert.False(batch.Lost);
    }

    [Fact]
    public void A_reader_that_waits_is_woken()
    {
        var next = ring.MoreThan(ring.Newest);
        Assert.False(next.IsCompleted);

        Add(1);

        Assert.True(next.IsCompletedSuccessfully);
    }

    [Fact]
    public void A_reader_too_far_behind_is_told_and_goes_on_from_now()
    {
        var start = ring.Newest;
        Add(EventRing.Capacity + 1);

        var batch = ring.After(start);

        Assert.True(batch.Lost);
        Assert.Empty(batch.Items);
        Assert.Equal(ring.Newest, batch.Newest);
        Assert.False(ring.After(start + 1).Lost);
    }

    [Fact]
    public void A_position_of_another_run_is_lost()
    {
        Assert.True(ring.After(1).Lost);
        Assert.True(ring.After(ring.Newest + 1).Lost);
        Assert.False(ring.After(ring.Newest).Lost);
    }

    [Fact]
    public void Much_comes_in_parts_without_waiting()
    {
        var position = ring.Newest;
        Add(EventRing.MaxBatch + 10);

        var first = ring.After(position);
        Assert.Equal(EventRing.MaxBatch, first.Items.Count);
        Assert.True(ring.MoreThan(first.Newest).IsCompleted);
        var second = ring.After(first.Newest);

        Assert.Equal(10, second.Items.Count);
        Assert.False(ring.MoreThan(second.Newest).IsCompleted);
    }

    [Fact]
    public void Large_changes_leave_less_room_and_come_in_smaller_parts()
    {
        var start = ring.Newest;
        const int size = 128 * 1024;
        const int fitting = EventRing.MaxBytes / size;
        for (var i = 0; i < fitting + 5; i++) ring.Add("member", StreamSubject.None, new byte[size - 1], _ => [1]);

        Assert.Equal((fitting, (long)EventRing.MaxBytes), ring.Kept);
        Assert.True(ring.After(start + 4).Lost);
        var batch = ring.After(start + 5);
        Assert.False(batch.Lost);
        Assert.Single(batch.Items);   // more than a batch has, and yet one comes
    }

    [Fact]
    public void The_ring_holds_the_last_changes_after_it_has_gone_round_several_times()
    {
        Add((EventRing.Capacity * 3) + 17);

        var batch = ring.After(ring.Newest - EventRing.Capacity);

        Assert.Equal(ring.Newest - EventRing.Capacity + 1, batch.Items[0].Sequence);
        Assert.All(batch.Items, item => Assert.Equal((byte)item.Sequence, item.Json[0]));
    }

    [Fact]
    public void A_topic_is_known_once_it_is_declared_or_used()
    {
        var woken = 0;
        ring.Added += () => woken++;

        ring.Declare("kv");
        ring.Declare("kv");
        ring.Add("other", _ => [1]);

        Assert.Equal(["member", "group", "check", "event", "kv", "other"], ring.Topics);
        Assert.Equal(1, woken);
    }

    [Fact]
    public void The_numbers_of_a_later_run_are_higher()
    {
        Add(EventRing.Capacity);

        Assert.True(new EventRing(DateTimeOffset.UnixEpoch.AddYears(56).AddSeconds(5)).Newest > ring.Newest);
        Assert.True(ring.Newest < 1L << 53);
    }
}
