namespace OpsBro.Core.KeyValue;

/// <summary>All that a node has of one key: the version that holds, those that lost against concurrent ones, and a promise.</summary>
public sealed class KeyEntry(string key, ulong keyHash)
{
    static readonly KeyRecord[] none = [];

    /// <summary>The key.</summary>
    public string Key { get; } = key;

    /// <summary>First 8 bytes of the SHA-1 of the key.</summary>
    public ulong KeyHash { get; } = keyHash;

    /// <summary>Which partition it is in.</summary>
    public int Partition => Ring.PartitionOf(KeyHash);

    /// <summary>What holds; null when there is a promise alone.</summary>
    public KeyRecord? Winner { get; internal set; }

    /// <summary>What lost, the newest first.</summary>
    public KeyRecord[] Losers { get; internal set; } = none;

    /// <summary>No lower version is taken from a coordinator; 0 for none.</summary>
    public long Promise { get; internal set; }

    /// <summary>
    /// The winner came by repair, below a promise: it does not count as accepted, for who was promised did not see it and may have written another value.
    /// </summary>
    public bool IsLoose { get; internal set; }

    /// <summary>Somebody was promised that nothing older than what he writes is taken, and has not been heard of again.</summary>
    public bool IsOpen => Promise > (Winner?.Version ?? 0);

    /// <summary>The last ticket that wrote it.</summary>
    internal long Ticket { get; set; }

    /// <summary>It waits to be written at the end of this call.</summary>
    internal bool IsStaged { get; set; }

    /// <summary>It is among the store's keys.</summary>
    internal bool IsListed { get; set; }

    /// <summary>Everybody was told that the winner's time is over.</summary>
    internal bool IsExpiryTold { get; set; }

    /// <summary>When the promise was given.</summary>
    internal TimeSpan PromisedAt { get; set; }

    /// <summary>The highest version or promise.</summary>
    public long Highest => Math.Max(Promise, Winner?.Version ?? 0);

    /// <summary>There is neither a record nor a promise.</summary>
    public bool IsEmpty => Winner is null && Promise == 0;

    /// <summary>Sum over its dots, for the hash of the partition's content.</summary>
    public ulong ContentHash
    {
        get
        {
            if (Winner is null) return 0;
            var sum = Dot.Mix(KeyHash + Winner.Dot.Hash);
            foreach (var loser in Losers) sum += Dot.Mix(KeyHash + loser.Dot.Hash);
            return sum;
        }
    }

    /// <summary>Bytes that count against the store's limit, of a promise alone none.</summary>
    public long Size
    {
        get
        {
            if (Winner is null) return 0;
            var size = SizeOf(Key, Winner.Value.Length);
            foreach (var loser in Losers) size += KeyValueLimits.Overhead + loser.Value.Length;
            return size;
        }
    }

    /// <summary>What a key with one version counts.</summary>
    public static long SizeOf(string key, int value) => KeyValueLimits.Overhead + key.Length + value;

    /// <summary>It holds this very write.</summary>
    public bool Has(in Dot dot)
    {
        if (Winner is null) return false;
        if (Winner.Dot == dot) return true;
        foreach (var loser in Losers)
            if (loser.Dot == dot) return true;
        return false;
    }

    /// <summary>It holds this write, or one that replaced it.</summary>
    public bool Includes(in Dot dot)
    {
        if (Winner is null) return false;
        if (Winner.Includes(dot)) return true;
        foreach (var loser in Losers)
            if (loser.Includes(dot)) return true;
        return false;
    }

    /// <summary>Takes a record in: replaced ones go, of concurrent ones the later wins. The order in which records come does not matter.</summary>
    /// <returns>Whether anything changed.</returns>
    public bool Merge(KeyRecord record)
    {
        if (Includes(record.Dot)) return false;
        if (Winner is null)
        {
            Winner = record;
            return true;
        }
        if (Losers.Length == 0 && Context.Covers(record.Context, Winner.Dot))
        {
            Winner = record;
            return true;
        }
        var left = new List<KeyRecord>(Losers.Length + 2) { record };
        if (!Context.Covers(record.Context, Winner.Dot)) left.Add(Winner);
        foreach (var loser in Losers)
            if (!Context.Covers(record.Context, loser.Dot)) left.Add(loser);
        Set(left);
        return true;
    }

    /// <summary>Takes out what was removed elsewhere.</summary>
    public void Drop(Func<Dot, bool> isRemoved)
    {
        var left = new List<KeyRecord>(Losers.Length + 1);
        if (Winner is { } winner && !isRemoved(winner.Dot)) left.Add(winner);
        foreach (var loser in Losers)
            if (!isRemoved(loser.Dot)) left.Add(loser);
        Set(left);
    }

    void Set(List<KeyRecord> records)
    {
        if (records.Count == 0)
        {
            (Winner, Losers) = (null, none);
            return;
        }
        records.Sort(static (a, b) => KeyRecord.Compare(b, a));
        Winner = records[0];
        var losers = Math.Min(records.Count - 1, KeyValueLimits.MaxConflicts);
        Losers = losers == 0 ? none : [.. records[1..(losers + 1)]];
    }

    internal void Write(KeyValueWriter to)
    {
        to.Number(Promise);
        to.Count(Winner is null ? 0 : Losers.Length + 1);
        Winner?.Write(to);
        foreach (var loser in Losers) loser.Write(to);
    }

    /// <summary>Reads promise and records into an entry that has none yet.</summary>
    internal bool TryRead(ref KeyValueReader from)
    {
        Promise = from.Number();
        var count = from.Count(16);
        if (count > KeyValueLimits.MaxConflicts + 1) return false;
        var records = new List<KeyRecord>(count);
        for (var i = 0; i < count; i++)
        {
            if (KeyRecord.Read(ref from) is not { } record) return false;
            records.Add(record);
        }
        Set(records);
        return from.IsGood;
    }
}
