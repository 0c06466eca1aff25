using BenchmarkDotNet.Attributes;
using OpsBro.Collectors;
using OpsBro.Collectors.Linux;
using OpsBro.Core.Expressions;
using OpsBro.Platform;

namespace OpsBro.Benchmarks;

/// <summary>What it costs to read and parse this host's /proc, to build a whole tree of it, and to resolve a reference.</summary>
[MemoryDiagnoser]
public class CollectorBenchmarks
{
    static readonly TimeSpan Now = TimeSpan.FromSeconds(1000);

    readonly HostFiles host = new();
    readonly CpuStats.CpuTimes times = new();
    readonly double[] percent = new double[10];
    readonly KernelStats kernel = new();
    readonly CollectorStore store = new();
    readonly Reference reference = new("collector", [Value.Of("loadaverage"), Value.Of("load1")], "collector.loadaverage.load1", 0);

    /// <summary>A store with one collector's data.</summary>
    [GlobalSetup]
    public void FillStore()
    {
        var data = new DataWriter();
        data.Set("load1", 0.5);
        store.Publish(new("loadaverage", CollectorState.Ok, data.Tree, default, Now, TimeSpan.FromSeconds(10), ""));
    }

    /// <summary>/proc/stat, to the percentages of all processors.</summary>
    [Benchmark]
    public double ReadStat()
    {
        times.Read(host.Read("/proc/stat"));
        times.TryPercent(0, percent);
        return percent[0];
    }

    /// <summary>/proc/meminfo, to the sums.</summary>
    [Benchmark]
    public long ReadMemory() => Memory.Parse(host.Read("/proc/meminfo")).Available;

    /// <summary>/proc/loadavg.</summary>
    [Benchmark]
    public double ReadLoad() => LoadAverage.Parse(host.Read("/proc/loadavg")).One;

    /// <summary>The largest tree, some 200 values, from reading to the finished tree.</summary>
    [Benchmark]
    public Value CollectKernelStats()
    {
        var data = new DataWriter();
        kernel.Collect(new CollectorRun(host, data, Now, DateTimeOffset.UnixEpoch, CancellationToken.None));
        return data.Tree;
    }

    /// <summary>A rule's reference, from text parts to the value.</summary>
    [Benchmark]
    public double Resolve() => store.TryResolve(reference, Now, out var value, out _) ? value.AsFloat : 0;
}
