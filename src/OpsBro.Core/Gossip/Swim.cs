using OpsBro.Core.Wire;

namespace OpsBro.Core.Gossip;

/// <summary>
/// Membership and failure detection as memberlist does them on the wire: SWIM with Lifeguard. Pages: serf-wire.md A1, A3-A5, A8-A12, A18,
/// A19. Peers are not trusted: what makes no sense is counted and dropped. Not for several threads at once.
/// <para>
/// Its parts: Packets (in and out), Probing, Isolation, Pings (single ones, and those for others), Rumours, States (the state machine), Refuting,
/// Streams, PushPull, Timers, Lists.
/// </para>
/// </summary>
public sealed partial class Swim
{
    readonly GossipSettings settings;
    readonly GossipProfile profile;
    readonly ISwimUser user;
    readonly Chance chance;
    readonly IGossipOutput output;
    readonly PacketReader reader;
    readonly PacketWriter writer;
    readonly StreamCodec streams;
    readonly byte[] ownName;
    readonly SpanWriter scratch = new();   // one message at a time
    readonly BroadcastQueue rumours = new();
    readonly Parcel parcel;
    readonly RumourTaker takeRumour;
    readonly RumourTaker takeUserRumour;

    /// <summary>Begins, alone.</summary>
    /// <param name="settings">What to start with.</param>
    /// <param name="user">Serf.</param>
    /// <param name="chance">All randomness but nonces.</param>
    /// <param name="output">The world.</param>
    /// <param name="now">Monotonic; it never goes back.</param>
    /// <param name="reader">One that several engines share; null makes one.</param>
    /// <param name="writer">One that several engines share; null makes one.</param>
    public Swim(GossipSettings settings, ISwimUser user, Chance chance, IGossipOutput output, TimeSpan now,
        PacketReader? reader = null, PacketWriter? writer = null)
    {
        (this.settings, this.user, this.chance, this.output, profile) = (settings, user, chance, output, settings.Profile);
        this.reader = reader ?? new PacketReader(settings.Keys, settings.Label);
        this.writer = writer ?? new PacketWriter(settings.Keys, settings.Label) { Compress = settings.Compress };
        streams = new StreamCodec(settings.Keys, settings.Label) { Compress = settings.Compress };
        replays = settings.Keys is null ? null : new ReplayGuard();
        parcel = new Parcel(this.writer.Budget);
        takeRumour = rumour => parcel.TryAdd(rumour);
        takeUserRumour = rumour => parcel.TryAddUser(rumour);
        sequence = (uint)chance.Below(GossipLimits.FirstSeqNo);
        ownName = new byte[WireText.Length(settings.Name)];
        WireText.Encode(settings.Name, ownName);
        Tags.Write(scratch, settings.Tags);
        Self = new SwimNode(FactsOf(settings.Name, settings.Advertise, scratch.Written, ProtocolVersions.Ours))
        {
            Incarnation = Math.Max(1, settings.Incarnation),
            State = NodeStatus.Alive,
            Since = now,
        };
        known.Add(Self);
    }

    /// <summary>We.</summary>
    public SwimNode Self { get; }

    /// <summary>We said goodbye.</summary>
    public bool IsLeaving => Self.State == NodeStatus.Left;

    /// <summary>What was counted.</summary>
    public GossipCounters Counters { get; } = new();

    NodeFacts FactsOf(string name, PeerAddress address, ReadOnlySpan<byte> meta, ProtocolVersions versions) =>
        settings.Facts?.Of(name, address, meta, versions) ?? new NodeFacts(name, address, meta.ToArray(), versions);
}
