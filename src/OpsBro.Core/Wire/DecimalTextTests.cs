using System.Globalization;
using System.Text;
using OpsBro.Core.Wire;

namespace OpsBro.Tests.Wire;

/// <summary>Numbers of metric lines: the runtime's own parser is the oracle.</summary>
public class DecimalTextTests
{
    static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    [Theory]
    [InlineData("0", 0)]
    [InlineData("-0", 0)]
    [InlineData("+12", 12)]
    [InlineData("12.", 12)]
    [InlineData(".5", 0.5)]
    [InlineData("-1.5e3", -1500)]
    [InlineData("1E+2", 100)]
    [InlineData("000000000000000000000000001", 1)]
    [InlineData("9007199254740993", 9007199254740992)]
    [InlineData("123456789012345678901234567890", 123456789012345678901234567890.0)]
    [InlineData("1e-400", 0)]
    [InlineData("1e308", 1e308)]
    public void A_number_is_read(string text, double expected)
    {
        Assert.True(DecimalText.TryParse(Bytes(text), out var value));
        Assert.Equal(expected, value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData(".")]
    [InlineData("+.e1")]
    [InlineData("nan")]
    [InlineData("NaN")]
    [InlineData("inf")]
    [InlineData("-Infinity")]
    [InlineData("1e999")]
    [InlineData("-1e99999999999999999999")]
    [InlineData("0x10")]
    [InlineData("1,000")]
    [InlineData("1 ")]
    [InlineData(" 1")]
    [InlineData("1e")]
    [InlineData("1e+")]
    [InlineData("--1")]
    public void What_is_no_number_is_refused(string text) => Assert.False(DecimalText.TryParse(Bytes(text), out _));

    [Theory]
    [InlineData("12i", 12, 2)]
    [InlineData("1.5|ms", 1.5, 3)]
    [InlineData("7e", 7, 1)]
    [InlineData("-3 1600000000", -3, 2)]
    public void What_comes_behind_a_number_is_left(string text, double expected, int used)
    {
        Assert.True(DecimalText.TryRead(Bytes(text), out var value, out var length));
        Assert.Equal((expected, used), (value, length));
    }

    public static TheoryData<int> Seeds => [1, 2, 3];

    [Theory, MemberData(nameof(Seeds))]
    public void Every_number_is_the_nearest_double(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 100_000; round++)
        {
            var text = Written(random);

            var isNumber = DecimalText.TryParse(Bytes(text), out var value);

            var expected = double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
            Assert.True(isNumber == double.IsFinite(expected), $"seed {seed}: {text}");
            if (!isNumber) continue;
            Assert.True(BitConverter.DoubleToInt64Bits(expected) == BitConverter.DoubleToInt64Bits(value), $"seed {seed}: {text} became {value:R}");
        }
    }

    static string Written(Random random) => random.Next(6) switch
    {
        0 => random.NextInt64().ToString(CultureInfo.InvariantCulture),
        1 => (random.NextDouble() * 1000).ToString("R", CultureInfo.InvariantCulture),
        2 => BitConverter.Int64BitsToDouble(random.NextInt64(0x7ff0000000000000)).ToString("R", CultureInfo.InvariantCulture),
        3 => $"{random.Next(-100, 100)}.{random.Next(1000):000}",
        4 => $"{(random.Next(2) == 0 ? "-" : "")}{random.NextInt64()}{random.NextInt64()}.{random.NextInt64()}e{random.Next(-340, 340)}",
        _ => $"0.{new string('0', random.Next(30))}{random.Next()}E{random.Next(-30, 30)}",
    };

    [Fact]
    public void Random_bytes_harm_nobody_and_nothing_is_allocated()
    {
        var random = new Random(7);
        var alphabet = "0123456789+-.eE xnN\t"u8.ToArray();
        var buffer = new byte[64];
        DecimalText.TryParse("1.5"u8, out _);
        DecimalText.TryParse("1.23456789012345678901"u8, out _);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var round = 0; round < 200_000; round++)
        {
            var text = buffer.AsSpan(0, random.Next(buffer.Length));
            for (var i = 0; i < text.Length; i++) text[i] = alphabet[random.Next(alphabet.Length)];
            if (DecimalText.TryRead(text, out var value, out var used) && (!double.IsFinite(value) || used > text.Length || used == 0))
                Assert.Fail($"\"{Encoding.UTF8.GetString(text)}\" became {value}, {used} bytes");
        }
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
