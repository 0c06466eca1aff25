using System.Buffers;
using System.Net;
using System.Net.Sockets;
using OpsBro.Platform;

namespace OpsBro.Metrics.Listeners;

/// <summary>Statsd on TCP: lines, parted by newlines. A slow agent slows its clients down; nothing is lost.</summary>
internal sealed class StatsdStreams : IDisposable
{
    const int ReadBytes = 64 * 1024;

    /// <summary>Seconds of silence after which the kernel asks whether the client still lives, seconds between its questions, and how many.</summary>
    const int AliveAfter = 60, AliveEvery = 15, AliveTimes = 4;

    readonly TcpPlaces places;
    readonly TcpDoor door;
    readonly Func<StatsdIntake> intake;
    readonly int longest;

    /// <summary>Listens.</summary>
    /// <exception cref="SocketException">The address is taken, or not of this host.</exception>
    public StatsdStreams(IPEndPoint at, int most, int longest, Func<StatsdIntake> intake)
    {
        (this.longest, this.intake) = (longest, intake);
        places = new TcpPlaces(() => most);
        door = new TcpDoor(at, places, Serve);
    }

    /// <summary>Connections now.</summary>
    public int Connections => places.Taken;

    /// <summary>Connections that were sent away.</summary>
    public long Refused => places.Refused;

    async Task Serve(Socket client, IPAddress address)
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
                places.Refuse();
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
            client.Dispose();
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    void Take(ReadOnlySpan<byte> lines)
    {
        if (lines.IsEmpty) return;
        while (!intake().Take(lines)) ;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        door.Dispose();
        places.Dispose();
    }
}
