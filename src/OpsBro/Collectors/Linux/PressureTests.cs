using OpsBro.Collectors.Linux;

namespace OpsBro.Tests.Linux;

public class PressureTests
{
    [Fact]
    public void Averages_and_totals_are_read_for_each_resource()
    {
        using var host = new RecordedHost("6.1");

        var data = host.Run(new Pressure());

        Assert.Equal(1.53, data.Number("cpu", "some", "avg10"));
        Assert.Equal(7.5, data.Number("io", "full", "avg60"));
        Assert.Equal(0.02, data.Number("irq", "full", "avg300"));
        Assert.Equal(81203, data.Number("memory", "some", "total_us"));
    }

    [Fact]
    public void The_share_between_two_runs_comes_from_the_total()
    {
        using var host = new RecordedHost().With("/proc/pressure/io", "some avg10=0.00 avg60=0.00 avg300=0.00 total=1000000\n");
        var collector = new Pressure();

        var first = host.Run(collector, 0);
        host.With("/proc/pressure/io", "some avg10=9.00 avg60=2.00 avg300=0.10 total=3000000\n");

        Assert.DoesNotContain("stalled%", first.At("io", "some").Keys());
        Assert.Equal(20, host.Run(collector, 10).Number("io", "some", "stalled%"));
    }

    [Fact]
    public void A_kernel_without_it_is_not_eligible()
    {
        using var host = new RecordedHost("3.10");

        Assert.Contains("4.20", RecordedHost.Run(new Pressure(), host.Files).Outcome.NotEligible);
    }
}
