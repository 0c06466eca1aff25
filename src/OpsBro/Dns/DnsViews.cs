using System.Text.Json.Serialization;

namespace OpsBro.Dns;

/// <summary>What the DNS server does.</summary>
internal sealed record DnsView
{
    /// <summary>Switched on by the configuration.</summary>
    public required bool Enabled { get; init; }
    /// <summary>Where it listens, for instance <c>udp 127.0.0.1:6766</c>.</summary>
    public required string[] Listens { get; init; }
    /// <summary>Why it does not listen somewhere.</summary>
    public required string[] Problems { get; init; }
    /// <summary>The domain, with a dot before it.</summary>
    public required string Domain { get; init; }
    /// <summary>Names that lead to something, reverse ones too.</summary>
    public required int Names { get; init; }
    /// <summary>Nodes known.</summary>
    public required int Nodes { get; init; }
    /// <summary>Nodes that are alive.</summary>
    public required int Alive { get; init; }
    /// <summary>Names of nodes, groups, services and zones that cannot be written in DNS.</summary>
    public required string[] Unnamed { get; init; }
    /// <summary>When the picture that is answered from was made; null when it is off.</summary>
    public required DateTimeOffset? PictureAt { get; init; }
    /// <summary>How long that took.</summary>
    public required double PictureMs { get; init; }
    /// <summary>Queries by UDP since the sockets were opened.</summary>
    public required long UdpQueries { get; init; }
    /// <summary>Queries by TCP.</summary>
    public required long TcpQueries { get; init; }
    /// <summary>Answers by rcode.</summary>
    public required SortedDictionary<string, long> Rcodes { get; init; }
    /// <summary>Answers by UDP that were cut: the client asks again by TCP.</summary>
    public required long Cut { get; init; }
    /// <summary>Messages that were no queries.</summary>
    public required long Dropped { get; init; }
    /// <summary>Queries of networks that had their share: sent to TCP, or dropped.</summary>
    public required long Limited { get; init; }
    /// <summary>Answers that the kernel did not take, and datagrams that were too long.</summary>
    public required long Lost { get; init; }
    /// <summary>TCP connections now.</summary>
    public required int Connections { get; init; }
    /// <summary>TCP connections sent away.</summary>
    public required long RefusedConnections { get; init; }
    /// <summary>Servers that are asked for names that are not ours.</summary>
    public required string[] Forwarders { get; init; }
    /// <summary>Questions asked there.</summary>
    public required long Forwarded { get; init; }
    /// <summary>Those that no server answered.</summary>
    public required long ForwardFailed { get; init; }
    /// <summary>Those that found no place: too many were on their way.</summary>
    public required long ForwardOverflows { get; init; }
    /// <summary>Faults of the program.</summary>
    public required long Faults { get; init; }
}

/// <summary>A record.</summary>
/// <param name="Name">Its owner.</param>
/// <param name="Type">Its type.</param>
/// <param name="Ttl">Seconds that it may be kept.</param>
/// <param name="Data">Its data, as zone files write it.</param>
internal sealed record DnsRecordView(string Name, string Type, uint Ttl, string Data);

/// <summary>A node behind a name.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Zone">Its zone.</param>
/// <param name="State">alive, suspect, leaving, left or failed.</param>
/// <param name="Answers">It is in the answer.</param>
/// <param name="Reason">Why not; empty when it is.</param>
/// <param name="RoundTripMs">The estimated round trip from here; null when nothing is known.</param>
internal sealed record DnsNodeView(string Name, string Zone, string State, bool Answers, string Reason, double? RoundTripMs);

/// <summary>An answer.</summary>
internal sealed record DnsAnswerView
{
    /// <summary>The name that was asked for, the domain included.</summary>
    public required string Name { get; init; }
    /// <summary>The type.</summary>
    public required string Type { get; init; }
    /// <summary>NOERROR, NXDOMAIN, REFUSED, …</summary>
    public required string Rcode { get; init; }
    /// <summary>The answers.</summary>
    public required DnsRecordView[] Answers { get; init; }
    /// <summary>Who is responsible when there are none.</summary>
    public required DnsRecordView[] Authorities { get; init; }
    /// <summary>Further records.</summary>
    public required DnsRecordView[] Additionals { get; init; }
    /// <summary>Every node that has the name, nearest first.</summary>
    public required DnsNodeView[] Nodes { get; init; }
}

/// <summary>The shapes of <c>/v1/dns</c>.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(DnsView))]
[JsonSerializable(typeof(DnsAnswerView))]
[JsonSerializable(typeof(string[]))]
internal sealed partial class DnsJson : JsonSerializerContext;
