namespace OpsBro.Core.KeyValue;

/// <summary>A moment on both clocks.</summary>
/// <param name="Monotonic">For deadlines and periods; never goes back.</param>
/// <param name="UnixMilliseconds">The wall clock, for versions and times to live; may jump.</param>
public readonly record struct Moment(TimeSpan Monotonic, long UnixMilliseconds);

/// <summary>How a member of group <c>kv</c> stands.</summary>
public enum MemberStanding
{
    /// <summary>It answers gossip (suspected ones too).</summary>
    Alive,

    /// <summary>It does not answer; it is expected back, and its copies count when a majority is needed.</summary>
    Failed,

    /// <summary>It said goodbye, or an operator took it out.</summary>
    Left,
}

/// <summary>A member of group <c>kv</c> in our zone, as gossip and NodeState tell; this node too when it is in the group.</summary>
/// <param name="Name">Its name: messages are sent to it.</param>
/// <param name="Id">Its uuid: places it on the ring.</param>
/// <param name="Standing">How it stands.</param>
/// <param name="Announcement">What its engine says of itself (<see cref="KeyValueEngine.Announcement"/>), as far as it came; empty when unknown.</param>
public readonly record struct KeyValueMember(string Name, string Id, MemberStanding Standing, string Announcement);

/// <summary>What an operation does.</summary>
public enum KeyValueVerb : byte
{
    /// <summary>Reads one key.</summary>
    Get = 1,

    /// <summary>Writes one key.</summary>
    Put = 2,

    /// <summary>Removes one key; removing what is not there is well, unless a version is expected.</summary>
    Delete = 3,

    /// <summary>Keys below a prefix on all nodes, with values or without.</summary>
    List = 4,
}

/// <summary>Where a read looks.</summary>
public enum Consistency : byte
{
    /// <summary>A majority of the copies: sees every acknowledged write.</summary>
    Quorum = 0,

    /// <summary>The owner's copy.</summary>
    Owner = 1,

    /// <summary>The copy of the agent that was asked; unavailable when it has none of this key's partition.</summary>
    Local = 2,
}

/// <summary>On how many nodes' disks a write is before it is acknowledged.</summary>
public enum Acknowledgement : byte
{
    /// <summary>A majority of the copies.</summary>
    Quorum = 0,

    /// <summary>The coordinating node's.</summary>
    One = 1,

    /// <summary>All copies.</summary>
    All = 2,
}

/// <summary>What a client asks.</summary>
public sealed record KeyValueOperation
{
    /// <summary>What to do.</summary>
    public required KeyValueVerb Verb { get; init; }

    /// <summary>The key, or the prefix to list.</summary>
    public required string Key { get; init; }

    /// <summary>The value to put.</summary>
    public ReadOnlyMemory<byte> Value { get; init; }

    /// <summary>Milliseconds until the key vanishes; 0 for never. Turned into a moment by the coordinating node.</summary>
    public long TimeToLive { get; init; }

    /// <summary>Compare and set: the version that the key must have; 0 when it must not exist; null for any.</summary>
    public long? Expected { get; init; }

    /// <summary>When a write is acknowledged.</summary>
    public Acknowledgement Acknowledgement { get; init; }

    /// <summary>Where a read looks.</summary>
    public Consistency Consistency { get; init; }

    /// <summary>List: keys after this one only (paging).</summary>
    public string After { get; init; } = "";

    /// <summary>List: most keys.</summary>
    public int Limit { get; init; } = 1_000;

    /// <summary>List: with values.</summary>
    public bool WithValues { get; init; }
}

/// <summary>How an operation ended.</summary>
public enum KeyValueStatus : byte
{
    /// <summary>Done.</summary>
    Ok = 0,

    /// <summary>The key is not there: a majority said so (or the copy that was asked for).</summary>
    NotFound = 1,

    /// <summary>The version is not the expected one; the result holds the current entry, if there is one.</summary>
    Conflict = 2,

    /// <summary>Too few copies can be reached, or too much is under way. A write may have happened all the same, or happen later.</summary>
    Unavailable = 3,

    /// <summary>The store is full, or the disk refuses; nothing was written.</summary>
    NoSpace = 4,

    /// <summary>The operation makes no sense or is beyond a limit.</summary>
    Invalid = 5,
}

