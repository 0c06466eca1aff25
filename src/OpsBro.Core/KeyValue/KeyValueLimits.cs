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

    /// <summary>Bytes of keys and values that one node keeps, unless its configuration says otherwise.</summary>
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

    /// <summary>Longest time to live.</summary>
    public static readonly TimeSpan MaxTimeToLive = TimeSpan.FromDays(3_650);

    /// <summary>A write that is dated further ahead of our clock is refused: it would win against everything for so long.</summary>
    public static readonly TimeSpan MaxAhead = TimeSpan.FromSeconds(60);

    /// <summary>An operation is answered within this time, well or badly.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
}
