namespace OpsBro.Core.KeyValue;

/// <summary>All entries of a node, in memory and on their way to its disk. What is written within one call of the engine is one ticket.</summary>
sealed partial class KeyStore
{
    /// <summary>Format of the rows: their first byte.</summary>
    const byte RowFormat = 1;

    const string StoreRow = "store";

    readonly IKeyValueOutput output;
    readonly KeyValueWriter writer = new();
    readonly List<KeyEntry> stagedEntries = [];
    readonly List<Partition> stagedPartitions = [];
    readonly List<StoredRow> stagedRows = [];
    readonly PriorityQueue<Action<Moment>, (long Ticket, long Order)> waiting = new();
    readonly PriorityQueue<(KeyEntry Entry, Dot Dot), long> expiries = new();
    long issued;
    long order;

    public KeyStore(KeyValueSettings settings, IKeyValueOutput output, IEnumerable<StoredRow> stored, Moment now)
    {
        this.output = output;
        Settings = settings;
        for (var i = 0; i < Partitions.Length; i++) Partitions[i] = new Partition(i);
        Load(stored, now);
    }

    public KeyValueSettings Settings { get; }

    public HybridClock Clock { get; } = new();

    public Partition[] Partitions { get; } = new Partition[KeyValueLimits.Partitions];

    /// <summary>All keys that have a record, in ordinal order.</summary>
    public SortedSet<string> Keys { get; } = new(StringComparer.Ordinal);

    /// <summary>The store's id and the number of this start, for dots.</summary>
    public ulong Writer { get; set; }

    /// <summary>Sum of what the entries count: <see cref="KeyEntry.Size"/>.</summary>
    public long Bytes { get; set; }

    /// <summary>Rows that could not be read.</summary>
    public int BadRows { get; set; }

    /// <summary>The rows of the table Meta that are of no partition, as they were written last.</summary>
    public Dictionary<string, byte[]> Meta { get; } = [];

    /// <summary>All tickets up to this one are on disk.</summary>
    public long Durable { get; set; }

    /// <summary>The ticket of what is written within this call.</summary>
    public long Open => issued + 1;

    /// <summary>The last ticket with something in it.</summary>
    public long Last => IsSomethingStaged ? Open : issued;

    bool IsSomethingStaged => stagedEntries.Count + stagedPartitions.Count + stagedRows.Count > 0;

    public Partition PartitionOf(ulong keyHash) => Partitions[Ring.PartitionOf(keyHash)];

    public KeyEntry? Find(string key, ulong keyHash) => PartitionOf(keyHash).Entries.GetValueOrDefault(key);

    public KeyEntry FindOrAdd(string key, ulong keyHash)
    {
        var entries = PartitionOf(keyHash).Entries;
        if (!entries.TryGetValue(key, out var entry)) entries[key] = entry = new KeyEntry(key, keyHash);
        return entry;
    }

    /// <summary>Does something once a ticket is on disk: at once when it is.</summary>
    /// <param name="ticket">Which.</param>
    /// <param name="then">What to do.</param>
    /// <param name="now">When.</param>
    /// <param name="canWait">The disk need not hurry for it.</param>
    public void WhenDurable(long ticket, Action<Moment> then, Moment now, bool canWait = false)
    {
        if (ticket <= Durable)
        {
            then(now);
            return;
        }
        waiting.Enqueue(then, (ticket, order++));
        if (!canWait) output.Hurry();
    }

    /// <summary>Tickets up to this one are on disk.</summary>
    public void Persisted(long ticket, Moment now)
    {
        if (ticket > Durable) Durable = ticket;
        while (waiting.TryPeek(out _, out var next) && next.Ticket <= Durable) waiting.Dequeue()(now);
    }

    /// <summary>Hands what was written within this call to the disk.</summary>
    public void Flush()
    {
        if (!IsSomethingStaged) return;
        var rows = new StoredRow[stagedEntries.Count + stagedPartitions.Count + stagedRows.Count];
        var count = 0;
        foreach (var row in stagedRows) rows[count++] = row;
        foreach (var entry in stagedEntries)
        {
            entry.IsStaged = false;
            rows[count++] = new StoredRow(StoredTable.Entry, entry.Key, entry.IsEmpty ? null : Row(entry.Write));
        }
        foreach (var partition in stagedPartitions)
        {
            partition.IsStaged = false;
            rows[count++] = new StoredRow(StoredTable.Meta, partition.RowName, IsGone(partition) ? null : Row(partition.Write));
        }
        stagedEntries.Clear();
        stagedPartitions.Clear();
        stagedRows.Clear();
        output.Persist(++issued, rows);
    }

    /// <summary>Writes another row of the table Meta.</summary>
    public void Save(string name, Action<KeyValueWriter> write) => stagedRows.Add(new StoredRow(StoredTable.Meta, name, Meta[name] = Row(write)));

    /// <summary>The rows of a partition as they are now; those of none for <see cref="KeyValueLimits.Partitions"/>.</summary>
    public List<StoredRow> Rows(int part)
    {
        if (part >= Partitions.Length) return [.. Meta.Select(row => new StoredRow(StoredTable.Meta, row.Key, row.Value))];
        var partition = Partitions[part];
        var rows = new List<StoredRow>(partition.Entries.Count + 1);
        foreach (var entry in partition.Entries.Values)
            if (!entry.IsEmpty) rows.Add(new StoredRow(StoredTable.Entry, entry.Key, Row(entry.Write)));
        if (!IsGone(partition)) rows.Add(new StoredRow(StoredTable.Meta, partition.RowName, Row(partition.Write)));
        return rows;
    }

    static bool IsGone(Partition partition) => !partition.IsHeld && partition.Floor == 0;

    public void Save(Partition partition)
    {
        partition.Ticket = Open;
        partition.Unsaved = 0;
        if (partition.IsStaged) return;
        partition.IsStaged = true;
        stagedPartitions.Add(partition);
    }

    byte[] Row(Action<KeyValueWriter> write)
    {
        writer.Clear().Byte(RowFormat);
        write(writer);
        return writer.ToArray();
    }

    void Stage(KeyEntry entry, Partition partition)
    {
        entry.Ticket = partition.Ticket = Open;
        if (entry.IsStaged) return;
        entry.IsStaged = true;
        stagedEntries.Add(entry);
    }
}
