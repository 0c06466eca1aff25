using System.Runtime.InteropServices;
using System.Text;

namespace OpsBro.Platform;

/// <summary>
/// open(2), read(2) and close(2) without objects and exceptions. Files of /sys and of processes come and go and often answer with an
/// error (<c>speed</c> of a link that is down): a SafeFileHandle and an exception each time cost more than the reading.
/// </summary>
internal static unsafe partial class RawFile
{
    const int ReadOnlyCloseOnExecNonBlocking = 0x80000 | 0x800;
    const int MaxPath = 4096, Interrupted = 4;

    /// <summary>struct statx is the same on every processor.</summary>
    const int StatxBytes = 256, StatxMode = 28, StatxType = 1, CurrentDirectory = -100, TypeMask = 0xf000, PlainType = 0x8000;

    /// <summary>Opens a file for reading; negative when it cannot be opened.</summary>
    public static int Open(string path)
    {
        var name = stackalloc byte[MaxPath];
        return TryEncode(path, name) ? open(name, ReadOnlyCloseOnExecNonBlocking, 0) : -1;
    }

    /// <summary>
    /// True when the path is a plain file or a link to one. Asked before opening: a pipe blocks, and a device may do more than be read.
    /// See statx(2).
    /// </summary>
    public static bool IsPlain(string path)
    {
        var name = stackalloc byte[MaxPath];
        var about = stackalloc byte[StatxBytes];
        return TryEncode(path, name)
            && statx(CurrentDirectory, name, 0, StatxType, about) == 0
            && (*(ushort*)(about + StatxMode) & TypeMask) == PlainType;
    }

    /// <summary>Reads what a symbolic link holds; negative when it is none or cannot be read.</summary>
    public static int ReadLink(string path, Span<byte> into)
    {
        var name = stackalloc byte[MaxPath];
        if (!TryEncode(path, name)) return -1;
        fixed (byte* start = into) return (int)readlink(name, start, (nuint)into.Length);
    }

    /// <summary>Opens <c>ROOT/proc/PID/FILE</c> without making the path a string; negative when it cannot be opened.</summary>
    public static int OpenOfProcess(string root, int pid, ReadOnlySpan<byte> file)
    {
        Span<byte> name = stackalloc byte[MaxPath];
        var length = root == "/" || root.Length > MaxPath / 4 ? 0 : Encoding.UTF8.GetBytes(root, name);
        "/proc/"u8.CopyTo(name[length..]);
        length += "/proc/"u8.Length;
        if (!pid.TryFormat(name[length..], out var digits)) return -1;
        length += digits;
        name[length++] = (byte)'/';
        if (file.Length > MaxPath / 4) return -1;
        file.CopyTo(name[length..]);
        name[length + file.Length] = 0;
        fixed (byte* start = name) return open(start, ReadOnlyCloseOnExecNonBlocking, 0);
    }

    /// <summary>Reads what comes next; 0 at the end, negative on an error.</summary>
    public static int Read(int file, Span<byte> into)
    {
        fixed (byte* start = into)
        {
            while (true)
            {
                var count = read(file, start, (nuint)into.Length);
                if (count >= 0) return (int)count;
                if (Marshal.GetLastPInvokeError() != Interrupted) return -1;
            }
        }
    }

    /// <summary>Closes a file.</summary>
    public static void Close(int file) => close(file);

    static bool TryEncode(string path, byte* name)
    {
        if (path.Length > MaxPath / 3 || path.Contains('\0')) return false;
        name[Encoding.UTF8.GetBytes(path, new Span<byte>(name, MaxPath - 1))] = 0;
        return true;
    }

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int open(byte* path, int flags, int mode);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int statx(int directory, byte* path, int flags, uint mask, byte* about);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint read(int file, byte* into, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint readlink(byte* path, byte* into, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int close(int file);
}
