using System.Net.Sockets;
using OpsBro.Core.Wire;
using OpsBro.Platform;

namespace OpsBro.Gossip;

/// <summary>A link that we dialed and that is open.</summary>
/// <param name="stream">The stream, ours from now on.</param>
/// <param name="cipher">What seals its frames.</param>
/// <param name="ended">Called once, when it is over.</param>
internal sealed class OutWire(Socket stream, LinkCipher cipher, Action ended)
{
    readonly TaskCompletionSource attended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    long writing, lastUse = Monotonic.Now.Ticks;
    int over;

    /// <summary>When it was opened.</summary>
    public TimeSpan Began { get; } = Monotonic.Now;

    /// <summary>It has ended, or must.</summary>
    public bool IsOver => Volatile.Read(ref over) != 0;

    /// <summary>We end it, and not because something is wrong.</summary>
    public bool IsMeant { get; set; }

    /// <summary>Done when the other side has closed it, or it broke.</summary>
    public Task Attended => attended.Task;

    /// <summary>When something was sent last.</summary>
    public TimeSpan LastUse
    {
        get => TimeSpan.FromTicks(Interlocked.Read(ref lastUse));
        set => Interlocked.Exchange(ref lastUse, value.Ticks);
    }

    /// <summary>The peer takes nothing.</summary>
    public bool IsStuck(TimeSpan now) => Interlocked.Read(ref writing) is > 0 and var since && now.Ticks - since > Links.Stuck.Ticks;

    /// <summary>Seals a parcel and gives it to the kernel; one at a time.</summary>
    /// <exception cref="SocketException">The link broke.</exception>
    /// <exception cref="ObjectDisposedException">It is over.</exception>
    public async ValueTask Send(LinkParcel parcel)
    {
        var frame = parcel.Seal(cipher);
        Interlocked.Exchange(ref writing, Monotonic.Now.Ticks);
        while (!frame.IsEmpty) frame = frame[await stream.SendAsync(frame, SocketFlags.None)..];
        Interlocked.Exchange(ref writing, 0);
    }

    /// <summary>Nothing more comes from us.</summary>
    public void Shutdown() => stream.Shutdown(SocketShutdown.Send);

    /// <summary>Waits until it is over: the peer says nothing on it but its end.</summary>
    public async Task Attend()
    {
        try
        {
            await stream.ReceiveAsync(new byte[1], SocketFlags.None);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // it broke, or we ended it: the same as its end
        }
        End();
        attended.TrySetResult();
    }

    /// <summary>Ends it; what the kernel has of it may still arrive.</summary>
    public void End()
    {
        if (Interlocked.Exchange(ref over, 1) != 0) return;
        stream.Dispose();
        cipher.Dispose();
        ended();
    }
}

/// <summary>What the system is told about the stream of a link.</summary>
internal static class LinkSocket
{
    const int Tcp = 6, UserTimeout = 18;   // IPPROTO_TCP and TCP_USER_TIMEOUT of tcp(7)

    /// <summary>No waiting for more to send, and an end when the other side acknowledges nothing for so long.</summary>
    public static void Prepare(Socket stream, TimeSpan silence)
    {
        stream.NoDelay = true;
        if (!OperatingSystem.IsLinux()) return;
        try
        {
            stream.SetRawSocketOption(Tcp, UserTimeout, BitConverter.GetBytes((int)silence.TotalMilliseconds));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // it is closed already; who uses it next sees that
        }
    }
}
