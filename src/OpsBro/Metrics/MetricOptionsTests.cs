using OpsBro.Config;
using OpsBro.Metrics;
using OpsBro.Tests.Config;

namespace OpsBro.Tests.Metrics;

public class MetricOptionsTests
{
    static (MetricOptions Options, List<Problem> Problems) Read(string yaml)
    {
        using var config = new TemporaryConfig();
        config.Write("agent.yml", yaml);
        var problems = new List<Problem>();
        return (MetricOptions.Read(config.Load().Agent, problems), problems);
    }

    [Theory, InlineData("log_level: INFO"), InlineData("metrics: {}")]
    public void Nothing_need_be_written(string yaml)
    {
        var (options, problems) = Read(yaml);

        Assert.Empty(problems);
        Assert.Equal([new(10, 7 * 86_400), new(60, 90 * 86_400), new(3600, 5 * 365 * 86_400)], options.Tiers);
        Assert.Equal((2L << 30, MetricJournal.DefaultBytes, 100_000), (options.MaxDisk, options.JournalMax, options.MaxSeries));
    }

    [Fact]
    public void What_is_written_counts()
    {
        var (options, problems) = Read("""
            metrics:
              tiers: [10s:2d, 5m:30d, 1h:1y]
              max_disk: 512MB
              journal_max: 1.5 GB
              max_series: 5000
              source_series: {graphite: 20, statsd: 0}
            """);

        Assert.Empty(problems);
        Assert.Equal([new(10, 2 * 86_400), new(300, 30 * 86_400), new(3600, 365 * 86_400)], options.Tiers);
        Assert.Equal((512L << 20, 3L << 29, 5000), (options.MaxDisk, options.JournalMax, options.MaxSeries));
        Assert.Equal(365 * 86_400, options.Longest);
        Assert.True(options.IsFull("graphite", 20, 20));
        Assert.False(options.IsFull("graphite", 19, 20));
        Assert.True(options.IsFull("statsd", 0, 0));
        Assert.True(options.IsFull("otlp", 1, 5000));
        Assert.False(options.IsFull("core", 1, 5000));
        Assert.True(options.IsFull("core", 1, 15_000));
        Assert.Equal((300, 3600, null), (options.CoarserThan(10)?.Step, options.CoarserThan(300)?.Step, options.CoarserThan(3600)));
        Assert.Equal((2 * 86_400, 0), (options.KeepOf(10), options.KeepOf(60)));   // a step of before goes into the next coarser one
    }

    [Theory]
    [InlineData("tiers: [10s]", "tiers has \"10s\"; write step:time, for instance 10s:7d, 1m:90d or 1h:5y")]
    [InlineData("tiers: [10s:20s]", "tiers has \"10s:20s\"; write step:time")]
    [InlineData("tiers: [10s:100y]", "tiers has \"10s:100y\"; write step:time")]
    [InlineData("tiers: [60s:7d]", "tiers begins with a step of 60 s; the first one is 10s")]
    [InlineData("tiers: [10s:7d, 25s:90d]", "tiers has a step of 25 s after one of 10 s; each must be a multiple of the one before")]
    [InlineData("tiers: [10s:7d, 1m:7d]", "tiers keeps the step of 60 s no longer than the finer one before it")]
    [InlineData("tiers: [10s:1d, 20s:2d, 40s:3d, 80s:4d, 160s:5d, 320s:6d, 640s:7d]", "tiers has 7 of them; 6 are the most")]
    [InlineData("max_disk: 1MB", "max_disk is \"1MB\"; write a size of at least 16MB, for instance 512MB or 2GB")]
    [InlineData("max_disk: much", "max_disk is \"much\"; write a size of at least 16MB")]
    [InlineData("journal_max: -4GB", "journal_max is \"-4GB\"; write a size of at least 4MB")]
    [InlineData("max_series: 7", "max_series")]
    [InlineData("source_series: {graphite: many}", "graphite")]
    [InlineData("max_serie: 700", "max_serie")]
    public void What_cannot_be_is_a_problem_with_its_place_and_has_its_default(string line, string message)
    {
        var (options, problems) = Read($"log_level: INFO\nmetrics:\n  {line}\n");

        var problem = Assert.Single(problems);
        Assert.Contains(message, problem.Message);
        Assert.EndsWith("agent.yml", problem.File);
        Assert.Equal(3, problem.Line);
        Assert.Equal((2L << 30, 100_000), (options.MaxDisk, options.MaxSeries));
        Assert.Equal(MetricOptions.Default.Tiers, options.Tiers);
    }
}
