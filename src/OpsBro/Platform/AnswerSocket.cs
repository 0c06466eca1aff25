using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using static OpsBro.Platform.KernelMessages;

namespace OpsBro.Platform;

/// <summary>
/// A UDP socket for one thread that answers very many datagrams: recvmmsg(2) and sendmmsg(2) between buffers made once, nothing allocated
/// for a datagram. An answer leaves from the address that was asked, also when the socket listens on all. <see cref="End"/> and
/// <see cref="Send(in Sender, ReadOnlySpan{byte})"/> may be used from any thread.
/// </summary>
internal sealed unsafe partial class AnswerSocket : IDisposable
{
    /// <summary>Most datagrams of one call.</summary>
    public const int Batch = 64;

    const int CloseReading = 0;                                                     // SHUT_RD: shutdown(2)
    const int IpLevel = 0, IpPacketInfo = 8, Ip6Level = 41, Ip6PacketInfo = 49;     // ip(7), ipv6(7)
    const int NameRoom = 32, ControlRoom = 64, ControlHead = 16, Ip6InterfaceAt = ControlHead + 16;
    const ushort Ip4 = 2;

    readonly Socket socket;
    readonly int file, maxIn, maxOut;
    readonly bool knowsOwnAddress;
    readonly byte* memory;
    readonly Message* incoming, outgoing;
    readonly Vector* vectors;
    int received, waiting;

    /// <summary>Where an answer goes to, and from.</summary>
    internal struct Sender
    {
        internal fixed byte Name[NameRoom];
        internal fixed byte Control[ControlRoom];
        internal uint NameLength;
        internal int ControlLength;
    }

    /// <summary>Opens it.</summary>
    /// <param name="bind">Where.</param>
    /// <param name="receiveBuffer">Asked of the kernel, in bytes: as root whatever is asked, else at most net.core.rmem_max.</param>
    /// <param name="maxIn">Longest datagram that is taken.</param>
    /// <param name="maxOut">Longest answer.</param>
    /// <exception cref="SocketException">The address is taken, or not of this host.</exception>
    public AnswerSocket(IPEndPoint bind, int receiveBuffer, int maxIn, int maxOut)
    {
        (this.maxIn, this.maxOut) = (maxIn, maxOut);
        socket = new Socket(bind.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            var isAll = bind.Address.Equals(IPAddress.Any) || bind.Address.Equals(IPAddress.IPv6Any);
            if (bind.AddressFamily == AddressFamily.InterNetworkV6) socket.DualMode = isAll;
            SetReceiveBuffer(socket, receiveBuffer);
            byte[] yes = [1, 0, 0, 0];
            if (isAll && bind.AddressFamily == AddressFamily.InterNetwork) socket.SetRawSocketOption(IpLevel, IpPacketInfo, yes);
            else if (isAll) socket.SetRawSocketOption(Ip6Level, Ip6PacketInfo, yes);
            knowsOwnAddress = isAll;
            socket.Bind(bind);
            file = (int)socket.Handle;
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }
        memory = (byte*)NativeMemory.AllocZeroed(Batch, (nuint)(NameRoom + ControlRoom + maxIn + maxOut));
        incoming = (Message*)NativeMemory.AllocZeroed(2 * Batch, (nuint)sizeof(Message));
        outgoing = incoming + Batch;
        vectors = (Vector*)NativeMemory.AllocZeroed(2 * Batch, (nuint)sizeof(Vector));
        for (var i = 0; i < Batch; i++)
        {
            vectors[i] = new Vector { Start = In(i), Length = (nuint)maxIn };
            incoming[i].Header.Name = (nint)Name(i);
            incoming[i].Header.Vectors = vectors + i;
            incoming[i].Header.VectorCount = 1;
            outgoing[i].Header.Vectors = vectors + Batch + i;
            outgoing[i].Header.VectorCount = 1;
        }
        received = Batch;
    }

    byte* Name(int number) => memory + (number * NameRoom);

    byte* Control(int number) => memory + (Batch * NameRoom) + (number * ControlRoom);

    byte* In(int number) => memory + (Batch * (NameRoom + ControlRoom)) + (number * maxIn);

    byte* Out(int number) => memory + (Batch * (NameRoom + ControlRoom + maxIn)) + (number * maxOut);

    /// <summary>Ends the present <see cref="Receive"/> and all later ones: nothing more comes in, and what is there can still go out.</summary>
    public void End()
    {
        var isHeld = false;
        try
        {
            socket.SafeHandle.DangerousAddRef(ref isHeld);
            // of a socket without a peer it says that there is none, and wakes who reads all the same: inet_shutdown of Linux
            _ = shutdown(file, CloseReading);
        }
        catch (ObjectDisposedException)
        {
            // nobody reads any more
        }
        finally
        {
            if (isHeld) socket.SafeHandle.DangerousRelease();
        }
    }

