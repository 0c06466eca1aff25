using System.Globalization;
using System.Text;
using OpsBro.Core.Statsd;

namespace OpsBro.Tests.Statsd;

/// <summary>Numbers are JavaScript's, and the quick way gives the same doubles as the exact one.</summary>
public class StatsdNumberTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("12", 12)]
    [InlineData("+1.5", 1.5)]
    [InlineData("-.5", -0.5)]
    [InlineData("5.", 5)]
    [InlineData(" 5 ", 5)]
    [InlineData("\u00a05\ufeff", 5)]
    [InlineData(" ", 0)]
    [InlineData("1e3", 1000)]
    [InlineData("1E-2", 0.01)]
    [InlineData("0x1F", 31)]
    [InlineData("0b101", 5)]
    [InlineData("0o17", 15)]
    [InlineData("017", 17)]
    [InlineData("1e-400", 0)]
    [InlineData("9007199254740993", 9007199254740992)]
    [InlineData("123456789012345678901234567890", 1.2345678901234568e29)]
    public void What_is_a_number(string text, double number)
    {
        Assert.True(StatsdNumber.TryRead(Encoding.UTF8.GetBytes(text), out var value));
        Assert.Equal(number, value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("1x")]
    [InlineData(".")]
    [InlineData("+")]
    [InlineData("e5")]
    [InlineData("1e")]
    [InlineData("1e+")]
    [InlineData("1.2.3")]
    [InlineData("--1")]
    [InlineData("1 2")]
    [InlineData("0x")]
    [InlineData("-0x1")]
    [InlineData("0b2")]
    [InlineData("0xfffffffffffffffff")]
    [InlineData("Infinity")]
    [InlineData("NaN")]
    [InlineData("1e999")]
    [InlineData("1,5")]
    [InlineData("1_000")]
    public void What_is_none(string text) => Assert.False(StatsdNumber.TryRead(Encoding.UTF8.GetBytes(text), out _));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void The_quick_way_gives_the_doubles_of_the_exact_way(int seed)
    {
        var random = new Random(seed);
        var quick = 0;
        for (var i = 0; i < 200_000; i++)
        {
            var digits = new string([.. Enumerable.Range(0, random.Next(1, 21)).Select(_ => (char)('0' + random.Next(10)))]);
            var text = random.Next(3) == 0 ? digits : digits.Insert(random.Next(1, digits.Length + 1), ".");
            var at = 0;

            if (!StatsdNumber.TryReadPlain(Encoding.ASCII.GetBytes(text), ref at, out var value)) continue;

            quick++;
            Assert.True(at == text.Length && value == double.Parse(text, CultureInfo.InvariantCulture), $"seed {seed}: {text} was read as {value:R}");
        }
        Assert.True(quick > 100_000, $"seed {seed}: only {quick} were plain");
    }

    [Theory]
    [InlineData(99, "99")]
    [InlineData(99.9, "99.9")]
    [InlineData(-10, "-10")]
    [InlineData(0.00001, "0.00001")]
    [InlineData(1e-7, "1e-7")]
    [InlineData(1e17, "100000000000000000")]
    [InlineData(1e21, "1e+21")]
    public void Numbers_in_names_are_written_as_JavaScript_does(double number, string text) => Assert.Equal(text, StatsdNumber.Text(number));
}
