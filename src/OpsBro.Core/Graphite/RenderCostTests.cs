using OpsBro.Core.Graphite;
using OpsBro.Core.TimeSeries;

namespace OpsBro.Tests.Graphite;

/// <summary>Requests that cost too much are refused before they cost it.</summary>
public class RenderCostTests
{
    /// <summary>Many series that share one array.</summary>
    sealed class WideSource(int count, int points) : ISeriesSource
    {
        readonly double[] values = new double[points];

        public IReadOnlyList<SeriesSlice> Fetch(string pattern, long from, long until, Aspect aspect) =>
            [.. Enumerable.Range(0, count).Select(n => new SeriesSlice($"s{n}.{aspect}", from + 1, 1, values))];

        public IReadOnlyList<SeriesSlice> FetchTagged(IReadOnlyList<TagExpression> tags, long from, long until, Aspect aspect) => [];
    }

    static string Refused(string target, int count, int points) => Assert.Throws<GraphiteException>(() =>
        TargetEvaluator.Default.Evaluate(target, SampleSource.Context(new WideSource(count, points)))).Message;

    [Fact]
    public void Too_many_series() => Assert.Equal("more than 20000 series; write a narrower pattern", Refused("*", 20_001, 1));

    [Fact]
    public void Too_many_points_fetched() =>
        Assert.Equal("more than 20000000 points; ask for fewer series or a shorter time", Refused("*", 201, 100_000));

    [Fact]
    public void Too_many_points_worked_out() =>
        Assert.StartsWith("more than 400000000 points to work out", Refused("*" + string.Concat(Enumerable.Repeat("|group()", 50)), 190, 100_000),
            StringComparison.Ordinal);

    [Fact]
    public void Names_that_grow_weigh_as_much_as_points()
    {
        var context = SampleSource.Context(new WideSource(100, 1)) with { Cost = new RenderCost { MostComputed = 100_000 } };
        var target = $"aliasSub(*, '^.*$', '{new string('x', 5_000)}')";

        var refused = Assert.Throws<GraphiteException>(() => TargetEvaluator.Default.Evaluate(target, context));

        Assert.True(refused.IsTooMuch);
        Assert.StartsWith("more than 100000 points to work out", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("grep(*, '(.)\\1')")]
    [InlineData("exclude(*, 'x')")]
    public void A_request_that_has_ended_is_not_worked_on(string target)
    {
        using var ended = new CancellationTokenSource();
        var context = SampleSource.Context(new EndingSource(ended)) with { Cancel = ended.Token };

        Assert.Throws<OperationCanceledException>(() => TargetEvaluator.Default.Evaluate(target, context));
    }

    /// <summary>The request ends while its series are fetched.</summary>
    sealed class EndingSource(CancellationTokenSource end) : ISeriesSource
    {
        public IReadOnlyList<SeriesSlice> Fetch(string pattern, long from, long until, Aspect aspect)
        {
            end.Cancel();
            return [new SeriesSlice("s", from + 1, 1, new double[100])];
        }

        public IReadOnlyList<SeriesSlice> FetchTagged(IReadOnlyList<TagExpression> tags, long from, long until, Aspect aspect) => [];
    }

    [Fact]
    public void Functions_that_evaluate_twice_do_not_pile_up() =>
        Assert.StartsWith("more than 20000 calls of functions", Refused("a" + string.Concat(Enumerable.Repeat("|exponentialMovingAverage(2)", 30)), 1, 10),
            StringComparison.Ordinal);

    [Fact]
    public void Points_are_counted()
    {
        var context = SampleSource.Context(new WideSource(3, 100));

        TargetEvaluator.Default.Evaluate("sumSeries(*)", context);

        Assert.Equal(300, context.Cost.FetchedPoints);
        Assert.Equal(100, context.Cost.ComputedPoints);
    }

    [Fact]
    public void Consolidation_by_the_greatest_takes_the_greatest_of_the_store()
    {
        var context = SampleSource.Context(new WideSource(1, 3));

        Assert.Equal("consolidateBy(s0.Max,\"max\")", TargetEvaluator.Default.Evaluate("consolidateBy(a,'max')", context)[0].Name);
        Assert.Equal("consolidateBy(powSeries(s0.Average),\"max\")", TargetEvaluator.Default.Evaluate("consolidateBy(powSeries(a),'max')", context)[0].Name);
        Assert.Equal("s0.Average", TargetEvaluator.Default.Evaluate("a", context)[0].Name);
    }
}
