using OpsBro.Collectors.Linux;

namespace OpsBro.Tests.Linux;

public class NfsTests
{
    [Fact]
    public void Calls_of_client_and_server_are_rates()
    {
        using var host = new RecordedHost("4.19");
        var collector = new Nfs();

        host.Run(collector, 0);
        host.With("/proc/net/rpc/nfs", "net 0 0 0 0\nrpc 813031 51 0\n");
        host.With("/proc/net/rpc/nfsd", "io 9130312 8120312\nth 16 0\nrpc 81303 4 4 0 0\n");
        var data = host.Run(collector, 10);

        Assert.Equal(100, data.Number("client", "calls/s"));
        Assert.Equal(2, data.Number("client", "retransmits/s"));
        Assert.Equal(10, data.Number("server", "calls/s"));
        Assert.Equal(1000, data.Number("server", "read_bytes/s"));
        Assert.Equal(16, data.Number("server", "threads"));
    }

    [Fact]
    public void A_client_alone_says_nothing_of_a_server()
    {
        using var host = new RecordedHost().With("/proc/net/rpc/nfs", "rpc 1 0 0\n");
        var collector = new Nfs();

        host.Run(collector, 0);

        Assert.Equal(["client"], host.Run(collector, 10).Keys());
    }
}
