using OpsBro.Core.KeyValue;

namespace OpsBro.Tests.KeyValue;

/// <summary>Placement: even, the same everywhere, and little moves when members change.</summary>
public class RingTests
{
    static Ring Of(int members, params int[] failed) => new(
        [.. Enumerable.Range(0, members).Select(i => new RingMember($"n{i}", $"4a1c{i:x4}-77b0", !failed.Contains(i)))], "alone");

    static IEnumerable<int> All => Enumerable.Range(0, KeyValueLimits.Partitions);

    [Theory, InlineData(3), InlineData(5), InlineData(9)]
    public void Copies_are_on_distinct_members_and_spread_evenly(int members)
    {
        var ring = Of(members);

        Assert.All(All, p => Assert.Equal(3, ring.Home(p).Distinct().Count()));
        Assert.All(All, p => Assert.Equal(ring.Home(p), ring.Live(p)));
        var copies = All.SelectMany(ring.Home).CountBy(name => name).ToDictionary();
        var fair = KeyValueLimits.Partitions * 3.0 / members;
        Assert.Equal(members, copies.Count);
        Assert.All(copies.Values, count => Assert.InRange(count, 0.6 * fair, 1.6 * fair));
    }

    [Fact]
    public void The_order_in_which_members_are_told_does_not_matter()
    {
        var members = Enumerable.Range(0, 6).Select(i => new RingMember($"n{i}", $"id {i}", true)).ToArray();

        var (one, two) = (new Ring(members, "x"), new Ring([.. members.Reverse()], "y"));

        Assert.Equal(one.KnownHash, two.KnownHash);
        Assert.All(All, p => Assert.Equal(one.Home(p), two.Home(p)));
    }

    [Fact]
    public void A_new_member_takes_its_share_and_nothing_else_moves()
    {
        var (before, after) = (Of(5), Of(6));

        Assert.All(All, p => Assert.Subset(before.Home(p).Append("n5").ToHashSet(), after.Home(p).ToHashSet()));
        Assert.InRange(All.Count(p => after.Home(p).Contains("n5")), 64, 200);   // 128 are fair
    }

    [Fact]
    public void A_failed_member_keeps_its_home_and_the_next_one_stands_in()
    {
        var (well, failed) = (Of(5), Of(5, failed: 2));

        Assert.Equal(well.KnownHash, failed.KnownHash);
        Assert.NotEqual(well.AliveHash, failed.AliveHash);
        Assert.All(All, p => Assert.Equal(well.Home(p), failed.Home(p)));
        Assert.All(All, p => Assert.Equal(3, failed.Live(p).Length));
        Assert.All(All, p => Assert.DoesNotContain("n2", failed.Live(p)));
        Assert.All(All, p => Assert.Subset(failed.Live(p).ToHashSet(), well.Home(p).Where(n => n != "n2").ToHashSet()));
    }

    [Fact]
    public void With_few_members_there_are_few_copies_and_with_none_one_is_alone()
    {
        Assert.All(All, p => Assert.Equal(2, Of(2).Home(p).Length));
        Assert.All(All, p => Assert.Equal(["alone"], Of(0).Live(p)));
        Assert.All(All, p => Assert.Empty(Of(1, failed: 0).Live(p)));
        Assert.Equal((1, 2, 2), (Of(1).Majority(0), Of(2).Majority(0), Of(7).Majority(0)));
    }

    [Fact]
    public void Versions_rise_whatever_the_wall_clock_does()
    {
        var (clock, last) = (new HybridClock(), 0L);
        foreach (var wall in (long[])[1_000, 1_000, 900, 5_000, 10, 5_001])
        {
            var next = clock.Next(wall);
            Assert.True(next > last && next >= HybridClock.Of(wall));
            last = next;
        }

        Assert.True(clock.Observe(HybridClock.Of(60_000), 5_000));
        Assert.False(clock.Observe(HybridClock.Of(500_000), 5_000));
        Assert.True(clock.Next(5_000) > HybridClock.Of(60_000));
        Assert.True(clock.Next(5_000) < HybridClock.Of(500_000));
    }
}
