using System.Globalization;

namespace OpsBro.Core.KeyValue;

/// <summary>The store as its disk has it.</summary>
sealed partial class KeyStore
{
    const string PartitionRows = "partition/";

    void Load(IEnumerable<StoredRow> stored, Moment now)
    {
        ulong store = 0;
        long start = 0;
        var spoiled = new HashSet<int>();
        var vectors = new List<(int Number, byte[] Data)>();
        foreach (var (table, name, data) in stored)
        {
            if (data is null) continue;
            if (table == StoredTable.Entry) LoadEntry(name, data, spoiled, now);
            else if (name == StoreRow) (store, start) = ReadStore(data);
            else if (name.StartsWith(PartitionRows, StringComparison.Ordinal))
            {
                if (int.TryParse(name.AsSpan(PartitionRows.Length), NumberStyles.HexNumber, null, out var number) && number < Partitions.Length)
                    vectors.Add((number, data));
            }
            else Meta[name] = data;
        }
        foreach (var (number, data) in vectors) LoadPartition(Partitions[number], data, spoiled.Contains(number));
        // the number of the start is 16 bits: a store that started so often becomes a new one
        if (store == 0 || start >= ushort.MaxValue) (store, start) = (Math.Max(Settings.FreshStoreId & 0xffff_ffff_ffff, 1), 0);
        else CoverOwnStarts(store, spoiled);
        BeginAs(store, start + 1);
        Flush();
    }

    /// <summary>Writes from now on bear this store's id and this number of a start.</summary>
    public void BeginAs(ulong store, long start)
    {
        Writer = store << 16 | (ulong)start;
        foreach (var partition in Partitions) partition.Sequence = 0;
        Save(StoreRow, to =>
        {
            to.Fixed(store);
            to.Number(start);
        });
    }

    void LoadEntry(string key, byte[] data, HashSet<int> spoiled, Moment now)
    {
        var hash = Ring.HashOf(key);
        var partition = PartitionOf(hash);
        var entry = new KeyEntry(key, hash);
        var reader = new KeyValueReader(data);
        if (reader.Byte() != RowFormat || !entry.TryRead(ref reader) || !reader.IsAtEnd)
        {
            // what the row had is no longer here: the vector may not say so, or it would look as if it had been removed
            BadRows++;
            spoiled.Add(partition.Number);
            return;
        }
        if (entry.IsEmpty) return;
        partition.Entries[key] = entry;
        entry.PromisedAt = now.Monotonic;
        if (entry.Winner is not null)
        {
            Enthrone(entry, now);
            partition.Vector.Add(entry.Winner.Dot);
            Clock.Last = Math.Max(Clock.Last, entry.Highest);
        }
        foreach (var loser in entry.Losers) partition.Vector.Add(loser.Dot);
        Count(entry, partition);
    }

    void LoadPartition(Partition partition, byte[] data, bool isSpoiled)
    {
        var reader = new KeyValueReader(data);
        var read = new Partition(partition.Number);
        if (reader.Byte() != RowFormat || !read.TryRead(ref reader) || !reader.IsAtEnd)
        {
            BadRows++;
            return;
        }
        (partition.Floor, partition.Promised) = (read.Floor, read.Promised);
        Clock.Last = Math.Max(Clock.Last, read.Floor);
        if (isSpoiled) return;
        partition.Vector.Join(read.Vector);
        partition.Collected.Join(read.Collected);
    }

    /// <summary>
    /// What our earlier starts wrote and the disk does not have was acknowledged to nobody: it counts as covered up to the highest that the
    /// disk knows of, or gaps would stay for ever. Not where a row was spoiled: that one was acknowledged, and the others are asked for it.
    /// </summary>
    void CoverOwnStarts(ulong store, HashSet<int> spoiled)
    {
        foreach (var partition in Partitions.Where(p => !spoiled.Contains(p.Number)))
            foreach (var writer in partition.Vector.AllWriters.ToArray())
                if (writer >> 16 == store) partition.Vector.AddUpTo(new Dot(writer, partition.Vector.Highest(writer)));
    }

    static (ulong Store, long Start) ReadStore(byte[] data)
    {
        var reader = new KeyValueReader(data);
        if (reader.Byte() != RowFormat) return default;
        var (store, start) = (reader.Fixed(), reader.Number());
        return reader.IsAtEnd ? (store, start) : default;
    }
}
