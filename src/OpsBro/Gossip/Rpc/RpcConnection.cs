using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using OpsBro.Core.Wire;

namespace OpsBro.Gossip.Rpc;

/// <summary>
/// One client's socket: cuts what comes in into requests, and sends answers and records in the order in which they were handed in. A
/// client that does not read is cut off: nobody waits for it.
/// </summary>
internal sealed class RpcConnection : IDisposable
{
    /// <summary>Records and answers that wait for a client that reads slowly.</summary>
    public const int MaxQueued = 1_024;

    /// <summary>Their bytes.</summary>
    public const int MaxQueuedBytes = 16 * 1024 * 1024;

    /// <summary>Longest time that one write may stand still.</summary>
    public static readonly TimeSpan WritePatience = TimeSpan.FromSeconds(30);

    /// <summary>What the kernel may hold for a client besides.</summary>
    const int SendBuffer = 128 * 1024;

    const int FirstBuffer = 4 * 1024;

    readonly Socket socket;
    readonly Channel<(byte[] Bytes, TaskCompletionSource? Sent)> queue =
        Channel.CreateUnbounded<(byte[], TaskCompletionSource?)>(new UnboundedChannelOptions { SingleReader = true });
    // never disposed: it has no timer and no parent, and others may still look at it
    readonly CancellationTokenSource closing = new();
    byte[] buffer = new byte[FirstBuffer];
    int used, queued;
    long queuedBytes;

    /// <summary>A connection that was accepted.</summary>
    public RpcConnection(Socket socket)
    {
        this.socket = socket;
        socket.NoDelay = true;
        socket.SendBufferSize = SendBuffer;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        From = ((IPEndPoint)socket.RemoteEndPoint!).ToString();
        _ = Send();
    }

    /// <summary>The client's address.</summary>
    public string From { get; }

    /// <summary>Cancelled when the connection ends, for whatever reason.</summary>
    public CancellationToken Closing => closing.Token;

    /// <summary>True when the client was cut off because it did not read.</summary>
    public bool WasSlow { get; private set; }

    /// <summary>The next request; null when the client is gone.</summary>
    /// <exception cref="InvalidDataException">What came is no request, or a larger one than <see cref="RpcLimits.MaxRequest"/>.</exception>
    public async Task<RpcRequest?> Read(CancellationToken cancel)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, closing.Token);
        while (true)
        {
            switch (RpcFrames.TryRead(buffer.AsSpan(0, used), out var request, out var length))
            {
                case MsgPackFault.None:
                    buffer.AsSpan(length, used - length).CopyTo(buffer);
                    used -= length;
                    return request;
                case MsgPackFault.Malformed:
                    throw new InvalidDataException($"what came is no request, or one of more than {RpcLimits.MaxRequest} bytes");
            }
            if (used == buffer.Length) Array.Resize(ref buffer, Math.Min(2 * buffer.Length, RpcLimits.MaxRequest + 1));
            if (used > RpcLimits.MaxRequest) throw new InvalidDataException($"a request has more than {RpcLimits.MaxRequest} bytes");
            var count = await socket.ReceiveAsync(buffer.AsMemory(used), SocketFlags.None, both.Token);
            if (count == 0) return null;
            used += count;
        }
    }

    /// <summary>Hands in an answer; the task ends when it was sent, so that no client has two large ones waiting.</summary>
    public Task Answer(byte[] bytes)
    {
        var sent = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!Put(bytes, sent)) sent.TrySetCanceled();
        return sent.Task;
    }

    /// <summary>Hands in a record; a client with too many unread ones is cut off.</summary>
    public void Record(byte[] bytes)
    {
        if (queued < MaxQueued && Interlocked.Read(ref queuedBytes) + bytes.Length <= MaxQueuedBytes)
        {
            Put(bytes, null);
            return;
        }
        WasSlow = true;
        // elsewhere: who waits for the client goes on at once, and its session must not end in the middle of our caller's loop over it
        _ = closing.CancelAsync();
    }

    bool Put(byte[] bytes, TaskCompletionSource? sent)
    {
        Interlocked.Increment(ref queued);
        Interlocked.Add(ref queuedBytes, bytes.Length);
        return queue.Writer.TryWrite((bytes, sent));
    }

    async Task Send()
    {
        try
        {
            await foreach (var (bytes, sent) in queue.Reader.ReadAllAsync(closing.Token))
            {
                for (ReadOnlyMemory<byte> left = bytes; !left.IsEmpty;)
                {
                    using var patience = CancellationTokenSource.CreateLinkedTokenSource(closing.Token);
                    patience.CancelAfter(WritePatience);
                    left = left[await socket.SendAsync(left, SocketFlags.None, patience.Token)..];
                }
                Interlocked.Decrement(ref queued);
                Interlocked.Add(ref queuedBytes, -bytes.Length);
                sent?.TrySetResult();
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // the client is gone: the reading side ends as well
        }
        catch (OperationCanceledException)
        {
            WasSlow |= !closing.IsCancellationRequested;
        }
        finally
        {
            await closing.CancelAsync();
            queue.Writer.TryComplete();
            while (queue.Reader.TryRead(out var left)) left.Sent?.TrySetCanceled();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ = closing.CancelAsync();
        socket.Dispose();
    }
}
