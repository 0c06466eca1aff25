using System.Globalization;
using OpsBro.Metrics.Asking;

namespace OpsBro.Tests.Metrics.Asking;

/// <summary>Numbers in answers: the texts of Python's repr, and always the same number when read back.</summary>
public class NumberTextTests
{
    [Theory]
    [InlineData(0.0, "0.0")]
    [InlineData(-0.0, "-0.0")]
    [InlineData(100.0, "100.0")]
    [InlineData(-7.0, "-7.0")]
    [InlineData(0.1, "0.1")]
    [InlineData(0.29, "0.29")]
    [InlineData(2.5, "2.5")]
    [InlineData(0.0001, "0.0001")]
    [InlineData(0.00001, "1e-05")]
    [InlineData(1.5e-7, "1.5e-07")]
    [InlineData(123456789.25, "123456789.25")]
    [InlineData(1e15, "1000000000000000.0")]
    [InlineData(1234567890123456.0, "1234567890123456.0")]
    [InlineData(1e16, "1e+16")]
    [InlineData(1e20, "1e+20")]
    [InlineData(3.333333333333333e19, "3.333333333333333e+19")]
    [InlineData(1e100, "1e+100")]
    [InlineData(5e-324, "5e-324")]
    [InlineData(1.7976931348623157e308, "1.7976931348623157e+308")]
    [InlineData(0.30000000000000004, "0.30000000000000004")]
    [InlineData(100.10000000000001, "100.10000000000001")]
    [InlineData(-12.25, "-12.25")]
    public void A_number_has_the_text_of_pythons_repr(double value, string text) => Assert.Equal(text, NumberText.Text(value));

    [Fact]
    public void Every_number_reads_back_as_itself_and_none_is_longer_than_its_shortest_text()
    {
        const int seed = 411;
        var random = new Random(seed);
        Span<byte> bytes = stackalloc byte[NumberText.MaxLength];
        var decimals = 0;
        for (var i = 0; i < 200_000; i++)
        {
            var value = (i % 5) switch
            {
                0 => BitConverter.Int64BitsToDouble(random.NextInt64()),
                1 => Math.Round(random.NextDouble() * 100, random.Next(0, 9)),
                2 => random.Next() * Math.Pow(10, random.Next(-8, 20)),
                3 => random.NextDouble() - 0.5,
                _ => random.NextInt64(),
            };
            if (!double.IsFinite(value)) continue;

            var length = NumberText.Write(value, bytes, ref decimals);

            var text = System.Text.Encoding.ASCII.GetString(bytes[..length]);
            var back = double.Parse(text, CultureInfo.InvariantCulture);
            Assert.True(back.Equals(value), $"seed {seed}, {i}: {value:R} became {text}");
            Assert.True(Digits(text) <= Digits(value.ToString("R", CultureInfo.InvariantCulture)), $"seed {seed}, {i}: {value:R} became {text}");
        }
    }

    static int Digits(string text)
    {
        var digits = text.Split('e', 'E')[0].Replace("-", "").Replace(".", "").TrimStart('0').TrimEnd('0');
        return digits.Length;
    }
}
