namespace OpsBro.Core.KeyValue;

/// <summary>
/// The key-value store of one agent, a member of group <c>kv</c> or not: placement, replication, repair, expiry. A synchronous state
/// machine: messages, ticks, operations and the disk's word go in, one at a time; effects go out through <see cref="IKeyValueOutput"/>.
/// Protocol: docs/protocols/key-value.md.
/// </summary>
public sealed partial class KeyValueEngine
{
    /// <summary>Longest time between two ticks.</summary>
    static readonly TimeSpan mostSleep = TimeSpan.FromSeconds(1);

    KeyValueSettings settings;
    readonly IKeyValueOutput output;
    readonly KeyStore store;
    readonly Membership membership;
    readonly Gossip.Chance chance;
    readonly KeyValueWriter writer = new();
    readonly Dictionary<long, Work> works = [];
    readonly TimeSpan startedAt;
    Ring ring;
    Moment now;
    long numbers;

    /// <summary>Makes an engine from what its disk has.</summary>
    /// <param name="settings">Who it is.</param>
    /// <param name="output">Where effects go.</param>
    /// <param name="stored">All rows of the disk, in any order; none for a new store.</param>
    /// <param name="now">Now.</param>
    public KeyValueEngine(KeyValueSettings settings, IKeyValueOutput output, IEnumerable<StoredRow> stored, Moment now)
    {
        (this.settings, this.output, this.now) = (settings, output, now);
        startedAt = now.Monotonic;
        chance = new Gossip.Chance(settings.Seed);
        store = new KeyStore(settings, output, stored, now) { Changed = Tell };
        membership = new Membership(store);
        membership.Load(now);
        LoadSettled();
        LoadPastRings();
        ring = membership.ToRing();
        // numbers of an earlier start may still be in messages under way, and be remembered by peers
        numbers = (long)(Dot.Mix(store.Writer) >> 2);
        RingChanged();
        store.Flush();
    }

    /// <summary>While set, the disk takes nothing: operations that write are refused with this reason; reads go on. Empty when all is well.</summary>
    public string DiskProblem { get; set; } = "";

    /// <summary>Bytes that this node keeps (<see cref="KeyEntry.Size"/>); the operator may change it.</summary>
    public long MaxStore
    {
        get => settings.MaxStore;
        set => settings = settings with { MaxStore = value };
    }

    /// <summary>Names of the members that are known, those that failed too.</summary>
    public IReadOnlyCollection<string> Known => [.. membership.Peers.Keys];

    /// <summary>
    /// The members of group <c>kv</c> in our zone changed. This node is among them when it is in the group. A node that left the group, but
    /// not the cluster, is shown as left; one that is no longer shown at all counts as failed.
    /// </summary>
    public void Members(IReadOnlyList<KeyValueMember> members, Moment now)
    {
        this.now = now;
        if (membership.Update(members, now)) NewRing();
        store.Flush();
    }

    /// <summary>A message came. What cannot be read is counted and dropped.</summary>
    public void Receive(string from, ReadOnlyMemory<byte> message, Moment now)
    {
        this.now = now;
        if (message.Length > KeyValueLimits.MaxMessage || !TryReceive(from, message)) malformed++;
        store.Flush();
    }

    /// <summary>Does what is due.</summary>
    /// <returns>The monotonic time of the next call.</returns>
    public TimeSpan Tick(Moment now)
    {
        this.now = now;
        var next = NextTick = now.Monotonic + mostSleep;
        store.Expire(now);
        if (store.NextExpiry is { } expiry) next = Earlier(next, now.Monotonic + TimeSpan.FromMilliseconds(Math.Max(expiry - now.UnixMilliseconds, 1)));
        foreach (var work in works.Values.ToArray())
        {
            if (work.Number == 0) continue;   // another one ended it
            if (work.Deadline <= now.Monotonic) work.End(work.Late());
            else
            {
                work.Tick();
                next = Earlier(next, work.Due);
            }
        }
        next = Earlier(next, Maintain());
        store.Flush();
        return NextTick = Earlier(next, NextTick);
    }

    /// <summary>When <see cref="Tick"/> is to be called: sooner than it said when a write that met another one tries again before that.</summary>
    public TimeSpan NextTick { get; private set; }

    /// <summary>Starts an operation: exactly one answer follows, maybe within this call, at the latest after <see cref="KeyValueLimits.Patience"/>.</summary>
    public void Submit(ulong id, KeyValueOperation operation, Moment now)
    {
        this.now = now;
        Begin(new Request(id, "", operation, now.Monotonic + KeyValueLimits.Patience));
        store.Flush();
    }

    /// <summary>Nobody waits for the answer any more.</summary>
    public void Cancel(ulong id)
    {
        foreach (var work in works.Values)
            if (work.Request is { Origin: "" } request && request.Id == id) request.IsCancelled = true;
    }

    /// <summary>The disk has what this ticket, and every one before it, wrote.</summary>
    public void Persisted(long ticket, Moment now)
    {
        this.now = now;
        store.Persisted(ticket, now);
        store.Flush();
    }

    /// <summary>What a disk that has everything would hold, in <see cref="RowParts"/> parts: for a log that is written anew.</summary>
    public IReadOnlyList<StoredRow> Rows(int part) => store.Rows(part);

    /// <summary>Parts of <see cref="Rows"/>.</summary>
    public const int RowParts = KeyValueLimits.Partitions + 1;

    static TimeSpan Earlier(TimeSpan a, TimeSpan b) => a < b ? a : b;

    long NextNumber() => ++numbers;
}
