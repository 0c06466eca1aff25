using System.Text;
using OpsBro.Platform;

namespace OpsBro.Tests.Platform;

public class KernelTextTests
{
    [Theory]
    [InlineData("0", 0), InlineData("42", 42), InlineData("-7", -7), InlineData("9223372036854775807", long.MaxValue)]
    [InlineData("18446744073709551615", long.MaxValue), InlineData("99999999999999999999999", long.MaxValue)]
    public void An_integer_is_read_and_one_that_is_too_large_is_the_largest(string text, long expected)
    {
        Assert.True(KernelText.TryLong(Encoding.UTF8.GetBytes(text), out var number));
        Assert.Equal(expected, number);
    }

    [Theory, InlineData(""), InlineData("-"), InlineData("1x"), InlineData(" 1"), InlineData("1.5"), InlineData("--1")]
    public void What_is_no_integer_is_refused(string text) =>
        Assert.False(KernelText.TryLong(Encoding.UTF8.GetBytes(text), out _));

    [Theory, InlineData("ff", 255), InlineData("0000BEEF", 0xbeef)]
    public void Hexadecimal_is_read_in_both_cases(string text, ulong expected)
    {
        Assert.True(KernelText.TryHex(Encoding.UTF8.GetBytes(text), out var number));
        Assert.Equal(expected, number);
    }

    [Theory, InlineData(""), InlineData("0x1"), InlineData("g"), InlineData("11112222333344445")]
    public void What_is_not_hexadecimal_is_refused(string text) => Assert.False(KernelText.TryHex(Encoding.UTF8.GetBytes(text), out _));

    [Fact]
    public void Lines_end_at_line_feeds_and_the_last_may_lack_one()
    {
        var lines = new LineReader("a\n\nb"u8);
        List<string> read = [];

        while (lines.TryNext(out var line)) read.Add(Encoding.UTF8.GetString(line));

        Assert.Equal(["a", "", "b"], read);
    }

    [Fact]
    public void Fields_are_parted_by_any_blanks()
    {
        var fields = new FieldReader("  sda \t 12  x"u8);

        Assert.True(fields.TryNext(out ReadOnlySpan<byte> name) && name.SequenceEqual("sda"u8));
        Assert.True(fields.TryNext(out long number) && number == 12);
        Assert.False(fields.TryNext(out long _));
        Assert.False(fields.TryNext(out ReadOnlySpan<byte> _));
    }

    [Fact]
    public void Names_are_found_by_their_bytes_even_beyond_ascii()
    {
        var names = new Dictionary<string, int>(Utf8Names.Comparer) { ["eth0"] = 1, ["übertragung"] = 2 };
        var lookup = names.GetAlternateLookup<ReadOnlySpan<byte>>();

        Assert.Equal(1, lookup["eth0"u8]);
        Assert.Equal(2, lookup["übertragung"u8]);
        Assert.False(lookup.ContainsKey("eth1"u8));
    }
}
