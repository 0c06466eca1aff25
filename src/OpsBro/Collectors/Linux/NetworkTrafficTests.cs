using OpsBro.Collectors.Linux;
using OpsBro.Platform;

namespace OpsBro.Tests.Linux;

public class NetworkTrafficTests
{
    const string Headings = "Inter-| Receive | Transmit\n face |bytes packets|bytes packets\n";

    [Theory]
    [InlineData("3.10", "eth0 eth0.100")]
    [InlineData("4.19", "enp3s0 docker0 veth1a2b3c4")]
    [InlineData("6.1", "ens5 wlp2s0")]
    [InlineData("6.18", "ifb0 ifb1 eth0")]
    public void Interfaces_of_any_name_are_measured_and_the_loopback_is_not(string kernel, string expected)
    {
        var interfaces = new CounterMemory(16);

        NetworkTraffic.Parse(RecordedHost.Recorded(kernel, "/proc/net/dev"), TimeSpan.FromSeconds(1), interfaces);

        Assert.Equal(expected.Split(' '), interfaces.Current.Select(d => d.Name));
    }

    [Fact]
    public void Deltas_are_the_growth_since_the_last_run_and_rates_that_in_each_second()
    {
        using var host = new RecordedHost().With("/proc/net/dev", Headings + "  eth0:1000 10 1 2 0 0 0 5 500 20 0 0 0 0 0 0\n");
        var collector = new NetworkTraffic();

        var first = host.Run(collector, 0);
        host.With("/proc/net/dev", Headings + "  eth0: 6000 60 2 12 0 0 0 6 2500 40 0 0 0 0 5 0\n");
        var traffic = host.Run(collector, 5).At("eth0");

        Assert.Empty(first.Keys());
        Assert.Equal(5000, traffic.Number("recv_bytes"));
        Assert.Equal(1000, traffic.Number("recv_bytes/s"));
        Assert.Equal(10, traffic.Number("recv_packets/s"));
        Assert.Equal(400, traffic.Number("trans_bytes/s"));
        Assert.Equal(4, traffic.Number("trans_packets/s"));
        Assert.Equal(2, traffic.Number("recv_drop/s"));
        Assert.Equal(5, traffic.Number("trans_carrier"));
        Assert.Equal(1, traffic.Number("recv_multicast"));
    }

    [Fact]
    public void A_reset_counter_counts_from_zero()
    {
        using var host = new RecordedHost().With("/proc/net/dev", Headings + "  eth0: 9000 10 1 2 0 0 0 5 500 20 0 0 0 0 0 0\n");
        var collector = new NetworkTraffic();

        host.Run(collector, 0);
        host.With("/proc/net/dev", Headings + "  eth0: 50 1 0 0 0 0 0 0 60 1 0 0 0 0 0 0\n");
        var traffic = host.Run(collector, 5).At("eth0");

        Assert.Equal(50, traffic.Number("recv_bytes"));
        Assert.Equal(10, traffic.Number("recv_bytes/s"));
    }

    [Fact]
    public void Reading_and_parsing_allocate_nothing_once_the_interfaces_are_known()
    {
        using var host = new RecordedHost("4.19");
        var interfaces = new CounterMemory(16);
        for (var i = 1; i < 5; i++) NetworkTraffic.Parse(host.Files.Read("/proc/net/dev"), TimeSpan.FromSeconds(i), interfaces);

        var before = GC.GetAllocatedBytesForCurrentThread();
        NetworkTraffic.Parse(host.Files.Read("/proc/net/dev"), TimeSpan.FromSeconds(9), interfaces);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
