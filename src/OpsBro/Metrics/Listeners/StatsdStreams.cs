using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace OpsBro.Metrics.Listeners;

/// <summary>Statsd on TCP: lines, parted by newlines. A slow agent slows its clients down; nothing is lost.</summary>
internal sealed class StatsdStreams : IDisposable
{
    const int Backlog = 128, ReadBytes = 64 * 1024;

    /// <summary>Seconds of silence after which the kernel asks whether the client still lives, seconds between its questions, and how many.</summary>
    const int AliveAfter = 60, AliveEvery = 15, AliveTimes = 4;

    /// <summary>After an accept that failed, for instance for want of descriptors.</summary>
    static readonly TimeSpan afterFailure = TimeSpan.FromMilliseconds(50);

    readonly Socket listener;
    readonly Func<StatsdIntake> intake;
    readonly int most, longest;
    readonly Lock gate = new();
    readonly HashSet<Socket> clients = [];
    bool isClosed;
    long refused;

    /// <summary>Listens.</summary>
    /// <exception cref="SocketException">The address is taken, or not of this host.</exception>
    public StatsdStreams(IPEndPoint at, int most, int longest, Func<StatsdIntake> intake)
    {
        (this.most, this.longest, this.intake) = (most, longest, intake);
        listener = new Socket(at.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (at.AddressFamily == AddressFamily.InterNetworkV6) listener.DualMode = at.Address.Equals(IPAddress.IPv6Any);
            listener.Bind(at);
            listener.Listen(Backlog);
        }
        catch (SocketException)
        {
            listener.Dispose();
            throw;
        }
        _ = AcceptAll();
    }

    /// <summary>Connections now.</summary>
    public int Connections
    {
        get
        {
            lock (gate) return clients.Count;
        }
    }

    /// <summary>Connections that were sent away.</summary>
    public long Refused => Interlocked.Read(ref refused);

    async Task AcceptAll()
    {
        while (true)
        {
            try
            {
                var client = await listener.AcceptAsync();
                if (TryAdd(client)) _ = Serve(client);
                else
                {
                    Interlocked.Increment(ref refused);
                    client.Dispose();
                }
            }
            catch (ObjectDisposedException)
            {
                return;
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.OperationAborted or SocketError.NotSocket)
            {
                return;   // closed while it waited
            }
            catch (SocketException)
            {
                Interlocked.Increment(ref refused);
                await Task.Delay(afterFailure);
            }
        }
    }

    bool TryAdd(Socket client)
    {
        lock (gate)
        {
            if (isClosed || clients.Count >= most) return false;
            clients.Add(client);
            return true;
        }
    }

    async Task Serve(Socket client)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(ReadBytes + longest);
        var held = 0;
        try
        {
            // a client that lost its power says nothing: its place must not be taken for ever
            client.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            client.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, AliveAfter);
            client.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, AliveEvery);
            client.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, AliveTimes);
            while (await client.ReceiveAsync(buffer.AsMemory(held)) is > 0 and var count)
            {
                held += count;
                var whole = buffer.AsSpan(0, held).LastIndexOf((byte)'\n') + 1;
                Take(buffer.AsSpan(0, whole));
                buffer.AsSpan(whole, held - whole).CopyTo(buffer);
                held -= whole;
                if (held <= longest) continue;
                Interlocked.Increment(ref refused);
                return;   // no end of the line in sight
            }
            // the last line may end with the connection
            Take(buffer.AsSpan(0, held));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // the client is gone, or was sent away: what it sent in whole lines counts
        }
        finally
        {
            Remove(client);
            client.Dispose();
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // not in the finally of an async method: compiled ahead, the lock would stay taken (ARCHITECTURE.md, traps)
    [MethodImpl(MethodImplOptions.NoInlining)]
    void Remove(Socket client)
    {
        lock (gate) clients.Remove(client);
    }

    void Take(ReadOnlySpan<byte> lines)
    {
        if (lines.IsEmpty) return;
        while (!intake().Take(lines)) ;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        listener.Dispose();
        lock (gate)
        {
            isClosed = true;
            foreach (var client in clients) client.Dispose();
        }
    }
}
