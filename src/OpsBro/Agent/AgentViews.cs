using System.Text.Json.Serialization;

namespace OpsBro.Agent;

/// <summary>The agent and its host at one glance: <c>GET /v1/agent/info</c>.</summary>
internal sealed record InfoView
{
    /// <summary>The host's name.</summary>
    public required string Name { get; init; }
    /// <summary>Name for people; empty when none is configured.</summary>
    public required string DisplayName { get; init; }
    /// <summary>40 hexadecimal digits.</summary>
    public required string Uuid { get; init; }
    /// <summary>Version of the program.</summary>
    public required string Version { get; init; }
    /// <summary>initializing, ok or stopping.</summary>
    public required string State { get; init; }
    /// <summary>Loops that have not made their first round.</summary>
    public required string[] WaitingFor { get; init; }
    /// <summary>Process id.</summary>
    public required int Pid { get; init; }
    /// <summary>Start of the agent.</summary>
    public required DateTimeOffset StartedAt { get; init; }
    /// <summary>The operating system.</summary>
    public required string System { get; init; }
    /// <summary>Zone of this node.</summary>
    public required string Zone { get; init; }
    /// <summary>The address others would use.</summary>
    public required string LocalAddress { get; init; }
    /// <summary>Directory of the configuration.</summary>
    public required string ConfigDirectory { get; init; }
    /// <summary>Directory of the agent's own files.</summary>
    public required string DataDirectory { get; init; }
    /// <summary>Where the API listens.</summary>
    public required IReadOnlyList<string> Listens { get; init; }
    /// <summary>Where its other ports are, by the section of the configuration that opens them.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<string>> Listeners { get; init; }
    /// <summary>Groups of this host.</summary>
    public required string[] Groups { get; init; }
    /// <summary>Collectors by state.</summary>
    public required IReadOnlyDictionary<string, int> Collectors { get; init; }
    /// <summary>Checks by state.</summary>
    public required IReadOnlyDictionary<string, int> Checks { get; init; }
    /// <summary>Its place in the cluster.</summary>
    public required ClusterInfo Cluster { get; init; }
    /// <summary>Everything the operator should mend, one line each.</summary>
    public required string[] Problems { get; init; }
    /// <summary>Resident memory, bytes.</summary>
    public required long MemoryBytes { get; init; }
    /// <summary>CPU time since start, seconds.</summary>
    public required double CpuSeconds { get; init; }
    /// <summary>CPU since start as a share of one core, percent.</summary>
    public required double CpuPercent { get; init; }
    /// <summary>Threads of the process.</summary>
    public required int Threads { get; init; }
    /// <summary>Errors logged since start.</summary>
    public required long Errors { get; init; }
    /// <summary>Warnings logged since start.</summary>
    public required long Warnings { get; init; }
    /// <summary>The last warnings and errors.</summary>
    public required LogLine[] LastProblemLines { get; init; }
}

/// <summary>The agent's place in the cluster at one glance.</summary>
internal sealed record ClusterInfo
{
    /// <summary>running, left, broken or off.</summary>
    public required string State { get; init; }
    /// <summary>Its name in the cluster.</summary>
    public required string Name { get; init; }
    /// <summary>Where others reach it, with the port; empty when it does not run.</summary>
    public required string Address { get; init; }
    /// <summary>Where it listens, with the port; empty when it does not run.</summary>
    public required string Listens { get; init; }
    /// <summary>For a proxy node: the zone above and where it is reached there; empty for others.</summary>
    public required string Above { get; init; }
    /// <summary>Port of LAN detection; 0 when it is off.</summary>
    public required int DetectPort { get; init; }
    /// <summary>Where Serf's clients are listened to; empty when they are not.</summary>
    public required string Rpc { get; init; }
    /// <summary>It speaks for its zone.</summary>
    public required bool IsProxy { get; init; }
    /// <summary>Members by state, the agent itself included.</summary>
    public required IReadOnlyDictionary<string, int> Members { get; init; }
    /// <summary>True when what is sent is encrypted.</summary>
    public required bool Encrypted { get; init; }
    /// <summary>Fingerprint of the primary key; empty without encryption.</summary>
    public required string KeyFingerprint { get; init; }
    /// <summary>Local health: 0 is well, 7 the worst.</summary>
    public required int Health { get; init; }
}

/// <summary>JSON of the agent noun.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(InfoView))]
[JsonSerializable(typeof(LegacyInfoView))]
[JsonSerializable(typeof(LogLine[]))]
internal sealed partial class AgentJson : JsonSerializerContext;

/// <summary><c>/agent/info</c> of the original: the keys that one host has.</summary>
internal sealed record LegacyInfoView(
    string AgentState, int Pid, string Name, string DisplayName, int Port, string LocalAddr, string PublicAddr, string Socket, string Zone,
    bool IsZoneProtected, string Uuid, int Threads, string Version, string[] Groups, IReadOnlyDictionary<string, int> Collectors,
    IReadOnlyDictionary<string, int> Monitoring, double CpuConsumption, long MemoryConsumption, bool IsManagedSystem, string SystemDistro,
    string SystemDistroversion);
