using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using OpsBro.Core.Gossip;

namespace OpsBro.Platform;

/// <summary>
/// A UDP socket for one thread that waits for datagrams, for others that call it, or until a moment: poll(2) on the socket and on an
/// eventfd(2). It allocates nothing for a datagram. <see cref="Wake"/> alone may be called from any thread.
/// </summary>
internal sealed unsafe partial class DatagramSocket : IDisposable
{
    /// <summary>Receive buffer asked of the kernel, in bytes; halved until it is granted.</summary>
    public const int ReceiveBuffer = 2 * 1024 * 1024;

    const int LeastReceiveBuffer = 64 * 1024, LargestAddress = 28;
    const int DontWait = 0x40, NoSignal = 0x4000;
    const ushort V4 = 2, V6 = 10;
    const int TryAgain = 11, Interrupted = 4;

    readonly Socket socket;
    readonly WakeFile wake;
    readonly int file;
    readonly bool isV6;

    /// <summary>Opens and binds it.</summary>
    /// <exception cref="SocketException">The address is taken, or not of this host.</exception>
    public DatagramSocket(IPEndPoint bind)
    {
        isV6 = bind.AddressFamily == AddressFamily.InterNetworkV6;
        socket = new Socket(bind.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            if (isV6) socket.DualMode = bind.Address.Equals(IPAddress.IPv6Any);
            for (var size = ReceiveBuffer; size >= LeastReceiveBuffer; size /= 2)
            {
                socket.ReceiveBufferSize = size;
                // the kernel grants twice what it takes, and silently less than asked
                if (socket.ReceiveBufferSize >= size) break;
            }
            socket.Bind(bind);
            file = (int)socket.Handle;
            wake = new WakeFile();
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>The port it is bound to.</summary>
    public int Port => ((IPEndPoint)socket.LocalEndPoint!).Port;

    /// <summary>Ends the present or next <see cref="Wait"/>; does nothing once it is closed.</summary>
    public void Wake() => wake.Call();

    /// <summary>Waits for a datagram, a <see cref="Wake"/>, or the time's end.</summary>
    /// <param name="most">How long; nothing or less does not wait.</param>
    public void Wait(TimeSpan most) =>
        // up to the next millisecond: one that wakes too early finds nothing due and waits again
        wake.Wait(file, most <= TimeSpan.Zero ? 0 : (int)Math.Min(Math.Ceiling(most.TotalMilliseconds), int.MaxValue));

    /// <summary>Takes the next datagram without waiting; negative when there is none.</summary>
    public int Receive(Span<byte> into, out PeerAddress from)
    {
        from = default;
        var address = stackalloc byte[LargestAddress];
        fixed (byte* start = into)
        {
            while (true)
            {
                var length = (uint)LargestAddress;
                var count = (int)recvfrom(file, start, (nuint)into.Length, DontWait, address, &length);
                if (count >= 0)
                {
                    from = Read(new ReadOnlySpan<byte>(address, (int)length));
                    return count;
                }
                var error = Marshal.GetLastPInvokeError();
                if (error == TryAgain) return -1;
                // any other is an error of an earlier datagram; it was taken off with this call
                if (error != Interrupted && !WakeFile.HasMore(file)) return -1;
            }
        }
    }

    /// <summary>Sends a datagram; false when the kernel does not take it, or the socket does not speak its address.</summary>
    public bool Send(PeerAddress to, ReadOnlySpan<byte> datagram)
    {
        if (to.IsNone || (!to.IsV4 && !isV6)) return false;
        Span<byte> address = stackalloc byte[LargestAddress];
        var length = Write(to, address);
        fixed (byte* start = datagram, name = address)
            return sendto(file, start, (nuint)datagram.Length, DontWait | NoSignal, name, (uint)length) >= 0;
    }

    int Write(PeerAddress to, Span<byte> address)
    {
        address.Clear();
        MemoryMarshal.Write(address, isV6 ? V6 : V4);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt16BigEndian(address[2..], to.Port);
        if (!isV6)
        {
            to.Write(address[4..]);
            return 16;
        }
        if (to.IsV4)
        {
            address[18] = address[19] = 0xff;
            to.Write(address[20..]);
        }
        else
        {
            to.Write(address[8..]);
        }
        return LargestAddress;
    }

    static PeerAddress Read(ReadOnlySpan<byte> address)
    {
        if (address.Length < 16) return default;
        var port = System.Buffers.Binary.BinaryPrimitives.ReadUInt16BigEndian(address[2..]);
        return MemoryMarshal.Read<ushort>(address) switch
        {
            V4 => PeerAddress.Of(address.Slice(4, 4), port),
            V6 when address.Length >= LargestAddress => PeerAddress.Of(address.Slice(8, 16), port),
            _ => default,
        };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        socket.Dispose();
        wake.Dispose();
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint recvfrom(int file, byte* into, nuint count, int flags, byte* address, uint* length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint sendto(int file, byte* from, nuint count, int flags, byte* address, uint length);
}
