using OpsBro.Core.TimeSeries;

namespace OpsBro.Tests.TimeSeries;

/// <summary>The head of a series against a dictionary of buckets.</summary>
public class HeadChunkTests
{
    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4), InlineData(5), InlineData(6)]
    public void It_holds_what_a_dictionary_of_buckets_holds(int seed)
    {
        var random = new Random(seed);
        var (scratch, back) = (new SlotBlock(), new SlotBlock());
        for (var round = 0; round < 40; round++)
        {
            var (head, model) = (new HeadChunk(10), new SortedDictionary<long, Bucket>());
            var (now, walk, shape) = (1_700_000_000L, 0.0, random.Next(10));
            for (var i = random.Next(300); i >= 0; i--)
            {
                now += random.Next(20) switch { 0 => random.Next(200), < 6 => 1, _ => 10 };
                var at = random.Next(15) == 0 ? now - random.Next(500) : now;
                var value = Blocks.Value(random, random.Next(30) == 0 ? random.Next(10) : shape, ref walk);
                Assert.True(head.Add(at, value, scratch));
                var bucket = model.GetValueOrDefault(at / 10 * 10);
                bucket.Add(value);
                model[at / 10 * 10] = bucket;
                if (random.Next(80) != 0) continue;
                var limit = now - random.Next(1000);
                head.DropBefore(limit, scratch);
                foreach (var gone in model.Keys.Where(t => t < limit).ToArray()) model.Remove(gone);
            }

            head.CopyTo(back);

            var place = $"seed {seed} round {round}";
            Assert.Equal(model.Count, Enumerable.Range(0, back.Length).Count(s => back.Counts[s] > 0));
            foreach (var (at, bucket) in model) AssertSame(bucket, back[(int)back.SlotOf(at)], $"{place} at {at}");
            var row = new double[100];
            var start = (now / 10 * 10) - 600;
            head.Fill(Aspect.Max, start, row);
            for (var i = 0; i < row.Length; i++) Assert.Equal(model.GetValueOrDefault(start + (i * 10)) is { IsEmpty: false } b ? b.Max : 0, row[i]);
        }
    }

    [Fact]
    public void Twenty_minutes_of_a_host_take_two_bytes_a_slot_or_so()
    {
        var (bytes, scratch) = (0, new SlotBlock());
        for (var series = 0; series < 100; series++)
        {
            var head = new HeadChunk(10);
            var day = HostSeries.Day(series, 120);
            for (var i = 0; i < day.Length; i++) head.Add(day.Start + (i * 10L), day.Last[i], scratch);
            bytes += head.MemoryBytes;
        }

        Assert.InRange(bytes / 100, 200, 420);
    }

    [Fact]
    public void A_point_far_from_the_others_is_refused()
    {
        var head = new HeadChunk(10);
        head.Add(1_700_000_000, 1, new SlotBlock());

        Assert.False(head.Add(1_700_000_000 + (HeadChunk.MaxSlots * 10L), 1, new SlotBlock()));
        Assert.False(head.Add(1_700_000_000 - (HeadChunk.MaxSlots * 10L), 1, new SlotBlock()));
        Assert.Equal(1, head.Length);
    }

    static void AssertSame(Bucket a, Bucket b, string place) =>
        Assert.True(
            a.Count == b.Count && (a.Last, a.Min, a.Max, a.Sum).Equals((b.Last, b.Min, b.Max, b.Sum))
                && BitConverter.DoubleToInt64Bits(a.Last) == BitConverter.DoubleToInt64Bits(b.Last),
            $"{place}: {a.Last:R} {a.Min:R} {a.Max:R} {a.Sum:R} {a.Count} is {b.Last:R} {b.Min:R} {b.Max:R} {b.Sum:R} {b.Count}");
}