/// <summary>One version of a key's value, as clients see it.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">The value; empty in lists without values.</param>
/// <param name="Version">Grows with each write of the key; below 2^53. Unix milliseconds of the hybrid clock times 1024, and a counter.</param>
/// <param name="Writer">Name of the node that coordinated the write.</param>
/// <param name="ExpiresAt">Unix milliseconds; 0 for never.</param>
/// <param name="IsDeleted">Only among conflicts: the version that lost, or won, was a removal.</param>
/// <param name="Size">Bytes of the value.</param>
public sealed record KeyValueEntry(string Key, ReadOnlyMemory<byte> Value, long Version, string Writer, long ExpiresAt, bool IsDeleted, int Size)
{
    /// <summary>Versions that lost against a concurrent one, the newest first; a later write of the key clears them.</summary>
    public IReadOnlyList<KeyValueEntry> Conflicts { get; init; } = [];
}

/// <summary>The answer to an operation.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Reason">For people, when it did not end well: what failed and the way out. Empty otherwise.</param>
public sealed record KeyValueResult(KeyValueStatus Status, string Reason)
{
    /// <summary>What was read or written; on <see cref="KeyValueStatus.Conflict"/> what is there; null when there is nothing.</summary>
    public KeyValueEntry? Entry { get; init; }

    /// <summary>The keys of a list, in ordinal order.</summary>
    public IReadOnlyList<KeyValueEntry> Entries { get; init; } = [];

    /// <summary>A list was cut at its limit: ask for those after the last key.</summary>
    public bool HasMore { get; init; }

    /// <summary>Copies that have the write on disk, or answered the read.</summary>
    public int Copies { get; init; }
}

/// <summary>The visible value of a key changed: told once it is on this node's disk, or when a subscribed peer says so.</summary>
/// <param name="Key">The key.</param>
/// <param name="Version">The version that holds now; a removal and the end of a time to live have one too.</param>
/// <param name="IsDeleted">The key is gone.</param>
/// <param name="IsExpired">It is gone because its time was over.</param>
/// <param name="IsConflict">A concurrent version lost.</param>
/// <param name="Writer">The node that coordinated the write.</param>
public readonly record struct KeyChange(string Key, long Version, bool IsDeleted, bool IsExpired, bool IsConflict, string Writer);

/// <summary>One row to write: the disk keeps names and bytes and nothing else.</summary>
/// <param name="Table">Which kind of row.</param>
/// <param name="Name">Its name within the table.</param>
/// <param name="Data">Its bytes; null removes it.</param>
public readonly record struct StoredRow(StoredTable Table, string Name, byte[]? Data);

/// <summary>Kinds of rows.</summary>
public enum StoredTable : byte
{
    /// <summary>A key's entry: its winner, the versions that lost, its promise.</summary>
    Entry = 0,

    /// <summary>What the engine keeps beside: version vectors of partitions, known members, its store's id.</summary>
    Meta = 1,
}

/// <summary>What the engine causes.</summary>
public interface IKeyValueOutput
{
    /// <summary>Sends a message to a member by name; may get lost. The memory is the receiver's.</summary>
    /// <param name="member">To whom.</param>
    /// <param name="message">What.</param>
    /// <param name="canWait">Nobody waits for it: up to <see cref="KeyValueLimits.Lazy"/> it may wait for others to the same member.</param>
    void Send(string member, ReadOnlyMemory<byte> message, bool canWait);

    /// <summary>
    /// Writes rows, all or none, after those of every earlier call; then <c>KeyValueEngine.Persisted</c> is called with the ticket,
    /// never from within this call.
    /// </summary>
    void Persist(long ticket, IReadOnlyList<StoredRow> rows);

    /// <summary>Something waits for what was given to the disk. What nothing waits for may be gathered up to <see cref="KeyValueLimits.Lazy"/>.</summary>
    void Hurry();

    /// <summary>The answer to an operation of <c>KeyValueEngine.Submit</c>.</summary>
    void Answer(ulong id, KeyValueResult result);

    /// <summary>A key changed.</summary>
    void Changed(in KeyChange change);
}

/// <summary>What an engine is made with.</summary>
public sealed record KeyValueSettings
{
    /// <summary>This node's name among the members.</summary>
    public required string Name { get; init; }

    /// <summary>This node's uuid.</summary>
    public required string Id { get; init; }

    /// <summary>64 random bits: the store's id if none is stored yet (a wiped disk comes back as another store).</summary>
    public required ulong FreshStoreId { get; init; }

    /// <summary>Seed of the choice of peers.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Bytes that this node keeps (<see cref="KeyEntry.Size"/>).</summary>
    public long MaxStore { get; init; } = KeyValueLimits.DefaultStore;
}
