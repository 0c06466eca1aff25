namespace OpsBro.Core.KeyValue;

/// <summary>Records and promises that come and go: sums, order of keys, expiry and the news of it stay true.</summary>
sealed partial class KeyStore
{
    /// <summary>Winners that are removals or expired.</summary>
    public int Removals { get; set; }

    /// <summary>Keys with versions that lost.</summary>
    public int Conflicts { get; set; }

    /// <summary>A new dot of ours in a partition.</summary>
    public Dot NextDot(Partition partition) => new(Writer, ++partition.Sequence);

    /// <summary>Takes a record in, and covers its dot.</summary>
    /// <returns>Whether the entry changed.</returns>
    public bool Merge(KeyEntry entry, KeyRecord record, Moment now)
    {
        var partition = Partitions[entry.Partition];
        partition.Vector.Add(record.Dot);
        if (++partition.Unsaved >= KeyValueLimits.SaveVectorAfter) Save(partition);
        var winner = entry.Winner;
        Uncount(entry, partition);
        var changed = entry.Merge(record);
        if (changed && !ReferenceEquals(winner, entry.Winner))
        {
            if (entry.Winner!.Version < partition.Promised) entry.Promise = Math.Max(entry.Promise, partition.Promised);
            Enthrone(entry, now);
        }
        Count(entry, partition);
        if (!changed) return false;
        Stage(entry, partition);
        Tell(entry, isExpired: false, isConflict: entry.Losers.Length > 0, now);
        return true;
    }

    /// <summary>Takes out what was removed elsewhere, or collected.</summary>
    public void Drop(KeyEntry entry, Func<Dot, bool> isRemoved, Moment now)
    {
        var partition = Partitions[entry.Partition];
        var before = entry.Winner;
        Uncount(entry, partition);
        entry.Drop(isRemoved);
        if (entry.Winner is not null && !ReferenceEquals(before, entry.Winner)) Enthrone(entry, now);
        Count(entry, partition);
        Stage(entry, partition);
        if (entry.IsEmpty) partition.Entries.Remove(entry.Key);
        if (before is null || ReferenceEquals(before, entry.Winner)) return;
        var wasShown = !before.IsGone(now.UnixMilliseconds);
        if (entry.Winner is not null) Tell(entry, isExpired: false, isConflict: entry.Losers.Length > 0, now);
        else if (wasShown) Tell(new KeyChange(entry.Key, before.Shown, true, false, false, before.Writer), entry.Ticket, now);
    }

    /// <summary>Promises to take no lower version from a coordinator.</summary>
    public void Promise(KeyEntry entry, long version, Moment now)
    {
        var partition = Partitions[entry.Partition];
        Uncount(entry, partition);
        entry.Promise = version;
        entry.PromisedAt = now.Monotonic;
        Count(entry, partition);
        Stage(entry, partition);
    }

    /// <summary>Turns promises for keys that are not there into one for the whole partition.</summary>
    public void RaiseFloor(Partition partition, Moment now)
    {
        List<KeyEntry>? bare = null;
        foreach (var entry in partition.Entries.Values)
            if (entry.Winner is null && now.Monotonic - entry.PromisedAt >= KeyValueLimits.KeepPromise) (bare ??= []).Add(entry);
        if (bare is null) return;
        foreach (var entry in bare)
        {
            partition.Floor = Math.Max(partition.Floor, entry.Promise);
            partition.Promised = Math.Max(partition.Promised, entry.Promise);
            Promise(entry, 0, now);
            partition.Entries.Remove(entry.Key);
        }
        Save(partition);
    }

    /// <summary>Forgets a partition that the live copies have.</summary>
    public void Empty(Partition partition, Moment now)
    {
        foreach (var entry in partition.Entries.Values.ToArray())
        {
            // what was promised here stays promised
            partition.Floor = Math.Max(partition.Floor, entry.Highest);
            if (entry.IsOpen) partition.Promised = Math.Max(partition.Promised, entry.Promise);
            Uncount(entry, partition);
            (entry.Winner, entry.Losers, entry.Promise) = (null, [], 0);
            List(entry);
            Stage(entry, partition);
        }
        partition.Entries.Clear();
        partition.Vector.Clear();
        partition.Collected.Clear();
        Save(partition);
    }

