using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using OpsBro.Metrics;

namespace OpsBro.Tests.Killing;

/// <summary>
/// This assembly run as a program that takes numbers in until it is killed: the agent's store with the agent's settings, and nothing else,
/// so that two hundred kills fit a test. It writes down what it took, and what its journal says is on the disk.
/// </summary>
static class StoreChild
{
    /// <summary>The argument that makes a program of it.</summary>
    public const string Verb = "store-child";

    /// <summary>Series that take turns.</summary>
    public const int Series = 300;

    /// <summary>Bytes of one line of the diary: points taken, points on the disk, time.</summary>
    public const int LineBytes = 24;

    /// <summary>Points of a batch, and batches between two thorough rounds, which seal and merge.</summary>
    const int Batch = 100, RoundEvery = 40;

    /// <summary>Ends by itself after so many batches when nobody kills it.</summary>
    const int MaxBatches = 20_000;

    /// <summary>The k-th point.</summary>
    public static (string Series, long At, double Value) Point(long k, long begin) => ($"kill.s{k % Series}", begin + (k / Series * 10), k * 0.5);

    /// <summary>The store in a directory.</summary>
    public static MetricStore Open(string directory) => MetricsComponent.Open(Path.Join(directory, "metrics.db"),
        Path.Join(directory, "metrics-journal.db"), TimeProvider.System, new Telemetry(), () => MetricOptions.Default, NullLoggerFactory.Instance);

    /// <summary>When the first point was: written by the first run.</summary>
    public static long Begin(string directory)
    {
        var file = Path.Join(directory, "begin");
        if (!File.Exists(file)) File.WriteAllText(file, $"{DateTimeOffset.UtcNow.ToUnixTimeSeconds() / 10 * 10 - (5 * 86_400)}");
        return long.Parse(File.ReadAllText(file), System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>Takes points in until it is killed.</summary>
    public static int Run(string directory)
    {
        var begin = Begin(directory);
        var store = Open(directory);
        var source = store.Source("child");
        using var diary = new FileStream(Path.Join(directory, "diary"), FileMode.Create, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        Span<byte> line = stackalloc byte[LineBytes];
        for (var batch = 1; batch < MaxBatches; batch++)
        {
            var k = store.Journal.Next;
            using (var taken = store.Batch(source))
            {
                for (var end = k + Batch; k < end; k++)
                {
                    var (series, at, value) = Point(k, begin);
                    if (!taken.Add(Encoding.UTF8.GetBytes(series), at, value)) return 1;
                }
            }
            BinaryPrimitives.WriteInt64LittleEndian(line, k);
            BinaryPrimitives.WriteInt64LittleEndian(line[8..], store.Journal.OnDisk);
            BinaryPrimitives.WriteInt64LittleEndian(line[16..], Stopwatch.GetTimestamp());
            diary.Write(line);
            if (batch % RoundEvery == 0) ThreadPool.QueueUserWorkItem(_ => store.Round(isThorough: true));
            Thread.Sleep(1);
        }
        return 0;
    }
}
