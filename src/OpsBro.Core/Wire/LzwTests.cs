using System.Text;
using OpsBro.Core.Wire;

namespace OpsBro.Tests.Wire;

public class LzwTests
{
    static byte[] Encode(ReadOnlySpan<byte> plain)
    {
        var output = new byte[Lzw.MaxEncoded(plain.Length)];
        Assert.True(Lzw.TryEncode(plain, output, out var length));
        return output[..length];
    }

    static byte[]? Decode(ReadOnlySpan<byte> input, int most)
    {
        if (Lzw.Measure(input, most) is not { } length) return null;
        var output = new byte[length];
        Assert.True(Lzw.TryDecode(input, output, out var written));
        Assert.Equal(length, written);
        return output;
    }

    [Theory]
    [InlineData("", "000302")]
    [InlineData("abcabcabcabc", "00c388192390e0c0820101")]
    public void Known_texts_become_the_bytes_that_go_makes(string text, string hex)
    {
        var encoded = Encode(Encoding.ASCII.GetBytes(text));

        Assert.Equal(hex, Convert.ToHexStringLower(encoded));
        Assert.Equal(text, Encoding.ASCII.GetString(Decode(encoded, 100)!));
    }

    [Theory, InlineData(1), InlineData(2), InlineData(3)]
    public void What_is_encoded_decodes_through_every_width_and_many_full_tables(int seed)
    {
        var random = new Random(seed);
        foreach (var (length, kinds) in new[] { (1, 256), (255, 256), (256, 2), (3_000, 256), (20_000, 3), (60_000, 1), (60_000, 256) })
        {
            var plain = new byte[length];
            for (var i = 0; i < length; i++) plain[i] = (byte)random.Next(kinds);

            var encoded = Encode(plain);

            Assert.Equal(plain, Decode(encoded, length));
            Assert.Null(Lzw.Measure(encoded, length - 1));
            Assert.False(Lzw.TryDecode(encoded, new byte[length - 1], out _));
        }
    }

    [Fact]
    public void Every_length_around_a_full_table_comes_back()
    {
        // bytes of which no two follow each other twice: each one takes a code, so that each length stops at another code
        var plain = Enumerable.Range(0, 256 * 20)
            .SelectMany(i => new[] { (byte)(i / 20), (byte)(i / 20 * 7 + i % 20) }).ToArray();
        for (var length = 3_700; length < 4_000; length++)
            Assert.Equal(plain[..length], Decode(Encode(plain.AsSpan(0, length)), length));
    }

    [Fact]
    public void A_table_that_the_sender_leaves_full_stays_as_it_is()
    {
        // Go never sends this, but its reader takes it: literals without any clear, long past the last code
        var (bits, held, output) = (0u, 0, new List<byte>());
        var (width, high) = (9, 257);
        void Put(int code)
        {
            bits |= (uint)code << held;
            for (held += width; held >= 8; held -= 8, bits >>= 8) output.Add((byte)bits);
            if (++high < 1 << width) return;
            if (width < 12) width++;
            else high--;
        }
        for (var i = 0; i < 6_000; i++) Put(i % 2 == 0 ? 'a' : 'b');
        Put(4_095);
        Put(257);
        Put(0);

        var plain = Decode([.. output], 10_000);

        Assert.Equal(6_002, plain!.Length);
    }

    [Fact]
    public void A_small_bomb_is_measured_and_refused_without_being_unpacked()
    {
        var bomb = Encode(new byte[8_000_000]);

        Assert.True(bomb.Length < 8_000);
        Assert.Null(Lzw.Measure(bomb, WireLimits.MaxInflatedPacket));
        Assert.False(Lzw.TryDecode(bomb, new byte[WireLimits.MaxInflatedPacket], out _));
    }

    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("0003")]
    [InlineData("00c38819")]
    [InlineData("ffffff")]
    [InlineData("000502")]
    public void What_ends_early_or_names_a_code_not_yet_there_is_refused(string hex) =>
        Assert.Null(Lzw.Measure(Convert.FromHexString(hex), 1_000));

    [Fact]
    public void An_output_too_small_is_said_and_not_overrun()
    {
        var output = new byte[10];

        Assert.False(Lzw.TryEncode("no two alike: abcdefgh"u8, output.AsSpan(0, 8), out var written));
        Assert.Equal(0, written);
        Assert.Equal([0, 0], output[8..]);
    }
}
