using OpsBro.Core.TimeSeries;

namespace OpsBro.Tests.TimeSeries;

/// <summary>The last hour, second by second.</summary>
public class SecondTierTests
{
    const long Now = 1_700_000_000;

    [Fact]
    public void It_gives_the_seconds_after_from_up_to_until()
    {
        var tier = new SecondTier();
        var row = tier.RowOf("cpu", Now)!;
        for (var i = 0; i < 10_000; i++)
        {
            if (i % 7 != 0) row.Put(Now - 9_999 + i, (i % 1000) / 10.0);
        }

        Assert.True(tier.TryFetch("cpu", Now - 3600, Now + 60, Now, out var slice));

        Assert.Equal((Now - 3599, 1, 3600), (slice.Start, slice.Step, slice.Values.Length));
        for (var i = 0; i < 3600; i++)
        {
            var age = 6400 + i;
            Assert.Equal(age % 7 == 0 ? double.NaN : (age % 1000) / 10.0, slice.Values[i]);
        }
    }

    [Theory]
    [InlineData("cpu", Now - 3601)]
    [InlineData("other", Now - 10)]
    [InlineData("cpu", Now + 5)]
    public void What_it_does_not_have_a_coarser_tier_answers(string name, long from)
    {
        var tier = new SecondTier();
        var row = tier.RowOf("cpu", Now)!;
        for (var i = 3700; i >= 0; i--) row.Put(Now - i, 1);

        Assert.True(tier.TryFetch("cpu", Now - 10, Now + 10, Now, out _));
        Assert.False(tier.TryFetch(name, from, Now + 10, Now, out _));
    }

    [Fact]
    public void After_a_silence_of_hours_nothing_old_is_left()
    {
        var tier = new SecondTier();
        var row = tier.RowOf("cpu", Now)!;
        for (var i = 0; i < 3600; i++) row.Put(Now + i, 5);
        row.Put(Now + 20_000, 1);
        row.Put(Now + 10_000, 9);   // late by more than an hour

        var values = new double[3600];
        row.Read(Now + 20_000 - 3599, values);

        Assert.All(values[..^1], v => Assert.Equal(double.NaN, v));
        Assert.Equal(1, values[^1]);
        Assert.False(tier.TryFetch("cpu", Now + 20_000 - 60, Now + 20_000, Now + 20_000, out _));   // the coarser tier knows what was before
        Assert.True(tier.TryFetch("cpu", Now + 20_000 - 1, Now + 20_000, Now + 20_000, out _));
    }

    [Fact]
    public void Series_are_limited_and_those_that_went_away_make_room()
    {
        var tier = new SecondTier();
        for (var i = 0; i < SecondTier.MaxSeries; i++) tier.RowOf($"s{i}", Now - 5000)!.Put(i == 3 ? Now - 5000 : Now, 1);
        var third = tier.RowOf("s3", Now)!;
        Assert.NotNull(tier.RowOf("new", Now));
        Assert.True(third.IsGone);

        Assert.Null(tier.RowOf("one more", Now));
        Assert.False(tier.TryFetch("s3", Now - 10, Now, Now, out _));
        Assert.Equal(SecondTier.MaxSeries, tier.Count);
    }
}
