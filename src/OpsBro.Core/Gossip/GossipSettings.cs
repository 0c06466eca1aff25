using OpsBro.Core.Wire;

namespace OpsBro.Core.Gossip;

/// <summary>What a gossip engine starts with.</summary>
public sealed record GossipSettings
{
    /// <summary>Our name in the cluster; at most <see cref="WireLimits.MaxName"/> bytes.</summary>
    public required string Name { get; init; }

    /// <summary>Where others reach us.</summary>
    public required PeerAddress Advertise { get; init; }

    /// <summary>The constants of the network.</summary>
    public GossipProfile Profile { get; init; } = GossipProfile.Lan;

    /// <summary>Our tags, in their order.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Tags { get; init; } = [];

    /// <summary>The first incarnation to use: higher than any that was used under this name before, at least 1.</summary>
    public uint Incarnation { get; init; } = 1;

    /// <summary>The keys; null without encryption.</summary>
    public Keyring? Keys { get; init; }

    /// <summary>The cluster's label; empty for none.</summary>
    public byte[] Label { get; init; } = [];

    /// <summary>Compresses what is sent, where that helps.</summary>
    public bool Compress { get; init; } = true;

    /// <summary>Lamport time of members, as saved: seen at the start.</summary>
    public ulong Clock { get; init; }

    /// <summary>Lamport time of events, as saved.</summary>
    public ulong EventClock { get; init; }

    /// <summary>Lamport time of queries, as saved.</summary>
    public ulong QueryClock { get; init; }

    /// <summary>Shares what engines know of the same nodes: for simulations; null shares nothing.</summary>
    public NodeFactsTable? Facts { get; init; }
}
