namespace OpsBro.Core.KeyValue;

/// <summary>
/// Promises travel with copies: a node that begins on a ring takes those that are open, because what it took by repair, below them, may have been
/// overtaken by a write of which only a dead coordinator has a trace.
/// </summary>
public sealed partial class KeyValueEngine
{
    /// <summary>Keys whose promises are told one by one; the highest of the others stands for all.</summary>
    const int MostPromises = 1_000;

    static void WritePromises(KeyValueWriter to, Partition partition, bool isLast)
    {
        var (others, told) = (partition.Promised, new List<KeyEntry>());
        if (isLast && partition.OpenPromises > 0)
        {
            foreach (var entry in partition.Entries.Values)
            {
                if (!entry.IsOpen) continue;
                if (told.Count < MostPromises) told.Add(entry);
                else others = Math.Max(others, entry.Promise);
            }
        }
        to.Number(others);
        to.Count(told.Count);
        foreach (var entry in told)
        {
            to.Text(entry.Key);
            to.Number(entry.Promise);
        }
    }

    static (long Others, List<(string Key, long Promise)> Keys)? ReadPromises(ref KeyValueReader from)
    {
        var (others, count) = (from.Number(), from.Count(2));
        if (count > MostPromises) return null;
        var keys = new List<(string, long)>(count);
        for (var i = 0; i < count && from.IsGood; i++) keys.Add((ReadKey(ref from), from.Number()));
        return from.IsGood ? (others, keys) : null;
    }

    void TakePromised(Partition partition, long promised)
    {
        if (promised <= partition.Promised || !store.Clock.Observe(promised, now.UnixMilliseconds)) return;
        (partition.Promised, partition.Floor) = (promised, Math.Max(partition.Floor, promised));
        store.Save(partition);
    }

    void TakePromises(int number, List<(string Key, long Promise)> promises)
    {
        foreach (var (key, promise) in promises)
        {
            var hash = Ring.HashOf(key);
            if (Ring.PartitionOf(hash) != number || !store.Clock.Observe(promise, now.UnixMilliseconds)) continue;
            var entry = store.FindOrAdd(key, hash);
            if (promise > entry.Highest)
            {
                store.Promise(entry, promise, now);
                entry.IsLoose = entry.Winner is not null;
            }
            if (entry.IsEmpty) store.Partitions[number].Entries.Remove(key);
        }
    }
}
