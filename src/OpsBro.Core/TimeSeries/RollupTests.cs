using OpsBro.Core.TimeSeries;

namespace OpsBro.Tests.TimeSeries;

/// <summary>Coarser slots against the points themselves.</summary>
public class RollupTests
{
    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4), InlineData(5)]
    public void A_coarse_slot_says_what_its_points_say(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 100; round++)
        {
            var (fineStep, ratio) = (random.Next(1, 20), random.Next(1, 10));
            var start = fineStep * (long)random.Next(-1000, 1_000_000);
            var points = Enumerable.Range(0, random.Next(1, 300))
                .Select(_ => (At: start + random.Next(fineStep * 100), Value: (double)random.Next(-1000, 1000))).OrderBy(p => p.At).ToArray();
            var fine = new SlotBlock();
            fine.Reset(start, fineStep, 100);
            foreach (var (at, value) in points) fine.Merge((int)fine.SlotOf(at), Bucket.Of(value));
            var coarse = new SlotBlock();

            Rollup.Into(fine, fineStep * ratio, coarse);

            Assert.Equal(0, coarse.Start % coarse.Step);
            Assert.True(coarse.Start <= start && coarse.End >= fine.End);
            for (var slot = 0; slot < coarse.Length; slot++)
            {
                var from = coarse.Start + ((long)slot * coarse.Step);
                var inside = points.Where(p => p.At >= from && p.At < from + coarse.Step).Select(p => p.Value).ToArray();
                var bucket = coarse[slot];
                Assert.Equal(inside.Length, bucket.Count);
                if (inside.Length == 0)
                {
                    Assert.All(Enum.GetValues<Aspect>(), aspect => Assert.Equal(double.NaN, bucket.Take(aspect)));
                    continue;
                }
                Assert.Equal((inside.Min(), inside.Max(), inside.Sum(), inside[^1]), (bucket.Min, bucket.Max, bucket.Sum, bucket.Last));
                Assert.Equal(inside.Average(), bucket.Take(Aspect.Average), 9);
            }
        }
    }

    [Fact]
    public void Rolled_up_twice_is_rolled_up_once()
    {
        var random = new Random(9);
        var fine = Blocks.Of([.. Enumerable.Range(0, 8640).Select(_ => (double)random.Next(1000))]);
        var (minutes, hours, direct) = (new SlotBlock(), new SlotBlock(), new SlotBlock());

        Rollup.Into(fine, 60, minutes);
        Rollup.Into(minutes, 3600, hours);
        Rollup.Into(fine, 3600, direct);

        Assert.Equal(direct.Length, hours.Length);
        for (var i = 0; i < hours.Length; i++) Assert.Equal(direct[i], hours[i]);
    }

    [Fact]
    public void A_step_that_is_no_multiple_is_refused() =>
        Assert.Contains("25", Assert.Throws<ArgumentException>(() => Rollup.Into(Blocks.Of([1]), 25, new SlotBlock())).Message, StringComparison.Ordinal);

    [Fact]
    public void A_sum_of_decimals_is_a_decimal()
    {
        var coarse = new SlotBlock();

        Rollup.Into(Blocks.Of([0.1, 0.2, 0.3, 0.7, 0.1, 0.1], 1_700_000_040), 60, coarse);

        Assert.Equal(1.5, coarse.Sum[0]);
        Assert.NotEqual(1.5, 0.1 + 0.2 + 0.3 + 0.7 + 0.1 + 0.1);
    }

    [Theory, InlineData(1), InlineData(2)]
    public void Other_sums_stay_what_they_are(int seed)
    {
        var random = new Random(seed);
        for (var i = 0; i < 10_000; i++)
        {
            var sum = (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-20, 20));

            var clean = Rollup.WithoutRoundingErrors(sum);

            Assert.True(Math.Abs(clean - sum) <= Math.Abs(sum) * 1e-13, $"seed {seed}: {sum:R} became {clean:R}");
        }
        foreach (var odd in (double[])[0, -0.0, double.MaxValue, double.Epsilon, 1.0 / 3, 123456.789123])
        {
            Assert.Equal(BitConverter.DoubleToInt64Bits(odd), BitConverter.DoubleToInt64Bits(Rollup.WithoutRoundingErrors(odd)));
        }
    }

    [Fact]
    public void A_sum_never_becomes_infinite()
    {
        var bucket = Bucket.Of(double.MaxValue);

        bucket.Add(double.MaxValue);

        Assert.Equal(double.MaxValue, bucket.Sum);
    }

    [Theory]
    [InlineData(15, 10, 10)]
    [InlineData(10, 10, 10)]
    [InlineData(-1, 10, -10)]
    [InlineData(-10, 10, -10)]
    public void A_slot_begins_at_a_multiple_of_its_step(long at, int step, long start) => Assert.Equal(start, Rollup.Align(at, step));
}
