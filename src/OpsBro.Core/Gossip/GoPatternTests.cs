using OpsBro.Core.Gossip;

namespace OpsBro.Tests.Gossip;

public class GoPatternTests
{
    [Theory]
    [InlineData("web", "frontend-web-3", true)]
    [InlineData("^web$", "frontend-web", false)]
    [InlineData("^web$", "web\n", false)]                // in .NET $ would match before the line feed
    [InlineData("(?m)^web$", "db\nweb\ncache", true)]
    [InlineData("(?i)WEB", "web", true)]
    [InlineData("(?i:W)eb", "web", true)]
    [InlineData("(?:a|b)c", "bc", true)]
    [InlineData(@"^\d+$", "12", true)]
    [InlineData(@"^\d+$", "١٢", false)]                  // digits to .NET, not to Go
    [InlineData(@"^[\d_]+$", "1_2", true)]
    [InlineData(@"^\w+$", "größe", false)]
    [InlineData(@"^[^\W]+$", "ab_1", true)]
    [InlineData(@"^\S+$", "a b", false)]
    [InlineData("^(?P<zone>eu|us)-", "eu-west", true)]
    [InlineData("^(?<zone>eu|us)-", "eu-west", true)]
    [InlineData("^[[:alpha:]]+$", "abc", true)]
    [InlineData("^[[:^digit:]]+$", "abc", true)]
    [InlineData("^[[:punct:]]+$", "[]-", true)]
    [InlineData("^[]a]+$", "]a", true)]
    [InlineData("^[a-z-[x]+$", "[", true)]               // in .NET a subtraction
    [InlineData(@"^\Qa.b[\E$", "a.b[", true)]
    [InlineData(@"\x{41}\x42", "AB", true)]
    [InlineData(@"^\pL+$", "größe", true)]
    [InlineData(@"^a\.b$", "a.b", true)]
    [InlineData("a{2,3}", "xaay", true)]
    [InlineData("", "", true)]
    public void An_expression_of_Go_means_here_what_it_means_there(string pattern, string text, bool matches) =>
        Assert.Equal(matches, GoPattern.TryCompile(pattern)?.IsMatch(text));

    [Theory]
    [InlineData("(")]
    [InlineData("a**")]
    [InlineData("[a")]
    [InlineData(@"\")]
    [InlineData(@"(a)\1")]
    [InlineData("(?=a)b")]
    [InlineData("(?<!a)b")]
    [InlineData("(?>a)b")]
    [InlineData("(?U)a+")]
    [InlineData("[[:wrong:]]")]
    [InlineData(@"\x{110000}")]
    [InlineData("((a{1000}){1000}){1000}")]
    public void What_Go_refuses_is_refused(string pattern) => Assert.Null(GoPattern.TryCompile(pattern));

    [Fact]
    public void An_expression_that_is_too_long_is_refused() => Assert.Null(GoPattern.TryCompile(new string('a', GoPattern.MaxLength + 1)));

    [Fact]
    public void No_text_at_all_makes_it_throw()
    {
        var chance = new Chance(7);
        const string Letters = @"a\(?P<>)[^]:-dwsDWSQEpx{41}$*+|.,";

        for (var i = 0; i < 20_000; i++)
        {
            var text = new char[chance.Below(16)];
            for (var j = 0; j < text.Length; j++) text[j] = Letters[chance.Below(Letters.Length)];
            GoPattern.TryCompile(new string(text))?.IsMatch("a41");
        }
    }
}
