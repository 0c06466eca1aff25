using System.Buffers;
using System.Net.Sockets;
using OpsBro.Platform;

namespace OpsBro.Metrics.Exporters;

/// <summary>
/// Sends pages as lines over TCP. Graphite answers nothing, so a page counts as taken when the kernel of the other side has acknowledged
/// its last byte and the connection is still whole; on a new connection a moment later, for proxies accept and close when nobody is behind
/// them. What the other kernel holds when its program dies is lost: at most its receive buffer. Nothing in this protocol can tell.
/// </summary>
internal sealed class GraphiteSink(SinkOptions options) : ISink
{
    /// <summary>Longest wait in one call of poll(2): the agent's stop is seen within it.</summary>
    const int PollMicroseconds = 50_000;

    /// <summary>Time that a new connection must stay whole after its first page.</summary>
    static readonly TimeSpan settling = TimeSpan.FromMilliseconds(500);

    readonly IEncoder encoder = Encoders.Of(options);
    readonly ArrayBufferWriter<byte> body = new(64 * 1024);
    readonly byte[] ignored = new byte[512];
    Socket? socket;

    /// <inheritdoc/>
    public Delivery Send(IReadOnlyList<JournalPoint> points, int from, int count, CancellationToken cancel)
    {
        body.ResetWrittenCount();
        var encoded = encoder.Encode(points, from, count, body);
        if (encoded.Samples == 0) return new Delivery(Answer.Taken, "", encoded, 0);
        try
        {
            if (socket is not null && Broken() is not null) Close();   // it was closed while nothing was to be sent
            var isNew = socket is null;
            socket ??= Connect(cancel);
            Write(body.WrittenSpan, cancel);
            UntilAcknowledged(cancel);
            if (isNew) Settle(cancel);
            return new Delivery(Answer.Taken, "", encoded, body.WrittenCount);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or IOException)
        {
            Close();
            var reason = cancel.IsCancellationRequested ? "the agent stops" : Sinks.OneLine(e.Message);
            return new Delivery(Answer.Later, reason, encoded, body.WrittenCount);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    Socket Connect(CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(options.Timeout);
        var made = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            made.ConnectAsync(options.Host, options.Port, patience.Token).AsTask().GetAwaiter().GetResult();
            made.Blocking = false;
            return made;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            made.Dispose();
            throw new IOException($"no connection in {options.Timeout.TotalSeconds:0.#} s");
        }
        catch
        {
            made.Dispose();
            throw;
        }
    }

    /// <summary>Gives the kernel all bytes; a sink that reads nothing for the timeout is given up.</summary>
    void Write(ReadOnlySpan<byte> bytes, CancellationToken cancel)
    {
        var last = Monotonic.Now;
        while (bytes.Length > 0)
        {
            var sent = socket!.Send(bytes, SocketFlags.None, out var error);
            if (error is not (SocketError.Success or SocketError.WouldBlock)) throw new SocketException((int)error);
            if (sent > 0 && error == SocketError.Success)
            {
                bytes = bytes[sent..];
                last = Monotonic.Now;
                continue;
            }
            Wait(last, cancel);
            socket.Poll(PollMicroseconds, SelectMode.SelectWrite);
        }
    }

    /// <summary>Until nothing is on the way any more; a slow reader has as long as it goes on.</summary>
    void UntilAcknowledged(CancellationToken cancel)
    {
        var (last, before) = (Monotonic.Now, int.MaxValue);
        while (Posix.UnacknowledgedBytes(socket!.SafeHandle) is var left and > 0)
        {
            if (left < before) (last, before) = (Monotonic.Now, left);
            Wait(last, cancel);
            // the kernel wakes nobody for an acknowledgement: an end of the connection does, otherwise look again soon
            socket.Poll(1000, SelectMode.SelectRead);
        }
        ThrowIfBroken();
    }

    void Settle(CancellationToken cancel)
    {
        for (var began = Monotonic.Now; Monotonic.Now - began < settling;)
        {
            cancel.ThrowIfCancellationRequested();
            socket!.Poll(PollMicroseconds, SelectMode.SelectRead);
            ThrowIfBroken();
        }
    }

    void Wait(TimeSpan last, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        ThrowIfBroken();
        if (Monotonic.Now - last > options.Timeout) throw new IOException($"the sink reads nothing since {options.Timeout.TotalSeconds:0.#} s");
    }

    void ThrowIfBroken()
    {
        if (Broken() is { } reason) throw new IOException(reason);
    }

    /// <summary>Why the connection is over; null while it is whole. What the sink says is ignored: Graphite says nothing.</summary>
    string? Broken()
    {
        var read = socket!.Receive(ignored, SocketFlags.None, out var error);
        return error switch
        {
            SocketError.WouldBlock => null,
            SocketError.Success => read > 0 ? null : "the sink closed the connection",
            _ => new SocketException((int)error).Message,
        };
    }

    void Close()
    {
        socket?.Dispose();
        socket = null;
    }
}
