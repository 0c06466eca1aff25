using OpsBro.Core.Graphite;
using OpsBro.Core.TimeSeries;
using OpsBro.Metrics;
using OpsBro.Metrics.Asking;

namespace OpsBro.Tests.Metrics;

/// <summary>What one question may cost the store: it is refused, or cut to what can be there, before it takes memory.</summary>
public sealed class MetricCostTests : IDisposable
{
    const long EndOfTime = 253_402_300_799;

    readonly StoreRig rig = new();

    long Now => rig.Clock.Seconds;

    [Fact]
    public void A_time_that_never_ends_or_began_before_everything_is_cut_to_what_can_be_there()
    {
        rig.Add("a", Now, 7);

        var (future, past) = (rig.Store.Fetch("a", Now - 600, EndOfTime, Aspect.Average), rig.Store.Fetch("a", 0, EndOfTime, Aspect.Average));

        Assert.Equal(7, Assert.Single(future).Values.Single(v => !double.IsNaN(v)));
        Assert.InRange(future[0].Values.Length, 60, 60 + (MetricStore.MaxAhead / MetricStore.BaseStep));
        Assert.Equal(7, Assert.Single(past).Values.Single(v => !double.IsNaN(v)));
        Assert.InRange(past[0].Values.Length, 1, (rig.Options.Longest / 3600) + 2);
        Assert.Empty(rig.Store.Fetch("a", Now + 100_000, EndOfTime, Aspect.Average));
        Assert.Empty(rig.Store.Fetch("a", 0, 1_000, Aspect.Average));
    }

    [Fact]
    public void Too_many_points_are_refused_before_they_are_read()
    {
        for (var i = 0; i < 400; i++) rig.Add($"many.s{i}", Now, i);
        rig.Store.Fetch("many.s1", Now - 600, Now, Aspect.Average);   // what is made once is made now
        var before = GC.GetAllocatedBytesForCurrentThread();

        var refused = Assert.Throws<GraphiteException>(() => rig.Store.Fetch("many.*", Now - (6 * 86_400), Now, Aspect.Average));

        Assert.True(refused.IsTooMuch);
        Assert.Equal("400 series over 144 h have more than 20000000 points; ask for fewer or for a shorter time", refused.Message);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
    }

    [Fact]
    public void Too_many_series_are_refused()
    {
        for (var i = 0; i <= GraphiteLimits.Series; i++) rig.Add($"s{i}", Now, i);

        var refused = Assert.Throws<GraphiteException>(() => rig.Store.Fetch("*", Now - 60, Now, Aspect.Average));

        Assert.True(refused.IsTooMuch);
        Assert.Equal("more than 20000 series; write a narrower pattern", refused.Message);
        Assert.Throws<GraphiteException>(() => rig.Store.FetchTagged([new("name", TagOperator.Match, ".")], Now - 60, Now, Aspect.Average));
    }

    [Fact]
    public void Series_are_fetched_by_their_names()
    {
        rig.Add("a.b.c", Now, 1);
        rig.Add("a.b", Now, 2);
        rig.Add("c;x=y", Now, 3);

        var slices = rig.Store.FetchNamed(["c;x=y", "a.b.c", "nosuch"], Now - 60, Now, Aspect.Average);

        Assert.Equal(["c;x=y", "a.b.c"], slices.Select(s => s.Name));
        Assert.Equal([3, 1], slices.Select(s => s.Values.Single(v => !double.IsNaN(v))));
    }

    [Fact]
    public void A_condition_that_takes_long_does_not_hold_the_store()
    {
        using var store = new MetricStore(rig.Clock, new MetricJournal()) { AskPatience = TimeSpan.Zero };
        foreach (var name in new[] { "a.b", "c;d=e" }) Assert.True(store.Add(store.Source("test"), System.Text.Encoding.UTF8.GetBytes(name), Now, 1));

        foreach (var question in new Action[]
        {
            () => store.Fetch("a.*", Now - 60, Now, Aspect.Last),
            () => store.FetchTagged([new("d", TagOperator.Match, "(.*a.{20}){3}|.")], Now - 60, Now, Aspect.Last),
            () => store.FetchTagged([new("name", TagOperator.Match, ".")], Now - 60, Now, Aspect.Last),
            () => store.Find("*"),
        })
        {
            var refused = Assert.Throws<GraphiteException>(question);
            Assert.True(refused.IsTooMuch);
            Assert.EndsWith("write a simpler pattern or condition", refused.Message);
        }
        Assert.Equal(["a.b", "c;d=e"], store.Names());
    }

    [Theory]
    [InlineData(0, 2, GraphiteLimits.ComputedPoints)]
    [InlineData(1L << 31, 2, 1L << 26)]
    [InlineData(1L << 40, 8, GraphiteLimits.ComputedPoints)]
    [InlineData(1L << 20, 8, 1_000_000)]
    public void A_request_works_out_no_more_points_than_half_of_the_memory_holds(long memory, int atOnce, long points) =>
        Assert.Equal(points, Rendering.MostComputed(memory, atOnce));

    /// <inheritdoc/>
    public void Dispose() => rig.Dispose();
}
