using OpsBro.Core.Wire;

namespace OpsBro.Core.Gossip;

/// <summary>A question to the members that all filters match.</summary>
/// <param name="Name">Its name; those that begin with <c>_serf_</c> are Serf's own.</param>
/// <param name="Payload">What comes with it.</param>
public sealed record QueryRequest(string Name, Bytes Payload)
{
    /// <summary>Only these nodes answer; empty: all.</summary>
    public IReadOnlyList<string> Nodes { get; init; } = [];

    /// <summary>Only nodes answer whose tags match: the tag, and an expression of Go's regexp without anchors.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> TagFilters { get; init; } = [];

    /// <summary>Each node that the filters match says at once that it has the query.</summary>
    public bool WantsAck { get; init; }

    /// <summary>Each answer is sent by way of so many other members as well, in case it is lost.</summary>
    public byte RelayFactor { get; init; }

    /// <summary>How long answers are taken; null: a time that grows with the members.</summary>
    public TimeSpan? Timeout { get; init; }
}
