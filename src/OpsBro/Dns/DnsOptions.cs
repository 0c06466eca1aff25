using System.Net;
using OpsBro.Agent;
using OpsBro.Config;
using OpsBro.Core.Dns;
using OpsBro.Gossip;

namespace OpsBro.Dns;

/// <summary>The section <c>dns</c> of agent.yml.</summary>
internal sealed record DnsOptions
{
    /// <summary>The port of the original.</summary>
    public const int DefaultPort = 6766;

    /// <summary>The port that other servers listen on.</summary>
    public const int WellKnownPort = 53;

    /// <summary>Most addresses to listen on, other servers to ask, and networks that may have them asked.</summary>
    public const int MaxAddresses = 8, MaxForwarders = 8, MaxNetworks = 64;

    /// <summary>Answers by UDP in a second to one network that shows no cookie.</summary>
    public const int DefaultRateLimit = 500;

    /// <summary>Listens at all; off by default, as every listener.</summary>
    public bool IsEnabled { get; init; }

    /// <summary>Where, UDP and TCP.</summary>
    public IReadOnlyList<IPAddress> Addresses { get; init; } = [IPAddress.Loopback];

    /// <summary>Port of both.</summary>
    public int Port { get; init; } = DefaultPort;

    /// <summary>The domain, without dots at its ends.</summary>
    public string Domain { get; init; } = "opsbro";

