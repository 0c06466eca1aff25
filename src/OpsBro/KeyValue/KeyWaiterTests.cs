using OpsBro.Core.KeyValue;
using OpsBro.KeyValue;
using OpsBro.Platform;

namespace OpsBro.Tests.KeyValue;

public sealed class KeyWaiterTests
{
    static async Task<(int Thread, bool IsLent)> Wait(KeyWaiter waiter)
    {
        await waiter.Task.ConfigureAwait(false);
        return (Environment.CurrentManagedThreadId, LentThread.IsLent);
    }

    [Fact]
    public async Task Who_goes_on_on_a_thread_of_another_can_see_that_it_is_lent()
    {
        var waiter = new KeyWaiter();
        var waits = Wait(waiter);

        waiter.Answer(new KeyValueResult(KeyValueStatus.Ok, ""), isHere: true);

        Assert.True(waits.IsCompletedSuccessfully);
        Assert.False(LentThread.IsLent);
        Assert.Equal((Environment.CurrentManagedThreadId, true), await waits);
    }

    [Fact]
    public async Task Otherwise_the_pool_goes_on()
    {
        var waiter = new KeyWaiter();
        var waits = Wait(waiter);

        waiter.Answer(new KeyValueResult(KeyValueStatus.Ok, ""));

        Assert.False((await waits).IsLent);
    }
}
