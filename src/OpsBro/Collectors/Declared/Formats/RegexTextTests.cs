using OpsBro.Collectors.Declared.Formats;

namespace OpsBro.Tests.Collectors;

public class RegexTextTests
{
    const string StubStatus =
        "Active connections: 2 \nserver accepts handled requests\n 8 7 12 \nReading: 0 Writing: 1 Waiting: 1 \n";

    [Fact]
    public void Named_groups_become_keys()
    {
        var tree = RegexText.Read(StubStatus,
        [
            RegexText.Compile(@"Active connections:\s+(?<connections>\d+)"),
            RegexText.Compile(@"^\s*(?P<accepts>\d+)\s+(?P<handled>\d+)\s+(?P<requests>\d+)\s*$"),
            RegexText.Compile("never (?<there>x)"),
        ]);

        Assert.Equal("connections=2 accepts=8 handled=7 requests=12", tree.Flat());
    }

    [Fact]
    public void A_group_named_key_makes_a_section_of_each_match()
    {
        var tree = RegexText.Read("eth0: 10\neth0.5: 20\n", [RegexText.Compile(@"^(?<key>\S+): (?<bytes>\d+)$")]);

        Assert.Equal("eth0.bytes=10 eth0_5.bytes=20", tree.Flat());
    }

    [Fact]
    public void An_optional_group_that_took_no_part_is_left_out() =>
        Assert.Equal("a=1", RegexText.Read("1", [RegexText.Compile(@"(?<a>\d)(?<b>x)?")]).Flat());

    [Fact]
    public void No_match_at_all_is_an_error_with_the_beginning_of_the_answer()
    {
        var error = Assert.Throws<FormatException>(() => RegexText.Read("<h1>404\r\nx", [RegexText.Compile("(?<a>y)")]));

        Assert.Equal("line 1, column 1: no pattern matches; the answer begins with \"<h1>404\"", error.Message);
    }

    [Theory]
    [InlineData(@"(?=x)(?<a>y)", "look-around")]
    [InlineData(@"(?<a>x)\k<a>", "look-around")]
    [InlineData(@"\d+", "no named group")]
    [InlineData(@"(?<a>x", "Not enough )'s")]
    public void A_pattern_that_cannot_be_used_is_refused(string pattern, string message) =>
        Assert.Contains(message, Assert.ThrowsAny<ArgumentException>(() => RegexText.Compile(pattern)).Message);

    [Fact]
    public void A_pattern_that_explodes_elsewhere_takes_linear_time()
    {
        var answer = new string('a', 200_000) + "b";

        Assert.Throws<FormatException>(() => RegexText.Read(answer, [RegexText.Compile("^(a+)+(?<x>c)$")]));
    }
}
