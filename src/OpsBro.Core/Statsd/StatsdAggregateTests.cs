using System.Text;
using OpsBro.Core.Statsd;

namespace OpsBro.Tests.Statsd;

/// <summary>What is flushed of each type, and what the options change.</summary>
public class StatsdAggregateTests
{
    static string Text(Dictionary<string, double> flushed) =>
        string.Join(' ', flushed.OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => FormattableString.Invariant($"{f.Key}={f.Value}")));

    [Fact]
    public void Counters_are_added_up_and_start_again()
    {
        var run = new StatsdRun().Send("a:1|c\na:2|c", "a:1|c|@0.1");

        Assert.Equal("stats.counters.a.count=13 stats.counters.a.rate=1.3", Text(run.Flush()));
        Assert.Equal("stats.counters.a.count=0 stats.counters.a.rate=0", Text(run.Flush()));
    }

    [Fact]
    public void Gauges_stay_and_are_changed_by_signs()
    {
        var run = new StatsdRun().Send("a:5|g", "a:+2|g", "a:-10|g");

        Assert.Equal("stats.gauges.a=-3", Text(run.Flush()));
        Assert.Equal("stats.gauges.a=-3", Text(run.Flush()));
        Assert.Equal("stats.gauges.a=-3.5 stats.gauges.b=-1", Text(run.Send("a:-.5|g", "b:-1|g").Flush()));
    }

    [Fact]
    public void Timers_have_all_their_figures()
    {
        var run = new StatsdRun(new StatsdSettings { Percentiles = [90, -10] }).Send("a:3:1:2|ms", "a:4|ms|@0.1");

        var flushed = run.Flush();

        Assert.Equal("stats.timers.a.count=13 stats.timers.a.count_90=4 stats.timers.a.count_ps=1.3 stats.timers.a.lower=1 "
            + "stats.timers.a.mean=2.5 stats.timers.a.mean_90=2.5 stats.timers.a.median=2.5 stats.timers.a.std=1.118033988749895 "
            + "stats.timers.a.sum=10 stats.timers.a.sum_90=10 stats.timers.a.sum_squares=30 stats.timers.a.sum_squares_90=30 "
            + "stats.timers.a.upper=4 stats.timers.a.upper_90=4", Text(flushed));   // a tenth of four is none
        Assert.Equal("stats.timers.a.count=0 stats.timers.a.count_ps=0", Text(run.Flush()));
    }

    [Fact]
    public void A_negative_percentile_is_of_the_greatest_values()
    {
        var run = new StatsdRun(new StatsdSettings { Percentiles = [-50], TimerMetrics = ["count_percent", "lower_percent", "sum_percent", "mean_percent"] });

        Assert.Equal("stats.timers.a.count_top50=2 stats.timers.a.lower_top50=3 stats.timers.a.mean_top50=3.5 stats.timers.a.sum_top50=7",
            Text(run.Send("a:4:1:3:2|ms").Flush()));
    }

    [Fact]
    public void Values_are_counted_in_bins()
    {
        var run = new StatsdRun(new StatsdSettings
        {
            Histograms = [new("none", []), new("", [0.5, 10, double.PositiveInfinity])],
            TimerMetrics = ["histogram"],
        });

        Assert.Equal("stats.timers.a.histogram.bin_0_5=1 stats.timers.a.histogram.bin_10=2 stats.timers.a.histogram.bin_inf=1",
            Text(run.Send("a:0.1:1:2:10|ms", "none:5|ms").Flush()));
    }

    [Fact]
    public void Sets_count_different_members()
    {
        var run = new StatsdRun().Send("a:joe|s", "a:ann|s", "a:joe|s", "b:joe|s");

        Assert.Equal("stats.sets.a.count=2 stats.sets.b.count=1", Text(run.Flush()));
        Assert.Equal("stats.sets.a.count=1 stats.sets.b.count=0", Text(run.Send("a:joe|s").Flush()));
    }

    [Fact]
    public void One_name_may_be_of_every_kind_and_is_one_however_it_is_spelt() =>
        Assert.Equal("stats.counters.a_b.count=3 stats.counters.a_b.rate=0.3 stats.gauges.a_b=2 stats.sets.a_b.count=1",
            Text(new StatsdRun().Send("a b:1|c", "a_b:1|c", "a\t b!:1|c", "a b:2|g", "a b:x|s").Flush()));

    [Fact]
    public void Tags_stand_behind_the_figure() =>
        Assert.Equal("stats.counters.a.count.web;b=c;d=e=1 stats.counters.a.rate.web;b=c;d=e=0.1",
            Text(new StatsdRun(new StatsdSettings { GlobalSuffix = "web" }).Send("a:1|c|#b:c,d:e").Flush()));

    [Fact]
    public void Its_own_numbers_are_the_daemons()
    {
        var run = new StatsdRun();
        run.Flush();

        Assert.Equal("stats.counters.a.count=1 stats.counters.a.rate=0.1 stats.counters.statsd.bad_lines_seen.count=1 "
            + "stats.counters.statsd.bad_lines_seen.rate=0.1 stats.counters.statsd.metrics_received.count=2 "
            + "stats.counters.statsd.metrics_received.rate=0.2 stats.counters.statsd.packets_received.count=1 "
            + "stats.counters.statsd.packets_received.rate=0.1 stats.gauges.statsd.timestamp_lag=0 stats.statsd.numStats=5",
            Text(run.Send("a:1|c\nb").Flush(withOwn: true)));
    }

    [Fact]
    public void Idle_metrics_go_when_told()
    {
        var run = new StatsdRun(new StatsdSettings
        {
            DeleteCounters = true,
            DeleteGauges = true,
            DeleteSets = true,
            DeleteTimers = true,
            GaugesMaxTtl = 2,
            TimerMetrics = ["count"],
        });

        Assert.Equal(5, run.Send("a:1|c", "b:1|g", "c:1|s", "d:1|ms").Flush().Count);
        Assert.Equal("stats.gauges.b=1", Text(run.Flush()));
        Assert.Equal("", Text(run.Flush()));
        Assert.Equal("stats.gauges.b=2", Text(run.Send("b:+2|g").Flush()));
        Assert.Contains("stats.counters.statsd.packets_received.count", run.Flush(withOwn: true));
    }

    [Fact]
    public void The_names_of_the_original()
    {
        var run = new StatsdRun(new StatsdSettings { LegacyNames = true }).Send("a:1|g", "a:3|g", "a:4|c", "a:1:2|ms");

        Assert.Equal("stats.gauges.a=2 stats.gauges.a.count=4 stats.gauges.a.max=3 stats.gauges.a.min=1 stats.gauges.a.rate=0.4 "
            + "stats.timers.a.count=2 stats.timers.a.lower=1 stats.timers.a.mean=1.5 stats.timers.a.median=1.5 stats.timers.a.std=0.5 "
            + "stats.timers.a.sum=3 stats.timers.a.sum_99=3 stats.timers.a.upper=2 stats.timers.a.upper_99=2", Text(run.Flush()));
        Assert.DoesNotContain("stats.gauges.a", run.Flush());
    }

    [Fact]
    public void There_is_a_limit_on_everything()
    {
        var run = new StatsdRun(limits: new StatsdLimits { MaxMetrics = 5, MaxTimerValues = 2, MaxSetMembers = 1 });   // three are its own

        run.Send("t:1:2:3|ms", "s:x:y|s", "s:a|s\ns:b|s", "late:1|c");
        var flushed = run.Flush();

        Assert.Equal(3, flushed["stats.timers.t.count"]);
        Assert.Equal(2, flushed["stats.timers.t.upper"]);
        Assert.Equal(1, flushed["stats.sets.s.count"]);
        Assert.DoesNotContain("stats.counters.late.count", flushed);
        var counts = run.Aggregate.Counts;
        Assert.Equal((5, 1L, 1L, 2L), (counts.Metrics, counts.RefusedMetrics, counts.RefusedTimerValues, counts.RefusedMembers));
    }

    [Fact]
    public void A_name_that_is_too_long_is_a_bad_line()
    {
        var run = new StatsdRun().Send($"{new string('a', StatsdLimits.MaxName)}:1|c", $"{new string('b', StatsdLimits.MaxName + 1)}:1|c");

        Assert.Equal(2, run.Flush().Count);
        Assert.Equal(StatsdFault.NameTooLong, Assert.Single(run.BadLines).Fault);
    }

    [Fact]
    public void Names_that_come_and_go_do_not_fill_the_tables()
    {
        var run = new StatsdRun(
            new StatsdSettings { DeleteCounters = true, DeleteTimers = true, DeleteSets = true }, new StatsdLimits { MaxMetrics = 100 });
        run.Send("keep:7|g");

        for (var i = 0; i < 100; i++)
        {
            for (var j = 0; j < 10; j++) run.Send($"c{i}.{j}:1|c", $"t{i}.{j}:1|ms", $"s{i}.{j}:1|s");
            var flushed = run.Flush();
            Assert.Equal(1, flushed[$"stats.counters.c{i}.9.count"]);
            Assert.Equal(7, flushed["stats.gauges.keep"]);
        }
        Assert.Equal(0, run.Aggregate.Counts.RefusedMetrics);
    }

    [Fact]
    public void The_hot_path_allocates_nothing()
    {
        var run = new StatsdRun();
        byte[][] packets = [.. Enumerable.Range(0, 200).Select(i => Encoding.ASCII.GetBytes(
            $"web.host{i}.app:1|c\nweb.{i}:{i}.25|g\nweb.{i}:-1|g\nt{i}:{i}|ms|@0.5\nt:1:2:3|ms\nu{i}:user{i}|s\nb:1|c|#host:web{i},x:y\nbad"))];
        for (var warm = 0; warm < 4; warm++)
        {
            Feed(run, packets);
            run.Flush();
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var packet in packets) run.Aggregate.Take(packet.AsSpan(0, packet.AsSpan().IndexOf("\nbad"u8)));
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(0, allocated);
        Assert.Equal(1, run.Flush()["stats.counters.web.host7.app.count"]);
    }

    static void Feed(StatsdRun run, byte[][] packets)
    {
        foreach (var packet in packets) run.Aggregate.Take(packet);
    }
}
