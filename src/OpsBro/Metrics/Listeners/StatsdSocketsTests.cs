using System.Net;
using System.Net.Sockets;
using OpsBro.Metrics.Listeners;
using OpsBro.Tests.EndToEnd;

namespace OpsBro.Tests.Metrics.Listeners;

/// <summary>The sockets of statsd, opened while others look at them.</summary>
public class StatsdSocketsTests
{
    static StatsdSockets Sockets(int port, bool udp = true)
    {
        var options = new StatsdOptions { IsEnabled = true, Port = port, Udp = udp, Tcp = true };
        var intake = new StatsdIntake(options.Settings, options.Limits, new StatsdBook(TimeProvider.System));
        return new StatsdSockets(options, () => intake);
    }

    [Fact]
    public async Task A_place_that_is_taken_is_a_problem_until_it_is_free_and_anybody_may_look_meanwhile()
    {
        var port = Ports.Free();
        var blocker = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        blocker.Bind(new IPEndPoint(IPAddress.Loopback, port));
        using var sockets = Sockets(port);
        using var stop = new CancellationTokenSource();
        using var hasLooked = new ManualResetEventSlim();
        var looker = Task.Run(() =>
        {
            for (; !stop.IsCancellationRequested; hasLooked.Set())
                _ = (sockets.Listens, sockets.Problems, sockets.Drops, sockets.Granted, sockets.Connections);
        });
        Assert.True(hasLooked.Wait(RunningAgent.Patience));

        Assert.True(sockets.Open());
        Assert.StartsWith($"statsd cannot listen on udp 127.0.0.1:{port}", Assert.Single(sockets.Problems));
        Assert.Equal([$"tcp 127.0.0.1:{port}"], sockets.Listens);
        Assert.False(sockets.Open());
        blocker.Dispose();
        Assert.True(sockets.Open());
        Assert.Empty(sockets.Problems);
        Assert.Equal([$"udp 127.0.0.1:{port}", $"tcp 127.0.0.1:{port}"], sockets.Listens);
        await stop.CancelAsync();
        await looker;
    }

    [Fact]
    public async Task The_kernel_asks_whether_a_silent_client_still_lives()
    {
        var port = Ports.Free();
        using var sockets = Sockets(port, udp: false);
        Assert.True(sockets.Open(), string.Join(' ', sockets.Problems));
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(IPAddress.Loopback, port);

        // proc(5): local address, remote, state 01 (established), queues, "02" for the timer of keepalive
        bool IsAsked() => File.ReadLines("/proc/net/tcp").Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Any(f => f[1].EndsWith($":{port:X4}", StringComparison.Ordinal) && f[3] == "01" && f[5].StartsWith("02:", StringComparison.Ordinal));
        await RunningAgent.Until(IsAsked, () => File.ReadAllText("/proc/net/tcp"));
    }
}
