using System.Diagnostics;
using OpsBro.Gossip;
using OpsBro.Tests.EndToEnd;

namespace OpsBro.Tests.Gossip;

/// <summary>Links between two real pools of this process.</summary>
public class LinksTests
{
    static Task Until(Func<bool> isSo, LinkNode a, LinkNode b) => RunningAgent.Until(isSo, () => $"a: {a}; b: {b}");

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Messages_arrive_in_order_and_many_travel_together(bool hasKey)
    {
        var (a, b) = await LinkNode.Pair(!hasKey, hasKey ? [LinkNode.Key] : []);
        using var first = a;
        using var second = b;
        const int count = 20_000;

        for (var i = 0; i < count; i++) Assert.True(a.Send("b", i));
        Assert.True(b.Send("a", 7));
        await Until(() => b.Came.Count == count && a.Came.Count == 1, a, b);

        Assert.Equal(Enumerable.Range(0, count), b.Numbers);
        Assert.All(b.Came, one => Assert.Equal(new LinkPeer("a", "lan"), one.From));
        Assert.Equal((7, "b"), (a.Numbers.Single(), a.Came.Single().From.Name));
        Assert.True(a.Links.Counters.FramesOut < count / 10, $"{a}");
        Assert.Equal((1, 1, "", 0), (a.Links.CountOut, a.Links.CountIn, a.Links.Problem, a.Links.Counters.Drops));
    }

    [Fact]
    public async Task A_link_is_read_on_the_thread_of_the_sockets_until_it_is_over()
    {
        var (a, b) = await LinkNode.Pair(keys: LinkNode.Key);
        using var first = a;
        using var second = b;
        var count = 0;
        string? thread = null;
        b.Taking = () => thread = Thread.CurrentThread.Name;

        // one at a time, so that each is read for itself
        for (var i = 0; i < 100; i++) Assert.True(SendOne());
        Assert.Equal("sockets", thread);
        b.Pool.Dispose();   // closes the link from another thread
        await Until(() => a.Links.CountOut == 0 && b.Links.CountIn == 0, a, b);

        Assert.Equal(Enumerable.Range(0, count), b.Numbers);

        bool SendOne()
        {
            Assert.True(a.Send("b", count++));
            return SpinWait.SpinUntil(() => b.Came.Count == count, RunningAgent.Patience);
        }
    }

    [Fact]
    public async Task A_hundred_thousand_messages_of_200_bytes_go_through_and_the_sender_hardly_allocates()
    {
        var (a, b) = await LinkNode.Pair(keys: LinkNode.Key);
        using var first = a;
        using var second = b;
        const int count = 100_000;
        var body = new byte[200];
        var allocated = 0L;
        for (var round = 0; round < 2; round++)
        {
            var wanted = (round + 1) * count;
            allocated = 0;
            for (var sent = 0; sent < count;)
            {
                var before = GC.GetAllocatedBytesForCurrentThread();
                // no more at once than what the pool of arrays gives back for certain
                for (var i = 0; i < 5_000; i++, sent++) Assert.True(a.Links.Send(LinkKind.KeyValue, "b", body));
                allocated += GC.GetAllocatedBytesForCurrentThread() - before;
                var behind = wanted - count + sent - 2_000;
                for (var began = Stopwatch.StartNew(); b.Came.Count < behind;)
                {
                    Assert.True(began.Elapsed < RunningAgent.Patience, $"a: {a}; b: {b}");
                    await Task.Yield();
                }
            }
            await Until(() => b.Came.Count == wanted, a, b);
        }

        Assert.Equal(0, a.Links.Counters.Drops);
        Assert.True(allocated < 16 * count, $"{allocated} bytes");
    }
}
