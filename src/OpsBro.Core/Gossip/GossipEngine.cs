using System.Buffers;
using OpsBro.Core.Wire;

namespace OpsBro.Core.Gossip;

/// <summary>
/// One node of a gossip pool: Serf's protocol 5 on memberlist's 2, without I/O. The world comes in by calls and goes out by
/// <see cref="IGossipOutput"/>; <c>now</c> is monotonic and never goes back. Not for several threads at once. After any call, call
/// <see cref="Tick"/>: something may have become due.
/// </summary>
public sealed class GossipEngine
{
    readonly Swim swim;
    readonly Serf serf;

    /// <summary>Begins, alone.</summary>
    /// <param name="settings">What to start with; its keyring is changed by queries about keys.</param>
    /// <param name="chance">All randomness but nonces.</param>
    /// <param name="output">The world.</param>
    /// <param name="now">The time.</param>
    /// <param name="reader">One that several engines share (its buffers are large); null makes one.</param>
    /// <param name="writer">One that several engines share; null makes one.</param>
    public GossipEngine(GossipSettings settings, Chance chance, IGossipOutput output, TimeSpan now,
        PacketReader? reader = null, PacketWriter? writer = null)
    {
        serf = new Serf(settings, chance, output);
        swim = new Swim(settings, serf, chance, output, now, reader, writer);
        serf.Attach(swim, now);
    }

    /// <summary>Members, we and those that failed or left included.</summary>
    public int Count => serf.Count;

    /// <summary>Our own picture.</summary>
    public Member Self => serf.Picture(swim.Self);

    /// <summary>We said that we will go.</summary>
    public bool IsLeaving => serf.IsLeaving;

    /// <summary>Local health: 0 is well, up to <see cref="GossipLimits.AwarenessMaxMultiplier"/> less one.</summary>
    public int Health => swim.Health;

    /// <summary>What was counted.</summary>
    public GossipCounters Counters => swim.Counters;

    /// <summary>Highest Lamport time seen of members: what a snapshot holds. (Serf's own <c>member_time</c> is one more.)</summary>
    public ulong Clock => serf.Clocks.Members;

    /// <summary>Highest Lamport time seen of events: what a snapshot holds.</summary>
    public ulong EventClock => serf.Clocks.Events;

    /// <summary>Highest Lamport time seen of queries: what a snapshot holds.</summary>
    public ulong QueryClock => serf.Clocks.Queries;

    /// <summary>Time between two exchanges of the whole state with somebody.</summary>
    public TimeSpan PushPullInterval => swim.PushPullInterval;

    /// <summary>Our network coordinate.</summary>
    public Coordinate OwnCoordinate => serf.OwnCoordinate;

    /// <summary>Messages of Serf that wait to be sent: intents, queries, events.</summary>
    public (int Intents, int Queries, int Events) Queues => serf.Queues;

    /// <summary>We, as others are to assume us.</summary>
    internal NodeFacts Facts => swim.Self.Facts;

    /// <summary>Knows other nodes from the start: see <see cref="Swim.Assume"/>.</summary>
    internal void Assume(IReadOnlyCollection<(NodeFacts Facts, uint Incarnation)> others, TimeSpan now)
    {
        swim.Expect(others.Count);
        foreach (var (facts, incarnation) in others)
            if (swim.Assume(facts, incarnation, now) is { } node) serf.Assume(node, now);
    }

    /// <summary>A datagram came in.</summary>
    public void Receive(PeerAddress from, ReadOnlySpan<byte> datagram, TimeSpan now) => swim.Receive(from, datagram, now);

    /// <summary>One whole stream message came in; gives the bytes to answer, empty for none. Then the stream is closed.</summary>
    public ReadOnlyMemory<byte> Accept(PeerAddress from, ReadOnlyMemory<byte> frame, TimeSpan now) => swim.Accept(from, frame, now);

    /// <summary>A stream that we dialed was answered, or closed as it should be without an answer.</summary>
    public void StreamAnswered(long id, ReadOnlyMemory<byte> frame, TimeSpan now) => swim.StreamAnswered(id, frame, now);

    /// <summary>A stream that we dialed failed.</summary>
    public void StreamFailed(long id, string reason, TimeSpan now) => swim.StreamFailed(id, reason, now);

    /// <summary>
    /// Does what is due and returns when it must be called again at the latest: <see cref="TimeSpan.MaxValue"/> when a call or packet has to
    /// come first.
    /// </summary>
    public TimeSpan Tick(TimeSpan now)
    {
        var next = serf.Tick(now);   // before Swim: what it queues may leave in the same round
        var below = swim.Tick(now);
        return below < next ? below : next;
    }

    /// <summary>This process itself was late (a timer, a collection of garbage, a full socket): it is not well.</summary>
    public void Late(TimeSpan by, TimeSpan now) => swim.Late(by, now);

