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
    readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    long lastFrame = Monotonic.Now.Ticks;
    Socket? stream;

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
                var count = await stream!.ReceiveAsync(reader.Room(), SocketFlags.None);
                if (count == 0) break;
                reader.Received(count);
                if (!Take(reader)) break;
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

    bool Take(LinkReader reader)
    {
        while (true)
        {
            switch (reader.Next(out var plain))
            {
                case LinkProgress.NeedsMore:
                    return true;
                case LinkProgress.Frame when owner.Deliver(peer, plain):
                    Interlocked.Exchange(ref lastFrame, Monotonic.Now.Ticks);
                    break;
                default:
                    owner.Counters.Refuse();
                    return false;
            }
        }
    }

    /// <summary>Ends it.</summary>
    public void Close() => stream?.Dispose();
}
