using System.Net.Sockets;
using OpsBro.Core.Wire;
using OpsBro.Platform;

namespace OpsBro.Gossip;

/// <summary>A link that a member opened to us: reads its frames, and gives their messages away one at a time.</summary>
/// <param name="owner">Who gives the messages away.</param>
/// <param name="peer">Who opened it.</param>
/// <param name="key">The fingerprint of its key.</param>
/// <param name="cipher">What opens its frames.</param>
internal sealed class InLink(Links owner, LinkPeer peer, byte[] key, LinkCipher cipher)
{
    /// <summary>Reads in one turn of the loop, before other sockets have theirs.</summary>
    const int MaxReads = 16;

    readonly TaskCompletionSource read = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    long lastFrame = Monotonic.Now.Ticks;
    Socket? stream;
    volatile bool isOnLoop, isClosed;

    /// <summary>Who opened it.</summary>
    public LinkPeer Peer => peer;

    /// <summary>The fingerprint of its key.</summary>
    public byte[] Key => key;

    /// <summary>Done when it gives no more messages away.</summary>
    public Task Ended => ended.Task;

    /// <summary>When the last frame came.</summary>
    public TimeSpan LastFrame => TimeSpan.FromTicks(Interlocked.Read(ref lastFrame));

    /// <summary>Reads the first frame, an empty one: who recorded a hello cannot make it.</summary>
    public async Task<bool> Prove(Socket from, CancellationToken cancel)
    {
        var proof = new byte[LinkCipher.HeaderSize + cipher.TagSize];
        for (var length = 0; length < proof.Length;)
        {
            var count = await from.ReceiveAsync(proof.AsMemory(length), SocketFlags.None, cancel);
            if (count == 0) return false;
            length += count;
        }
        if (!proof.AsSpan(0, LinkCipher.HeaderSize).SequenceEqual(new byte[LinkCipher.HeaderSize]) || !cipher.TryOpen(proof, [])) return false;
        stream = from;
        return true;
    }

    /// <summary>Gives messages away until the link ends.</summary>
    /// <param name="older">Of the same peer: nothing is given away before it has ended.</param>
    public async Task Run(Task older)
    {
        using var reader = new LinkReader(cipher);
        try
        {
            await older;
            if (SocketEvents.TryLeave(stream!)) await OnLoop(reader);
            else while (Take(reader, await stream!.ReceiveAsync(reader.Room(), SocketFlags.None))) continue;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // it broke, or we closed it: the peer dials again when it wants
        }
        // the border of a link: nobody waits for it
        catch (Exception e)
        {
            owner.Broke(peer.Name, e);
        }
        finally
        {
            stream?.Dispose();
            cipher.Dispose();
            owner.Ended(this);
            ended.TrySetResult();
        }
    }

    /// <summary>Reads on the thread of the sockets until the link is over: without the pool's two changes of thread for each frame.</summary>
    Task OnLoop(LinkReader reader)
    {
        isOnLoop = true;
        var here = SocketLoop.Shared.Add(stream!, (place, ready) =>
        {
            if (read.Task.IsCompleted) return;
            try
            {
                if (TakeAll(reader, place, isEnding: ready.HasFlag(SocketReady.End))) return;
                place.Leave();
                read.TrySetResult();
            }
            // who waits for it tells why
            catch (Exception e)
            {
                place.Leave();
                read.TrySetException(e);
            }
        });
        if (isClosed) here.Tell(SocketReady.Read);   // in between
        return read.Task;
    }

    bool TakeAll(LinkReader reader, SocketPlace place, bool isEnding)
    {
        for (var reads = 0; reads < MaxReads && !isClosed; reads++)
        {
            var room = reader.Room().Span;
            var count = stream!.Receive(room, SocketFlags.None, out var error);
            if (error == SocketError.WouldBlock) return true;
            if (error != SocketError.Success || !Take(reader, count)) return false;
            if (count < room.Length && !isEnding) return true;   // that was all: see epoll(7)
        }
        place.Again();
        return !isClosed;
    }

    /// <summary>Gives away what came; false when that is the end of the link.</summary>
    bool Take(LinkReader reader, int count)
    {
        if (count == 0) return false;
        reader.Received(count);
        Links.Taker? last = null;
        var progress = LinkProgress.Frame;
        while (progress == LinkProgress.Frame)
        {
            progress = reader.Next(out var plain);
            if (progress != LinkProgress.Frame) break;
            if (!owner.Deliver(peer, plain, ref last)) progress = LinkProgress.Malformed;
            else Interlocked.Exchange(ref lastFrame, Monotonic.Now.Ticks);
        }
        owner.Settle(peer, ref last);
        if (progress == LinkProgress.NeedsMore) return true;
        owner.Counters.Refuse();
        return false;
    }

    /// <summary>Ends it; a message that is being taken at this moment is taken.</summary>
    public void Close()
    {
        isClosed = true;
        Interlocked.MemoryBarrier();   // it is said before it is looked where the link is: see OnLoop
        if (!isOnLoop)
        {
            stream?.Dispose();
            return;
        }
        try
        {
            stream!.Shutdown(SocketShutdown.Both);   // the loop sees it, and ends between two reads
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // it is over already
        }
    }
}
