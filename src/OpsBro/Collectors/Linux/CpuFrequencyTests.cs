using OpsBro.Collectors.Linux;

namespace OpsBro.Tests.Linux;

public class CpuFrequencyTests
{
    [Fact]
    public void Frequencies_are_in_megahertz_and_throttling_is_a_rate()
    {
        using var host = new RecordedHost("6.1");
        var collector = new CpuFrequency();

        host.Run(collector, 0);
        host.With("/sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_count", "32\n");
        var data = host.Run(collector, 10);

        Assert.Equal(2800, data.Number("mean_mhz"));
        Assert.Equal(2400, data.Number("slowest_mhz"));
        Assert.Equal(3200, data.Number("fastest_mhz"));
        Assert.Equal(3600, data.Number("limit_mhz"));
        Assert.Equal("schedutil", data.Text("governor"));
        Assert.Equal(2, data.Number("throttles/s"));
    }
}
