using OpsBro.Collectors.Linux;

namespace OpsBro.Tests.Linux;

public class SoftNetTests
{
    [Fact]
    public void Packets_are_summed_over_the_cpus()
    {
        Span<long> sums = stackalloc long[3];

        SoftNet.Parse(RecordedHost.Recorded("3.10", "/proc/net/softnet_stat"), sums);

        Assert.Equal([0xc6e8b + 0xa1b2c, 4, 0x1a], sums.ToArray());
    }

    [Fact]
    public void Drops_are_a_rate()
    {
        using var host = new RecordedHost().With("/proc/net/softnet_stat", "00000010 00000001 00000000\n");
        var collector = new SoftNet();

        host.Run(collector, 0);
        host.With("/proc/net/softnet_stat", "00000074 00000006 0000000a 00000000\n");
        var data = host.Run(collector, 10);

        Assert.Equal(10, data.Number("processed/s"));
        Assert.Equal(0.5, data.Number("dropped/s"));
        Assert.Equal(1, data.Number("squeezed/s"));
    }
}
