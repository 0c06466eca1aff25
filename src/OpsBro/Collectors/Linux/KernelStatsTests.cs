using OpsBro.Collectors.Linux;

namespace OpsBro.Tests.Linux;

public class KernelStatsTests
{
    [Fact]
    public void Counters_come_as_they_are_and_the_moving_ones_as_rates_too()
    {
        using var host = new RecordedHost();
        var collector = new KernelStats();

        host.With("/proc/stat", "cpu  1 2 3 4\nintr 100 1 2 3\nctxt 1000\nbtime 1571212019\nprocesses 50\n")
            .With("/proc/vmstat", "nr_free_pages 77\npgfault 500\n").Run(collector);
        host.With("/proc/stat", "cpu  1 2 3 4\nintr 300 1 2 3\nctxt 3000\nbtime 1571212019\nprocesses 60\n")
            .With("/proc/vmstat", "nr_free_pages 78\npgfault 600\n");
        var data = host.Run(collector, 10);

        Assert.Equal(3000, data.Number("ctxt"));
        Assert.Equal(200, data.Number("ctxt/s"));
        Assert.Equal(1, data.Number("processes/s"));
        Assert.Equal(20, data.Number("intr/s"));
        Assert.Equal(10, data.Number("pgfault/s"));
        Assert.Equal(78, data.Number("nr_free_pages"));
        Assert.Equal(1571212019, data.Number("btime"));
        Assert.DoesNotContain("cpu", data.Keys());
    }

    [Theory, InlineData("3.10"), InlineData("4.19"), InlineData("5.10"), InlineData("6.1"), InlineData("6.18")]
    public void Every_kernel_gives_the_rates(string kernel)
    {
        using var host = new RecordedHost(kernel);
        var collector = new KernelStats();

        Assert.DoesNotContain("ctxt/s", host.Run(collector).Keys());
        var keys = host.Run(collector, 10).Keys();

        Assert.All(["ctxt/s", "processes/s", "intr/s", "softirq/s", "pgfault/s", "pgmajfault/s", "procs_running"], key => Assert.Contains(key, keys));
    }
}
