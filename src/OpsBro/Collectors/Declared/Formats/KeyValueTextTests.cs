using OpsBro.Collectors.Declared.Formats;

namespace OpsBro.Tests.Collectors;

public class KeyValueTextTests
{
    [Theory]
    [InlineData("a=1\n b = 2.5 \n\n# c=3\nd=\"x y\"\n", "=", "a=1 b=2.5 d='x y'")]
    [InlineData("localhost\nTotal Accesses: 12\r\nCPULoad: .25\nScoreboard: _W.\n", ":", "Total Accesses=12 CPULoad=0.25 Scoreboard='_W.'")]
    [InlineData("MemTotal   123 kB\nPages\t4", " ", "MemTotal='123 kB' Pages=4")]
    [InlineData("a -> 1\nb->2", "->", "a=1 b=2")]
    [InlineData("a=1\na=2", "=", "a=2")]
    [InlineData("url=http://x/?a=b", "=", "url='http://x/?a=b'")]
    [InlineData("a.b=1\nempty=\n='x'", "=", "a_b=1 empty=''")]
    [InlineData("n='1'", "=", "n='1'")]
    public void Lines_become_keys(string text, string separator, string tree) =>
        Assert.Equal(tree, KeyValueText.Read(text, separator).Flat());

    [Fact]
    public void A_text_without_the_separator_is_refused_with_its_beginning()
    {
        var error = Assert.Throws<FormatException>(() => KeyValueText.Read("<html>\nno", ":"));

        Assert.Equal("line 1, column 1: no line has the separator \":\"; the answer begins with \"<html>\"", error.Message);
    }
}
