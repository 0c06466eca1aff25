using OpsBro.Checks;

namespace OpsBro.Tests.Checks;

public class ShellWordsTests
{
    static string Split(string line) =>
        string.Join("", ShellWords.Split(line, out var problem, out _).Select(w => $"<{w.Render(n => n, out _)}>")) + problem;

    [Theory]
    [InlineData("check_disk -w 10% -c 5%", "<check_disk><-w><10%><-c><5%>")]
    [InlineData("  a \t b  ", "<a><b>")]
    [InlineData("a 'b c' \"d e\"", "<a><b c><d e>")]
    [InlineData("a'b'\"c\"d", "<abcd>")]
    [InlineData("a '' \"\"", "<a><><>")]
    [InlineData(@"a\ b \'c\' '\n' ""\$x \"" \n""", @"<a b><'c'><\n><$x "" \n>")]
    [InlineData("echo '| > ; && $(id) `id`' \"| > ; &\"", "<echo><| > ; && $(id) `id`><| > ; &>")]
    [InlineData("$nagiosplugins$/check_mailq -w $mailq.warning$", "<nagiosplugins/check_mailq><-w><mailq.warning>")]
    [InlineData("x $ spaced.name $ '$quoted$' \"$also$\" $a|b$", "<x><spaced.name><quoted><also><a>")]
    [InlineData("$$ 5$ $HOME/x $ $", "<$><5$><$HOME/x><$><$>")]
    [InlineData("a\nb", "<a><b>")]
    [InlineData("", "")]
    public void Lines_are_cut_as_a_shell_cuts_them(string line, string words) => Assert.Equal(words, Split(line));

    [Theory]
    [InlineData("check_it | grep x", "\"|\" needs a shell", 9)]
    [InlineData("a && b", "\"&\" needs a shell", 2)]
    [InlineData("a; b", "\";\" needs a shell", 1)]
    [InlineData("a > /dev/null", "\">\" needs a shell", 2)]
    [InlineData("a `id`", "\"`\" needs a shell", 2)]
    [InlineData("a \"$(id)\"", "\"$\" needs a shell", 3)]
    [InlineData("a 'b", "the quote ' is not closed", 2)]
    public void What_only_a_shell_can_do_is_refused_with_its_place(string line, string problem, int position)
    {
        Assert.Empty(ShellWords.Split(line, out var said, out var at));
        Assert.StartsWith(problem, said);
        Assert.Equal(position, at);
    }

    [Fact]
    public void The_value_of_a_macro_stays_inside_its_argument_whatever_it_holds()
    {
        var words = ShellWords.Split("a -x $evil$ b", out _, out _);

        var arguments = words.Select(w => w.Render(_ => "1; rm -rf / $(id) '\" $a$", out _));

        Assert.Equal(["a", "-x", "1; rm -rf / $(id) '\" $a$", "b"], arguments);
    }

    [Fact]
    public void A_macro_takes_its_first_alternative_that_has_a_value()
    {
        var word = MacroText.Parse("-w $check.warning|warning$");

        Assert.Equal("-w 5", word.Render(n => n == "warning" ? "5" : null, out _));
        Assert.Null(word.Render(_ => null, out var missing));
        Assert.Equal("check.warning|warning", missing);
    }
}
