namespace OpsBro.Core.KeyValue;

/// <summary>What the key-value store takes and keeps, named once.</summary>
public static class KeyValueLimits
{
    /// <summary>Longest key, in bytes of UTF-8. A key is not empty, and holds no control characters.</summary>
    public const int MaxKey = 512;

    /// <summary>Longest value, in bytes.</summary>
    public const int MaxValue = 512 * 1024;

    /// <summary>Most bytes of keys and values in one batch.</summary>
    public const int MaxBatch = 1024 * 1024;

    /// <summary>Most operations in one batch.</summary>
    public const int MaxBatchOperations = 1_000;

    /// <summary>
    /// What each version of a key counts beside key and value: about what it takes in memory. Measured with GC.GetTotalMemory before and after 100,000 puts,
    /// less the bytes of keys (7 and 32) and values (1, 8 and 100): 318 to 349 a key on a node alone, 361 to 390 read from the disk; on three nodes, whose
    /// copies also hold the message that brought them, 428 to 476, with a time to live 475 to 523; removals 334 to 492.
    /// </summary>
    public const int Overhead = 512;

    /// <summary>Bytes that one node keeps, of keys, values and <see cref="Overhead"/>, unless its configuration says otherwise.</summary>
    public const long DefaultStore = 64L * 1024 * 1024;

    /// <summary>Partitions: the first byte of the SHA-1 of a key is its partition.</summary>
    public const int Partitions = 256;

    /// <summary>Points of each node on the ring.</summary>
    public const int VirtualNodes = 64;

    /// <summary>Copies of each key: the owner's and two more.</summary>
    public const int Copies = 3;

    /// <summary>Values that lost against a concurrent one and are kept with a key.</summary>
    public const int MaxConflicts = 10;

    /// <summary>Client operations under way on one agent.</summary>
    public const int MaxOperations = 4_096;

    /// <summary>Bytes of values that wait on one agent, for a disk or other nodes; further writes are refused.</summary>
    public const long MaxUnderWay = 64L * 1024 * 1024;

    /// <summary>Longest time to live.</summary>
    public static readonly TimeSpan MaxTimeToLive = TimeSpan.FromDays(3_650);

    /// <summary>A write that is dated further ahead of our clock is refused: it would win against everything for so long.</summary>
    public static readonly TimeSpan MaxAhead = TimeSpan.FromSeconds(60);

    /// <summary>An operation is answered within this time, well or badly.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>
    /// What nobody waits for, the copies beyond those that acknowledge a write, is gathered so long: many of them cost a message and a flush of
    /// a disk as one does.
    /// </summary>
    public static readonly TimeSpan Lazy = TimeSpan.FromMilliseconds(5);

    /// <summary>Longest name or uuid of a member, in bytes.</summary>
    public const int MaxName = 256;

    /// <summary>Most members of group <c>kv</c> that are placed on the ring.</summary>
    public const int MaxMembers = 256;

    /// <summary>Most writers in the context of a record.</summary>
    public const int MaxContext = 32;

    /// <summary>Most bytes of records, keys or values in one message of repair or of a list.</summary>
    public const int MaxPart = 768 * 1024;

    /// <summary>Longest message that is read.</summary>
    public const int MaxMessage = 2 * 1024 * 1024;

    /// <summary>Operations of other agents under way on one agent; further ones are refused.</summary>
    public const int MaxForwarded = 16_384;

    /// <summary>Times an operation is passed on when the agents disagree on the owner.</summary>
    public const int MaxHops = 2;

    /// <summary>Forwarded writes that are remembered, so that a doubled message does not write twice.</summary>
    public const int MaxRemembered = 16_384;

    /// <summary>Prefixes that one agent watches, and peers that watch at one agent.</summary>
    public const int MaxWatched = 256;

    /// <summary>A failed member is expected back for so long; then its copies belong to others.</summary>
    public static readonly TimeSpan ForgetFailed = TimeSpan.FromHours(72);

    /// <summary>The ring must be unchanged for so long before it is settled: longer than any operation.</summary>
    public static readonly TimeSpan Settle = TimeSpan.FromSeconds(10);

    /// <summary>An agent that has never been settled waits so long after its start before it believes that there is no other.</summary>
    public static readonly TimeSpan Alone = TimeSpan.FromSeconds(4);

    /// <summary>A removal is kept for so long at least.</summary>
    public static readonly TimeSpan KeepRemovals = TimeSpan.FromHours(1);

    /// <summary>A removal with conflicts is kept for so long at least.</summary>
    public static readonly TimeSpan KeepConflicts = TimeSpan.FromDays(1);

    /// <summary>The promise for a key that is not there is kept for so long; then it is one of the whole partition.</summary>
    public static readonly TimeSpan KeepPromise = TimeSpan.FromMinutes(1);

    /// <summary>Records of a partition after which its version vector is written.</summary>
    public const int SaveVectorAfter = 1_000;

    /// <summary>Keys that expire within one tick; the others at the next.</summary>
    public const int ExpiriesAtOnce = 1_000;

    /// <summary>Longest place in a list to go on after, in bytes: a folder and the highest character.</summary>
    public const int MaxAfter = MaxKey + 3;

    /// <summary>Most keys in one answer to a list.</summary>
    public const int MaxListed = 10_000;

    /// <summary>Longest reason in an answer, in bytes.</summary>
    public const int MaxReason = 4_096;
}
