using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace OpsBro.Gossip.Detect;

/// <summary>A way out of this host: an IPv4 address with its broadcast address, or an interface that speaks IPv6.</summary>
/// <param name="Interface">The interface's number.</param>
/// <param name="Name">Its name.</param>
/// <param name="From">Our IPv4 address there; null for the way by IPv6.</param>
/// <param name="Broadcast">The broadcast address of that network; null where there is none.</param>
internal sealed record DetectWay(int Interface, string Name, IPAddress? From, IPAddress? Broadcast)
{
    /// <summary>Where questions go by this way.</summary>
    public IEnumerable<IPAddress> Targets()
    {
        if (From is null)
        {
            yield return new IPAddress(DetectNetwork.GroupV6.GetAddressBytes(), Interface);
            yield break;
        }
        if (Broadcast is not null) yield return Broadcast;
        // by this interface only: Linux takes the one that has the address the socket is bound to
        yield return IPAddress.Broadcast;
        yield return DetectNetwork.GroupV4;
    }
}

/// <summary>The network as detection sees it.</summary>
internal static class DetectNetwork
{
    /// <summary>Most ways: a host with more, each container's end among them, leaves some out.</summary>
    public const int MaxWays = 64;

    /// <summary>Multicast group, of those that an organization gives out itself (RFC 2365).</summary>
    public static readonly IPAddress GroupV4 = new([239, 255, 67, 68]);

    /// <summary>Multicast group on the link, of those that need no registration (RFC 4291, 2.7: ff12).</summary>
    public static readonly IPAddress GroupV6 = IPAddress.Parse("ff12::6f70:7362:726f");

    /// <summary>The ways of now: interfaces come and go.</summary>
    public static IReadOnlyList<DetectWay> Ways()
    {
        try
        {
            var all = NetworkInterface.GetAllNetworkInterfaces().Where(nic => nic.OperationalStatus != OperationalStatus.Down);
            return [.. all.SelectMany(WaysOf).Take(MaxWays)];
        }
        catch (Exception e) when (e is NetworkInformationException or IOException or UnauthorizedAccessException)
        {
            return [];   // no right to list interfaces (a sandbox), or one went away while we looked
        }
    }

    static IEnumerable<DetectWay> WaysOf(NetworkInterface nic)
    {
        var properties = nic.GetIPProperties();
        var isV6 = nic.Supports(NetworkInterfaceComponent.IPv6);
        var number = isV6 ? properties.GetIPv6Properties().Index
            : nic.Supports(NetworkInterfaceComponent.IPv4) ? properties.GetIPv4Properties().Index : 0;
        foreach (var address in properties.UnicastAddresses)
            if (address.Address.AddressFamily == AddressFamily.InterNetwork)
                yield return new DetectWay(number, nic.Name, address.Address, BroadcastOf(address.Address, address.PrefixLength));
        // an answer needs an address on the link; loopback has none, and IPv4 reaches it
        if (isV6 && properties.UnicastAddresses.Any(address => address.Address.IsIPv6LinkLocal)) yield return new DetectWay(number, nic.Name, null, null);
    }

    /// <summary>The last address of a network; null when it has none to spare (RFC 3021).</summary>
    public static IPAddress? BroadcastOf(IPAddress address, int prefix)
    {
        if (prefix is <= 0 or >= 31) return null;
        var bytes = address.GetAddressBytes();
        var all = (uint)(bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3]) | uint.MaxValue >> prefix;
        return new IPAddress([(byte)(all >> 24), (byte)(all >> 16), (byte)(all >> 8), (byte)all]);
    }

    /// <summary>A socket that asks by one way.</summary>
    /// <exception cref="SocketException">The address has gone, or the kernel refuses.</exception>
    public static Socket Asking(DetectWay way)
    {
        var family = way.From is null ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork;
        var socket = new Socket(family, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            if (way.From is null)
            {
                socket.DualMode = false;
                socket.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.MulticastInterface, way.Interface);
            }
            else
            {
                socket.EnableBroadcast = true;
            }
            socket.Bind(new IPEndPoint(way.From ?? IPAddress.IPv6Any, 0));
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }
    }
}
