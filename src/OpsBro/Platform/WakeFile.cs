using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OpsBro.Platform;

/// <summary>Wakes a thread that waits for a socket: eventfd(2), and poll(2) on both. <see cref="Call"/> may be used from any thread.</summary>
internal sealed unsafe partial class WakeFile : IDisposable
{
    const int CloseOnExecNonBlocking = 0x80000 | 0x800;
    const short PollIn = 1;

    readonly SafeFileHandle handle;
    readonly int file;

    /// <summary>Makes it.</summary>
    /// <exception cref="SocketException">No descriptor is free.</exception>
    public WakeFile()
    {
        file = eventfd(0, CloseOnExecNonBlocking);
        if (file < 0) throw new SocketException(Marshal.GetLastPInvokeError());
        handle = new SafeFileHandle(file, ownsHandle: true);
    }

    /// <summary>Ends the present or next <see cref="Wait"/>; does nothing once it is closed.</summary>
    public void Call()
    {
        var isHeld = false;
        try
        {
            // held, so that the number cannot become another file's meanwhile
            handle.DangerousAddRef(ref isHeld);
            var one = 1ul;
            // the counter is full only when it was woken 2^64 times
            _ = write(file, &one, sizeof(ulong));
        }
        catch (ObjectDisposedException)
        {
            // nobody waits any more
        }
        finally
        {
            if (isHeld) handle.DangerousRelease();
        }
    }

    /// <summary>Waits until a socket has something, for a <see cref="Call"/>, or the time's end.</summary>
    /// <param name="socket">Its descriptor.</param>
    /// <param name="milliseconds">0 does not wait, -1 waits for ever.</param>
    public void Wait(int socket, int milliseconds)
    {
        var files = stackalloc PollFile[2];
        files[0] = new PollFile { File = socket, Events = PollIn };
        files[1] = new PollFile { File = file, Events = PollIn };
        if (poll(files, 2, milliseconds) <= 0 || files[1].Returned == 0) return;
        ulong count;
        _ = read(file, &count, sizeof(ulong));
    }

    /// <summary>True when a socket has something now.</summary>
    public static bool HasMore(int socket)
    {
        var one = new PollFile { File = socket, Events = PollIn };
        return poll(&one, 1, 0) > 0 && (one.Returned & PollIn) != 0;
    }

    /// <inheritdoc/>
    public void Dispose() => handle.Dispose();

    [StructLayout(LayoutKind.Sequential)]
    struct PollFile
    {
        public int File;
        public short Events, Returned;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int poll(PollFile* files, nuint count, int milliseconds);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int eventfd(uint initial, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(int file, void* into, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(int file, void* from, nuint count);
}
