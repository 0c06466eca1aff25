using System.Net;
using System.Net.Sockets;
using OpsBro.Core.Expressions;

namespace OpsBro.Evaluator;

/// <summary>Functions that ask the network. Each has a deadline.</summary>
internal static class NetworkFunctions
{
    const string Group = "network";

    /// <summary>Longest timeout that a rule may give, in seconds.</summary>
    public const int MaxTimeoutSeconds = 60;

    /// <summary>Longest wait for the resolver.</summary>
    public static readonly TimeSpan ResolverPatience = TimeSpan.FromSeconds(5);

    /// <summary>Adds all of them.</summary>
    public static void AddTo(FunctionTable table)
    {
        Add(table, "ip_is_in_range(ip, range)", "True when the address is in the network, for instance '10.0.0.0/8' or 'fe80::/10'.", InRange);
        Add(table, "check_tcp(host, port, timeout=10)", "True when a TCP connection opens within that many seconds.", CheckTcp);
        Add(table, "ip_to_host(ip)", "The name of an address, or ''.", a => Value.Of(NameOf(a)));
        Add(table, "host_to_ip(hname)", "The first address of a name, IPv4 before IPv6, or ''.", a => Value.Of(AddressOf(a.Text(0))));
    }

    static void Add(FunctionTable table, string prototype, string summary, Func<Arguments, Value> call) =>
        table.Add(new FunctionDoc(prototype[..prototype.IndexOf('(')], Group, prototype, summary), call);

    static Value InRange(Arguments a)
    {
        var (text, range) = (a.Text(0), a.Text(1));
        if (!IPAddress.TryParse(text, out var address)) throw a.Fail($"\"{text}\" is not an IP address");
        var slash = range.IndexOf('/');
        if (!IPAddress.TryParse(slash < 0 ? range : range[..slash], out var network))
            throw a.Fail($"\"{range}\" is not a network; write for instance 10.0.0.0/8");
        var length = network.GetAddressBytes().Length * 8;
        if (slash >= 0 && (!int.TryParse(range.AsSpan(slash + 1), out length) || length < 0 || length > network.GetAddressBytes().Length * 8))
            throw a.Fail($"\"{range}\" is not a network; write for instance 10.0.0.0/8");
        if (address.IsIPv4MappedToIPv6 && network.AddressFamily == AddressFamily.InterNetwork) address = address.MapToIPv4();
        return Value.Of(address.AddressFamily == network.AddressFamily && HasPrefix(address.GetAddressBytes(), network.GetAddressBytes(),
            length));
    }

    static bool HasPrefix(byte[] address, byte[] network, int length)
    {
        for (var bit = 0; bit < length; bit++)
            if (((address[bit / 8] ^ network[bit / 8]) >> (7 - bit % 8) & 1) != 0) return false;
        return true;
    }

    static Value CheckTcp(Arguments a)
    {
        var (host, port, seconds) = (a.Text(0), (int)a.Int(1, 1, ushort.MaxValue), a.Number(2));
        if (seconds is not (> 0 and <= MaxTimeoutSeconds)) throw a.Fail($"timeout is {seconds}; use up to {MaxTimeoutSeconds} seconds");
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            // rules are evaluated by threads of their own, which may wait
            socket.ConnectAsync(host, port, deadline.Token).AsTask().GetAwaiter().GetResult();
            return Value.Of(true);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ArgumentException)
        {
            return Value.Of(false);   // refused, unreachable, unknown or too slow: all the same to a rule
        }
    }

    static string NameOf(Arguments a)
    {
        if (!IPAddress.TryParse(a.Text(0), out var address)) throw a.Fail($"\"{a.Text(0)}\" is not an IP address");
        try
        {
            return System.Net.Dns.GetHostEntryAsync(address).WaitAsync(ResolverPatience).GetAwaiter().GetResult().HostName;
        }
        catch (Exception e) when (e is SocketException or TimeoutException or ArgumentException)
        {
            return "";   // no name, or nobody to ask
        }
    }

    static string AddressOf(string name)
    {
        try
        {
            var addresses = System.Net.Dns.GetHostAddressesAsync(name).WaitAsync(ResolverPatience).GetAwaiter().GetResult();
            return addresses.OrderBy(address => address.AddressFamily == AddressFamily.InterNetwork
                ? 0
                : 1).FirstOrDefault()?.ToString() ?? "";
        }
        catch (Exception e) when (e is SocketException or TimeoutException or ArgumentException)
        {
            return "";   // no address, or nobody to ask
        }
    }
}
