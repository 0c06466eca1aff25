using System.Net;
using System.Net.Sockets;
using OpsBro.Platform;
using static OpsBro.Tests.LoopHost;

namespace OpsBro.Tests.Platform;

/// <summary>The thread that waits for sockets: what it tells, in which order, and what becomes of the others when it hangs.</summary>
public sealed class SocketLoopTests : IDisposable
{
    readonly List<Socket> sockets = [];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var socket in sockets) socket.Dispose();
    }

    /// <summary>Two ends of a connection.</summary>
    (Socket Near, Socket Far) Pair()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        var far = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        far.Connect(listener.LocalEndPoint!);
        var near = listener.Accept();
        sockets.AddRange([near, far]);
        return (near, far);
    }

    /// <summary>Waits for a socket, whose test may be over while it is told.</summary>
    static void Add(Socket socket, Action<SocketPlace, SocketReady> ready) => SocketLoop.Shared.Add(socket, (place, what) =>
    {
        try
        {
            ready(place, what);
        }
        catch (ObjectDisposedException)
        {
            place.Leave();
        }
    });

    /// <summary>Takes all that is there; what is told of it: its length, and whether the end came.</summary>
    static (int Length, bool IsOver) Drain(Socket socket)
    {
        Span<byte> room = stackalloc byte[1024];
        for (var length = 0; ;)
        {
            var count = socket.Receive(room, SocketFlags.None, out var error);
            if (error == SocketError.WouldBlock) return (length, false);
            if (count == 0) return (length, true);
            length += count;
        }
    }

    [Fact]
    public async Task What_came_before_a_socket_is_added_is_told_and_what_comes_later_too()
    {
        var (near, far) = Pair();
        far.Send(new byte[5]);
        int taken = 0, isOver = 0;
        string? thread = null;

        Add(near, (place, ready) =>
        {
            if (!ready.HasFlag(SocketReady.Read)) return;
            thread = Thread.CurrentThread.Name;
            var (length, isEnd) = Drain(place.Socket);
            Volatile.Write(ref taken, taken + length);
            if (isEnd) Volatile.Write(ref isOver, 1);
        });

        await Until(() => Volatile.Read(ref taken) == 5, "the first bytes");
        Assert.Equal("sockets", thread);
        far.Send(new byte[7]);
        await Until(() => Volatile.Read(ref taken) == 12, "the next bytes");
        far.Send(new byte[3]);
        far.Shutdown(SocketShutdown.Send);   // they come together, or one after the other
        await Until(() => Volatile.Read(ref taken) == 15 && Volatile.Read(ref isOver) == 1, "the last bytes and the end");
    }

    [Fact]
    public async Task The_end_that_came_with_the_last_bytes_is_told_with_them()
    {
        var (near, far) = Pair();
        far.Send(new byte[3]);
        far.Shutdown(SocketShutdown.Send);
        Assert.True(near.Poll(Patience, SelectMode.SelectRead));
        while (near.Available < 3) Thread.Yield();
        await Until(() => HasEnded(near), "the end");

        var told = new TaskCompletionSource<SocketReady>();
        Add(near, (_, ready) => told.TrySetResult(ready));

        Assert.Equal(SocketReady.Read | SocketReady.Write | SocketReady.End, await told.Task.WaitAsync(Patience));

        static bool HasEnded(Socket socket) => File.ReadLines("/proc/net/tcp").Any(line =>
            line.Contains($":{((IPEndPoint)socket.LocalEndPoint!).Port:X4} ", StringComparison.Ordinal)
            && line.Contains($":{((IPEndPoint)socket.RemoteEndPoint!).Port:X4} 08 ", StringComparison.Ordinal));   // CLOSE_WAIT
    }

    [Fact]
    public async Task What_was_not_taken_is_told_again_when_that_is_asked_for()
    {
        var (near, far) = Pair();
        far.Send(new byte[10]);
        var taken = 0;

        Add(near, (place, ready) =>
        {
            if (!ready.HasFlag(SocketReady.Read) || place.Socket.Receive(new byte[1], SocketFlags.None, out var error) == 0) return;
            Volatile.Write(ref taken, taken + 1);
            place.Again();
        });

        await Until(() => Volatile.Read(ref taken) == 10, "all ten bytes, one in each turn");
    }

    [Fact]
    public async Task Room_to_send_is_told_after_a_send_that_found_none()
    {
        var (near, far) = Pair();
        long sent = 0, received = 0;
        const long all = 32 * 1024 * 1024;
        var piece = new byte[64 * 1024];

        Add(near, (place, ready) =>
        {
            if (!ready.HasFlag(SocketReady.Write)) return;
            while (sent < all)
            {
                var count = place.Socket.Send(piece, SocketFlags.None, out var error);
                if (error != SocketError.Success) return;
                Volatile.Write(ref sent, sent + count);
            }
            place.Leave();
            place.Socket.Shutdown(SocketShutdown.Send);
        });

        var room = new byte[64 * 1024];
        while (await far.ReceiveAsync(room, SocketFlags.None).WaitAsync(Patience) is > 0 and var count) received += count;
        Assert.Equal(Volatile.Read(ref sent), received);
        Assert.True(received >= all);
    }

    [Fact]
    public async Task What_is_asked_for_at_the_end_of_a_turn_is_done_once_after_it()
    {
        var (near, far) = Pair();
        List<string> order = [];
        var done = new TaskCompletionSource();
        Action end = () => order.Add($"end {Thread.CurrentThread.Name} {SocketLoop.IsHere}"), another = () => SocketLoop.AtEnd(() => done.TrySetResult());

        Add(near, (place, ready) =>
        {
            if (!ready.HasFlag(SocketReady.Read) || Drain(place.Socket).Length == 0) return;
            for (var i = 0; i < 3; i++) SocketLoop.AtEnd(end);
            SocketLoop.AtEnd(another);   // which asks for more
            order.Add("told");
        });
        far.Send(new byte[1]);

        await done.Task.WaitAsync(Patience);
        Assert.Equal(["told", "end sockets True"], order);
        Assert.False(SocketLoop.IsHere);
    }

    [Fact]
    public async Task A_place_that_was_left_is_told_nothing_more_and_its_socket_lives_on()
    {
        var (near, far) = Pair();
        var told = 0;
        var (first, last) = (new TaskCompletionSource(), new TaskCompletionSource());
        Add(near, (place, ready) =>
        {
            if (!ready.HasFlag(SocketReady.Read)) return;
            told++;
            place.Leave();
            first.TrySetResult();
        });
        far.Send(new byte[1]);
        await first.Task.WaitAsync(Patience);

        far.Send(new byte[1]);
        await Until(() => near.Available == 2, "the second byte");
        var (other, otherFar) = Pair();   // told after it
        Add(other, (_, _) => last.TrySetResult());
        otherFar.Send(new byte[1]);
        await last.Task.WaitAsync(Patience);

        Assert.Equal(1, told);
        Assert.Equal((2, false), Drain(near));
    }

    [Fact]
    public void A_socket_that_is_closed_is_refused_and_takes_no_place_and_to_ask_for_it_again_does_no_harm()
    {
        var (near, far) = Pair();
        var (closed, _) = Pair();
        closed.Dispose();

        Assert.Throws<ObjectDisposedException>(() => SocketLoop.Shared.Add(closed, (_, _) => { }));
        var place = SocketLoop.Shared.Add(near, (_, _) => { });
        near.Dispose();
        place.Again();
        place.Leave();
        place.Leave();
    }

    [Fact]
    public async Task A_thread_that_hangs_is_replaced_and_what_it_was_at_is_ended_afterwards()
    {
        var ((near, far), (other, otherFar)) = (Pair(), Pair());
        using var release = new ManualResetEventSlim();
        TaskCompletionSource hangs = new(), others = new(), atEnd = new(), late = new(), all = new();
        int hung = 0, replacing = 0, ended = 0, told = 0, inside = 0, taken = 0;
        var isAlone = true;
        Add(near, (place, ready) =>
        {
            isAlone &= Interlocked.Increment(ref inside) == 1;
            if (ready.HasFlag(SocketReady.Read) && ++told == 1)
            {
                Volatile.Write(ref hung, Environment.CurrentManagedThreadId);
                SocketLoop.AtEnd(() =>
                {
                    Volatile.Write(ref ended, Environment.CurrentManagedThreadId);
                    atEnd.TrySetResult();
                });
                hangs.TrySetResult();
                release.Wait();
                // nobody waits for the end of this turn any more
                var isDone = false;
                SocketLoop.AtEnd(() => isDone = true);
                if (isDone) late.TrySetResult();
            }
            // what is taken while only room to send is told is told no more
            if (ready.HasFlag(SocketReady.Read)) taken += Drain(place.Socket).Length;
            if (taken == 6) all.TrySetResult();
            Interlocked.Decrement(ref inside);
        });
        Add(other, (place, ready) =>
        {
            if (!ready.HasFlag(SocketReady.Read) || Drain(place.Socket).Length == 0) return;
            replacing = Environment.CurrentManagedThreadId;
            others.TrySetResult();
        });

        far.Send(new byte[1]);
        await hangs.Task.WaitAsync(Patience);
        otherFar.Send(new byte[1]);
        await others.Task.WaitAsync(Patience);   // served while it hangs
        await atEnd.Task.WaitAsync(Patience);    // and what the turn had promised is done
        Assert.Equal((true, 0), (!release.IsSet, taken));
        Assert.NotEqual(hung, replacing);
        Assert.NotEqual(hung, ended);
        far.Send(new byte[5]);
        await Until(() => near.Available == 6, "more, which nobody may be told meanwhile");
        release.Set();

        await late.Task.WaitAsync(Patience);
        await all.Task.WaitAsync(Patience);
        Assert.True(isAlone);
    }

    [Fact]
    public async Task A_place_is_told_what_came_while_another_thread_was_told()
    {
        var (near, _) = Pair();
        using var release = new ManualResetEventSlim();
        var hangs = new TaskCompletionSource();
        List<SocketReady> told = [];
        var place = new SocketPlace(SocketLoop.Shared, near, 0, (_, ready) =>
        {
            told.Add(ready);
            hangs.TrySetResult();
            release.Wait();
        });

        var first = Task.Run(() => place.Tell(SocketReady.Read));
        await hangs.Task.WaitAsync(Patience);
        place.Tell(SocketReady.Read);   // neither of them waits
        place.Tell(SocketReady.End);
        release.Set();
        await first.WaitAsync(Patience);

        Assert.Equal([SocketReady.Read, SocketReady.Read | SocketReady.End], told);
    }

    /// <summary>Bytes in pieces of every size on many sockets, of which each turn takes a part: none is lost, and every end is seen.</summary>
    [Fact]
    public async Task Nothing_is_lost_on_many_sockets()
    {
        const int count = 48, seed = 20261128;
        var left = new TaskCompletionSource();
        var (ends, expected, received) = (0, new long[count], new long[count]);
        var pairs = Enumerable.Range(0, count).Select(_ => Pair()).ToList();
        for (var i = 0; i < count; i++)
        {
            var (at, random, room) = (i, new Random(seed + i), new byte[4096]);
            Add(pairs[i].Near, (place, ready) =>
            {
                if (!ready.HasFlag(SocketReady.Read)) return;
                for (var reads = random.Next(1, 5); ;)
                {
                    var part = room.AsSpan(0, random.Next(1, room.Length));
                    var got = place.Socket.Receive(part, SocketFlags.None, out var error);
                    if (error == SocketError.WouldBlock) return;
                    received[at] += got;
                    if (got == 0)
                    {
                        place.Leave();
                        if (Interlocked.Increment(ref ends) == count) left.TrySetResult();
                        return;
                    }
                    if (got < part.Length && !ready.HasFlag(SocketReady.End)) return;   // what epoll(7) allows
                    if (--reads > 0) continue;
                    place.Again();
                    return;
                }
            });
        }

        await Task.WhenAll(Enumerable.Range(0, count).Select(i => Task.Run(async () =>
        {
            var random = new Random(seed - i);
            for (var pieces = random.Next(1, 300); pieces > 0; pieces--)
            {
                var piece = new byte[random.Next(1, random.Next(2, 9000))];
                expected[i] += piece.Length;
                for (var sent = 0; sent < piece.Length;) sent += await pairs[i].Far.SendAsync(piece.AsMemory(sent)).AsTask().WaitAsync(Patience);
            }
            pairs[i].Far.Shutdown(SocketShutdown.Send);
        })));
        await left.Task.WaitAsync(Patience);

        Assert.True(expected.SequenceEqual(received), $"seed {seed}: {string.Join(' ', expected.Zip(received, (a, b) => a - b))}");
    }

    [Fact]
    public async Task A_turn_allocates_nothing()
    {
        const int rounds = 500;
        var (near, far) = Pair();
        var answers = new byte[1];
        int free = 0, thread = 0;
        long before = 0;
        Action end = () => { };
        Add(near, (place, ready) =>
        {
            if (!ready.HasFlag(SocketReady.Read) || Drain(place.Socket).Length == 0) return;
            SocketLoop.AtEnd(end);
            var now = GC.GetAllocatedBytesForCurrentThread();
            if (thread == Environment.CurrentManagedThreadId && now == before) free++;
            (thread, before) = (Environment.CurrentManagedThreadId, now);
            place.Socket.Send(answers, SocketFlags.None, out _);
        });

        for (var i = 0; i < rounds; i++)
        {
            far.Send(answers);
            Assert.Equal(1, await far.ReceiveAsync(answers, SocketFlags.None).WaitAsync(Patience));
        }

        Assert.True(free > 0, "each turn allocated");   // other tests use the thread too
    }
}
