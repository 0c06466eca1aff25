namespace OpsBro.Core.Gossip;

/// <summary>Constants of the protocol that are the same on every network, and every bound of its queues. Page: serf-wire.md A12.</summary>
public static class GossipLimits
{
    /// <summary>Scores of local health: 0 is well, one less than this is the worst.</summary>
    public const int AwarenessMaxMultiplier = 8;

    /// <summary>Most nodes that the member list holds; further ones are refused and counted.</summary>
    public const int MaxNodes = 65_536;

    /// <summary>Most rumours that wait of one kind (members, intents, events, queries); the most often sent is dropped first.</summary>
    public const int MaxQueue = 4_096;

    /// <summary>An incarnation or Lamport time that jumps by more is not believed: it would poison the cluster.</summary>
    public const uint MaxIncarnationJump = 1u << 31;

    /// <summary>A Lamport time so far ahead of ours is not believed from one message.</summary>
    public const ulong MaxLamportJump = 1ul << 20;

    /// <summary>Probes that may be under way at once: a dead node does not hold up the round.</summary>
    public const int MaxProbes = 2;

    /// <summary>Least probe timeout, when round trips are known to be short.</summary>
    public static readonly TimeSpan MinProbeTimeout = TimeSpan.FromMilliseconds(100);

    /// <summary>Time after which failed members and seeds are tried again.</summary>
    public static readonly TimeSpan ReconnectInterval = TimeSpan.FromSeconds(10);

    /// <summary>A failed member is forgotten after so long.</summary>
    public static readonly TimeSpan ReconnectTimeout = TimeSpan.FromHours(24);

    /// <summary>A member that left is forgotten after so long.</summary>
    public static readonly TimeSpan TombstoneTimeout = TimeSpan.FromHours(24);

    /// <summary>Time between two looks for members to forget.</summary>
    public static readonly TimeSpan ReapInterval = TimeSpan.FromSeconds(15);

    /// <summary>An intent about a member that we do not know is kept so long.</summary>
    public static readonly TimeSpan RecentIntentTimeout = TimeSpan.FromMinutes(5);

    /// <summary>Longest wait until an announcement has been sent often enough.</summary>
    public static readonly TimeSpan BroadcastTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Time that a leaving node stays up after its goodbye.</summary>
    public static readonly TimeSpan LeavePropagateDelay = TimeSpan.FromSeconds(1);

    /// <summary>Slots of the ring of past events, and of past queries.</summary>
    public const int EventBuffer = 512;

    /// <summary>Largest event: name and payload together, and its message, in bytes.</summary>
    public const int UserEventSize = 512;

    /// <summary>Largest query and largest answer, in bytes.</summary>
    public const int QuerySize = 1024;

    /// <summary>Gossip intervals, times log10 of the members, that a query waits for answers.</summary>
    public const int QueryTimeoutMult = 16;

    /// <summary>A datagram that was seen within this time is a replay.</summary>
    public static readonly TimeSpan ReplayWindow = TimeSpan.FromSeconds(60);
}