    /// <summary>Waits for a datagram, and takes what is there by then, at most <see cref="Batch"/>: one call of the kernel.</summary>
    /// <returns>How many; of no meaning after <see cref="End"/>.</returns>
    public int Receive()
    {
        waiting = 0;   // what was not sent is of datagrams whose senders are forgotten now
        for (var i = 0; i < received; i++)
        {
            incoming[i].Header.NameLength = NameRoom;
            if (!knowsOwnAddress) continue;
            incoming[i].Header.Control = (nint)Control(i);
            incoming[i].Header.ControlLength = ControlRoom;
        }
        return received = KernelMessages.Receive(file, incoming, Batch, WaitForOne);
    }

    /// <summary>One datagram of the last <see cref="Receive"/>, until the next one.</summary>
    public ReadOnlySpan<byte> this[int number] => new(In(number), (int)Math.Min(incoming[number].Received, (uint)maxIn));

    /// <summary>True when that datagram was longer than the buffer.</summary>
    public bool IsCut(int number) => (incoming[number].Header.Flags & Cut) != 0;

    /// <summary>Who sent it: 4 bytes of IPv4, also when it came mapped into IPv6, or 16.</summary>
    public ReadOnlySpan<byte> AddressOf(int number)
    {
        var name = Name(number);
        if (*(ushort*)name == Ip4) return new(name + 4, 4);
        var six = new ReadOnlySpan<byte>(name + 8, 16);
        return six[..12].SequenceEqual(mapped) ? six[12..] : six;
    }

    static ReadOnlySpan<byte> mapped => [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF];

    /// <summary>Where the answer to a datagram is written.</summary>
    public Span<byte> Room(int number) => new(Out(number), maxOut);

    /// <summary>Puts the answer to a datagram, so long, into the next <see cref="Send()"/>.</summary>
    public void Answer(int number, int length)
    {
        ref var header = ref outgoing[waiting].Header;
        header.Name = (nint)Name(number);
        header.NameLength = incoming[number].Header.NameLength;
        header.Control = incoming[number].Header.Control;
        header.ControlLength = knowsOwnAddress ? incoming[number].Header.ControlLength : 0;
        if (header.ControlLength == 0) header.Control = 0;
        else Detach((byte*)header.Control);
        *header.Vectors = new Vector { Start = Out(number), Length = (nuint)length };
        waiting++;
    }

    /// <summary>The way back is the routing's to choose: only the address is kept of what the kernel said, not the interface.</summary>
    static void Detach(byte* control)
    {
        var isSix = *(int*)(control + 8) == Ip6Level;
        if (!isSix) *(int*)(control + ControlHead) = 0;
        else if (!(control[ControlHead] == 0xFE && (control[ControlHead + 1] & 0xC0) == 0x80)) *(int*)(control + Ip6InterfaceAt) = 0;
    }

    /// <summary>Sends the answers.</summary>
    /// <returns>How many the kernel did not take.</returns>
    public int Send()
    {
        var lost = KernelMessages.Send(file, outgoing, waiting);
        waiting = 0;
        return lost;
    }

    /// <summary>Who sent a datagram, for an answer that comes later.</summary>
    public Sender SenderOf(int number)
    {
        Sender sender = default;
        sender.NameLength = incoming[number].Header.NameLength;
        sender.ControlLength = knowsOwnAddress ? (int)incoming[number].Header.ControlLength : 0;
        new ReadOnlySpan<byte>(Name(number), NameRoom).CopyTo(new Span<byte>(sender.Name, NameRoom));
        new ReadOnlySpan<byte>(Control(number), ControlRoom).CopyTo(new Span<byte>(sender.Control, ControlRoom));
        if (sender.ControlLength > 0) Detach(sender.Control);
        return sender;
    }

    /// <summary>Sends an answer that came later; false when the socket is closed, or the kernel did not take it.</summary>
    public bool Send(in Sender to, ReadOnlySpan<byte> answer)
    {
        var isHeld = false;
        try
        {
            socket.SafeHandle.DangerousAddRef(ref isHeld);
            fixed (byte* start = answer)
            fixed (Sender* sender = &to)
            {
                var vector = new Vector { Start = start, Length = (nuint)answer.Length };
                var header = new Header
                {
                    Name = (nint)sender->Name,
                    NameLength = sender->NameLength,
                    Vectors = &vector,
                    VectorCount = 1,
                    Control = sender->ControlLength > 0 ? (nint)sender->Control : 0,
                    ControlLength = (nuint)sender->ControlLength,
                };
                return KernelMessages.Send(file, &header);
            }
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
        finally
        {
            if (isHeld) socket.SafeHandle.DangerousRelease();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        socket.Dispose();
        NativeMemory.Free(memory);
        NativeMemory.Free(incoming);
        NativeMemory.Free(vectors);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int shutdown(int file, int how);
}
