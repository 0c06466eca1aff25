using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;
using OpsBro.Platform;

namespace OpsBro.Gossip;

/// <summary>
/// Links: kept streams between the agents of our zone, on gossip's TCP port and under the cluster's key, for slices that tell each other
/// many small things. Each goes one way; a message arrives in order and once, or is lost. Bytes: docs/protocols/links.md.
/// </summary>
internal sealed partial class Links
{
    /// <summary>Longest body of a message, in bytes.</summary>
    public const int MaxBody = LinkMessages.MaxBody;

    /// <summary>Links that may be open in one direction: one a peer.</summary>
    public const int MaxLinks = 512;

    /// <summary>Members that one is told of as unreachable, at once.</summary>
    public const int MostTroubles = 3;

    /// <summary>Bytes that may wait for one peer.</summary>
    public const int MaxQueued = 4 * 1024 * 1024;

    /// <summary>Without a frame for so long a link is closed by who dialed it; it is dialed again when there is something to send.</summary>
    public static readonly TimeSpan Idle = TimeSpan.FromSeconds(60);

    /// <summary>Who was dialed closes it after so long: the dialer is gone without a word.</summary>
    public static readonly TimeSpan Silent = TimeSpan.FromSeconds(90);

    /// <summary>Longest time of a dial, and of the proof that follows it.</summary>
    public static readonly TimeSpan Handshake = TimeSpan.FromSeconds(5);

    /// <summary>Longest time that a peer may take nothing from us.</summary>
    public static readonly TimeSpan Stuck = TimeSpan.FromSeconds(5);

    /// <summary>What waited for a link so long is not sent any more.</summary>
    public static readonly TimeSpan TooOld = TimeSpan.FromSeconds(5);

    static readonly TimeSpan lookAgain = TimeSpan.FromSeconds(1);

    /// <summary>Who takes the messages of a kind.</summary>
    internal sealed record Taker(LinkKind Kind, Action<LinkPeer, ReadOnlyMemory<byte>> Received, Action? Ended);

    readonly Taker?[] takers = new Taker?[byte.MaxValue + 1];
    readonly ConcurrentDictionary<string, OutLink> outgoing = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<string, InLink> incoming = new(StringComparer.Ordinal);
    readonly ILogger logger;
    readonly Timer watch;
    volatile IReadOnlyList<byte[]> keys = [];
    volatile GossipPool? pool;
    volatile bool mayBePlain;
    int countOut;

    /// <summary>Links of an agent.</summary>
    public Links(Telemetry telemetry, ILogger logger)
    {
        this.logger = logger;
        Counters = new LinkCounters(telemetry.Of("gossip", "links"));
        watch = new Timer(_ => Watch(Monotonic.Now));
    }

    /// <summary>What was counted.</summary>
    public LinkCounters Counters { get; }

    /// <summary>Links that others opened to us.</summary>
    public int CountIn => incoming.Count;

    /// <summary>Links that we opened.</summary>
    public int CountOut => Volatile.Read(ref countOut);

    /// <summary>A cluster without a key has links too: <c>gossip.links_without_key</c>.</summary>
    public bool MayBePlain
    {
        get => mayBePlain;
        set
        {
            if (mayBePlain == value) return;
            mayBePlain = value;
            if (!value && keys.Count == 0) CloseAll();
        }
    }

    /// <summary>Why messages cannot travel at all, for people; empty when they can.</summary>
    public string Problem => pool is null ? "this agent's gossip is not running: keys and values stay on this node"
        : IsOpen ? ""
        : "the cluster has no key: keys and values stay on this node; make one with opsbro gossip keys generate, see docs/gossip-keys.md";

    /// <summary>Members that cannot be reached though messages are sent to them.</summary>
    public IEnumerable<string> Troubles => outgoing.Values.Select(link => link.Trouble).Where(text => text.Length > 0).Take(MostTroubles);

    bool IsOpen => keys.Count > 0 || mayBePlain;

    /// <summary>
    /// Registers who takes the messages of a kind, before the pools start. It is called on the thread of the sockets (<see cref="SocketLoop"/>), or
    /// the pool's, one message at a time for each link, in order; it must not block for long. The bytes are its own to keep.
    /// </summary>
    /// <param name="kind">Of which messages.</param>
    /// <param name="received">Takes one.</param>
    /// <param name="ended">Told after the last one of those that came together: what costs as much for many as for one.</param>
    public void Register(LinkKind kind, Action<LinkPeer, ReadOnlyMemory<byte>> received, Action? ended = null) =>
        takers[(byte)kind] = new Taker(kind, received, ended);

    /// <summary>
    /// Queues a message for a member of our own zone; the bytes are copied. False when there is no such member, its queue is full, or there
    /// are no links here (<see cref="Problem"/>). Never blocks, never throws. Messages to one peer arrive in order or are lost.
    /// </summary>
    public bool Send(LinkKind kind, string member, ReadOnlyMemory<byte> body)
    {
        if (IsOpen && body.Length <= MaxBody && outgoing.TryGetValue(member, out var link) && link.Send((byte)kind, body.Span)) return true;
        Counters.Drop();
        return false;
    }

