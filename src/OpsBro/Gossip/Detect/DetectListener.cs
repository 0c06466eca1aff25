using System.Net;
using System.Net.Sockets;

namespace OpsBro.Gossip.Detect;

/// <summary>
/// Hears questions on one port, of IPv4 or of IPv6. Several agents of a host may listen on one port, for each is given every broadcast and
/// multicast. Closed by its reader; a failing socket ends <see cref="Run"/>, and its owner opens another.
/// </summary>
internal sealed class DetectListener : IDisposable
{
    /// <summary>Bytes read of a datagram: more than any of detection has.</summary>
    const int Room = 1_024;

    /// <summary>A socket that fails so often without a datagram in between is given up.</summary>
    const int MaxFailures = 16;

    readonly Socket socket;
    readonly HashSet<int> joined = [];
    readonly CancellationTokenSource stop = new();

    /// <summary>Opens the port.</summary>
    /// <exception cref="SocketException">A program that does not share has it, or the host does not speak this family.</exception>
    public DetectListener(AddressFamily family, int port)
    {
        Family = family;
        socket = new Socket(family, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            var isV6 = family == AddressFamily.InterNetworkV6;
            if (isV6) socket.DualMode = false;
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            socket.Bind(new IPEndPoint(isV6 ? IPAddress.IPv6Any : IPAddress.Any, port));
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>IPv4 or IPv6.</summary>
    public AddressFamily Family { get; }

    /// <summary>True until it failed or was closed.</summary>
    public bool IsOpen { get; private set; } = true;

    /// <summary>Joins the multicast group on interfaces that are new, and forgets those that have gone: they lost it.</summary>
    public void Follow(IReadOnlyList<DetectWay> ways)
    {
        var isV6 = Family == AddressFamily.InterNetworkV6;
        var now = ways.Where(way => way.From is null == isV6).Select(way => way.Interface).ToHashSet();
        joined.IntersectWith(now);
        foreach (var number in now.Except(joined).ToList())
        {
            try
            {
                var (level, group) = isV6
                    ? (SocketOptionLevel.IPv6, (object)new IPv6MulticastOption(DetectNetwork.GroupV6, number))
                    : (SocketOptionLevel.IP, new MulticastOption(DetectNetwork.GroupV4, number));
                socket.SetSocketOption(level, SocketOptionName.AddMembership, group);
                joined.Add(number);
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                joined.Add(number);   // it came back before we saw that it had gone
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // an interface that takes no multicast, or has just gone: broadcast is left, and the next look tries again
            }
        }
    }

    /// <summary>Gives every datagram to <paramref name="heard"/> until it is closed or fails.</summary>
    public async Task Run(Action<DetectListener, IPEndPoint, ReadOnlyMemory<byte>> heard)
    {
        var buffer = new byte[Room];
        EndPoint any = new IPEndPoint(Family == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any, 0);
        var failures = 0;
        try
        {
            while (failures < MaxFailures)
            {
                try
                {
                    var got = await socket.ReceiveFromAsync(buffer, any, stop.Token);
                    failures = 0;
                    heard(this, (IPEndPoint)got.RemoteEndPoint, buffer.AsMemory(0, got.ReceivedBytes));
                }
                catch (SocketException)
                {
                    failures++;   // of an earlier answer that could not be delivered, or of an interface that went down
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // closed
        }
        finally
        {
            IsOpen = false;
            socket.Dispose();
        }
    }

    /// <summary>Answers; false when the kernel does not take it.</summary>
    public bool Send(IPEndPoint to, ReadOnlySpan<byte> datagram)
    {
        try
        {
            return socket.SendTo(datagram, SocketFlags.None, to) == datagram.Length;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        IsOpen = false;
        stop.Cancel();
        socket.Dispose();
    }
}
