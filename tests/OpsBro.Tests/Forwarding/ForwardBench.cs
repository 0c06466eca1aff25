using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using OpsBro.Metrics;
using OpsBro.Metrics.Exporters;
using OpsBro.Tests.EndToEnd;

namespace OpsBro.Tests.Forwarding;

/// <summary>A journal with workers on it, for one test.</summary>
sealed class ForwardBench : IDisposable
{
    static readonly BackOff quick = new(TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(20));

    readonly List<SinkWorker> workers = [];
    readonly Telemetry telemetry = new();

    /// <summary>The journal.</summary>
    public MetricJournal Journal { get; } = new();

    /// <summary>Options of a sink that looks for points often. Its timeout is long: what a busy machine answers late would be sent twice.</summary>
    public static SinkOptions Options(SinkKind kind, int port, int batch = 500, bool isSecure = false) => new()
    {
        Name = "s",
        Kind = kind,
        Url = new Uri($"http{(isSecure ? "s" : "")}://localhost:{port}/write"),
        Host = "127.0.0.1",
        Port = port,
        Batch = batch,
        KeepsNames = true,
        Interval = TimeSpan.FromMilliseconds(20),
        Timeout = TimeSpan.FromSeconds(30),
    };

    /// <summary>Starts a worker.</summary>
    public SinkWorker Start(SinkOptions options)
    {
        var worker = new SinkWorker(options, Journal, Sinks.Of(options), quick, new SinkReport(TimeProvider.System),
            telemetry.Of("forward", options.Name), NullLogger.Instance);
        workers.Add(worker);
        worker.Start();
        return worker;
    }

    /// <summary>Appends points.</summary>
    public void Append(IEnumerable<JournalPoint> points)
    {
        lock (Journal.Gate)
        {
            foreach (var point in points)
            {
                Assert.True(Journal.Names.TryAdd(Encoding.UTF8.GetBytes(point.Name), out var series, out _));
                Journal.Append(series, point.At, point.Value);
            }
        }
    }

    /// <summary>Points that wait for a sink.</summary>
    public long Behind(string sink = "s") => Journal.Behind(SinkWorker.Follower(sink));

    /// <summary>Waits until nothing waits for the sink.</summary>
    public Task Delivered(SinkWorker worker) => RunningAgent.Until(() => Behind(worker.Options.Name) == 0,
        () => $"{Behind(worker.Options.Name)} wait; {worker.Report.Now}");

    /// <summary>Waits until a figure of a worker is as wanted.</summary>
    public static Task Until(SinkWorker worker, Func<SinkFigures, bool> isSo) =>
        RunningAgent.Until(() => isSo(worker.Report.Now), () => worker.Report.Now.ToString());

    /// <summary>What a sink should have read.</summary>
    public static List<ReadSample> Expected(IEnumerable<JournalPoint> points) =>
        [.. points.Select(p => new ReadSample(RandomPoints.Key(p.Name, null), p.At * 1000, p.Value))];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var worker in workers) worker.Dispose();
    }
}
