using System.Text;
using OpsBro.Core.TimeSeries;

namespace OpsBro.Tests.TimeSeries;

/// <summary>Names to numbers and back; patterns; tags.</summary>
public class SeriesIndexTests
{
    static SeriesIndex IndexOf(params string[] names)
    {
        var index = new SeriesIndex(7);
        foreach (var name in names) Assert.True(index.TryAdd(Encoding.UTF8.GetBytes(name), out _, out _), name);
        return index;
    }

    static string[] Match(SeriesIndex index, string pattern)
    {
        List<int> ids = [];
        Assert.True(index.Match(pattern, ids));
        return [.. ids.Select(index.TextOf)];
    }

    static string[] Tagged(SeriesIndex index, params string[] expressions)
    {
        List<int> ids = [];
        Assert.True(index.MatchTags([.. expressions.Select(e => TagExpression.Parse(e)!)], ids));
        return [.. ids.Select(index.TextOf)];
    }

    [Theory]
    [InlineData("a.b", "a.b")]
    [InlineData(".a..b.", "a.b")]
    [InlineData("a;z=1;b=2", "a;b=2;z=1")]
    [InlineData("a;b=1;b=2", "a;b=2")]
    [InlineData("a;b=2;name=x", "a;b=2")]
    [InlineData("a;b=2;b-c=1", "a;b-c=1;b=2")]
    [InlineData("a;b=c=d", "a;b=c=d")]
    [InlineData("disk./home/é x.used", "disk./home/é x.used")]
    public void A_name_has_one_form(string given, string canonical) =>
        Assert.Equal([canonical], IndexOf(given).TagNames([], "", 9) is { Count: > 0 } ? [IndexOf(given).TextOf(0)] : []);

    [Theory]
    [InlineData("")]
    [InlineData("...")]
    [InlineData("a\nb")]
    [InlineData("a;b")]
    [InlineData("a;=c")]
    [InlineData("a;b=")]
    [InlineData("a;b=~c")]
    [InlineData("a;b!=c")]
    [InlineData("a;b=c;")]
    [InlineData(";b=c")]
    public void What_is_no_name_is_refused(string name) => Assert.False(new SeriesIndex(1).TryAdd(Encoding.UTF8.GetBytes(name), out _, out _));

    [Theory]
    [InlineData("h.*", "h.load,h.mem")]
    [InlineData("*.cpu.*", "h.cpu.idle,h.cpu.user,h2.cpu.user")]
    [InlineData("h*.cpu.user", "h.cpu.user,h2.cpu.user")]
    [InlineData("h?.cpu.user", "h2.cpu.user")]
    [InlineData("h[0-9].cpu.*", "h2.cpu.user")]
    [InlineData("h.cpu.{user,idle,none}", "h.cpu.idle,h.cpu.user")]
    [InlineData("h{,2}.cpu.user", "h.cpu.user,h2.cpu.user")]
    [InlineData("h{,{2,3}}.cpu.{us*,user}", "h.cpu.user,h2.cpu.user")]
    [InlineData("h.cpu.[!i]*", "h.cpu.user")]
    [InlineData("h.cpu", "")]
    [InlineData("h.load", "h.load")]
    [InlineData("t*", "")]
    [InlineData("t;b=1;a=2", "t;a=2;b=1")]
    public void A_pattern_matches_part_by_part(string pattern, string found) =>
        Assert.Equal(found, string.Join(',', Match(IndexOf("h.cpu.user", "h.cpu.idle", "h2.cpu.user", "h.mem", "h.load", "t;a=2;b=1"), pattern)));

    [Fact]
    public void A_node_may_be_leaf_and_branch()
    {
        var index = IndexOf("a.b.c", "a.b", "a.d", "a.c.x");

        Assert.Equal([new("a.b", true, true), new("a.c", false, true), new("a.d", true, false)], index.Nodes("a.*", 10));
    }

    [Theory]
    [InlineData("name=cpu", "cpu;dc=a;host=x,cpu;dc=a;host=y,cpu;dc=b")]
    [InlineData("name=cpu dc=a", "cpu;dc=a;host=x,cpu;dc=a;host=y")]
    [InlineData("dc=a host!=x", "cpu;dc=a;host=y,mem;dc=a")]
    [InlineData("dc=~a|b host=", "cpu;dc=b,mem;dc=a")]
    [InlineData("dc=~. host!=", "cpu;dc=a;host=x,cpu;dc=a;host=y")]
    [InlineData("dc!=~a host=x", "")]
    [InlineData("name=~p", "plain.one")]
    [InlineData("name!=cpu dc=~.*a", "mem;dc=a")]
    [InlineData("name=plain.one", "plain.one")]
    [InlineData("host=~x", "cpu;dc=a;host=x")]
    public void Tags_are_asked_for(string expressions, string found)
    {
        var index = IndexOf("cpu;dc=a;host=x", "cpu;dc=a;host=y", "cpu;dc=b", "mem;dc=a", "plain.one");

        Assert.Equal(found, string.Join(',', Tagged(index, expressions.Split(' '))));
    }

    [Theory]
    [InlineData("host!=x", "not empty")]
    [InlineData("host=~.*", "not empty")]
    [InlineData("host=", "not empty")]
    [InlineData("host=~(", "not a regex")]
    [InlineData(@"host=~(a)\1", "not a regex")]
    public void A_question_for_everything_or_without_sense_is_refused(string expression, string reason) =>
        Assert.Contains(reason, Assert.Throws<PatternException>(() => Tagged(IndexOf("a;b=c"), expression)).Message, StringComparison.Ordinal);
}
