using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace OpsBro.Platform;

/// <summary>Many datagrams by one call of the kernel: what recvmmsg(2) and sendmmsg(2) are told, and how.</summary>
internal static unsafe partial class KernelMessages
{
    /// <summary>MSG_DONTWAIT, MSG_WAITFORONE, and MSG_TRUNC of a datagram that was longer than its room: recv(2).</summary>
    public const int DontWait = 0x40, WaitForOne = 0x10000, Cut = 0x20;

    const int SocketLevel = 1, ReceiveBufferForce = 33;      // SOL_SOCKET, SO_RCVBUFFORCE: socket(7)
    const int Interrupted = 4;

    /// <summary>struct iovec: readv(2).</summary>
    public struct Vector
    {
        public byte* Start;
        public nuint Length;
    }

    /// <summary>struct mmsghdr: recvmmsg(2).</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Message
    {
        public Header Header;
        public uint Received;
    }

    /// <summary>struct msghdr: recvmsg(2).</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Header
    {
        public nint Name;
        public uint NameLength;
        public Vector* Vectors;
        public nuint VectorCount;
        public nint Control;
        public nuint ControlLength;
        public int Flags;
    }

    /// <summary>Asks for a receive buffer, in bytes: as root whatever is asked, else at most net.core.rmem_max.</summary>
    public static void SetReceiveBuffer(Socket socket, int bytes)
    {
        try
        {
            socket.SetRawSocketOption(SocketLevel, ReceiveBufferForce, BitConverter.GetBytes(bytes));
        }
        catch (SocketException)
        {
            socket.ReceiveBufferSize = bytes;   // not root
        }
    }

    /// <summary>Takes datagrams; 0 also when the kernel tells the error of an earlier one, which is taken off with this call.</summary>
    public static int Receive(int file, Message* messages, int most, int flags)
    {
        while (true)
        {
            var count = recvmmsg(file, messages, (uint)most, flags, null);
            if (count >= 0) return count;
            if (Marshal.GetLastPInvokeError() != Interrupted) return 0;
        }
    }

    /// <summary>Sends datagrams without waiting.</summary>
    /// <returns>How many the kernel did not take.</returns>
    public static int Send(int file, Message* messages, int count)
    {
        int at = 0, lost = 0;
        while (at < count)
        {
            var sent = sendmmsg(file, messages + at, (uint)(count - at), DontWait);
            if (sent > 0) at += sent;
            else if (Marshal.GetLastPInvokeError() != Interrupted)
            {
                at++;
                lost++;
            }
        }
        return lost;
    }

    /// <summary>Sends one datagram without waiting; false when the kernel did not take it.</summary>
    public static bool Send(int file, Header* header) => sendmsg(file, header, DontWait) >= 0;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int recvmmsg(int file, Message* messages, uint count, int flags, void* timeout);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int sendmmsg(int file, Message* messages, uint count, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint sendmsg(int file, Header* message, int flags);
}
