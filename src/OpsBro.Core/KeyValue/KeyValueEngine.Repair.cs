namespace OpsBro.Core.KeyValue;

/// <summary>
/// Repair: hashes of partitions are compared, records that a version vector does not cover are fetched, and what was removed elsewhere goes.
/// </summary>
public sealed partial class KeyValueEngine
{
    /// <summary>An answer to a fetch is waited for so long.</summary>
    static readonly TimeSpan fetchPatience = TimeSpan.FromSeconds(2);

    readonly Dictionary<string, Fetching> fetches = new(StringComparer.Ordinal);

    /// <summary>What is being taken from one peer, one partition after the other.</summary>
    sealed class Fetching
    {
        public Queue<int> Partitions { get; } = new();

        public HashSet<int> Queued { get; } = [];

        public int Current { get; set; } = -1;

        public TimeSpan AskedAt { get; set; }

        /// <summary>The whole of what differed at this epoch is in the queue: at its end all is taken.</summary>
        public long Epoch { get; set; } = -1;

        /// <summary>Something could not be taken.</summary>
        public bool HasFailed { get; set; }
    }

    bool IsCopy(int partition) => ring.Live(partition).Contains(settings.Name);

    /// <summary>Sends the hashes of what we should have, and of what we hold and the peer should have.</summary>
    void SendDigest(string to)
    {
        var list = new List<Partition>();
        foreach (var partition in store.Partitions)
        {
            var isOurs = IsCopy(partition.Number);
            if (isOurs || partition.IsHeld && ring.Live(partition.Number).Contains(to)) list.Add(partition);
        }
        var message = Message(MessageKind.Digest);
        message.Number(epoch);
        message.Flag(membership.Peers.GetValueOrDefault(to)?.TakenAt != epoch);
        message.Count(list.Count);
        foreach (var partition in list)
        {
            message.Byte((byte)partition.Number);
            message.Fixed(partition.Vector.Hash);
            message.Fixed(partition.ContentHash);
        }
        SendDurably(to, message, store.Last);
    }

    bool OnDigest(string from, ref KeyValueReader reader)
    {
        var (token, isFirst, count) = (reader.Number(), reader.Flag(), reader.Count(17));
        if (count > KeyValueLimits.Partitions) return false;
        var differing = new List<int>();
        var wanted = new List<int>();
        for (var i = 0; i < count; i++)
        {
            var (number, vector, content) = (reader.Byte(), reader.Fixed(), reader.Fixed());
            var partition = store.Partitions[number];
            var isEqual = partition.Vector.Hash == vector && partition.ContentHash == content;
            // who begins on a ring must hear of promises, though the records are the same
            if (!isEqual && partition.IsHeld || isFirst && (partition.OpenPromises > 0 || partition.Promised > 0)) differing.Add(number);
            if (isEqual) continue;
            if (IsCopy(number) && vector != 0) wanted.Add(number);
        }
        if (!reader.IsAtEnd) return false;
        var message = Message(MessageKind.Differs);
        message.Number(token);
        message.Count(differing.Count);
        foreach (var number in differing) message.Byte((byte)number);
        SendDurably(from, message, store.Last);
        foreach (var number in wanted) Fetch(from, number);
        return true;
    }

    bool OnDiffers(string from, in MessageHead head, ref KeyValueReader reader)
    {
        var (token, count) = (reader.Number(), reader.Count(1));
        var numbers = new List<int>();
        for (var i = 0; i < count; i++) numbers.Add(reader.Byte());
        if (!reader.IsAtEnd || count > KeyValueLimits.Partitions) return false;
        if (token != epoch || !membership.Peers.TryGetValue(from, out var peer)) return true;
        foreach (var number in numbers)
            if (IsCopy(number)) Fetch(from, number);
        if (!head.SameRing(Head) || peer.TakenAt == epoch) return true;
        if (fetches.TryGetValue(from, out var fetching)) fetching.Epoch = epoch;
        else Taken(peer);
        return true;
    }

    void Taken(Peer peer)
    {
        peer.TakenAt = epoch;
        var was = isComplete;
        CheckComplete();
        if (isComplete != was) Announce();
    }

    /// <summary>Takes a partition from a peer, after those that are being taken.</summary>
    void Fetch(string from, int partition)
    {
        if (!fetches.TryGetValue(from, out var fetching)) fetches[from] = fetching = new Fetching();
        if (fetching.Queued.Add(partition)) fetching.Partitions.Enqueue(partition);
        if (fetching.Current < 0) FetchNext(from, fetching);
    }

