using System.Net;
using System.Net.Sockets;
using OpsBro.Platform;

namespace OpsBro.Events;

/// <summary>A reader on the websocket port: its session and its socket, which is never waited for.</summary>
internal sealed class StreamClient(Socket socket, IPAddress source, StreamSession session, StreamView view) : IDisposable
{
    /// <summary>Pages that one reader gets before the others have their turn.</summary>
    public const int MaxPages = 4;

    /// <summary>After our last word the reader has so long to close: what is closed at once may lose the word.</summary>
    public static readonly TimeSpan Goodbye = TimeSpan.FromSeconds(2);

    const int ReadBytes = 256;

    ReadOnlyMemory<byte> pending;
    TimeSpan? stuckSince, overSince;
    volatile bool isGone;

    /// <summary>Where it comes from.</summary>
    public IPAddress Source => source;

    /// <summary>What it is sent and says.</summary>
    public StreamSession Session => session;

    /// <summary>Whom it shares its bytes with.</summary>
    public StreamView View => view;

    /// <summary>It was cut off: it took nothing, or did not answer.</summary>
    public bool IsCut { get; private set; }

    /// <summary>It is to be looked at again soon: its socket took nothing, or it has more to get.</summary>
    public bool IsBusy { get; private set; }

    /// <summary>Sends what it can take now.</summary>
    /// <param name="now">Monotonic.</param>
    /// <param name="sent">Grows by the bytes sent.</param>
    /// <returns>False when the connection is over.</returns>
    public bool Send(TimeSpan now, ref long sent)
    {
        IsBusy = false;
        if (isGone) return false;
        if (overSince is { } since) return now - since < Goodbye;
        for (var pages = 0; ; pages++)
        {
            if (pending.IsEmpty)
            {
                if (pages == MaxPages) break;
                pending = session.Next(now);
                if (pending.IsEmpty) return Rest(now);
            }
            var count = socket.Send(pending.Span, SocketFlags.None, out var error);
            if (error == SocketError.WouldBlock || (error == SocketError.Success && count == 0)) break;
            if (error != SocketError.Success) return false;
            sent += count;
            pending = pending[count..];
            stuckSince = null;
            if (!pending.IsEmpty) break;   // its buffer is full
        }
        IsBusy = true;
        if (!pending.IsEmpty) stuckSince ??= now;
        IsCut = now - stuckSince > StreamSession.WritePatience || session.IsTooLate(now);
        return !IsCut;
    }

    bool Rest(TimeSpan now)
    {
        IsBusy = session.Cursor.IsWaiting;
        if (!session.IsOver) return true;
        if (session.IsMute)
        {
            IsCut = true;
            return false;
        }
        overSince = now;
        return Shut();
    }

    bool Shut()
    {
        try
        {
            socket.Shutdown(SocketShutdown.Send);
            return true;
        }
        catch (SocketException)
        {
            return false;   // it was quicker
        }
    }

    /// <summary>Reads until the other end closes.</summary>
    /// <param name="early">What came with the request.</param>
    /// <param name="wake">Called when there is something to send.</param>
    public async Task Listen(ReadOnlyMemory<byte> early, Action wake)
    {
        var buffer = new byte[ReadBytes];
        try
        {
            if (!early.IsEmpty && session.Hear(early.Span, Monotonic.Now)) wake();
            while (await socket.ReceiveAsync(buffer) is > 0 and var count)
                if (session.Hear(buffer.AsSpan(0, count), Monotonic.Now)) wake();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // it is gone, or was sent away
        }
        isGone = true;
        wake();
    }

    /// <inheritdoc/>
    public void Dispose() => socket.Dispose();
}
