using System.Buffers;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using OpsBro.Platform;

namespace OpsBro.Metrics.Listeners;

/// <summary>The open sockets of one configuration.</summary>
internal sealed partial class GraphiteSockets(GraphiteOptions options, GraphiteIntake intake, ILogger logger) : IDisposable
{
    /// <summary>Largest datagram.</summary>
    const int MaxDatagram = 65_536;

    /// <summary>getsockopt(2) of the kernel's own figures of a socket, and which of them counts what had no room (linux/sock_diag.h).</summary>
    const int SolSocket = 1, SoMemInfo = 55, DropsAt = 8 * 4;

    readonly ConcurrentDictionary<GraphiteConnection, bool> connections = new();
    readonly SemaphoreSlim turns = new(Environment.ProcessorCount);
    readonly TcpPlaces places = new(() => options.MaxConnections);
    TcpDoor? lines, pickles;
    Socket? packets;
    long drops;
    volatile bool isClosed;
    volatile string[] problems = [];

    /// <summary>What is listened on.</summary>
    public string[] Listens =>
    [
        .. lines is null ? [] : new[] { $"tcp {new IPEndPoint(options.Address, options.Port)}" },
        .. packets is null ? [] : new[] { $"udp {new IPEndPoint(options.Address, options.Port)}" },
        .. pickles is null ? [] : new[] { $"pickle {new IPEndPoint(options.Address, options.PicklePort)}" },
    ];

    /// <summary>What could not be opened.</summary>
    public string[] Problems => problems;

    /// <summary>How often <see cref="Sweep"/> is to be called.</summary>
    public TimeSpan SweepEvery => TimeSpan.FromSeconds(Math.Clamp(options.IdleTimeout.TotalSeconds / 4, 1, 60));

    /// <summary>Connections that were too many.</summary>
    public long Refused => places.Refused;

    /// <summary>Open connections.</summary>
    public int Connections => places.Taken;

    /// <summary>Datagrams that the kernel had no room for.</summary>
    public long KernelDrops
    {
        get
        {
            if (packets is not { } socket) return Interlocked.Read(ref drops);
            Span<byte> figures = stackalloc byte[DropsAt + 4];
            try
            {
                if (socket.GetRawSocketOption(SolSocket, SoMemInfo, figures) == figures.Length)
                    Interlocked.Exchange(ref drops, BitConverter.ToUInt32(figures[DropsAt..]));
            }
            catch (ObjectDisposedException)
            {
                // closed meanwhile: what was seen last counts
            }
            return Interlocked.Read(ref drops);
        }
    }

    /// <summary>Receive buffer that the kernel granted, in bytes.</summary>
    public int ReceiveBuffer { get; set; }

    /// <summary>Opens what is asked for and not open yet.</summary>
    public void Open()
    {
        var found = new List<string>();
        if (options.Tcp && lines is null) lines = Listening(options.Port, "tcp", "port", () => new GraphiteLines(intake, options.MaxLine), found);
        if (options.Pickle && pickles is null)
            pickles = Listening(options.PicklePort, "pickle", "pickle_port", () => new GraphitePickles(intake, options.MaxPickle), found);
        if (options.Udp && packets is null) OpenPackets(found);
        problems = [.. found];
    }

    TcpDoor? Listening(int port, string what, string key, Func<IGraphiteStream> streamOf, List<string> found)
    {
        try
        {
            return new TcpDoor(new IPEndPoint(options.Address, port), places, (peer, _) => Serve(new GraphiteConnection(peer, streamOf(), turns)));
        }
        catch (SocketException e)
        {
            found.Add(CannotListen(what, port, key, e));
            return null;
        }
    }

    string CannotListen(string what, int port, string key, SocketException e) =>
        $"graphite cannot listen on {what} {new IPEndPoint(options.Address, port)} ({e.Message}): another program has it, or the address is not of this "
        + $"host; set graphite.{key} or graphite.address; it is tried again";

    void OpenPackets(List<string> found)
    {
        var socket = new Socket(options.Address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            if (options.Address.Equals(IPAddress.IPv6Any)) socket.DualMode = true;
            socket.ReceiveBufferSize = options.ReceiveBuffer;
            socket.Bind(new IPEndPoint(options.Address, options.Port));
        }
        catch (SocketException e)
        {
            socket.Dispose();
            found.Add(CannotListen("udp", options.Port, "port", e));
            return;
        }
        ReceiveBuffer = socket.ReceiveBufferSize;
        packets = socket;
        new Thread(() => ReceiveAll(socket)) { IsBackground = true, Name = "graphite-udp" }.Start();
    }

