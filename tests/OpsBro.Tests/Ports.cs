using System.Net;
using System.Net.Sockets;

namespace OpsBro.Tests;

/// <summary>
/// Ports for tests: none is given twice in a run, and none is of those that the kernel gives to connections, or one of the thousands that tests make
/// could take it before it is listened on, or even meet itself.
/// </summary>
static class Ports
{
    const int First = 10_000, Count = 20_000;   // Linux gives 32,768 and above (ip_local_port_range)

    static int last = Random.Shared.Next(Count);   // another run on this machine begins elsewhere

    /// <summary>A port that is free for TCP and for UDP, on every address.</summary>
    public static int Free()
    {
        for (var tries = 0; tries < Count; tries++)
        {
            var port = First + (Interlocked.Increment(ref last) % Count);
            if (CanBind(port, SocketType.Stream, ProtocolType.Tcp) && CanBind(port, SocketType.Dgram, ProtocolType.Udp)) return port;
        }
        throw new InvalidOperationException($"none of {Count} ports is free");
    }

    static bool CanBind(int port, SocketType type, ProtocolType protocol)
    {
        try
        {
            using var socket = Socket.OSSupportsIPv6 ? new Socket(type, protocol) : new Socket(AddressFamily.InterNetwork, type, protocol);
            socket.Bind(new IPEndPoint(Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any, port));
            return true;
        }
        catch (SocketException)
        {
            return false;   // somebody has it
        }
    }
}
