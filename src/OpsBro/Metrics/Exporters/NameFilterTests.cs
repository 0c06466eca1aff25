using OpsBro.Metrics.Exporters;

namespace OpsBro.Tests.Metrics.Exporters;

public class NameFilterTests
{
    static bool Takes(string[] include, string[] exclude, string name) =>
        new NameFilter(NameFilter.Compile(include, Assert.Fail), NameFilter.Compile(exclude, Assert.Fail)).Takes(SeriesName.Parse(name));

    [Theory]
    [InlineData("load", "load", true)]
    [InlineData("load", "load.1m", false)]
    [InlineData("load.*", "load.1m", true)]
    [InlineData("load.*", "load", false)]
    [InlineData("*", "a.b", false)]
    [InlineData("**", "a.b.c", true)]
    [InlineData("stats.**", "stats.timers.web.mean", true)]
    [InlineData("**.mean", "stats.timers.web.mean", true)]
    [InlineData("stats.timers.*.{mean,upper_90}", "stats.timers.web.upper_90", true)]
    [InlineData("stats.timers.*.{mean,upper_90}", "stats.timers.web.upper", false)]
    [InlineData("disk[ab]?", "diska1", true)]
    [InlineData("disk[ab]?", "diskc1", false)]
    [InlineData("disk[!a]", "diskb", true)]
    [InlineData("disk[^a]", "disk^", true)]
    [InlineData("a$b*", "a$bc", true)]
    [InlineData("a+(*)", "a+(x)", true)]
    [InlineData("cpu.*", "cpu.x;dc=paris", true)]
    [InlineData("dc=paris", "cpu.x;dc=paris", true)]
    [InlineData("dc=paris", "cpu.x", false)]
    [InlineData("dc=", "cpu.x", true)]
    [InlineData("dc!=paris", "cpu.x;dc=rome", true)]
    [InlineData("dc=~pa.*", "cpu.x;dc=paris", true)]
    [InlineData("dc=~ar", "cpu.x;dc=paris", false)]
    [InlineData("dc!=~pa|ro", "cpu.x;dc=rome", false)]
    [InlineData("name=cpu.x", "cpu.x;dc=rome", true)]
    public void A_pattern_takes_a_series_or_not(string pattern, string name, bool takes)
    {
        Assert.Equal(takes, Takes([pattern], [], name));
        Assert.Equal(!takes, Takes([], [pattern], name));
    }

    [Fact]
    public void What_is_excluded_does_not_go_though_it_is_included()
    {
        Assert.True(Takes(["cpu.*", "load.*"], ["*.idle"], "load.1m"));
        Assert.False(Takes(["cpu.*", "load.*"], ["*.idle"], "cpu.idle"));
        Assert.False(Takes(["cpu.*", "load.*"], ["*.idle"], "disk.free"));
    }

    [Theory]
    [InlineData("a[b")]
    [InlineData("a[]")]
    [InlineData("a{b")]
    [InlineData("a[z-a]")]
    [InlineData("dc=~(")]
    [InlineData("dc=~(?=x)")]
    public void What_is_no_pattern_is_told(string pattern)
    {
        var told = new List<string>();

        Assert.Empty(NameFilter.Compile([pattern], told.Add));

        Assert.Contains($"\"{pattern}\" is no pattern", Assert.Single(told));
    }

    [Fact]
    public void A_pattern_costs_no_more_than_the_name_is_long()
    {
        var name = string.Join('.', Enumerable.Repeat("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 30));

        Assert.False(Takes([string.Concat(Enumerable.Repeat("**a", 40)) + "b"], [], name));
    }
}
