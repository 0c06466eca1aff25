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
    /// <summary>A link is busy when so many reads of it came within <see cref="BusyTime"/>.</summary>
    public const int BusyReads = 100;

    /// <summary>See <see cref="BusyReads"/>.</summary>
    public static readonly TimeSpan BusyTime = TimeSpan.FromMilliseconds(500);

    static readonly TimeSpan lookAgain = TimeSpan.FromSeconds(1);

    const int StackBytes = 256 * 1024;

    readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    long lastFrame = Monotonic.Now.Ticks;
    Socket? stream;
    TimeSpan countedFrom;
    int reads;

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
            while (true)
            {
                if (!Take(reader, await stream!.ReceiveAsync(reader.Room(), SocketFlags.None))) break;
                if (IsBusy() && owner.TryLend() && await HasRunOnThread(reader)) break;
            }
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
            Close();
            cipher.Dispose();
            owner.Ended(this);
            ended.TrySetResult();
        }
    }

    bool IsBusy()
    {
        if (++reads < BusyReads) return false;
        var (before, now) = (countedFrom, Monotonic.Now);
        (reads, countedFrom) = (0, now);
        return now - before < BusyTime;
    }

    async Task<bool> HasRunOnThread(LinkReader reader)
    {
        try
        {
            if (!SocketEvents.TryLeave(stream!)) return false;
            await OnThread(reader);
            return true;
        }
        finally
        {
            owner.GiveBack();
        }
    }

    /// <summary>
    /// Reads on a thread of its own until the link is over: the kernel wakes it, without the pool's two changes of thread for each frame.
    /// </summary>
    Task OnThread(LinkReader reader)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(Read, StackBytes) { IsBackground = true, Name = "link" }.Start();
        return done.Task;

        void Read()
        {
            try
            {
                stream!.Blocking = false;   // nothing else would wake a call that found nothing
                while (!stream.Poll(lookAgain, SelectMode.SelectRead) || TakeNext(reader)) continue;
                done.SetResult();
            }
            // who waits for it tells why
            catch (Exception e)
            {
                done.SetException(e);
            }
        }
    }

    bool TakeNext(LinkReader reader)
    {
        var count = stream!.Receive(reader.Room().Span, SocketFlags.None, out var error);
        return error == SocketError.WouldBlock || (error == SocketError.Success && Take(reader, count));
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

    /// <summary>Ends it.</summary>
    public void Close() => stream?.Dispose();
}