    /// <summary>Joins whoever is at an address; <see cref="JoinNews"/> says how it went.</summary>
    public void Join(PeerAddress to, bool ignoreOldEvents, TimeSpan now) => serf.Join(to, ignoreOldEvents, now);

    /// <summary>Leaves; <see cref="LeftNews"/> comes when all was said. Until then the engine has to be run on.</summary>
    public void Leave(TimeSpan now) => serf.Leave(now);

    /// <summary>Makes a failed member one that left; <paramref name="prune"/> forgets it. One that is there will refute it.</summary>
    public string? ForceLeave(string node, bool prune, TimeSpan now) => serf.ForceLeave(node, prune, now);

    /// <summary>Sets our tags and tells the others.</summary>
    public string? SetTags(IReadOnlyList<KeyValuePair<string, string>> tags, TimeSpan now)
    {
        var writer = new ArrayBufferWriter<byte>();
        Tags.Write(writer, tags);
        if (writer.WrittenCount > Tags.MaxMetaSent)
            return $"the tags take {writer.WrittenCount} bytes; all members together agree on at most {Tags.MaxMetaSent}";
        swim.SetMeta(writer.WrittenSpan.ToArray(), now);
        return null;
    }

    /// <summary>Tells an event to all members.</summary>
    public string? FireEvent(string name, Bytes payload, bool coalesce, TimeSpan now) => serf.FireEvent(name, payload, coalesce, now);

    /// <summary>Asks the members something; answers come as <see cref="AnswerNews"/> with the number, never during the call.</summary>
    public string? Ask(QueryRequest request, TimeSpan now, out ulong id) => serf.Ask(request, now, out id);

    /// <summary>Answers a query that came by <see cref="QueryNews"/>, once, before its deadline.</summary>
    public string? Respond(ulong key, Bytes payload, TimeSpan now) => serf.Respond(key, payload, now);

    /// <summary>Asks all members to install, use, remove or list keys; <see cref="KeysNews"/> comes with the number.</summary>
    public string? AskKeys(KeyCommand command, byte[] key, TimeSpan now, out ulong id) => serf.AskKeys(command, key, now, out id);

    /// <summary>Pings a member once; <see cref="PingNews"/> comes with the number, 0 when there is no such member.</summary>
    public ulong Ping(string node, TimeSpan now) => serf.Ping(node, now);

    /// <summary>Sends a message of ours alone straight to a peer, as a datagram or, when it is large, on a stream.</summary>
    public void SendDirect(PeerAddress to, ReadOnlySpan<byte> body, TimeSpan now) => serf.SendDirect(to, body, now);

    /// <summary>The bytes of a stream that asks a peer of our kind; dial it, read one message, and give that to <see cref="OpenAnswer"/>.</summary>
    public ReadOnlyMemory<byte> SealQuestion(ReadOnlySpan<byte> body) => serf.SealAsk(body, dialed: true);

    /// <summary>The bytes that answer a question which came by <see cref="IGossipOutput.Asked"/>.</summary>
    public ReadOnlyMemory<byte> SealAnswer(ReadOnlySpan<byte> body) => serf.SealAsk(body, dialed: false);

    /// <summary>What a peer answered; null, and why, when it makes no sense.</summary>
    public byte[]? OpenAnswer(PeerAddress from, ReadOnlyMemory<byte> frame, TimeSpan now, out string error) =>
        serf.OpenAnswer(from, frame, now, out error);

    /// <summary>The bytes of a stream that shall become a link; dial it, read one message, and give that to <see cref="OpenWelcome"/>.</summary>
    public ReadOnlyMemory<byte> SealHello(ReadOnlySpan<byte> body) => serf.SealAsk(body, dialed: true, Serf.LinkType);

    /// <summary>The bytes that answer a hello which came by <see cref="IGossipOutput.Linked"/>.</summary>
    public ReadOnlyMemory<byte> SealWelcome(ReadOnlySpan<byte> body) => serf.SealAsk(body, dialed: false, Serf.LinkType);

    /// <summary>What a peer answered to a hello; null, and why, when it makes no sense.</summary>
    public byte[]? OpenWelcome(PeerAddress from, ReadOnlyMemory<byte> frame, TimeSpan now, out string error) =>
        serf.OpenAnswer(from, frame, now, out error, Serf.LinkType);

    /// <summary>
    /// Addresses that are joined, at once and again and again while no member has them; those before are forgotten. Each try gives a
    /// <see cref="JoinNews"/>.
    /// </summary>
    public void Seeds(IReadOnlyList<PeerAddress> seeds) => serf.Seeds(seeds);

    /// <summary>A member by its name; null when there is none.</summary>
    public Member? Find(string name) => serf.Member(name);

    /// <summary>Pictures of all members, made for this call.</summary>
    public IReadOnlyList<Member> Members() => serf.Members();

    /// <summary>The network coordinate of a member, as it said last; null when it never did.</summary>
    public Coordinate? CoordinateOf(string name) => serf.CoordinateOf(name);
}