    /// <summary>
    /// Queues like <see cref="Send"/>, for who holds a lock: the link that is returned sends once its <see cref="OutLink.Start"/> is called, without
    /// the lock, on that thread when it can. Null when nothing was queued.
    /// </summary>
    public OutLink? Put(LinkKind kind, string member, ReadOnlyMemory<byte> body)
    {
        if (IsOpen && body.Length <= MaxBody && outgoing.TryGetValue(member, out var link) && link.Send((byte)kind, body.Span, isLater: true)) return link;
        Counters.Drop();
        return null;
    }

    /// <summary>A pool begins; called before its thread runs.</summary>
    public void Begin(GossipPool next, IReadOnlyList<byte[]> nextKeys)
    {
        CloseAll();
        foreach (var link in outgoing.Values) link.Close();
        outgoing.Clear();
        (keys, pool) = (nextKeys, next);
        watch.Change(lookAgain, lookAgain);
    }

    /// <summary>A pool is over.</summary>
    public void End(GossipPool old)
    {
        if (old != pool) return;
        pool = null;
        watch.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        CloseAll();
        foreach (var link in outgoing.Values) link.Close();
        outgoing.Clear();
    }

    /// <summary>The keys are others: links say hello again under the primary one, and those of a key that is gone end.</summary>
    public void Follow(GossipPool of, IReadOnlyList<byte[]> next)
    {
        if (of != pool) return;
        keys = next;
        foreach (var link in incoming.Values)
            if (KeyOf(link.Key) is null) link.Close();
        foreach (var link in outgoing.Values) link.Renew();
    }

    /// <summary>A member changed; called on the pool's thread.</summary>
    public void Changed(GossipPool of, MemberNews news)
    {
        var member = news.Member;
        if (of != pool || member.Name == of.Settings.Name) return;
        var isPeer = news.Change != MemberChange.Reap && member.Status is MemberStatus.Alive or MemberStatus.Leaving
            && member.Tag("ob") is not null && MemberViews.ZoneOf(of.Settings.Zone, member) == of.Settings.Zone;
        if (isPeer)
        {
            outgoing.GetOrAdd(member.Name, name => new OutLink(this, name)).Found(member.Address, isBack: news.Change == MemberChange.Join);
            return;
        }
        if (outgoing.TryRemove(member.Name, out var gone)) gone.Close();
        if (incoming.TryRemove(member.Name, out var theirs)) theirs.Close();
    }

    void CloseAll()
    {
        foreach (var link in outgoing.Values) link.Drop();
        foreach (var link in incoming.Values) link.Close();
    }

    /// <summary>Ends the links that nobody uses, and those that are stuck.</summary>
    public void Watch(TimeSpan now)
    {
        foreach (var link in outgoing.Values) link.Watch(now);
        foreach (var link in incoming.Values)
            if (now - link.LastFrame > Silent) link.Close();
    }

    /// <summary>The installed key of a fingerprint; null when there is none. Without keys the empty one is installed.</summary>
    byte[]? KeyOf(byte[] fingerprint)
    {
        var all = keys;
        if (all.Count == 0) return mayBePlain && fingerprint.AsSpan().SequenceEqual(LinkHello.KeyOf([])) ? [] : null;
        return all.FirstOrDefault(key => LinkHello.KeyOf(key).AsSpan().SequenceEqual(fingerprint));
    }

    /// <summary>Dials a member: the link, or why there is none.</summary>
    public async Task<(OutWire? Wire, string Error)> Dial(string name, PeerAddress address)
    {
        if (pool is not { } over || !IsOpen) return (null, Problem);
        if (CountOut >= MaxLinks) return (null, $"more than {MaxLinks} links are open");
        var key = keys is [var primary, ..] ? primary : [];
        var hello = new LinkHello(RandomNumberGenerator.GetBytes(LinkHello.NonceSize), LinkHello.KeyOf(key), over.Settings.Name, name);
        var (stream, bytes, error) = await over.DialLink(address, hello.Write(), Handshake);
        if (stream is null) return (null, error);
        var welcome = LinkWelcome.TryRead(bytes);
        var refusal = welcome switch
        {
            null => "the answer makes no sense",
            { Refusal.Length: > 0 } => welcome.Refusal,
            _ => welcome.Theirs.AsSpan().SequenceEqual(hello.Nonce) ? "" : "the answer is not to our hello",
        };
        if (refusal.Length > 0)
        {
            stream.Dispose();
            return (null, refusal);
        }
        LinkSocket.Prepare(stream, Stuck);
        Interlocked.Increment(ref countOut);
        return (new OutWire(stream, new LinkCipher(key, hello, welcome!.Nonce), () => Interlocked.Decrement(ref countOut)), "");
    }

