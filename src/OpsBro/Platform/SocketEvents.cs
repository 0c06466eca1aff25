using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace OpsBro.Platform;

/// <summary>
/// .NET waits for all sockets in one place, an epoll instance of its own, and never takes one out before it is closed: whoever reads a socket
/// on a thread of its own would still wake two threads of .NET for each piece that comes. See epoll_ctl(2).
/// </summary>
internal static partial class SocketEvents
{
    const int Delete = 2;   // EPOLL_CTL_DEL

    static int[] instances = [];

    /// <summary>
    /// Takes a socket out of there, if it is in; false when nobody can tell. No asynchronous call may be under way on it, and none may follow.
    /// </summary>
    public static bool TryLeave(Socket socket)
    {
        if (HasLeft(instances)) return true;
        if (Find() is not { } found) return false;
        instances = found;
        HasLeft(found);   // or it never was in one: .NET puts a socket there when a call has to wait for the first time
        return true;

        bool HasLeft(int[] from) => from.Any(instance => epoll_ctl(instance, Delete, socket.SafeHandle, 0) == 0);
    }

    static int[]? Find()
    {
        try
        {
            return [.. Directory.EnumerateFiles("/proc/self/fd")
                .Where(path => new FileInfo(path).LinkTarget == "anon_inode:[eventpoll]")
                .Select(path => int.Parse(Path.GetFileName(path)))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;   // a file was closed between the two looks, or there is no /proc: next time
        }
    }

    [LibraryImport("libc")]
    private static partial int epoll_ctl(int instance, int operation, SafeHandle socket, nint about);
}
