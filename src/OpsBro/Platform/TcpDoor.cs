using System.Net;
using System.Net.Sockets;

namespace OpsBro.Platform;

/// <summary>A TCP port that is listened to: each caller gets a place or is sent away, until it is closed. Who is in stays in.</summary>
internal sealed class TcpDoor : IDisposable
{
    /// <summary>Callers whom the kernel holds until they are taken.</summary>
    const int Backlog = 512;

    /// <summary>After an accept that failed, for instance for want of descriptors.</summary>
    static readonly TimeSpan afterFailure = TimeSpan.FromMilliseconds(50);

    readonly Socket listener;
    readonly TcpPlaces places;
    readonly Func<Socket, IPAddress, Task> serve;

    /// <summary>Listens.</summary>
    /// <param name="at">Where; all addresses of IPv6 are all of IPv4 as well.</param>
    /// <param name="places">Who may come in.</param>
    /// <param name="serve">
    /// Serves a caller, whose socket is its own to dispose, and throws nothing. Its place is free when that is done. The address is of IPv4 also
    /// when it came mapped into IPv6.
    /// </param>
    /// <exception cref="SocketException">The address is taken, or not of this host.</exception>
    public TcpDoor(IPEndPoint at, TcpPlaces places, Func<Socket, IPAddress, Task> serve)
    {
        (this.places, this.serve) = (places, serve);
        listener = new Socket(at.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (at.AddressFamily == AddressFamily.InterNetworkV6) listener.DualMode = at.Address.Equals(IPAddress.IPv6Any);
            // a restart need not wait until old connections are forgotten: .NET sees to that. Its ReuseAddress would let two agents share the port
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

    async Task AcceptAll()
    {
        while (true)
        {
            try
            {
                Receive(await listener.AcceptAsync());
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
                places.Refuse();
                await Task.Delay(afterFailure);
            }
        }
    }

    void Receive(Socket caller)
    {
        if (AddressOf(caller) is { } source && places.TryTake(caller, source))
        {
            _ = Serve(caller, source);
            return;
        }
        places.Refuse();
        caller.Dispose();
    }

    async Task Serve(Socket caller, IPAddress source)
    {
        try
        {
            await serve(caller, source);
        }
        finally
        {
            places.Leave(caller);
        }
    }

    static IPAddress? AddressOf(Socket caller)
    {
        try
        {
            return caller.RemoteEndPoint is IPEndPoint { Address: var address } ? address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address : null;
        }
        catch (SocketException)
        {
            return null;   // gone before it was looked at
        }
    }

    /// <inheritdoc/>
    public void Dispose() => listener.Dispose();
}