    void FetchNext(string from, Fetching fetching)
    {
        if (fetching.Partitions.TryDequeue(out var next))
        {
            fetching.Current = next;
            AskForRecords(from, fetching);
            return;
        }
        fetches.Remove(from);
        if (fetching.Epoch == epoch && !fetching.HasFailed && membership.Peers.TryGetValue(from, out var peer)) Taken(peer);
    }

    void AskForRecords(string from, Fetching fetching)
    {
        fetching.AskedAt = now.Monotonic;
        var message = Message(MessageKind.Fetch);
        message.Byte((byte)fetching.Current);
        store.Partitions[fetching.Current].Vector.Write(message);
        Send(from, message);
    }

    void FetchDone(string from, Fetching fetching)
    {
        fetching.Queued.Remove(fetching.Current);
        fetching.Current = -1;
        FetchNext(from, fetching);
    }

    /// <summary>What is not answered is given up; the next digest begins anew.</summary>
    void GiveUpFetches()
    {
        foreach (var (from, fetching) in fetches.ToArray())
            if (now.Monotonic - fetching.AskedAt >= fetchPatience) fetches.Remove(from);
    }

    /// <summary>
    /// Somebody knows writes under our number that we never made: the disk was set back to an older copy, and started as often as it did after that.
    /// What is written from now on has another number.
    /// </summary>
    void LookForTwin(Partition partition, VersionVector theirs)
    {
        if (theirs.Highest(store.Writer) <= partition.Sequence) return;
        setBack++;
        store.BeginAs(Math.Max(chance.Next() & 0xffff_ffff_ffff, 1), 1);
    }

    bool OnFetch(string from, ref KeyValueReader reader)
    {
        var (number, vector) = (reader.Byte(), VersionVector.Read(ref reader));
        if (!reader.IsAtEnd) return false;
        var partition = store.Partitions[number];
        LookForTwin(partition, vector);
        List<(string Key, KeyRecord Record)> records = [];
        var (bytes, hasMore) = (0, false);
        foreach (var entry in partition.Entries.Values)
        {
            if (entry.Winner is not { } winner) continue;
            if (!vector.Covers(winner.Dot)) Add(entry.Key, winner);
            foreach (var loser in entry.Losers)
                if (!vector.Covers(loser.Dot)) Add(entry.Key, loser);
            if (!(hasMore = bytes >= KeyValueLimits.MaxPart)) continue;
            break;
        }
        var message = Message(MessageKind.Records);
        message.Byte(number);
        message.Flag(hasMore);
        message.Count(records.Count);
        foreach (var (key, record) in records)
        {
            message.Text(key);
            record.Write(message);
        }
        message.Fixed(partition.Vector.Hash);
        message.Fixed(partition.ContentHash);
        (hasMore ? new VersionVector() : partition.Vector).Write(message);
        (hasMore ? new VersionVector() : partition.Collected).Write(message);
        WritePromises(message, partition, isLast: !hasMore);
        SendDurably(from, message, partition.Ticket);
        return true;

        void Add(string key, KeyRecord record)
        {
            records.Add((key, record));
            bytes += record.Value.Length + 3 * key.Length + 100 + 18 * record.Context.Length;
        }
    }

    bool OnRecords(string from, ref KeyValueReader reader)
    {
        var (number, hasMore, count) = (reader.Byte(), reader.Flag(), reader.Count(20));
        var records = new List<(string Key, KeyRecord Record)>(count);
        for (var i = 0; i < count; i++)
        {
            var key = ReadKey(ref reader);
            if (KeyRecord.Read(ref reader) is not { } record) return false;
            records.Add((key, record));
        }
        var (vectorHash, contentHash) = (reader.Fixed(), reader.Fixed());
        var (vector, collected) = (VersionVector.Read(ref reader), VersionVector.Read(ref reader));
        if (ReadPromises(ref reader) is not { } promises || !reader.IsAtEnd) return false;
        // only what was asked for: a late answer could bring back what has been handed over
        if (!fetches.TryGetValue(from, out var fetching) || fetching.Current != number || !IsCopy(number)) return true;
        // a record that comes is below what was promised for all keys, so that comes first
        var isFirst = membership.Peers.GetValueOrDefault(from) is { } peer && peer.TakenAt != epoch;
        if (isFirst) TakePromised(store.Partitions[number], promises.Others);
        var isTaken = TakeAll(records, number);
        if (isFirst && isTaken) TakePromises(number, promises.Keys);
        if (!isTaken)
        {
            fetching.HasFailed = true;
            FetchDone(from, fetching);
        }
        else if (hasMore) AskForRecords(from, fetching);
        else
        {
            var partition = store.Partitions[number];
            LookForTwin(partition, vector);
            var isBehind = !partition.Vector.Covers(collected);
            var isNews = partition.Vector.Join(vector) | partition.Collected.Join(collected);
            if (isNews) store.Save(partition);
            if (isBehind || partition.Vector.Hash == vectorHash && partition.ContentHash != contentHash) AskForInventory(from, fetching, "");
            else FetchDone(from, fetching);
        }
        return true;
    }

