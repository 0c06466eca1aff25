using OpsBro.Metrics;
using OpsBro.Metrics.Exporters;
using OpsBro.Tests.EndToEnd;
using OpsBro.Tests.Forwarding;

namespace OpsBro.Tests.Metrics.Exporters;

public sealed class GraphiteSinkTests : IDisposable
{
    readonly ForwardBench bench = new();

    public void Dispose() => bench.Dispose();

    static async Task Same(IEnumerable<JournalPoint> points, FakeGraphite sink)
    {
        var expected = ForwardBench.Expected(points);
        // what the kernel has acknowledged the program still has to read
        await RunningAgent.Until(() => sink.Samples().Count >= expected.Count, () => $"{sink.Samples().Count} of {expected.Count}");
        Assert.Equal(expected, sink.Samples());
    }

    [Fact]
    public async Task A_sink_that_is_away_while_many_pages_wait_gets_every_point_once()
    {
        using var sink = new FakeGraphite();
        var worker = bench.Start(ForwardBench.Options(SinkKind.Graphite, sink.Port));
        var points = RandomPoints.Regular(200, 360);
        bench.Append(points);
        await ForwardBench.Until(worker, now => now is { State: SinkState.Down, Retries: > 2 });

        sink.Listen();
        await bench.Delivered(worker);

        await Same(points, sink);
        Assert.Equal(1, sink.Seen);
    }

    [Fact]
    public async Task A_proxy_that_accepts_and_closes_loses_nothing()
    {
        using var sink = new FakeGraphite().Then(new("close"), new("close"), new("close")).Listen();
        var worker = bench.Start(ForwardBench.Options(SinkKind.Graphite, sink.Port));
        var points = RandomPoints.Regular(10, 10);
        bench.Append(points);

        await bench.Delivered(worker);

        await Same(points, sink);
        Assert.Equal(4, sink.Seen);
    }

    [Fact]
    public async Task A_reset_in_the_middle_of_a_page_brings_that_page_again_and_no_other()
    {
        var points = RandomPoints.Regular(100, 200);
        using var sink = new FakeGraphite().Then(new("reset", 300_000), new("reset", 150_000)).Listen();
        var worker = bench.Start(ForwardBench.Options(SinkKind.Graphite, sink.Port, batch: 2000));
        bench.Append(points);

        await bench.Delivered(worker);

        await RunningAgent.Until(() => ForwardBench.Expected(points).ToHashSet().SetEquals(sink.Samples()),
            () => $"{sink.Samples().Count}; {worker.Report.Now}");
        Assert.InRange(sink.Samples().Count, points.Length, points.Length + (2 * 2000));
        Assert.Equal(3, sink.Seen);
    }

    [Fact]
    public async Task A_slow_reader_is_waited_for_and_gets_everything_once()
    {
        using var sink = new FakeGraphite().Then(new Connection("slow")).Listen();
        // one page takes longer than the timeout, but never stands still for it
        var worker = bench.Start(ForwardBench.Options(SinkKind.Graphite, sink.Port, batch: 20_000) with { Timeout = TimeSpan.FromSeconds(5) });
        var points = RandomPoints.Regular(500, 60);
        bench.Append(points);

        await bench.Delivered(worker);

        await Same(points, sink);
    }

    [Fact]
    public async Task A_sink_that_reads_nothing_is_down_and_its_page_goes_to_the_next_connection()
    {
        using var sink = new FakeGraphite().Then(new Connection("deaf")).Listen();
        var worker = bench.Start(ForwardBench.Options(SinkKind.Graphite, sink.Port, batch: 20_000) with { Timeout = TimeSpan.FromSeconds(2) });
        var points = RandomPoints.Regular(500, 40);
        bench.Append(points);

        await bench.Delivered(worker);

        await Same(points, sink);
        Assert.Contains("the sink reads nothing since 2 s", worker.Report.Now.Error);
        Assert.Equal(2, sink.Seen);
    }

    [Fact]
    public async Task A_connection_that_was_closed_between_two_pages_is_made_anew_at_once()
    {
        using var sink = new FakeGraphite().Listen();
        var worker = bench.Start(ForwardBench.Options(SinkKind.Graphite, sink.Port));
        var points = RandomPoints.Regular(10, 10);
        bench.Append(points);
        await bench.Delivered(worker);
        await Same(points, sink);

        sink.HangUp();
        var more = RandomPoints.Regular(10, 10, start: 1_800_000_000);
        bench.Append(more);
        await bench.Delivered(worker);

        await Same(points.Concat(more), sink);
        Assert.Equal(0, worker.Report.Now.Retries);
    }

    [Fact]
    public async Task A_sink_that_restarts_gets_what_came_meanwhile()
    {
        using var first = new FakeGraphite().Listen();
        var worker = bench.Start(ForwardBench.Options(SinkKind.Graphite, first.Port));
        var points = RandomPoints.Regular(10, 10);
        bench.Append(points);
        await bench.Delivered(worker);
        await Same(points, first);

        first.Dispose();
        var more = RandomPoints.Regular(100, 10, start: 1_800_000_000);
        bench.Append(more);
        await ForwardBench.Until(worker, now => now.State == SinkState.Down);
        using var second = first.Again().Listen();
        await bench.Delivered(worker);

        await Same(more, second);
    }

    [Fact]
    public async Task A_stop_while_a_sink_reads_nothing_does_not_wait_for_it()
    {
        using var sink = new FakeGraphite().Then(new Connection("deaf")).Listen();
        var worker = bench.Start(ForwardBench.Options(SinkKind.Graphite, sink.Port, batch: 20_000) with { Timeout = TimeSpan.FromMinutes(5) });
        bench.Append(RandomPoints.Regular(500, 40));
        await RunningAgent.Until(() => sink.Seen == 1, () => "no connection");

        worker.Dispose();

        Assert.Equal(20_000, bench.Behind());
    }
}