    /// <summary>A thread of its own, blocked in recv(2): half the cost of an asynchronous receive for each datagram.</summary>
    void ReceiveAll(Socket socket)
    {
        var buffer = new byte[MaxDatagram];
        while (!isClosed)
        {
            try
            {
                var length = socket.Receive(buffer);
                intake.Book.AddPacket();
                var packet = buffer.AsSpan(0, length);
                intake.TakeLast(packet[intake.TakeLines(packet)..]);
            }
            catch (ObjectDisposedException)
            {
                return;
            }
            catch (SocketException e)
            {
                if (isClosed) return;
                LogReceive(logger, e.Message);   // an error of the network that was put down on the socket: the next datagram may come
            }
        }
    }

    async Task Serve(GraphiteConnection connection)
    {
        connections.TryAdd(connection, true);
        await Task.Yield();   // the next one is accepted meanwhile
        try
        {
            await connection.Run();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // the sender is gone, or was idle for too long
        }
        catch (InvalidDataException)
        {
            intake.Book.AddCut();
        }
        // the border of a connection: the others go on, and the log says what happened
        catch (Exception e)
        {
            LogFault(logger, e);
        }
        finally
        {
            connections.TryRemove(connection, out _);
            connection.Dispose();
        }
    }

    /// <summary>Closes the connections on which nothing came for too long.</summary>
    public void Sweep()
    {
        var oldest = Environment.TickCount64 - (long)options.IdleTimeout.TotalMilliseconds;
        foreach (var (connection, _) in connections)
        {
            if (connection.LastHeard >= oldest) continue;
            intake.Book.AddCut();
            connection.Dispose();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ = KernelDrops;   // the last look
        isClosed = true;
        lines?.Dispose();
        pickles?.Dispose();
        packets?.Dispose();
        places.Dispose();
    }

    [LoggerMessage(LogLevel.Warning, "graphite: a datagram could not be received: {Reason}")]
    static partial void LogReceive(ILogger logger, string reason);

    [LoggerMessage(LogLevel.Error, "graphite: a connection ended by a fault of the program")]
    static partial void LogFault(ILogger logger, Exception e);
}

/// <summary>
/// One sender over TCP. While it is silent it holds no buffer; what the store cannot take yet waits in the kernel, and then at the sender.
/// </summary>
internal sealed class GraphiteConnection(Socket socket, IGraphiteStream stream, SemaphoreSlim turns) : IDisposable
{
    /// <summary>Bytes read at once: few calls of the kernel for a sender in a hurry.</summary>
    public const int ReadAtOnce = 256 * 1024;

    /// <summary>A beginning of a line that is shorter moves into a small buffer while it waits for its end.</summary>
    const int Small = 4096;

    long lastHeard = Environment.TickCount64;
    byte[]? held;
    int heldLength;

    /// <summary>When something came, in milliseconds of <see cref="Environment.TickCount64"/>.</summary>
    public long LastHeard => Interlocked.Read(ref lastHeard);

    /// <summary>Takes what comes until the sender closes his side.</summary>
    public async Task Run()
    {
        while (true)
        {
            await socket.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None);   // bytes are there, or the end
            Interlocked.Exchange(ref lastHeard, Environment.TickCount64);
            await turns.WaitAsync();
            try
            {
                if (TakeWhatIsThere()) continue;
                if (held is { } last) ArrayPool<byte>.Shared.Return(last);
                return;
            }
            finally
            {
                turns.Release();
            }
        }
    }

    /// <summary>False at the end.</summary>
    bool TakeWhatIsThere()
    {
        var buffer = WithRoom();
        var length = socket.Receive(buffer.AsSpan(heldLength));
        var bytes = buffer.AsSpan(0, heldLength + length);
        if (length == 0)
        {
            stream.End(bytes);
            return false;
        }
        bytes = bytes[stream.Take(bytes)..];
        heldLength = bytes.Length;
        if (heldLength > Small)
        {
            bytes.CopyTo(buffer);
            return true;
        }
        held = null;
        if (heldLength > 0)
        {
            held = ArrayPool<byte>.Shared.Rent(Small);
            bytes.CopyTo(held);
        }
        ArrayPool<byte>.Shared.Return(buffer);
        return true;
    }

    /// <summary>A buffer that begins with what is held. It grows only when it is half full of one pickle, whose length has a limit.</summary>
    byte[] WithRoom()
    {
        if (held is { } enough && enough.Length >= ReadAtOnce && heldLength < enough.Length / 2) return enough;
        var buffer = ArrayPool<byte>.Shared.Rent(Math.Max(ReadAtOnce, heldLength * 4));
        if (held is not { } old) return held = buffer;
        old.AsSpan(0, heldLength).CopyTo(buffer);
        ArrayPool<byte>.Shared.Return(old);
        return held = buffer;
    }

    /// <inheritdoc/>
    public void Dispose() => socket.Dispose();
}