    /// <summary>Takes records of a partition in; false when one could not be, so that the sender's vector may not be taken over.</summary>
    bool TakeAll(List<(string Key, KeyRecord Record)> records, int number)
    {
        if (DiskProblem.Length > 0) return false;
        var refused = tooFarAhead;
        foreach (var (key, record) in records)
        {
            var hash = Ring.HashOf(key);
            if (Ring.PartitionOf(hash) != number) continue;
            if (!record.IsDeleted && IsTooMuch(store.Find(key, hash), key, record.Value.Length))
            {
                refusedFull++;
                return false;
            }
            repaired += TakeIn(store.FindOrAdd(key, hash), [record]) ? 1 : 0;
        }
        return refused == tooFarAhead;
    }

    void AskForInventory(string from, Fetching fetching, string after)
    {
        fetching.AskedAt = now.Monotonic;
        var message = Message(MessageKind.Inventory);
        message.Byte((byte)fetching.Current);
        message.Text(after);
        Send(from, message);
    }

    bool OnInventory(string from, ref KeyValueReader reader)
    {
        var (number, after) = (reader.Byte(), reader.Text(KeyValueLimits.MaxKey));
        if (!reader.IsAtEnd) return false;
        var partition = store.Partitions[number];
        var entries = partition.Entries.Values.Where(e => e.Winner is not null && string.CompareOrdinal(e.Key, after) > 0)
            .OrderBy(e => e.Key, StringComparer.Ordinal);
        List<KeyEntry> listed = [];
        var (bytes, upTo) = (0, "");
        foreach (var entry in entries)
        {
            if (bytes >= KeyValueLimits.MaxPart)
            {
                upTo = listed[^1].Key;
                break;
            }
            listed.Add(entry);
            bytes += 3 * entry.Key.Length + 18 * (1 + entry.Losers.Length);
        }
        var message = Message(MessageKind.Inventoried);
        message.Byte(number);
        message.Text(after);
        message.Text(upTo);
        partition.Vector.Write(message);
        message.Count(listed.Count);
        foreach (var entry in listed)
        {
            message.Text(entry.Key);
            message.Count(1 + entry.Losers.Length);
            message.Dot(entry.Winner!.Dot);
            foreach (var loser in entry.Losers) message.Dot(loser.Dot);
        }
        SendDurably(from, message, partition.Ticket);
        return true;
    }

    bool OnInventoried(string from, ref KeyValueReader reader)
    {
        var (number, after, upTo) = (reader.Byte(), reader.Text(KeyValueLimits.MaxKey), reader.Text(KeyValueLimits.MaxKey));
        var (vector, count) = (VersionVector.Read(ref reader), reader.Count(11));
        var there = new HashSet<Dot>();
        for (var i = 0; i < count && reader.IsGood; i++)
        {
            ReadKey(ref reader);
            var dots = reader.Count(9);
            for (var j = 0; j < dots && reader.IsGood; j++) there.Add(reader.Dot());
        }
        if (!reader.IsAtEnd) return false;
        if (!fetches.TryGetValue(from, out var fetching) || fetching.Current != number) return true;
        var partition = store.Partitions[number];
        foreach (var entry in partition.Entries.Values.ToArray())
        {
            if (string.CompareOrdinal(entry.Key, after) <= 0 || upTo.Length > 0 && string.CompareOrdinal(entry.Key, upTo) > 0) continue;
            if (!RecordsOf(entry).Any(IsRemoved)) continue;
            store.Drop(entry, dot => vector.Covers(dot) && !there.Contains(dot), now);
            removedThere++;
        }
        if (upTo.Length > 0) AskForInventory(from, fetching, upTo);
        else FetchDone(from, fetching);
        return true;

        bool IsRemoved(KeyRecord record) => vector.Covers(record.Dot) && !there.Contains(record.Dot);
    }
}
