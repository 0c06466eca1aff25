using OpsBro.Core.Wire;

namespace OpsBro.Core.Gossip;

/// <summary>What a gossip engine counts since it began. Numbers only go up.</summary>
public sealed class GossipCounters
{
    readonly long[] packetFaults = new long[Enum.GetValues<PacketFault>().Length];
    readonly long[] streamFaults = new long[Enum.GetValues<StreamFault>().Length];
    long sealedBefore;

    /// <summary>Datagrams that came in, and their bytes.</summary>
    public long PacketsIn { get; internal set; }

    /// <summary>Their bytes.</summary>
    public long BytesIn { get; internal set; }

    /// <summary>Datagrams sent.</summary>
    public long PacketsOut { get; internal set; }

    /// <summary>Their bytes.</summary>
    public long BytesOut { get; internal set; }

    /// <summary>Streams that came in.</summary>
    public long StreamsIn { get; internal set; }

    /// <summary>Streams dialed.</summary>
    public long StreamsOut { get; internal set; }

    /// <summary>Bytes of streams that came in.</summary>
    public long StreamBytesIn { get; internal set; }

    /// <summary>Bytes of streams that went out.</summary>
    public long StreamBytesOut { get; internal set; }

    /// <summary>Datagrams and streams encrypted.</summary>
    public long Sealed { get; internal set; }

    /// <summary>
    /// Those under the key that is the primary one now: a key with random nonces is to be changed long before 2^32 of all nodes together.
    /// </summary>
    public long SealedUnderPrimary => Sealed - sealedBefore;

    /// <summary>Messages that could not be read.</summary>
    public long Malformed { get; internal set; }

    /// <summary>Messages of a type that we do not know.</summary>
    public long Unknown { get; internal set; }

    /// <summary>Pings and indirect pings that were not for us, or from nobody we know.</summary>
    public long Misdirected { get; internal set; }

    /// <summary>Encrypted messages that were seen before.</summary>
    public long Replays { get; internal set; }

    /// <summary>Probes begun.</summary>
    public long Probes { get; internal set; }

    /// <summary>Probes that had to ask others.</summary>
    public long IndirectProbes { get; internal set; }

    /// <summary>Probes that only a stream answered: UDP is broken on that way.</summary>
    public long StreamProbes { get; internal set; }

    /// <summary>Probes that nobody answered.</summary>
    public long FailedProbes { get; internal set; }

    /// <summary>Nodes that became suspect.</summary>
    public long Suspicions { get; internal set; }

    /// <summary>Times that we had to say that we are alive.</summary>
    public long Refutations { get; internal set; }

    /// <summary>Nodes that died here.</summary>
    public long Deaths { get; internal set; }

    /// <summary>Exchanges of the whole state that were merged.</summary>
    public long PushPulls { get; internal set; }

    /// <summary>Exchanges of the whole state that failed or were refused.</summary>
    public long FailedPushPulls { get; internal set; }

    /// <summary>Rumours dropped before they were sent often enough.</summary>
    public long DroppedRumours { get; internal set; }

    /// <summary>Nodes refused because the list is full.</summary>
    public long RefusedNodes { get; internal set; }

    /// <summary>Rumours refused because their incarnation or Lamport time is out of all proportion.</summary>
    public long RefusedJumps { get; internal set; }

    /// <summary>Requests and dials refused because too many are under way.</summary>
    public long RefusedRequests { get; internal set; }

    /// <summary>Alive messages with a name that another address has.</summary>
    public long Conflicts { get; internal set; }

    /// <summary>Members that were back within <see cref="GossipLimits.FlapTimeout"/> after they had failed.</summary>
    public long Flaps { get; internal set; }

    /// <summary>Times that this process was late itself.</summary>
    public long Late { get; internal set; }

    /// <summary>The latest it ever was.</summary>
    public TimeSpan MostLate { get; internal set; }

    /// <summary>What was wrong with the last datagram or stream that was dropped; null when none was.</summary>
    public GossipFault? LastFault { get; private set; }

    /// <summary>Datagrams, or parts of one, that were dropped for a reason.</summary>
    public long Of(PacketFault fault) => packetFaults[(int)fault];

    /// <summary>Streams that were refused for a reason.</summary>
    public long Of(StreamFault fault) => streamFaults[(int)fault];

    /// <summary>Another key is the primary one.</summary>
    internal void PrimaryChanged() => sealedBefore = Sealed;

    internal void Add(PacketFault fault, PeerAddress from, TimeSpan now)
    {
        packetFaults[(int)fault]++;
        LastFault = new(fault, StreamFault.None, from, now);
    }

    internal void Add(StreamFault fault, PeerAddress from, TimeSpan now)
    {
        streamFaults[(int)fault]++;
        LastFault = new(PacketFault.None, fault, from, now);
    }
}

/// <summary>Something that was dropped.</summary>
/// <param name="Packet">Why a datagram was; none when it was a stream.</param>
/// <param name="Stream">Why a stream was; none when it was a datagram.</param>
/// <param name="From">Where it came from.</param>
/// <param name="At">When, on the engine's clock.</param>
public readonly record struct GossipFault(PacketFault Packet, StreamFault Stream, PeerAddress From, TimeSpan At)
{
    /// <summary>It has a wrong key, or none where we have one, or one where we have none.</summary>
    public bool IsKey => Packet == PacketFault.NoKey || Stream is StreamFault.WrongKey or StreamFault.NotEncrypted or StreamFault.NoKeys;

    /// <summary>What is wrong, in a few words.</summary>
    public string Text => (Packet, Stream) switch
    {
        (PacketFault.NoKey, _) or (_, StreamFault.WrongKey) => "a wrong key",
        (_, StreamFault.NotEncrypted) => "no encryption, and we have a key",
        (_, StreamFault.NoKeys) => "encryption, and we have no key",
        (PacketFault.Label, _) or (_, StreamFault.Label) => "another label",
        (PacketFault.Checksum, _) => "a wrong checksum",
        (PacketFault.Compression, _) or (_, StreamFault.Compression) => "broken compression",
        (PacketFault.TooDeep, _) => "too many layers",
        (PacketFault.Cut, _) => "a missing end",
        _ => "no sense",
    };
}
