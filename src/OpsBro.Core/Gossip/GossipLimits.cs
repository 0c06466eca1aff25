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

    /// <summary>
    /// Any incarnation up to this is believed (agents begin with the seconds since 2020, Serf with 1); beyond it only
    /// <see cref="MaxIncarnationStep"/> at a time, or a few messages would take a node to the end of the range, where nothing tops them.
    /// </summary>
    public const uint MaxIncarnation = int.MaxValue;

    /// <summary>Beyond <see cref="MaxIncarnation"/>, how far above the known one an incarnation may be.</summary>
    public const uint MaxIncarnationStep = 1u << 10;

    /// <summary>The most for a node that we do not know: it may have been taken beyond <see cref="MaxIncarnation"/> before we came.</summary>
    public const uint MaxNewIncarnation = 3u << 30;

    /// <summary>A Lamport time so far ahead of ours is not believed from one message.</summary>
    public const ulong MaxLamportJump = 1ul << 20;

    /// <summary>Pings are counted from anywhere below this: two processes of one name differ, and the number takes three bytes for hours.</summary>
    public const int FirstSeqNo = 1 << 15;

    /// <summary>A push/pull that brought nodes that we did not know is followed by another one after half to one and a half times this.</summary>
    public static readonly TimeSpan CatchUpInterval = TimeSpan.FromSeconds(1.5);

    /// <summary>So many that bring nothing new end this.</summary>
    public const int CatchUps = 2;

    /// <summary>Who comes, or comes back, tells so many members itself: in small clusters a rumour misses a node now and then.</summary>
    public const int MaxToldDirectly = 100;

    /// <summary>Probes that may be under way at once: a dead node does not hold up the round.</summary>
    public const int MaxProbes = 2;

    /// <summary>Pings of ours that wait for an answer beside the probes: those for others, those that users asked for.</summary>
    public const int MaxPings = 512;

    /// <summary>Streams that we have dialed and that are under way.</summary>
    public const int MaxDials = 256;

    /// <summary>Streams that peers have opened and that are under way at once; the socket loop refuses more.</summary>
    public const int MaxInboundStreams = 128;

    /// <summary>Messages in a second that are sent straight back to nodes whose rumours are out of date.</summary>
    public const int MaxReplies = 20;

    /// <summary>Pings and requests in one datagram that are answered; honest peers send one. A compressed datagram may hold thousands.</summary>
    public const int MaxRepliesToPacket = 8;

    /// <summary>Times that a suspect is asked directly before it is dead, a probe interval apart.</summary>
    public const int LastCalls = 3;

    /// <summary>Such pings in a second; when half the cluster fails at once it gets by with fewer.</summary>
    public const int MaxLastCalls = 50;

    /// <summary>Encrypted messages that are remembered within <see cref="ReplayWindow"/>.</summary>
    public const int MaxReplayMemory = 32_768;

    /// <summary>Lateness of our own from which on it counts against our health.</summary>
    public static readonly TimeSpan LateThreshold = TimeSpan.FromMilliseconds(100);

    /// <summary>Time between two pings to a dead node, each to another one: a healed network is noticed so soon.</summary>
    public static readonly TimeSpan DeadPingInterval = TimeSpan.FromSeconds(5);

    /// <summary>Rumours that came within this part of a gossip interval are sent together.</summary>
    public const int GatheringDivisor = 8;

    /// <summary>Round trips that a probe waits, when they are known.</summary>
    public const int ProbeRoundTrips = 3;

    /// <summary>Of so many acks to agents of our kind, one carries our coordinate.</summary>
    public const int AcksPerCoordinate = 4;

    /// <summary>So many round trips make a coordinate; until then each ack carries it.</summary>
    public const int CoordinateUnsettled = 20;

    /// <summary>Share of a longer round trip in its smoothed value.</summary>
    public const float RoundTripRise = 0.5f;

    /// <summary>Share of a shorter one.</summary>
    public const float RoundTripFall = 0.125f;

    /// <summary>Draws until a random choice gives up: there is hardly anything to choose.</summary>
    public const int MaxDraws = 16;

    /// <summary>Timers of suspicions that are no more, for each live node, until they are cleared away.</summary>
    public const int StaleTimersFactor = 4;

    /// <summary>Up to so many nodes the push/pull interval is that of the profile.</summary>
    public const int PushPullScaleFrom = 32;

    /// <summary>Bytes of a node in a push/pull, more or less: the first size of a buffer.</summary>
    public const int TypicalNodeState = 128;

    /// <summary>Least probe timeout, when round trips are known to be short.</summary>
    public static readonly TimeSpan MinProbeTimeout = TimeSpan.FromMilliseconds(100);

    /// <summary>Time after which failed members and seeds are tried again.</summary>
    public static readonly TimeSpan ReconnectInterval = TimeSpan.FromSeconds(10);

    /// <summary>A failed member is forgotten after so long.</summary>
    public static readonly TimeSpan ReconnectTimeout = TimeSpan.FromHours(24);

    /// <summary>A member that left is forgotten after so long.</summary>
    public static readonly TimeSpan TombstoneTimeout = TimeSpan.FromHours(24);

    /// <summary>A failed member that is back sooner flaps: it is counted, for something is wrong with it, its network or these settings.</summary>
    public static readonly TimeSpan FlapTimeout = TimeSpan.FromSeconds(60);

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

    /// <summary>Largest message of Serf's that is taken, in bytes: Serf lets nobody set an event to more than 9 KiB.</summary>
    public const int MaxMessage = 10 * 1024;

    /// <summary>Largest query and largest answer, in bytes.</summary>
    public const int QuerySize = 1024;

    /// <summary>Gossip intervals, times log10 of the members, that a query waits for answers.</summary>
    public const int QueryTimeoutMult = 16;

    /// <summary>A datagram that was seen within this time is a replay.</summary>
    public static readonly TimeSpan ReplayWindow = TimeSpan.FromSeconds(60);
}
