using OpsBro.Core.Wire;
using OpsBro.Gossip;
using OpsBro.Tests.EndToEnd;

namespace OpsBro.Tests.Gossip;

/// <summary>What ends a link, and what comes after.</summary>
public class LinkFaultsTests
{
    static readonly byte[] one = LinkNode.Key, two = LinkNode.OtherKey;

    static Task Until(Func<bool> isSo, params LinkNode[] nodes) => RunningAgent.Until(isSo, () => string.Join("; ", nodes.Select(n => $"{n}")));

    /// <summary>Sends until something arrives: what is on its way when a link breaks is lost.</summary>
    static async Task Reaches(LinkNode a, LinkNode b)
    {
        var before = b.Came.Count;
        await Until(() => a.Send(b.Pool.Settings.Name, 1) | b.Came.Count > before, a, b);
        await Until(() => b.Came.Count > before, a, b);
    }

    [Fact]
    public async Task Keys_are_rotated_while_messages_flow_and_none_is_lost_or_overtaken()
    {
        var (a, b) = await LinkNode.Pair(keys: one);
        using var first = a;
        using var second = b;
        using var stop = new CancellationTokenSource();
        var sent = 0;
        var flow = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                if (a.Send("b", sent)) sent++;
                await Task.Yield();
                // not more than b can take, or a's queue is full of what is too old
                if (sent - b.Came.Count > 1_000) await Until(() => sent - b.Came.Count <= 1_000, a, b);
            }
        });
        Task Flows(int count)
        {
            var wanted = b.Came.Count + count;
            return Until(() => b.Came.Count >= wanted, a, b);
        }

        await Flows(100);
        foreach (var node in (LinkNode[])[a, b]) await node.Pool.SetKeys([one, two]);
        await Flows(100);
        foreach (var node in (LinkNode[])[a, b]) await node.Pool.SetKeys([two, one]);
        await Flows(2_000);
        foreach (var node in (LinkNode[])[a, b]) await node.Pool.SetKeys([two]);
        await Flows(2_000);
        await stop.CancelAsync();
        await flow;
        await Until(() => b.Came.Count >= sent, a, b);

        Assert.Equal(Enumerable.Range(0, sent), b.Numbers);
        Assert.Equal((0, 0), (a.Links.Counters.Drops, b.Links.Counters.Refusals));
    }

    [Fact]
    public async Task A_link_whose_key_was_removed_ends_and_comes_back_with_a_key_that_both_have()
    {
        var (a, b) = await LinkNode.Pair(keys: one);
        using var first = a;
        using var second = b;
        await Reaches(a, b);

        await b.Pool.SetKeys([two]);
        await Until(() => b.Links.CountIn == 0 && a.Links.CountOut == 0, a, b);
        var came = b.Came.Count;
        await Until(() => a.Send("b", 2) && a.Links.Troubles.Any(), a, b);   // taken, and dropped when it is too old
        Assert.StartsWith($"no link to b ({b.At}): ", a.Links.Troubles.Single());
        await a.Pool.SetKeys([two]);
        await Reaches(a, b);

        Assert.True(b.Came.Count > came);
        Assert.Empty(a.Links.Troubles);
    }

    [Fact]
    public async Task A_peer_that_was_restarted_is_dialed_again()
    {
        var (a, b) = await LinkNode.Pair(keys: one);
        using var first = a;
        var address = b.Address;
        await Reaches(a, b);
        b.Dispose();
        await Until(() => a.Links.CountOut == 0, a);

        using var again = new LinkNode("b", address, false, one);
        await a.Meet(again);
        await Reaches(a, again);
        await Reaches(again, a);

        Assert.Equal((1, 1), (a.Links.CountOut, a.Links.CountIn));
    }

    [Fact]
    public async Task A_member_that_leaves_loses_its_links_and_is_not_known_any_more()
    {
        var (a, b) = await LinkNode.Pair(keys: one);
        using var first = a;
        using var second = b;
        await Reaches(a, b);
        await Reaches(b, a);

        await b.Pool.Leave(CancellationToken.None);
        await Until(() => a.Links.CountOut == 0 && a.Links.CountIn == 0, a, b);

        Assert.False(a.Send("b", 1));
        Assert.False(a.Send("a", 1));
        Assert.False(a.Send("nobody", 1));
    }

    [Fact]
    public async Task A_queue_that_is_full_refuses_and_one_that_moves_again_delivers_in_order()
    {
        var (a, b) = await LinkNode.Pair(keys: one);
        using var first = a;
        using var second = b;
        using var gate = new ManualResetEventSlim();
        b.Taking = () => gate.Wait(RunningAgent.Patience);
        const int size = 100_000, most = 64 * 1024 * 1024;   // the kernel's buffers take some on their way

        var sent = 0;
        await Until(() =>
        {
            while (a.Send("b", sent, size)) Assert.True(++sent < most / size, $"{a}");
            return a.Links.Counters.MessagesOut > 0;
        }, a, b);
        gate.Set();
        await Until(() => b.Came.Count >= sent || a.Links.CountOut == 0, a, b);

        var numbers = b.Numbers.ToList();   // when the link has ended some may still be coming
        Assert.Equal(Enumerable.Range(0, numbers.Count), numbers);
        Assert.True(a.Links.Counters.Drops > 0, $"{a}");
        Assert.True(sent >= Links.MaxQueued / (size + 10), $"{sent} messages were taken");
    }

    [Fact]
    public async Task A_link_that_nobody_uses_is_ended_by_its_dialer_and_dialed_again_when_there_is_something_to_say()
    {
        var (a, b) = await LinkNode.Pair(keys: one);
        using var first = a;
        using var second = b;
        Assert.True(a.Send("b", 1));
        await Until(() => b.Came.Count == 1, a, b);
        var now = OpsBro.Platform.Monotonic.Now;

        a.Links.Watch(now + Links.Idle / 2);
        Assert.Equal(1, a.Links.CountOut);
        a.Links.Watch(now + Links.Idle * 2);
        await Until(() => a.Links.CountOut == 0 && b.Links.CountIn == 0, a, b);
        Assert.True(a.Send("b", 2));
        await Until(() => b.Came.Count == 2 && b.Links.CountIn == 1, a, b);
        // whose dialer is gone without a word is ended by the other side
        b.Links.Watch(OpsBro.Platform.Monotonic.Now + Links.Silent * 2);
        await Until(() => a.Links.CountOut == 0 && b.Links.CountIn == 0, a, b);

        Assert.Equal([1, 2], b.Numbers);
        Assert.Equal((0, 0), (a.Links.Counters.Drops, b.Links.Counters.Refusals));
    }

    [Fact]
    public async Task A_peer_that_takes_nothing_loses_its_link()
    {
        var (a, b) = await LinkNode.Pair(keys: one);
        using var first = a;
        using var second = b;
        using var gate = new ManualResetEventSlim();
        b.Taking = () => gate.Wait(RunningAgent.Patience);

        await Until(() =>
        {
            while (a.Send("b", 1, 100_000)) Assert.True(a.Links.Counters.MessagesOut < 10_000, $"{a}");
            a.Links.Watch(OpsBro.Platform.Monotonic.Now + Links.Stuck * 2);
            return a.Links.Counters.MessagesOut > 0 && a.Links.CountOut == 0;
        }, a, b);
        gate.Set();
        await Reaches(a, b);

        Assert.True(a.Links.Counters.Drops > 0);
    }

    [Fact]
    public async Task Large_messages_travel_among_small_ones_up_to_the_limit()
    {
        var (a, b) = await LinkNode.Pair(keys: one);
        using var first = a;
        using var second = b;
        int[] sizes = [4, Links.MaxBody, 5, LinkMessages.Gathered - LinkMessages.HeaderSize, 70_000, 4, Links.MaxBody - 1, 1_000_000, 4];

        for (var i = 0; i < sizes.Length; i++)
        {
            var number = i;
            await Until(() => a.Send("b", number, sizes[number]), a, b);
        }
        await Until(() => b.Came.Count == sizes.Length, a, b);

        Assert.Equal(Enumerable.Range(0, sizes.Length), b.Numbers);
        Assert.Equal(sizes, b.Came.Select(c => c.Body.Length));
        Assert.False(a.Links.Send(LinkKind.KeyValue, "b", new byte[Links.MaxBody + 1]));
    }

    [Fact]
    public async Task A_taker_that_fails_is_told_of_the_next_message_all_the_same()
    {
        var (a, b) = await LinkNode.Pair(keys: one);
        using var first = a;
        using var second = b;
        var calls = 0;
        b.Taking = () =>
        {
            if (Interlocked.Increment(ref calls) == 1) throw new InvalidOperationException("a fault");
        };

        Assert.True(a.Send("b", 1) && a.Send("b", 2) && a.Links.Send((LinkKind)99, "b", new byte[1]) && a.Send("b", 3));
        await Until(() => b.Came.Count == 2, a, b);

        Assert.Equal([2, 3], b.Numbers);
        Assert.Equal(1, b.Links.Counters.Drops);   // nobody takes kind 99
    }
}