    /// <summary>Tells of winners whose time is over, and takes the values of those that have been gone for long enough everywhere.</summary>
    public void Expire(Moment now)
    {
        for (var left = KeyValueLimits.ExpiriesAtOnce; left > 0 && expiries.TryPeek(out var next, out var at) && at <= now.UnixMilliseconds; left--)
        {
            expiries.Dequeue();
            var (entry, dot) = next;
            if (entry.Winner is not { } winner || winner.Dot != dot || winner.IsStripped) continue;
            var partition = Partitions[entry.Partition];
            Uncount(entry, partition);
            if (entry.IsExpiryTold)
            {
                entry.Winner = winner.Stripped();
                Stage(entry, partition);
            }
            else
            {
                entry.IsExpiryTold = true;
                Tell(entry, isExpired: true, isConflict: false, now);
                // another node's clock may still show it, and may still ask for it
                expiries.Enqueue(next, winner.ExpiresAt + (long)KeyValueLimits.MaxAhead.TotalMilliseconds);
            }
            Count(entry, partition);
        }
    }

    /// <summary>Moments at which something expires, as far as they are remembered.</summary>
    public int Expiring => expiries.Count;

    /// <summary>When <see cref="Expire"/> has something to do; null for nothing.</summary>
    public long? NextExpiry => expiries.TryPeek(out _, out var at) ? at : null;

    void Enthrone(KeyEntry entry, Moment now)
    {
        var winner = entry.Winner!;
        entry.IsLoose = winner.Version < entry.Promise;
        entry.IsExpiryTold = winner.ExpiresAt != 0 && winner.ExpiresAt <= now.UnixMilliseconds;
        if (winner.ExpiresAt == 0 || winner.IsDeleted || winner.IsStripped) return;
        var at = entry.IsExpiryTold ? winner.ExpiresAt + (long)KeyValueLimits.MaxAhead.TotalMilliseconds : winner.ExpiresAt;
        expiries.Enqueue((entry, winner.Dot), at);
        if (expiries.Count > 2 * Keys.Count + KeyValueLimits.ExpiriesAtOnce) ForgetOldExpiries();
    }

    /// <summary>A key that is written again before its time is over leaves that moment in the queue: such moments go when they are too many.</summary>
    void ForgetOldExpiries()
    {
        var left = expiries.UnorderedItems.Where(item => item.Element.Entry.Winner?.Dot == item.Element.Dot).ToArray();
        expiries.Clear();
        expiries.EnqueueRange(left);
    }

    static bool IsRemoval(KeyEntry entry) => entry.Winner is { } winner && (winner.IsDeleted || winner.IsStripped || entry.IsExpiryTold);

    void Uncount(KeyEntry entry, Partition partition) => Count(entry, partition, -1);

    void Count(KeyEntry entry, Partition partition) => Count(entry, partition, 1);

    void Count(KeyEntry entry, Partition partition, int sign)
    {
        Bytes += sign * entry.Size;
        partition.ContentHash += sign > 0 ? entry.ContentHash : 0 - entry.ContentHash;
        if (entry.Winner is null)
        {
            if (entry.Promise != 0) partition.BarePromises += sign;
        }
        else if (IsRemoval(entry))
        {
            partition.Removals += sign;
            Removals += sign;
        }
        if (entry.Losers.Length > 0) Conflicts += sign;
        if (entry.IsOpen) partition.OpenPromises += sign;
        if (sign > 0) List(entry);
    }

    /// <summary>It is among the keys when it has a winner.</summary>
    void List(KeyEntry entry)
    {
        if (entry.IsListed == entry.Winner is not null) return;
        entry.IsListed = !entry.IsListed;
        if (entry.IsListed) Keys.Add(entry.Key);
        else Keys.Remove(entry.Key);
    }

    void Tell(KeyEntry entry, bool isExpired, bool isConflict, Moment now)
    {
        var winner = entry.Winner!;
        var isGone = isExpired || winner.IsGone(now.UnixMilliseconds);
        Tell(new KeyChange(entry.Key, winner.Shown, isGone, isExpired, isConflict, winner.Writer), entry.Ticket, now);
    }

    void Tell(KeyChange change, long ticket, Moment now) => WhenDurable(ticket, _ => Changed(change), now, canWait: true);

    /// <summary>Where changes go: to the process, and to peers that watch.</summary>
    public Action<KeyChange> Changed { get; set; } = static _ => { };
}
