using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using OpsBro.Core.TimeSeries;
using OpsBro.Metrics;
using OpsBro.Metrics.Exporters;
using OpsBro.Metrics.Storing;
using OpsBro.Storage;
using OpsBro.Tests.EndToEnd;
using OpsBro.Tests.Forwarding;

namespace OpsBro.Tests.Metrics.Exporters;

/// <summary>Workers on the journal as it is on disk.</summary>
public sealed class SinkQueueTests : IDisposable
{
    readonly string directory = Directory.CreateTempSubdirectory("opsbro-queue-").FullName;
    long limit = MetricJournal.DefaultBytes;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    MetricJournal Open() => new(new SeriesIndex(1), new JournalFile(new Database(Path.Join(directory, "journal.db"), TimeProvider.System, new Telemetry(),
        NullLogger<Database>.Instance, JournalFile.Kind)), () => limit);

    static SinkWorker Worker(MetricJournal journal, int port)
    {
        var options = ForwardBench.Options(SinkKind.RemoteWrite, port);
        return new SinkWorker(options, journal, Sinks.Of(options), new BackOff(TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(20)),
            new SinkReport(TimeProvider.System), new Telemetry().Of("forward", "s"), NullLogger.Instance);
    }

    static void Append(MetricJournal journal, int from, int count)
    {
        lock (journal.Gate)
        {
            for (var i = from; i < from + count; i++)
            {
                Assert.True(journal.Names.TryAdd(Encoding.UTF8.GetBytes($"s.n{i % 7}"), out var series, out _));
                journal.Append(series, 1_700_000_000 + i, i);
            }
        }
    }

    static List<double> Values(FakeHttpSink sink) => [.. sink.Taken.SelectMany(WireDecoders.RemoteWriteSamples).Select(s => s.Value)];

    static Task Delivered(MetricJournal journal) =>
        RunningAgent.Until(() => journal.Behind(SinkWorker.Follower("s")) == 0, () => $"{journal.Behind(SinkWorker.Follower("s"))} wait");

    [Fact]
    public async Task Restarts_send_nothing_twice_and_go_on_where_they_were()
    {
        const int each = 5000, rounds = 4;
        using var sink = new FakeHttpSink().Listen();
        for (var round = 0; round < rounds; round++)
        {
            using var journal = Open();
            using var worker = Worker(journal, sink.Port);
            Append(journal, round * each, each);
            worker.Start();
            // the last round drains; the others stop wherever they are
            if (round == rounds - 1) await Delivered(journal);
            else await ForwardBench.Until(worker, now => now.Requests > 2);
        }

        Assert.Equal(Enumerable.Range(0, each * rounds).Select(i => (double)i), Values(sink).Order());
    }

    /// <summary>A sink with a fault of the program in its first two calls.</summary>
    sealed class Faulty(ISink inner) : ISink
    {
        public int Calls { get; set; }

        public Delivery Send(IReadOnlyList<JournalPoint> points, int from, int count, CancellationToken cancel) =>
            ++Calls <= 2 ? throw new InvalidOperationException("a fault") : inner.Send(points, from, count, cancel);

        public void Dispose() => inner.Dispose();
    }

    [Fact]
    public async Task A_fault_in_a_sink_ends_neither_the_agent_nor_the_sink()
    {
        using var sink = new FakeHttpSink().Listen();
        using var journal = Open();
        var options = ForwardBench.Options(SinkKind.RemoteWrite, sink.Port);
        var faulty = new Faulty(Sinks.Of(options));
        using var worker = new SinkWorker(options, journal, faulty, new BackOff(TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(20)),
            new SinkReport(TimeProvider.System), new Telemetry().Of("forward", "s"), NullLogger.Instance);
        Append(journal, 0, 100);

        worker.Start();
        await Delivered(journal);

        Assert.Equal(3, faulty.Calls);
        Assert.Equal(2, worker.Report.Now.Retries);
        Assert.Equal(Enumerable.Range(0, 100).Select(i => (double)i), Values(sink).Order());
    }

    [Fact]
    public async Task What_the_queue_has_no_room_for_is_counted_and_the_rest_arrives()
    {
        limit = 100_000;
        using var sink = new FakeHttpSink();
        using var journal = Open();
        using var worker = Worker(journal, sink.Port);
        for (var i = 0; i < 20; i++)
        {
            Append(journal, i * 5000, 5000);
            journal.Flush();
        }
        worker.Start();
        await ForwardBench.Until(worker, now => now is { State: SinkState.Down, Lost: > 0 });

        sink.Listen();
        await Delivered(journal);

        var lost = (int)worker.Report.Now.Lost;
        Assert.Equal(Enumerable.Range(lost, 100_000 - lost).Select(i => (double)i), Values(sink).Order());
        Assert.Equal(100_000 - lost, worker.Report.Now.Sent);
    }
}
