using OpsBro.Core.TimeSeries;

namespace OpsBro.Tests.TimeSeries;

/// <summary>What goes into a chunk comes out of it, bit for bit, and no bytes break the decoder.</summary>
public class ChunkCodecTests
{
    public static TheoryData<int> Seeds => [1, 2, 3, 4, 5, 6, 7, 8];

    static readonly Aspect[] Aspects = Enum.GetValues<Aspect>();

    [Theory, MemberData(nameof(Seeds))]
    public void Whatever_goes_in_comes_out(int seed)
    {
        var random = new Random(seed);
        var encoder = new ChunkEncoder();
        var decoder = new ChunkDecoder();
        var back = new SlotBlock();
        for (var round = 0; round < 150; round++)
        {
            var block = Blocks.Random(random);

            var chunk = encoder.Encode(block);
            decoder.Decode(chunk, back);

            var place = $"seed {seed} round {round}";
            Assert.Equal((block.Start, block.Step, block.Length), (back.Start, back.Step, back.Length));
            AssertSame(block, back, place);
            foreach (var aspect in Aspects) AssertAspect(decoder, chunk, block, aspect, random.Next(block.Length + 10), place);
        }
    }

    [Fact]
    public void A_slot_with_one_point_takes_one_column()
    {
        var block = Blocks.Of([.. Enumerable.Range(0, 1000).Select(i => i * 0.25)]);

        var chunk = new ChunkEncoder().Encode(block);

        Assert.True(ChunkCodec.ReadHeader(chunk).IsSingle);
        Assert.InRange(chunk.Length, 1, 60);
    }

    [Fact]
    public void A_few_points_that_came_twice_cost_little()
    {
        var random = new Random(5);
        var block = Blocks.Of([.. Enumerable.Range(0, 8640).Select(_ => random.Next(1000) / 10.0)]);
        var single = new ChunkEncoder().Encode(block).Length;
        for (var i = 0; i < 8640; i += 900) block.Merge(i, Bucket.Of(random.Next(1000) / 10.0));

        var several = new ChunkEncoder().Encode(block).Length;

        Assert.InRange(several, single, single * 1.05);
    }

    [Fact]
    public void Decoding_makes_no_garbage()
    {
        var random = new Random(3);
        var chunks = Enumerable.Range(0, 20).Select(_ => new ChunkEncoder().Encode(Blocks.Random(random)).ToArray()).ToArray();
        var decoder = new ChunkDecoder();
        var into = new double[Blocks.MaxLength];
        foreach (var chunk in chunks) decoder.Decode(chunk, Aspect.Average, into);

        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var chunk in chunks)
        {
            decoder.Decode(chunk, Aspect.Average, into);
            decoder.Decode(chunk, Aspect.Max, into);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Theory, MemberData(nameof(Seeds))]
    public void Damaged_bytes_are_told_and_nothing_else(int seed)
    {
        var random = new Random(seed);
        var decoder = new ChunkDecoder();
        var (block, told) = (new SlotBlock(), 0);
        var chunks = Enumerable.Range(0, 40).Select(_ => new ChunkEncoder().Encode(Blocks.Random(random, 400)).ToArray()).ToArray();
        var into = new double[ChunkCodec.MaxSlots];
        for (var round = 0; round < 4000; round++)
        {
            var bytes = Blocks.Damaged(random, chunks[random.Next(chunks.Length)]);
            try
            {
                if (round % 3 == 0) decoder.Decode(bytes, block);
                else decoder.Decode(bytes, Aspects[round % Aspects.Length], into.AsSpan(0, random.Next(2) == 0 ? into.Length : random.Next(500)));
            }
            catch (ChunkException)
            {
                told++;
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}: {e.GetType().Name} at {Convert.ToHexStringLower(bytes)}\n{e.StackTrace}");
            }
        }

        Assert.True(told > 500, $"{told} were told");
        decoder.Decode(new ChunkEncoder().Encode(Blocks.Of([1, 2])), block);
        Assert.Equal(2, block.Last[1]);   // and the decoder still works
    }

    [Theory]
    [InlineData(0)]
    [InlineData(ChunkCodec.MaxSlots + 1)]
    public void A_run_that_is_no_chunk_is_refused(int length)
    {
        var block = new SlotBlock();
        block.Reset(0, 1, length);

        Assert.Throws<ArgumentException>(() => new ChunkEncoder().Encode(block).Length);
    }

    [Fact]
    public void The_series_of_a_host_for_a_day_take_at_most_1_1_bytes_a_sample()
    {
        var encoder = new ChunkEncoder();
        var (bytes, samples) = (0L, 0L);
        for (var series = 0; series < 100; series++)
        {
            var block = HostSeries.Day(series);
            bytes += encoder.Encode(block).Length;
            samples += block.Length;
        }

        Assert.InRange((double)bytes / samples, 0.5, 1.1);
    }

    static void AssertSame(SlotBlock block, SlotBlock back, string place)
    {
        for (var i = 0; i < block.Length; i++)
        {
            var (a, b) = (block[i], back[i]);
            Assert.True(
                a.Count == b.Count && Bits(a.Last) == Bits(b.Last) && Bits(a.Min) == Bits(b.Min) && Bits(a.Max) == Bits(b.Max) && Bits(a.Sum) == Bits(b.Sum),
                $"{place} slot {i}: {a.Last:R} {a.Min:R} {a.Max:R} {a.Sum:R} {a.Count} came out as {b.Last:R} {b.Min:R} {b.Max:R} {b.Sum:R} {b.Count}");
        }
    }

    static void AssertAspect(ChunkDecoder decoder, ReadOnlySpan<byte> chunk, SlotBlock block, Aspect aspect, int wanted, string place)
    {
        var values = new double[wanted];
        var written = decoder.Decode(chunk, aspect, values);
        Assert.Equal(Math.Min(wanted, block.Length), written);
        for (var i = 0; i < written; i++)
        {
            var expected = block[i].Take(aspect);
            var isSame = double.IsNaN(expected) ? double.IsNaN(values[i]) : Bits(expected) == Bits(values[i]);
            Assert.True(isSame, $"{place} slot {i} {aspect}: {expected:R} {values[i]:R}");
        }
    }

    static long Bits(double value) => BitConverter.DoubleToInt64Bits(value);
}
