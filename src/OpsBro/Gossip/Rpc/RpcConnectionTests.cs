using System.Net;
using System.Net.Sockets;
using OpsBro.Gossip.Rpc;

namespace OpsBro.Tests.Gossip.Rpc;

public class RpcConnectionTests
{
    [Fact]
    public async Task A_client_that_does_not_read_is_cut_off_without_running_what_waits_for_it_in_the_callers_loop()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        using var connection = new RpcConnection(await listener.AcceptSocketAsync());
        var (caller, ended) = (Environment.CurrentManagedThreadId, new TaskCompletionSource<bool>());
        var isInLoop = true;
        connection.Closing.Register(() => ended.SetResult(Volatile.Read(ref isInLoop) && Environment.CurrentManagedThreadId == caller));

        for (var i = 0; i < 2 * RpcConnection.MaxQueued && !connection.Closing.IsCancellationRequested; i++) connection.Record(new byte[64 * 1024]);
        Volatile.Write(ref isInLoop, false);

        Assert.True(connection.WasSlow);
        Assert.False(await ended.Task.WaitAsync(TimeSpan.FromSeconds(20)));
    }
}
