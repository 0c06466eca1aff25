using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using static OpsBro.Platform.KernelMessages;

namespace OpsBro.Platform;

/// <summary>
/// A datagram socket, UDP or unix, for one thread that receives very many: recvmmsg(2) into buffers made once. It allocates nothing for a
/// datagram. <see cref="Wake"/>, <see cref="Drops"/> and <see cref="Granted"/> may be used from any thread.
/// </summary>
internal sealed unsafe partial class BatchSocket : IDisposable
{
    /// <summary>Most datagrams of one call.</summary>
    public const int Batch = 128;

    /// <summary>Longest pause that lets datagrams gather.</summary>
    public static readonly TimeSpan MaxPause = TimeSpan.FromMilliseconds(5);

    /// <summary>
    /// What the kernel charges the receive buffer for a small datagram, and how many a second a pause must not lose: the buffer is sized in
    /// memory, not in what was sent.
    /// </summary>
    const double ChargedBytes = 768, SafeRate = 1_000_000;

    const int SocketLevel = 1, MemoryInfo = 55;                       // SOL_SOCKET, SO_MEMINFO: socket(7)
    const int MemoryInfoWords = 9, GrantedWord = 1, DropsWord = 8;    // linux/sock_diag.h, SK_MEMINFO_*
    const int CacheLine = 64;

    readonly Socket socket;
    readonly WakeFile wake;
    readonly int file, maxPacket;
    readonly byte* buffers;
    readonly Message* messages;
    readonly Vector* vectors;
    string path = "";

    BatchSocket(Socket socket, EndPoint bind, int receiveBuffer, int maxPacket)
    {
        (this.socket, this.maxPacket) = (socket, maxPacket);
        try
        {
            SetReceiveBuffer(socket, receiveBuffer);
            socket.Bind(bind);
            file = (int)socket.Handle;
            wake = new WakeFile();
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }
        // an odd number of cache lines apart: buffers whose starts share a page's offset would fight for the same lines
        var stride = ((maxPacket / CacheLine) | 1) * CacheLine;
        if (stride < maxPacket) stride += 2 * CacheLine;
        buffers = (byte*)NativeMemory.Alloc((nuint)Batch, (nuint)stride);
        messages = (Message*)NativeMemory.AllocZeroed(Batch, (nuint)sizeof(Message));
        vectors = (Vector*)NativeMemory.AllocZeroed(Batch, (nuint)sizeof(Vector));
        for (var i = 0; i < Batch; i++)
        {
            vectors[i] = new Vector { Start = buffers + ((nint)i * stride), Length = (nuint)maxPacket };
            messages[i].Header.Vectors = vectors + i;
            messages[i].Header.VectorCount = 1;
        }
        Pause = TimeSpan.FromSeconds(Math.Min(MaxPause.TotalSeconds, Granted / (ChargedBytes * SafeRate)));
    }

    /// <summary>A UDP socket.</summary>
    /// <exception cref="SocketException">The address is taken, or not of this host.</exception>
    public static BatchSocket Udp(IPEndPoint bind, int receiveBuffer, int maxPacket)
    {
        var socket = new Socket(bind.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        if (bind.AddressFamily == AddressFamily.InterNetworkV6) socket.DualMode = bind.Address.Equals(IPAddress.IPv6Any);
        return new BatchSocket(socket, bind, receiveBuffer, maxPacket);
    }

    /// <summary>A unix datagram socket at a path. What an ended process left there is taken away.</summary>
    /// <exception cref="SocketException">Another process receives there, or the path cannot be made.</exception>
    public static BatchSocket Unix(string path, UnixFileMode mode, int receiveBuffer, int maxPacket)
    {
        var bind = new UnixDomainSocketEndPoint(path);
        if (IsAbandoned(path, bind)) File.Delete(path);
        var made = new BatchSocket(new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified), bind, receiveBuffer, maxPacket) { path = path };
        try
        {
            File.SetUnixFileMode(path, mode);
            return made;
        }
        catch
        {
            made.Dispose();   // or the next try would find it in use, by us
            throw;
        }
    }

    static bool IsAbandoned(string path, UnixDomainSocketEndPoint at)
    {
        // a file with something in it is no socket, and not ours to delete
        if (new FileInfo(path) is not { Exists: true, Length: 0 }) return false;
        using var probe = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        try
        {
            probe.Connect(at);
            return false;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.ConnectionRefused;
        }
    }

    /// <summary>How long to let datagrams gather: shorter when the receive buffer is small.</summary>
    public TimeSpan Pause { get; }

    /// <summary>Size of the receive buffer that the kernel granted, in bytes of its own memory; 0 once closed.</summary>
    public long Granted => Memory(GrantedWord);

    /// <summary>Datagrams that the kernel dropped because the receive buffer was full; 0 once closed.</summary>
    public long Drops => Memory(DropsWord);

    long Memory(int word)
    {
        Span<byte> words = stackalloc byte[MemoryInfoWords * sizeof(uint)];
        try
        {
            var length = socket.GetRawSocketOption(SocketLevel, MemoryInfo, words);
            return length >= (word + 1) * sizeof(uint) ? MemoryMarshal.Cast<byte, uint>(words)[word] : 0;
        }
        catch (Exception e) when (e is ObjectDisposedException or SocketException)
        {
            return 0;   // closed meanwhile, or a kernel before 4.12
        }
    }

    /// <summary>Ends the present or next <see cref="Wait"/>; does nothing once it is closed.</summary>
    public void Wake() => wake.Call();

    /// <summary>Waits for a datagram or a <see cref="Wake"/>.</summary>
    public void Wait() => wake.Wait(file, -1);

    /// <summary>Lets datagrams gather for <see cref="Pause"/>: a call for many costs little more than a call for one.</summary>
    public void Gather()
    {
        var time = new Time { Nanoseconds = (nint)(Pause.Ticks * TimeSpan.NanosecondsPerTick) };
        _ = nanosleep(&time, null);
    }

    /// <summary>Takes what is there, at most <see cref="Batch"/>, without waiting.</summary>
    /// <returns>How many; 0 for none.</returns>
    public int Receive() => KernelMessages.Receive(file, messages, Batch, DontWait);

    /// <summary>One datagram of the last <see cref="Receive"/>, until the next one.</summary>
    public ReadOnlySpan<byte> this[int number] => new(vectors[number].Start, (int)Math.Min(messages[number].Received, (uint)maxPacket));

    /// <summary>True when that datagram was longer than the buffer.</summary>
    public bool IsCut(int number) => (messages[number].Header.Flags & Cut) != 0;

    /// <inheritdoc/>
    public void Dispose()
    {
        socket.Dispose();
        wake.Dispose();
        if (path.Length > 0) File.Delete(path);
        NativeMemory.Free(buffers);
        NativeMemory.Free(messages);
        NativeMemory.Free(vectors);
    }

    struct Time
    {
        public nint Seconds, Nanoseconds;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int nanosleep(Time* wanted, Time* left);
}
