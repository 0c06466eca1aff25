using System.Net;
using System.Net.Sockets;
using OpsBro.Core.KeyValue;
using OpsBro.KeyValue;
using OpsBro.Platform;
using OpsBro.Tests.EndToEnd;

namespace OpsBro.Tests.KeyValue;

public sealed class KeyWaiterTests
{
    static async Task<(int Thread, bool IsLent)> Wait(KeyWaiter waiter)
    {
        await waiter.Task.ConfigureAwait(false);
        return (Environment.CurrentManagedThreadId, LentThread.IsLent);
    }

    /// <summary>Does something on the thread of the sockets.</summary>
    static async Task<T> OnLoop<T>(Func<T> what)
    {
        using var receiver = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        receiver.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var place = SocketLoop.Shared.Add(receiver, (from, ready) =>
        {
            if (!ready.HasFlag(SocketReady.Read)) return;
            from.Leave();
            done.SetResult(what());
        });
        receiver.SendTo([1], receiver.LocalEndPoint!);
        return await done.Task.WaitAsync(RunningAgent.Patience);
    }

    [Fact]
    public async Task Who_asked_on_the_thread_of_the_sockets_goes_on_there_and_can_see_that_it_is_lent()
    {
        var (waits, thread, isLentAfter) = await OnLoop(() =>
        {
            var waiter = new KeyWaiter();
            var waits = Wait(waiter);
            waiter.Answer(new KeyValueResult(KeyValueStatus.Ok, ""));
            return (waits.IsCompletedSuccessfully ? waits.Result : default, Environment.CurrentManagedThreadId, LentThread.IsLent);
        });

        Assert.Equal((thread, true), waits);
        Assert.False(isLentAfter);
    }

    [Fact]
    public async Task Who_asked_elsewhere_goes_on_on_the_pool()
    {
        var waiter = new KeyWaiter();
        var waits = Wait(waiter);

        var thread = await OnLoop(() =>
        {
            waiter.Answer(new KeyValueResult(KeyValueStatus.Ok, ""));
            return Environment.CurrentManagedThreadId;
        });

        var (goesOn, isLent) = await waits;
        Assert.False(isLent);
        Assert.NotEqual(thread, goesOn);
    }
}
