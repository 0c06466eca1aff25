using System.Net;
using System.Net.Sockets;
using OpsBro.Agent;
using OpsBro.Core.Gossip;

namespace OpsBro.Gossip;

/// <summary>Finds out where others reach this agent, and where names lead.</summary>
internal static class Addresses
{
    /// <summary>Addresses of one name that are tried.</summary>
    public const int MaxOfName = 16;

    /// <summary>Longest wait for DNS.</summary>
    public static readonly TimeSpan DnsPatience = TimeSpan.FromSeconds(5);

    /// <summary>The address to tell the others.</summary>
    /// <param name="bind">Where the sockets listen.</param>
    /// <param name="port">The port.</param>
    /// <param name="advertise">What the operator says; null when nothing.</param>
    /// <exception cref="AddressException">The name of <paramref name="advertise"/> leads nowhere.</exception>
    public static async Task<PeerAddress> Advertised(IPAddress bind, int port, SeedAddress? advertise)
    {
        if (advertise is { } said)
        {
            var found = await Resolve(said);
            // an IPv4 socket cannot answer at an IPv6 address
            if (found.FirstOrDefault(a => a.IsV4 || bind.AddressFamily == AddressFamily.InterNetworkV6) is { IsNone: false } address) return address;
            throw new AddressException($"gossip.advertise {said.Host} leads to no address that this node can use; write an IP address");
        }
        if (!bind.Equals(IPAddress.Any) && !bind.Equals(IPAddress.IPv6Any)) return PeerAddress.Of(bind, port);
        if (bind.AddressFamily == AddressFamily.InterNetworkV6) return PeerAddress.Of(Identity.LocalAddress(), port);
        var local = Identity.Addresses().FirstOrDefault(a => a.AddressFamily == AddressFamily.InterNetwork) ?? IPAddress.Loopback;
        return PeerAddress.Of(local, port);
    }

    /// <summary>Where a seed leads; an IP address leads to itself.</summary>
    /// <exception cref="AddressException">The name is not known, or DNS does not answer.</exception>
    public static async Task<IReadOnlyList<PeerAddress>> Resolve(SeedAddress seed)
    {
        if (IPAddress.TryParse(seed.Host, out var literal)) return [PeerAddress.Of(literal, seed.Port)];
        try
        {
            using var patience = new CancellationTokenSource(DnsPatience);
            var found = await System.Net.Dns.GetHostAddressesAsync(seed.Host, patience.Token);
            return [.. found.Take(MaxOfName).Select(address => PeerAddress.Of(address, seed.Port)).Distinct()];
        }
        catch (SocketException e)
        {
            throw new AddressException($"{seed.Host}: {e.Message}");
        }
        catch (OperationCanceledException)
        {
            throw new AddressException($"{seed.Host}: DNS did not answer within {DnsPatience.TotalSeconds:0} s");
        }
    }
}

/// <summary>An address cannot be found out; the message is for people.</summary>
internal sealed class AddressException(string message) : Exception(message);
