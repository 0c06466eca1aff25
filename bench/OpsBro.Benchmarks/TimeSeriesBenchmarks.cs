using System.Text;
using BenchmarkDotNet.Attributes;
using OpsBro.Core.TimeSeries;

namespace OpsBro.Benchmarks;

/// <summary>A day of one series into a chunk and back, and a name to its number among 100,000.</summary>
[MemoryDiagnoser]
public class TimeSeriesBenchmarks
{
    const int Slots = 8640, Names = 100_000;

    readonly ChunkEncoder encoder = new();
    readonly ChunkDecoder decoder = new();
    readonly SlotBlock day = new();
    readonly double[] values = new double[Slots];
    readonly SeriesIndex index = new(1);
    readonly byte[] name = Encoding.UTF8.GetBytes("hosts.h0123.disk.sd5.metric_7");
    readonly List<int> found = [];
    byte[] chunk = [];

    /// <summary>A gauge with two decimals that wanders, and the names.</summary>
    [GlobalSetup]
    public void Fill()
    {
        var (random, level) = (new Random(1), 50.0);
        day.Reset(1_700_006_400, 10, Slots);
        for (var i = 0; i < Slots; i++)
        {
            level += random.NextDouble() - 0.5;
            day[i] = Bucket.Of(Math.Round(level, 2));
        }
        chunk = encoder.Encode(day).ToArray();
        for (var i = 0; i < Names; i++) index.TryAdd(Encoding.UTF8.GetBytes($"hosts.h{i / 200:d4}.disk.sd{i % 200 / 10}.metric_{i % 10}"), out _, out _);
    }

    /// <summary>8,640 slots into bytes.</summary>
    [Benchmark]
    public int EncodeDay() => encoder.Encode(day).Length;

    /// <summary>The bytes into 8,640 doubles.</summary>
    [Benchmark]
    public int DecodeDay() => decoder.Decode(chunk, Aspect.Last, values);

    /// <summary>A known name.</summary>
    [Benchmark]
    public int FindName() => index.Find(name);

    /// <summary>Ten series by a pattern.</summary>
    [Benchmark]
    public int MatchPattern()
    {
        found.Clear();
        index.Match("hosts.h0123.disk.sd5.*", found);
        return found.Count;
    }
}
