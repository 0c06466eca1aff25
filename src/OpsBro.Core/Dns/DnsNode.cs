using System.Net;
using OpsBro.Core.Checks;

namespace OpsBro.Core.Dns;

/// <summary>A service of a node.</summary>
/// <param name="Name">Its name.</param>
/// <param name="State">The confirmed state of its check.</param>
/// <param name="Port">Where it listens; 0 when nobody said it.</param>
/// <param name="Weight">Its share among others: SRV's weight, and how often it comes first.</param>
/// <param name="Tags">Its own tags; the groups of the node are tags as well.</param>
public sealed record DnsService(string Name, CheckState State, int Port, int Weight, IReadOnlyList<string> Tags)
{
    /// <summary>The weight of a service that says none.</summary>
    public const int DefaultWeight = 1;
}

/// <summary>A node as DNS sees it.</summary>
public sealed record DnsNode
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>How people call it; empty when it has no other name.</summary>
    public string DisplayName { get; init; } = "";

    /// <summary>Its zone.</summary>
    public required string Zone { get; init; }

    /// <summary>alive, suspect, leaving, left or failed; only nodes that are alive are answers.</summary>
    public required string State { get; init; }

    /// <summary>Its addresses, of both kinds.</summary>
    public IReadOnlyList<IPAddress> Addresses { get; init; } = [];

    /// <summary>Its groups.</summary>
    public IReadOnlyList<string> Groups { get; init; } = [];

    /// <summary>Its services.</summary>
    public IReadOnlyList<DnsService> Services { get; init; } = [];

    /// <summary>Its checks by name, services not among them.</summary>
    public IReadOnlyList<(string Name, CheckState State)> Checks { get; init; } = [];

    /// <summary>What is told of it in TXT, as <c>key=value</c>.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Facts { get; init; } = [];

    /// <summary>Since when it is in this state: seconds since 1970.</summary>
    public long Since { get; init; }

    /// <summary>The estimated round trip from here, in seconds; 0 for this node, infinite when nothing is known.</summary>
    public double Distance { get; init; } = double.PositiveInfinity;

    /// <summary>True when it is alive.</summary>
    public bool IsAlive => State == "alive";

    /// <summary>True when none of its checks and services is anything but ok.</summary>
    public bool IsOk => Checks.All(c => c.State == CheckState.Ok) && Services.All(s => s.State == CheckState.Ok);
}

/// <summary>What the answers need besides the nodes.</summary>
public sealed record DnsZoneSettings
{
    /// <summary>The domain, for instance <c>opsbro</c>.</summary>
    public string Domain { get; init; } = "opsbro";

    /// <summary>Seconds that answers may be kept.</summary>
    public uint Ttl { get; init; } = 5;

    /// <summary>Seconds that it may be kept that there is nothing.</summary>
    public uint NegativeTtl { get; init; } = 2;

    /// <summary>Nearest first; else shuffled.</summary>
    public bool IsNearestFirst { get; init; }

    /// <summary>Largest answer by UDP.</summary>
    public int UdpSize { get; init; } = DnsLimits.DefaultUdp;

    /// <summary>Addresses of this server: what the NS record's name leads to.</summary>
    public IReadOnlyList<IPAddress> Server { get; init; } = [];

    /// <summary>Grows with each change.</summary>
    public uint Serial { get; init; }

    /// <summary>Zones that are configured: also those of which no node is known.</summary>
    public IReadOnlyList<string> Zones { get; init; } = [];
}

/// <summary>Why a node that has a name is not in the answer.</summary>
public enum DnsOmission : byte
{
    /// <summary>It is in the answer.</summary>
    None,

    /// <summary>It is not alive.</summary>
    NotAlive,

    /// <summary>Its service or check of that name is critical.</summary>
    Critical,

    /// <summary>No address of it is known.</summary>
    NoAddress,

    /// <summary>Not everything on it is ok, and only such nodes were asked for.</summary>
    NotOk,
}
