using System.Text;
using OpsBro.Core.Wire;

namespace OpsBro.Tests.Wire;

/// <summary>Snappy blocks, by the format's page and by round trips. Debian's snappy is asked in SnappyPeerTests.</summary>
public class SnappyTests
{
    static byte[] Packed(ReadOnlySpan<byte> bytes)
    {
        var output = new byte[Snappy.MaxEncoded(bytes.Length)];
        return output[..Snappy.Encode(bytes, output)];
    }

    static byte[]? Unpacked(byte[] block)
    {
        if (Snappy.Measure(block, 1 << 26) is not { } length) return null;
        var output = new byte[length];
        return Snappy.TryDecode(block, output, out var written) && written == length ? output : null;
    }

    [Theory]
    [InlineData("00", "")]
    [InlineData("03 08 616263", "abc")]
    [InlineData("0c 0c 61626364 11 04", "abcdabcdabcd")]                  // a copy that repeats itself: offset 4, 8 bytes
    [InlineData("05 00 61 0e 0100", "aaaaa")]                             // two-byte offset
    [InlineData("05 00 61 0f 01000000", "aaaaa")]                         // four-byte offset
    [InlineData("03 f0 02 616263", "abc")]                                // a length in one byte more
    [InlineData("03 fc 02000000 616263", "abc")]                          // in four
    public void A_block_is_unpacked(string hex, string expected) =>
        Assert.Equal(expected, Encoding.UTF8.GetString(Unpacked(Convert.FromHexString(hex.Replace(" ", "")))!));

    [Theory]
    [InlineData("")]
    [InlineData("ffffffffff")]
    [InlineData("ffffffff7f00")]
    [InlineData("04 08 616263")]          // fewer than announced
    [InlineData("02 08 616263")]          // more than announced
    [InlineData("03 08 6162")]            // cut
    [InlineData("03 f0")]                 // the length is cut
    [InlineData("05 00 61 0e 0200")]      // before the start
    [InlineData("05 00 61 0e 0000")]      // offset nought
    [InlineData("05 00 61 0e 01")]        // the offset is cut
    [InlineData("ffffff7f 00 61")]        // announces what such a block never gives
    public void A_damaged_block_is_refused(string hex) => Assert.Null(Unpacked(Convert.FromHexString(hex.Replace(" ", ""))));

    [Fact]
    public void More_than_the_caller_wants_is_not_measured()
    {
        var block = Packed(new byte[1000]);

        Assert.Equal((1000, null), (Snappy.Measure(block, 1000), Snappy.Measure(block, 999)));
        Assert.False(Snappy.TryDecode(block, new byte[999], out _));
    }

    public static TheoryData<int> Seeds => [1, 2, 3];

    [Theory, MemberData(nameof(Seeds))]
    public void Whatever_is_packed_comes_back(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 300; round++)
        {
            var bytes = Content(random);
            Assert.True(bytes.AsSpan().SequenceEqual(Unpacked(Packed(bytes))), $"seed {seed}, round {round}, {bytes.Length} bytes");
        }
    }

    [Fact]
    public void Text_that_repeats_becomes_small()
    {
        var text = Encoding.UTF8.GetBytes(string.Join('\n', Enumerable.Range(0, 5000).Select(i => $"servers.web{i % 40}.cpu.user {i}")));

        Assert.InRange(Packed(text).Length, 1, text.Length / 2);
    }

    /// <summary>Random, repeating, sparse; some longer than a piece.</summary>
    internal static byte[] Content(Random random)
    {
        var bytes = new byte[random.Next(8) == 0 ? random.Next(300_000) : random.Next(3_000)];
        var kind = random.Next(4);
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] = kind switch
            {
                0 => (byte)random.Next(256),
                1 => (byte)random.Next(2),
                2 => i > 70 && random.Next(20) > 0 ? bytes[i - random.Next(60, 70)] : (byte)random.Next(256),
                _ => (byte)(i / 100),
            };
        }
        return bytes;
    }

    [Theory, MemberData(nameof(Seeds))]
    public void Damaged_and_random_blocks_harm_nobody(int seed)
    {
        var random = new Random(seed);
        var output = new byte[4096];
        for (var round = 0; round < 20_000; round++)
        {
            byte[] block;
            if (round % 2 == 0)
            {
                block = new byte[random.Next(64)];
                random.NextBytes(block);
            }
            else
            {
                block = Packed(Encoding.UTF8.GetBytes($"ab{round}ab{round}ab{round}ab{round}, and no more"));
                for (var i = random.Next(4); i > 0; i--) block[random.Next(block.Length)] = (byte)random.Next(256);
                block = block[..random.Next(block.Length + 1)];
            }
            var measured = Snappy.Measure(block, output.Length);
            if (Snappy.TryDecode(block, output, out var written)) Assert.Equal(measured, written);
            Assert.InRange(written, 0, output.Length);
        }
    }
}