    /// <summary>How long answers may be kept.</summary>
    public TimeSpan Ttl { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long it may be kept that there is nothing.</summary>
    public TimeSpan NegativeTtl { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Nearest first, instead of mixed.</summary>
    public bool IsNearestFirst { get; init; }

    /// <summary>Largest answer by UDP, bytes.</summary>
    public int UdpSize { get; init; } = DnsLimits.DefaultUdp;

    /// <summary>TCP connections at once.</summary>
    public int TcpConnections { get; init; } = 256;

    /// <summary>A TCP connection without a question is closed after so long.</summary>
    public TimeSpan TcpIdle { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Answers by UDP in a second to one network that shows no cookie; 0: any number.</summary>
    public int RateLimit { get; init; } = DefaultRateLimit;

    /// <summary>Servers for names that are not ours; none: such names are refused.</summary>
    public IReadOnlyList<IPEndPoint> Forwarders { get; init; } = [];

    /// <summary>Whose names of others are asked elsewhere.</summary>
    public IReadOnlyList<AddressRange> ForwardFor { get; init; } = AddressRange.Loopback;

    /// <summary>Where it listens.</summary>
    public IEnumerable<IPEndPoint> Places => Addresses.Select(address => new IPEndPoint(address, Port));

    /// <summary>True when an address may have others asked.</summary>
    public bool MayForward(ReadOnlySpan<byte> address)
    {
        if (Forwarders.Count == 0) return false;
        foreach (var range in ForwardFor)
            if (range.Contains(address)) return true;
        return false;
    }

    /// <summary>True when the sockets that are open can stay.</summary>
    public bool HasTheSocketsOf(DnsOptions other) => Addresses.SequenceEqual(other.Addresses) && Port == other.Port && UdpSize == other.UdpSize
        && TcpConnections == other.TcpConnections && TcpIdle == other.TcpIdle && RateLimit == other.RateLimit
        && Forwarders.SequenceEqual(other.Forwarders) && ForwardFor.SequenceEqual(other.ForwardFor);

    /// <summary>Reads them; what cannot be read is a problem and has its default.</summary>
    public static DnsOptions Read(ConfigNode agent, List<Problem> problems)
    {
        if (new ObjectReader(agent, problems).Section("dns") is not { } section) return new DnsOptions();
        var reader = new ObjectReader(section, problems);
        var byDefault = new DnsOptions();
        var options = new DnsOptions
        {
            IsEnabled = reader.Flag("enabled", false),
            Addresses = ReadAddresses(reader),
            Port = reader.Number("port", DefaultPort, 1, 65535),
            Domain = ReadDomain(reader),
            Ttl = reader.Duration("ttl", byDefault.Ttl, TimeSpan.Zero, TimeSpan.FromDays(7)),
            NegativeTtl = reader.Duration("negative_ttl", byDefault.NegativeTtl, TimeSpan.Zero, TimeSpan.FromHours(3)),
            IsNearestFirst = reader.Flag("near", false),
            UdpSize = reader.Number("udp_size", byDefault.UdpSize, DnsLimits.PlainUdp, DnsLimits.MaxUdp),
            TcpConnections = reader.Number("tcp_connections", byDefault.TcpConnections, 1, 4096),
            TcpIdle = reader.Duration("tcp_idle", byDefault.TcpIdle, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10)),
            RateLimit = reader.Number("rate_limit", DefaultRateLimit, 0, 1_000_000),
            Forwarders = ReadForwarders(reader),
            ForwardFor = ReadNetworks(reader),
        };
        reader.RefuseTheRest("dns");
        var itself = options.Forwarders.Where(options.IsItself).ToList();
        foreach (var forwarder in itself)
            reader.Complain(reader.Node("forwarders")!, $"forwarders holds {forwarder}, which is this server itself; write another server");
        return itself.Count == 0 ? options : options with { Forwarders = [.. options.Forwarders.Except(itself)] };
    }

    /// <summary>Who asks himself asks for ever.</summary>
    bool IsItself(IPEndPoint forwarder)
    {
        if (forwarder.Port != Port) return false;
        var isAll = Addresses.Any(a => a.Equals(IPAddress.Any) || a.Equals(IPAddress.IPv6Any));
        return Addresses.Contains(forwarder.Address)
            || (isAll && (IPAddress.IsLoopback(forwarder.Address) || Identity.Addresses().Contains(forwarder.Address)));
    }

    static List<IPAddress> ReadAddresses(ObjectReader reader)
    {
        var addresses = new List<IPAddress>();
        foreach (var text in reader.Texts("address"))
        {
            var node = reader.Node("address")!;
            if (!IPAddress.TryParse(text.Trim('[', ']'), out var address))
                reader.Complain(node, $"address holds \"{text}\"; write addresses of this host, or 0.0.0.0 or \"::\" for all");
            else if (addresses.Count == MaxAddresses) reader.Complain(node, $"address holds more than {MaxAddresses}; \"{text}\" is left out");
            else if (!addresses.Contains(address)) addresses.Add(address);
        }
        return addresses.Count > 0 ? addresses : [IPAddress.Loopback];
    }

    static string ReadDomain(ObjectReader reader)
    {
        var text = reader.Text("domain", ".opsbro");
        var domain = text.Trim('.').ToLowerInvariant();
        if (DnsNames.Wire(domain) is { Length: > 1 and <= 128 } && !domain.EndsWith("arpa", StringComparison.Ordinal)) return domain;
        reader.Complain(reader.Node("domain")!, $"domain is \"{text}\"; write a domain of at most 126 characters, for instance .opsbro");
        return "opsbro";
    }

    static List<IPEndPoint> ReadForwarders(ObjectReader reader)
    {
        var forwarders = new List<IPEndPoint>();
        foreach (var text in reader.Texts("forwarders"))
        {
            var node = reader.Node("forwarders")!;
            if (!SeedAddress.TryParse(text, WellKnownPort, out var seed) || !IPAddress.TryParse(seed.Host, out var address))
                reader.Complain(node, $"forwarders holds \"{text}\"; write the address of a server, as 9.9.9.9 or [2620:fe::fe]:53");
            else if (forwarders.Count == MaxForwarders) reader.Complain(node, $"forwarders holds more than {MaxForwarders}; \"{text}\" is left out");
            else forwarders.Add(new IPEndPoint(address, seed.Port));
        }
        return forwarders;
    }

    static IReadOnlyList<AddressRange> ReadNetworks(ObjectReader reader)
    {
        if (reader.Node("forward_for") is not { } node) return AddressRange.Loopback;
        var networks = new List<AddressRange>();
        foreach (var text in reader.Texts("forward_for"))
        {
            if (AddressRange.TryParse(text) is not { } range)
                reader.Complain(node, $"forward_for holds \"{text}\"; write networks, for instance [127.0.0.0/8, 10.0.0.0/8, \"fd00::/8\"]");
            else if (networks.Count == MaxNetworks) reader.Complain(node, $"forward_for holds more than {MaxNetworks}; \"{text}\" is left out");
            else networks.Add(range);
        }
        return networks;
    }
}

/// <summary>Finds what is wrong in the section <c>dns</c>: for <c>config check</c>.</summary>
internal sealed class DnsChecker : IConfigChecker
{
    /// <inheritdoc/>
    public string Kind => "dns";

    /// <inheritdoc/>
    public void CheckSettings(ConfigNode agent, List<Problem> problems) => DnsOptions.Read(agent, problems);
}
