namespace OpsBro.Core.NodeState;

/// <summary>Every bound and period of NodeState. What exceeds a bound is refused and counted, never cut.</summary>
public static class NodeStateLimits
{
    /// <summary>Longest name of a zone, in bytes.</summary>
    public const int MaxZone = 128;

    /// <summary>Longest name of a node, in bytes.</summary>
    public const int MaxName = 512;

    /// <summary>Longest key, in bytes; the shortest is 1.</summary>
    public const int MaxKey = 256;

    /// <summary>Longest value, in bytes.</summary>
    public const int MaxValue = 1_024;

    /// <summary>Most bytes of one node's map: keys, values, and <see cref="EntryOverhead"/> for each entry.</summary>
    public const int MaxNodeBytes = 64 * 1024;

    /// <summary>Most bytes of all maps together.</summary>
    public const long MaxClusterBytes = 32L * 1024 * 1024;

    /// <summary>What an entry costs besides its key and value: its version and its place.</summary>
    public const int EntryOverhead = 8;

    /// <summary>Most nodes.</summary>
    public const int MaxNodes = 65_536;

    /// <summary>Most zones whose nodes are known.</summary>
    public const int MaxZones = 1_024;

    /// <summary>Most gossip pools of one agent: that of its zone, and that of the zone above.</summary>
    public const int MaxPools = 2;

    /// <summary>Bytes of a message that fit a gossip datagram, whatever its label and encryption cost.</summary>
    public const int DatagramBody = 1_300;

    /// <summary>Largest message, in bytes: it goes by stream. A longer one is refused unread.</summary>
    public const int StreamBody = 64 * 1024;

    /// <summary>Digests of so many nodes fit a datagram: a smaller cluster compares them without buckets.</summary>
    public const int SmallCluster = 60;

    /// <summary>Largest generation read.</summary>
    public const ulong MaxGeneration = 1ul << 40;

    /// <summary>
    /// Any generation up to this is believed: seconds since 1970 until the year 2514. Beyond it only <see cref="GenerationStep"/> at a time, or
    /// one message would take a node to the largest one, where it could not say anything newer.
    /// </summary>
    public const ulong BelievedGeneration = 1ul << 34;

    /// <summary>Beyond <see cref="BelievedGeneration"/>, how far above the known one a generation may be.</summary>
    public const ulong GenerationStep = 1ul << 10;

    /// <summary>The most for a node that we do not know: it may have been taken beyond <see cref="BelievedGeneration"/> before we came.</summary>
    public const ulong NewGeneration = 1ul << 35;

    /// <summary>Largest version taken.</summary>
    public const ulong MaxVersion = 1ul << 53;

    /// <summary>Time between two rounds in which nothing differed; each is between 3/4 and 5/4 of it.</summary>
    public static readonly TimeSpan RoundInterval = TimeSpan.FromSeconds(5);

    /// <summary>Time to the next round after one that brought something, or after a change that was not pushed.</summary>
    public static readonly TimeSpan BusyInterval = TimeSpan.FromSeconds(1);

    /// <summary>Rounds that come so soon after each of these: whoever has news tells several others, so that those who know double each time.</summary>
    public const int BusyRounds = 3;

    /// <summary>Peers that are asked in each of these; in others it is one.</summary>
    public const int BusyContacts = 2;

    /// <summary>Time between two looks for nodes to forget, when there is no peer to talk to.</summary>
    public static readonly TimeSpan LonelyInterval = TimeSpan.FromMinutes(1);

    /// <summary>Longest wait for the first round after the first peer came.</summary>
    public static readonly TimeSpan FirstRound = TimeSpan.FromMilliseconds(300);

    /// <summary>Peers that an urgent change is pushed to at once, and again after <see cref="WaveInterval"/>.</summary>
    public const int PushFanout = 3;

    /// <summary>
    /// Waves of a push; each further one goes to other peers. With two, one node in 400 is missed, and more where packets are lost; with three, one
    /// in 8,000.
    /// </summary>
    public const int Waves = 3;

    /// <summary>Time between two waves.</summary>
    public static readonly TimeSpan WaveInterval = TimeSpan.FromMilliseconds(300);

    /// <summary>Urgent changes of our own are gathered so long after a push.</summary>
    public static readonly TimeSpan PushSpacing = TimeSpan.FromMilliseconds(20);

    /// <summary>Datagrams of one own push; what does not fit goes with the rounds.</summary>
    public const int MaxPushDatagrams = 4;

    /// <summary>Pushes a second, our own and those passed on; further ones are left to the rounds and counted.</summary>
    public const int PushesPerSecond = 100;

    /// <summary>Pushes that may come at once before <see cref="PushesPerSecond"/> counts.</summary>
    public const int PushBurst = 300;

    /// <summary>Waves that wait; further pushes have none and are counted.</summary>
    public const int MaxWaves = 512;

    /// <summary>Answers to digests a second; further ones are left out and counted.</summary>
    public const int AnswersPerSecond = 50;

    /// <summary>Answers that may come at once before <see cref="AnswersPerSecond"/> counts.</summary>
    public const int AnswerBurst = 100;

    /// <summary>The state of a node that is gone is kept so long.</summary>
    public static readonly TimeSpan KeepGone = TimeSpan.FromHours(24);

    /// <summary>The state of an unknown node that is gone for longer is not taken from others: they are about to forget it.</summary>
    public static readonly TimeSpan TakeGone = TimeSpan.FromHours(23);

    /// <summary>A deletion of ours is remembered so long: a peer that was away for longer gets our map anew.</summary>
    public static readonly TimeSpan KeepTombstones = TimeSpan.FromHours(1);

    /// <summary>Deletions of ours that are remembered; of more, the oldest are forgotten.</summary>
    public const int MaxTombstones = 512;

    /// <summary>Least time between two raises of our own generation: two nodes with one name must not race.</summary>
    public static readonly TimeSpan RaiseInterval = TimeSpan.FromSeconds(10);

    /// <summary>Nodes looked at in one round for being gone too long; at least so many.</summary>
    public const int SweepLeast = 16;

    /// <summary>A sweep over all nodes takes at most so many rounds.</summary>
    public const int SweepRounds = 128;

    /// <summary>Texts that a share remembers so that equal ones are one; further ones are not shared.</summary>
    public const int MaxShared = 65_536;

    /// <summary>Versions of one node's map that a share remembers.</summary>
    public const int SharedMaps = 4;
}
