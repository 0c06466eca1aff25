using System.Text.Json.Serialization;
using OpsBro.Core.Checks;
using OpsBro.NodeState;

namespace OpsBro.Gossip;

/// <summary>A member as <c>/v1/members</c> shows it.</summary>
internal sealed record MemberView
{
    /// <summary>Its name: it names the node within its zone.</summary>
    public required string Name { get; init; }
    /// <summary>How people call it; empty when nobody gave it another name.</summary>
    public required string DisplayName { get; init; }
    /// <summary>Its zone.</summary>
    public required string Zone { get; init; }
    /// <summary>alive, suspect, leaving, left or failed.</summary>
    public required string State { get; init; }
    /// <summary>When that changed, as this agent saw it.</summary>
    public required DateTimeOffset Since { get; init; }
    /// <summary>Its IP address.</summary>
    public required string Address { get; init; }
    /// <summary>Its gossip port.</summary>
    public required int Port { get; init; }
    /// <summary>True for the agent that answers.</summary>
    public required bool IsSelf { get; init; }
    /// <summary>It speaks for its zone.</summary>
    public required bool IsProxy { get; init; }
    /// <summary>Its groups; of a plain Serf agent none are known.</summary>
    public required string[] Groups { get; init; }
    /// <summary>The worst state of its checks: ok, warning, critical, unknown; empty when nothing is known.</summary>
    public required string CheckState { get; init; }
    /// <summary>Estimated round trip from here, milliseconds; null when nothing is known.</summary>
    public required double? RoundTripMs { get; init; }
    /// <summary>Version of OpsBro; empty for a plain Serf agent.</summary>
    public required string Version { get; init; }
    /// <summary>Its id; empty for a plain Serf agent.</summary>
    public required string Id { get; init; }
    /// <summary>Its incarnation.</summary>
    public required uint Incarnation { get; init; }
    /// <summary>memberlist and Serf protocols: least, most, spoken.</summary>
    public required int[] Protocols { get; init; }
    /// <summary>Its tags as every member sees them.</summary>
    public required IReadOnlyDictionary<string, string> Tags { get; init; }
    /// <summary>The node is gone: its groups, checks and facts are its last ones, kept for 24 hours.</summary>
    public required bool IsStale { get; init; }
    /// <summary>How old they are, seconds; null while the node is there.</summary>
    public required double? AgeSeconds { get; init; }
    /// <summary>Its checks; only for one member, and null when nothing is known of them.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public MemberCheckView[]? Checks { get; init; }
    /// <summary>Its services, in the same way.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public MemberCheckView[]? Services { get; init; }
    /// <summary>What it says of its host, in the same way.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string>? Facts { get; init; }
}

/// <summary>A check or service of a member: its confirmed state.</summary>
internal sealed record MemberCheckView(string Id, string State, DateTimeOffset Since, bool IsFlapping, string Output)
{
    /// <summary>Of what the node said.</summary>
    public static MemberCheckView Of(KnownCheck check) =>
        new(check.Id, check.Value.State.Word(), check.Value.Since, check.Value.IsFlapping, check.Value.Output);
}
