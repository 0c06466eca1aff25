using OpsBro.Core.Wire;

namespace OpsBro.Core.Gossip;

/// <summary>What Swim knows of a node. Only the engine writes it.</summary>
public sealed class SwimNode(string name)
{
    /// <summary>Its name: it names the node.</summary>
    public string Name { get; } = name;

    /// <summary>Where it listens.</summary>
    public PeerAddress Address { get; set; }

    /// <summary>Its tags, encoded.</summary>
    public Bytes Meta { get; set; }

    /// <summary>What it speaks.</summary>
    public ProtocolVersions Versions { get; set; }

    /// <summary>Its incarnation; it never goes down.</summary>
    public uint Incarnation { get; set; }

    /// <summary>How it is.</summary>
    public NodeStatus State { get; set; } = NodeStatus.Dead;

    /// <summary>When that changed, on the engine's clock.</summary>
    public TimeSpan Since { get; set; }

    /// <summary>How it is in Serf's words; none: Serf has forgotten it. Serf's, as the next two: no second record per member.</summary>
    public MemberStatus Status { get; set; }

    /// <summary>Lamport time of its last join or leave.</summary>
    public ulong StatusTime { get; set; }

    /// <summary>When <see cref="Status"/> changed, on the engine's clock.</summary>
    public TimeSpan StatusSince { get; set; }
}
