using OpsBro.Core.Graphite;

namespace OpsBro.Tests.Graphite;

/// <summary>Regular expressions as Python's re reads them; the expected texts are those of re.sub.</summary>
public class PythonPatternTests
{
    [Theory]
    [InlineData("a.b.c", @"\.", "-", "a-b-c")]
    [InlineData("a.b.c", @"^(\w)\.(\w)", @"\2.\1", "b.a.c")]
    [InlineData("web01", @"(?P<name>[a-z]+)(\d+)", @"\g<name>-\2-\g<1>-\g<0>", "web-01-web-web01")]
    [InlineData("aabb", @"(?P<x>a)(?P=x)", "[]", "[]bb")]
    [InlineData("abab", @"(ab)\1", "x", "x")]
    [InlineData("abxd", "x*", "-", "-a-b--d-")]
    [InlineData("a]b", "[]a]", "_", "__b")]
    [InlineData("a[b", "[[a]", "_", "__b")]
    [InlineData("a-b", "[^]-]", "_", "_-_")]
    [InlineData("a$b", @"\$", "$1", "a$1b")]
    [InlineData("ab", "b\\Z", @"\n", "a\n")]
    [InlineData("ab", "(a)|(b)", @"<\1\2>", "<a><b>")]
    [InlineData("aaa", "(?=aa)a", "b", "bba")]
    public void Substitutes(string text, string pattern, string replacement, string result) =>
        Assert.Equal(result, PythonPattern.Compile(pattern).Replace(text, replacement));

    [Theory]
    [InlineData("(", "x")]
    [InlineData("a", @"\1")]
    [InlineData("a", @"\g<nope>")]
    public void What_makes_no_sense_is_refused(string pattern, string replacement) =>
        Assert.Throws<GraphiteException>(() => PythonPattern.Compile(pattern).Replace("a", replacement));

    [Fact]
    public void Patterns_that_would_never_end_do()
    {
        var text = new string('a', 5_000) + "!";

        Assert.False(PythonPattern.Compile("^(a+)+$").IsFoundIn(text));
        Assert.Throws<GraphiteException>(() => PythonPattern.Compile(@"^(a+)+\1$").IsFoundIn(text));
    }
}
