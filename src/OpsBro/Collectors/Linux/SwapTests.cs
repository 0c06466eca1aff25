using OpsBro.Collectors.Linux;

namespace OpsBro.Tests.Linux;

public class SwapTests
{
    [Fact]
    public void Swapping_is_a_rate_in_bytes()
    {
        using var host = new RecordedHost().With("/proc/vmstat", "pgpgin 0\npgpgout 100\npswpin 10\npswpout 5\noom_kill 1\n");
        var collector = new Swap();

        host.Run(collector, 0);
        host.With("/proc/vmstat", "pgpgin 20\npgpgout 300\npswpin 110\npswpout 5\noom_kill 3\n");
        var data = host.Run(collector, 10);

        Assert.Equal(10 * Environment.SystemPageSize, data.Number("in_bytes/s"));
        Assert.Equal(0, data.Number("out_bytes/s"));
        Assert.Equal(2048, data.Number("paged_in_bytes/s"));
        Assert.Equal(20480, data.Number("paged_out_bytes/s"));
        Assert.Equal(0.2, data.Number("oom_kills/s"));
    }

    [Fact]
    public void Each_swap_device_says_how_full_it_is()
    {
        using var host = new RecordedHost("6.1");

        var devices = host.Run(new Swap()).At("devices");

        Assert.Equal(["/dev/nvme0n1p3", "/swap file", "/dev/zram0"], devices.Keys());
        Assert.Equal(6.25, devices.Number("/dev/nvme0n1p3", "pct_used"), 4);
        Assert.Equal(100, devices.Number("/dev/zram0", "priority"));
        Assert.Equal("file", devices.Text("/swap file", "type"));
    }

    [Fact]
    public void A_vmstat_that_says_something_else_is_an_error()
    {
        using var host = new RecordedHost().With("/proc/vmstat", "hello\n");

        Assert.Throws<FormatException>(() => host.Run(new Swap()));
    }
}
