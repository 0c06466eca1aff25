using OpsBro.Core.Graphite;

namespace OpsBro.Tests.Graphite;

/// <summary>The frame: fetching, calling, templates, pipes, costs.</summary>
public class TargetEvaluatorTests
{
    static IReadOnlyList<Series> Ask(string target) => TargetEvaluator.Default.Evaluate(target, SampleSource.Context(SampleSource.Usual()));

    static string[] Names(string target) => [.. Ask(target).Select(s => s.Name)];

    [Theory]
    [InlineData("a.b.*", "a.b.c a.b.d")]
    [InlineData("sumSeries(a.b.*)", "sumSeries(a.b.*)")]
    [InlineData("sum(a.b.*,a.x.c,a.b.*)", "sumSeries(a.b.*,a.x.c)")]
    [InlineData("avg(a.b.*)", "averageSeries(a.b.*)")]
    [InlineData("aggregate(a.b.*,'total')", "totalSeries(a.b.*)")]
    [InlineData("a.b.* | sumSeries()|alias('x y')", "x y")]
    [InlineData("aliasByNode(sumSeries(a.b.*),1,-1)", "b.*")]
    [InlineData("aliasByNode(seriesByTag('dc=e'),'host',0)", "a.disk b.disk")]
    [InlineData("seriesByTag('dc=e')|sumSeries()", "sumSeries(seriesByTag('dc=e'))")]
    [InlineData("template(sumSeries($x.b.*),x='a')", "sumSeries(a.b.*)")]
    [InlineData("template($1.$2.c,'a','b')", "a.b.c")]
    [InlineData("sumSeries(nothing.here)", "")]
    public void Results_are_named_as_by_graphite_web(string target, string names) =>
        Assert.Equal(names, string.Join(' ', Names(target)));

    [Fact]
    public void Sums_skip_what_is_absent()
    {
        var sum = Assert.Single(Ask("sumSeries(a.b.*)"));

        Assert.Equal([8, 9, 8, 11, 12], sum.Values.Zip([0, 0, 0, 0, 0], (v, _) => v));
        Assert.Equal("sum", sum.Tags["aggregatedBy"]);
    }

    [Fact]
    public void Series_of_different_steps_are_brought_to_one()
    {
        var sum = Assert.Single(Ask("sumSeries(a.b.c,a.x.c)"));

        Assert.Equal(60, sum.Step);
        Assert.Equal([7, 8, 9, 10, 11], sum.Values);
    }

    [Fact]
    public void One_pattern_is_fetched_once()
    {
        var source = SampleSource.Usual();

        TargetEvaluator.Default.Evaluate("sumSeries(a.b.*,a.b.*)", SampleSource.Context(source));

        Assert.Equal(1, source.Fetches);
    }

    [Theory]
    [InlineData("sumSerie(a.b.c)", "there is no function \"sumSerie\" (did you mean \"sumSeries\"?); see /functions")]
    [InlineData("sumSeries()", "sumSeries needs seriesLists: sumSeries(*seriesLists)")]
    [InlineData("alias(a.b.c)", "alias needs newName: alias(seriesList, newName)")]
    [InlineData("alias(a.b.c,'x',nam='y')", "alias has no parameter \"nam\": alias(seriesList, newName)")]
    [InlineData("alias(a.b.c,'x','y')", "alias takes at most 2 arguments, not 3: alias(seriesList, newName)")]
    [InlineData("seriesByTag('x')", "seriesByTag: \"x\" is no condition; write tag=value, tag!=value, tag=~regex or tag!=~regex")]
    public void Refusals_say_what_to_do(string target, string message) =>
        Assert.Equal(message, Assert.Throws<GraphiteException>(() => Ask(target)).Message);

    [Fact]
    public void A_cancelled_request_ends()
    {
        var context = SampleSource.Context(SampleSource.Usual()) with { Cancel = new CancellationToken(canceled: true) };

        Assert.Throws<OperationCanceledException>(() => TargetEvaluator.Default.Evaluate("a.b.c", context));
    }
}
