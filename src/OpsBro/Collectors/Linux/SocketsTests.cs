using OpsBro.Collectors.Linux;

namespace OpsBro.Tests.Linux;

public class SocketsTests
{
    const string Tcp = "Tcp: RtoMin MaxConn CurrEstab OutSegs RetransSegs EstabResets\n";

    [Fact]
    public void Sockets_in_use_are_counted()
    {
        using var host = new RecordedHost("6.1");

        var data = host.Run(new Sockets());

        Assert.Equal(1203, data.Number("used"));
        Assert.Equal(31, data.Number("tcp", "time_wait"));
        Assert.Equal(2, data.Number("tcp", "orphan"));
        Assert.Equal(3, data.Number("udp6", "inuse"));
    }

    [Fact]
    public void Retransmissions_are_a_rate_and_a_share()
    {
        using var host = new RecordedHost("6.1").With("/proc/net/snmp", Tcp + "Tcp: 200 -1 5 1000 10 0\n");
        var collector = new Sockets();

        host.Run(collector, 0);
        host.With("/proc/net/snmp", Tcp + "Tcp: 200 -1 7 2000 60 20\n");
        var tcp = host.Run(collector, 10).At("tcp");

        Assert.Equal(7, tcp.Number("established"));
        Assert.Equal(5, tcp.Number("retransmits/s"));
        Assert.Equal(5, tcp.Number("retransmit_pct"));
        Assert.Equal(2, tcp.Number("resets/s"));
    }

    [Theory, InlineData("3.10"), InlineData("6.18")]
    public void Columns_are_found_by_name_whatever_the_kernel_adds(string kernel)
    {
        var counters = new long[25];
        var established = -1L;

        Sockets.Parse(RecordedHost.Recorded(kernel, "/proc/net/snmp"), counters, ref established);
        Sockets.Parse(RecordedHost.Recorded(kernel, "/proc/net/netstat"), counters, ref established);

        Assert.True(established >= 0);
        Assert.True(counters[5] > 1000, "segments sent");
        if (kernel == "3.10") Assert.Equal([1203, 0, 231, 7, 9, 31, 4, 2], counters[6..14]);
    }

    [Fact]
    public void Reading_and_parsing_allocate_nothing()
    {
        using var host = new RecordedHost("6.18");
        var counters = new long[25];
        var established = 0L;
        for (var i = 0; i < 5; i++) Sockets.Parse(host.Files.Read("/proc/net/netstat"), counters, ref established);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Sockets.Parse(host.Files.Read("/proc/net/netstat"), counters, ref established);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
