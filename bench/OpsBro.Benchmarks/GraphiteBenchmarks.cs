using BenchmarkDotNet.Attributes;
using OpsBro.Core.Graphite;
using OpsBro.Core.TimeSeries;

namespace OpsBro.Benchmarks;

/// <summary>Functions over 100 series of 24 h at 10 s that are in memory, and a target that is only parsed.</summary>
[MemoryDiagnoser]
public class GraphiteBenchmarks : ISeriesSource
{
    const int Count = 100;
    const int Step = 10;
    const int Points = 8_640;
    const long Start = 1_700_000_000;

    SeriesSlice[] slices = [];

    /// <summary>Series with a gap now and then.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        var random = new Random(1);
        slices = [.. Enumerable.Range(0, Count).Select(n => new SeriesSlice($"host{n:00}.cpu", Start, Step,
            [.. Enumerable.Range(0, Points).Select(_ => random.Next(100) == 0 ? double.NaN : random.NextDouble())]))];
    }

    /// <inheritdoc/>
    public IReadOnlyList<SeriesSlice> Fetch(string pattern, long from, long until, Aspect aspect) => slices;

    /// <inheritdoc/>
    public IReadOnlyList<SeriesSlice> FetchTagged(IReadOnlyList<TagExpression> tags, long from, long until, Aspect aspect) => slices;

    int Ask(string target)
    {
        var context = new RenderContext { From = Start - Step, Until = Start + (Points * Step), Now = Start + (Points * Step), Source = this };
        return Consolidation.Fit(TargetEvaluator.Default.Evaluate(target, context), 1_000).Count;
    }

    /// <summary>One series of a hundred.</summary>
    [Benchmark]
    public int Sum() => Ask("sumSeries(*.cpu)");

    /// <summary>The greatest of a hundred.</summary>
    [Benchmark]
    public int Max() => Ask("maxSeries(*.cpu)");

    /// <summary>The median of a hundred, sorted point by point.</summary>
    [Benchmark]
    public int Median() => Ask("aggregate(*.cpu,'median')");

    /// <summary>A hundred series of a hundred, made fewer points.</summary>
    [Benchmark]
    public int Scale() => Ask("scale(*.cpu,8)");

    /// <summary>Renamed and made fewer points.</summary>
    [Benchmark]
    public int Alias() => Ask("aliasByNode(*.cpu,0)");

    /// <summary>Text to tree.</summary>
    [Benchmark]
    public Node Parse() => TargetParser.Parse("aliasByNode(movingAverage(scale(servers.{web,db}-*.cpu.user,0.01),'5min'),1)");
}
