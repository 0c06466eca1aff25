using System.Runtime.InteropServices;

namespace OpsBro.Platform;

/// <summary>Calls of the C library that .NET has no name for.</summary>
internal static partial class Posix
{
    /// <summary>geteuid(2).</summary>
    public static uint EffectiveUser => geteuid();

    /// <summary>getegid(2).</summary>
    public static uint EffectiveGroup => getegid();

    /// <summary>Leaves the terminal: a session of its own (setsid(2)).</summary>
    /// <returns>False when this process leads a group already.</returns>
    public static bool LeaveTerminal() => setsid() > 0;

    /// <summary>
    /// Columns of the terminal at stdout (TIOCGWINSZ, ioctl_tty(2)); 0 when it is none. <see cref="Console.WindowWidth"/> says the same,
    /// but first sends the terminal an escape sequence.
    /// </summary>
    public static int TerminalColumns() => ioctl(1, 0x5413, out var size) == 0 ? size.Columns : 0;

    /// <summary>Replaces this program by another one in the same process (execve(2)); comes back only when that fails.</summary>
    public static void Become(string program, IReadOnlyList<string> arguments, IReadOnlyList<string> environment) =>
        _ = execve(program, [.. arguments, null], [.. environment, null]);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int execve(string program, string?[] arguments, string?[] environment);

    [StructLayout(LayoutKind.Sequential)]
    struct WindowSize
    {
        public ushort Rows, Columns, Width, Height;
    }

    [LibraryImport("libc")]
    private static partial int ioctl(int file, nuint request, out WindowSize size);

    /// <summary>
    /// Bytes of a TCP socket that the other side's kernel has not acknowledged yet (SIOCOUTQ, tcp(7)).
    /// </summary>
    /// <exception cref="IOException">The socket is closed, or no TCP socket.</exception>
    public static int UnacknowledgedBytes(SafeHandle socket)
    {
        const nuint siocoutq = 0x5411;
        return ioctl(socket, siocoutq, out int bytes) == 0
            ? bytes
            : throw new IOException($"ioctl(SIOCOUTQ): {Marshal.GetLastPInvokeErrorMessage()}");
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(SafeHandle file, nuint request, out int value);

    /// <summary>Waits until a file's data, and what is needed to find it, are on the platter (fdatasync(2)).</summary>
    /// <exception cref="IOException">The disk refuses: what was written since the last time may be lost.</exception>
    public static void FlushData(SafeHandle file)
    {
        if (fdatasync(file) != 0) throw new IOException($"fdatasync: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    /// <summary>Waits until the names in a directory are on the platter.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    public static void FlushDirectory(string path)
    {
        var directory = RawFile.Open(path);
        var isDone = directory >= 0 && fsync(directory) == 0;
        var error = Marshal.GetLastPInvokeErrorMessage();
        if (directory >= 0) RawFile.Close(directory);
        if (!isDone) throw new IOException($"fsync of {path}: {error}");
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fdatasync(SafeHandle file);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(int file);

    /// <summary>Files and directories made from now on are not for other users (umask(2)).</summary>
    public static void KeepFilesFromOthers() => umask(0x17);   // octal 027

    [LibraryImport("libc")]
    private static partial uint umask(uint mask);

    [LibraryImport("libc")]
    private static partial uint geteuid();

    [LibraryImport("libc")]
    private static partial uint getegid();

    [LibraryImport("libc")]
    private static partial int setsid();
}
