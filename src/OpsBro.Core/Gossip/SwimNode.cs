using OpsBro.Core.Wire;

namespace OpsBro.Core.Gossip;

/// <summary>
/// What Swim knows of a node: one object for as long as the node is known, whatever becomes of it. Only the engine writes it. It is kept
/// small: 1,000 members are to cost little, and a simulation holds a hundred million of these.
/// </summary>
public sealed class SwimNode
{
    internal SwimNode(NodeFacts facts) => Facts = facts;

    /// <summary>What it says of itself.</summary>
    public NodeFacts Facts { get; internal set; }

    /// <summary>Its name: it names the node.</summary>
    public string Name => Facts.Name;

    /// <summary>Where it listens.</summary>
    public PeerAddress Address => Facts.Address;

    /// <summary>Its tags, encoded.</summary>
    public Bytes Meta => Facts.Meta;

    /// <summary>What it speaks.</summary>
    public ProtocolVersions Versions => Facts.Versions;

    /// <summary>Its incarnation; it never goes down.</summary>
    public uint Incarnation { get; internal set; }

    /// <summary>How it is.</summary>
    public NodeStatus State { get; internal set; } = NodeStatus.Dead;

    /// <summary>When that changed, on the engine's clock.</summary>
    public TimeSpan Since { get; internal set; }

    /// <summary>How it is in Serf's words; none: Serf has forgotten it. Serf's, as the next two: no second record per member.</summary>
    public MemberStatus Status { get; set; }

    /// <summary>Lamport time of its last join or leave.</summary>
    public ulong StatusTime { get; set; }

    /// <summary>When <see cref="Status"/> changed, on the engine's clock.</summary>
    public TimeSpan StatusSince { get; set; }

    /// <summary>
    /// The time a ping takes there and back, smoothed, on the high side; null when none was measured.
    /// </summary>
    public TimeSpan? RoundTrip => SmoothedSeconds > 0 ? TimeSpan.FromSeconds(SmoothedSeconds) : null;

    /// <summary>It is alive or suspect.</summary>
    public bool IsLive => State is NodeStatus.Alive or NodeStatus.Suspect;

    internal float SmoothedSeconds { get; set; }

    /// <summary>The running suspicion; null when there is none.</summary>
    internal Suspicion? Suspicion { get; set; }

    /// <summary>Where it stands in the list of <see cref="Rank"/>.</summary>
    internal int Index { get; set; }

    internal SwimRank Rank { get; set; }
}

/// <summary>The list that a node stands in.</summary>
enum SwimRank : byte
{
    /// <summary>None: it is this node, or not known any more.</summary>
    None,

    /// <summary>Alive or suspect: it is probed.</summary>
    Live,

    /// <summary>Gone a short while ago: it is still told rumours, and part of a push/pull.</summary>
    Fresh,

    /// <summary>Gone for long: only its incarnation counts, and whether it answers again.</summary>
    Buried,
}