    /// <summary>Answers a hello; with what takes the stream over when it is welcome.</summary>
    public (byte[] Welcome, Func<Socket, CancellationToken, Task<bool>>? Keep) Answer(GossipPool of, PeerAddress from, byte[] bytes)
    {
        var hello = LinkHello.TryRead(bytes);
        var key = hello is null ? null : KeyOf(hello.Key);
        var member = hello is null ? null : outgoing.GetValueOrDefault(hello.From);
        var refusal = hello switch
        {
            null => "this agent does not know such a hello; it may be older than yours",
            _ when of != pool || !IsOpen => Problem,
            _ when key is null => "this agent does not have the key that you use",
            _ when hello.To != of.Settings.Name => $"this is {of.Settings.Name}, not {hello.To}",
            _ when member is null => $"no live agent of zone {of.Settings.Zone} is called {hello.From}",
            // without a key the address is all that there is to know somebody by; with one, who has it may name any address anyway
            _ when key.Length == 0 && member.Address.ToIPAddress() is var known && !known.Equals(from.ToIPAddress()) =>
                $"{hello.From} is at {known}, not at {from.ToIPAddress()}",
            _ when incoming.Count >= MaxLinks && !incoming.ContainsKey(hello.From) => $"more than {MaxLinks} links are open",
            _ => "",
        };
        if (refusal.Length > 0)
        {
            Counters.Refuse();
            return (LinkWelcome.Refuse(refusal).Write(), null);
        }
        var nonce = RandomNumberGenerator.GetBytes(LinkHello.NonceSize);
        var link = new InLink(this, new LinkPeer(hello!.From, of.Settings.Zone), hello.Key, new LinkCipher(key, hello, nonce));
        return (new LinkWelcome(hello.Nonce, nonce, "").Write(), (stream, cancel) => Keep(of, link, stream, cancel));
    }

    /// <summary>Takes over a stream once its dialer has proved that it is not a recording: only then an older link of its name ends.</summary>
    async Task<bool> Keep(GossipPool of, InLink link, Socket stream, CancellationToken cancel)
    {
        if (!await link.Prove(stream, cancel))
        {
            Counters.Refuse();
            return false;
        }
        LinkSocket.Prepare(stream, Stuck);
        InLink? older = null;
        incoming.AddOrUpdate(link.Peer.Name, link, (_, before) =>
        {
            older = before;
            return link;
        });
        older?.Close();
        _ = link.Run(older?.Ended ?? Task.CompletedTask);
        // what changed while nobody could see this link
        if (of != pool || !outgoing.ContainsKey(link.Peer.Name) || KeyOf(link.Key) is null) link.Close();
        return true;
    }

    /// <summary>A link ended by a fault of the program.</summary>
    public void Broke(string peer, Exception why) => LogBroke(logger, peer, why);

    /// <summary>A link that came in has ended.</summary>
    public void Ended(InLink link) => incoming.TryRemove(new(link.Peer.Name, link));

    /// <summary>Gives the messages of a frame to their takers; false when it makes no sense. <see cref="Settle"/> follows after the last frame.</summary>
    /// <param name="from">Whose they are.</param>
    /// <param name="frame">The frame.</param>
    /// <param name="last">Who took the last message and has not been told yet that no more come.</param>
    public bool Deliver(LinkPeer from, ReadOnlyMemory<byte> frame, ref Taker? last)
    {
        var began = Monotonic.Now;
        var (count, failed) = (0, false);
        for (var at = 0; at < frame.Length; count++)
        {
            if (!LinkMessages.TryRead(frame, ref at, out var kind, out var body)) return false;
            if (takers[kind] is not { } taker)
            {
                Counters.Drop();
                continue;
            }
            if (last != taker) Settle(from, ref last);
            last = taker;
            failed |= !Give(taker, from, body);
        }
        Counters.Received(count, Monotonic.Now - began, failed);
        return true;
    }

    /// <summary>What came together was given.</summary>
    public void Settle(LinkPeer from, ref Taker? last)
    {
        if (last is { } taker) Give(taker, from, null);
        last = null;
    }

    bool Give(Taker taker, LinkPeer from, ReadOnlyMemory<byte>? body)
    {
        try
        {
            if (body is { } message) taker.Received(from, message);
            else taker.Ended?.Invoke();
            return true;
        }
        // the border to another slice: its fault must not end the link of all
        catch (Exception e)
        {
            LogFault(logger, taker.Kind, from.Name, e);
            return false;
        }
    }

    [LoggerMessage(LogLevel.Error, "a message of kind {Kind} from {Peer} was not taken by a fault of the program")]
    static partial void LogFault(ILogger logger, LinkKind kind, string peer, Exception e);

    [LoggerMessage(LogLevel.Error, "a link with {Peer} ended by a fault of the program")]
    static partial void LogBroke(ILogger logger, string peer, Exception e);
}

/// <summary>Who sent a message.</summary>
/// <param name="Name">Its name in the cluster.</param>
/// <param name="Zone">Its zone.</param>
internal readonly record struct LinkPeer(string Name, string Zone);

/// <summary>Whom a message is for.</summary>
internal enum LinkKind : byte
{
    /// <summary>The store of keys and values.</summary>
    KeyValue = 1,
}
