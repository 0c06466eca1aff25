using System.Net;
using System.Net.Sockets;
using OpsBro.Collectors.Linux;
using OpsBro.Platform;

namespace OpsBro.Tests.Linux;

public class OpenPortsTests
{
    [Fact]
    public void Ports_of_both_families_are_listed_once_and_sorted()
    {
        using var host = new RecordedHost("3.10");

        var data = host.Run(new OpenPorts());

        Assert.Equal([22, 25, 80], data.At("ports").AsList.Select(p => p.AsInt));
        Assert.Equal([68, 323], data.At("udp_ports").AsList.Select(p => p.AsInt));
        Assert.Equal(["0.0.0.0:22", "127.0.0.1:25", "[::]:80", "[::1]:25"], data.At("details", "tcp").AsList.Select(d => d.Text("source")));
        Assert.All(data.At("details", "tcp").AsList, d => Assert.Equal("LISTEN", d.Text("state")));
    }

    [Fact]
    public void Connections_are_no_open_ports()
    {
        using var host = new RecordedHost("6.1");

        var data = host.Run(new OpenPorts());

        Assert.Equal([53, 8080], data.At("ports").AsList.Select(p => p.AsInt));
        Assert.Equal([53], data.At("udp_ports").AsList.Select(p => p.AsInt));
    }

    [Fact]
    public void The_owner_is_the_process_that_holds_the_socket()
    {
        using var host = new RecordedHost("6.1").WithLink("/proc/977/fd/3", "/dev/null").WithLink("/proc/977/fd/12", "socket:[40312]");
        var collector = new OpenPorts();

        host.Run(collector, 0);
        var java = host.Run(collector, 30).At("details", "tcp").AsList[1];

        Assert.Equal("java", java.Text("process"));
        Assert.Equal(977, java.Number("pid"));
        Assert.Equal(1000, java.Number("uid"));
    }

    [Fact]
    public void A_socket_of_nobody_we_may_see_has_no_process()
    {
        using var host = new RecordedHost("6.1");

        Assert.DoesNotContain("process", host.Run(new OpenPorts()).At("details", "tcp").AsList[0].Keys());
    }

    [Fact]
    public void An_owner_that_ended_is_looked_up_anew()
    {
        using var host = new RecordedHost("6.1").WithLink("/proc/977/fd/12", "socket:[40312]").WithLink("/proc/1/fd/9", "socket:[40312]");
        var collector = new OpenPorts();

        var shared = host.Run(collector, 0).At("details", "tcp").AsList[1];
        host.With("/proc/1/comm", "init\n");
        var renamed = host.Run(collector, 30).At("details", "tcp").AsList[1];

        Assert.Equal(1, shared.Number("pid"));
        Assert.Equal("init", renamed.Text("process"));
    }

    [Theory]
    [InlineData("  sl  local_address rem_address   st\n", true)]
    [InlineData("head\n   0: 00000000:0016 00000000:0000 0A 0\n", true)]
    [InlineData("head\n   0: 00000000:0016 00000000:0000 0A 0\n   1: 000", true)]
    [InlineData("head\n   0: 00000000:0016 00000000:0000 01 0\n", false)]
    [InlineData("head\n   0: 00000000:0016 00000000:0000 06 0\n  1: 0A", false)]
    [InlineData("", true)]
    public void Reading_goes_on_while_the_last_whole_line_is_a_listener(string text, bool expected) =>
        Assert.Equal(expected, OpenPorts.EndsWithListener(System.Text.Encoding.ASCII.GetBytes(text)));

    [Fact]
    public void A_port_opened_here_is_found_with_this_very_process()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        using var udp = new UdpClient(new IPEndPoint(IPAddress.IPv6Loopback, 0));
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        using var host = new HostFiles();

        var (data, _) = RecordedHost.Run(new OpenPorts(), host);

        var mine = data.At("details", "tcp").AsList.Single(d => d.Text("source") == $"127.0.0.1:{port}");
        Assert.Equal(Environment.ProcessId, mine.Number("pid"));
        Assert.Contains(port, data.At("ports").AsList.Select(p => p.AsInt));
        var udpPort = ((IPEndPoint)udp.Client.LocalEndPoint!).Port;
        var mineToo = data.At("details", "udp").AsList.Single(d => d.Text("source") == $"[::1]:{udpPort}");
        Assert.Equal(Environment.ProcessId, mineToo.Number("pid"));
    }
}
