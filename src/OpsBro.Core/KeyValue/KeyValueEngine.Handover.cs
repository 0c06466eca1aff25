namespace OpsBro.Core.KeyValue;

/// <summary>What is due every second: digests, handing over what is not ours, collecting removals, saving vectors, settling.</summary>
public sealed partial class KeyValueEngine
{
    /// <summary>Partitions that are offered, and looked through for removals, in one round.</summary>
    const int PartitionsAtOnce = 16;

    /// <summary>Removals that are collected at once.</summary>
    const int MostCollected = 1_000;

    /// <summary>Vectors that are written in one round.</summary>
    const int VectorsAtOnce = 64;

    static readonly TimeSpan round = TimeSpan.FromSeconds(1);

    /// <summary>Who said of what we hold for others, or want to collect, that it has it.</summary>
    readonly Dictionary<(int Partition, bool IsCollecting), Offered> offers = [];

    TimeSpan roundAt = TimeSpan.MinValue;
    int nextOffered;
    int nextCollected;
    int nextSaved;

    sealed class Offered(ulong hash, VersionVector dots)
    {
        public ulong Hash { get; } = hash;

        public VersionVector Dots { get; } = dots;

        public HashSet<string> Agreed { get; } = new(StringComparer.Ordinal);
    }

    /// <summary>
    /// Names an offer. Who agreed on another ring may since have handed over what it had, so its word is worth nothing on this one.
    /// </summary>
    ulong TokenOf(VersionVector dots) => dots.Hash ^ Dot.Mix(store.Writer ^ (ulong)epoch);

    TimeSpan Maintain()
    {
        if (roundAt != TimeSpan.MinValue && now.Monotonic < roundAt + round) return roundAt + round;
        roundAt = now.Monotonic;
        if (membership.Forget(now)) NewRing();
        GiveUpFetches();
        SendDigests();
        HandOver();
        Collect();
        SaveVectors();
        foreach (var partition in store.Partitions)
            if (partition.BarePromises > 0) store.RaiseFloor(partition, now);
        CheckSettled();
        WatchAgain();
        return roundAt + round;
    }

    void SendDigests()
    {
        var others = Others.ToArray();
        if (others.Length == 0) return;
        var chosen = others[chance.Below(others.Length)];
        foreach (var peer in others)
            if (!fetches.ContainsKey(peer.Name) && (peer.TakenAt != epoch || peer == chosen)) SendDigest(peer.Name);
    }

    /// <summary>Offers what is held for others to its copies, and drops it once each of them has it.</summary>
    void HandOver()
    {
        var offered = 0;
        for (var i = 0; i < KeyValueLimits.Partitions && offered < PartitionsAtOnce; i++)
        {
            var partition = store.Partitions[(nextOffered + i) % KeyValueLimits.Partitions];
            if (!partition.IsHeld || IsCopy(partition.Number) || ring.Live(partition.Number).Length == 0) continue;
            if (++offered == PartitionsAtOnce) nextOffered = partition.Number + 1;
            var key = (partition.Number, false);
            if (!offers.TryGetValue(key, out var offer) || offer.Hash != TokenOf(partition.Vector))
                offers[key] = offer = new Offered(TokenOf(partition.Vector), partition.Vector);
            DropIfAgreed(partition, offer);
            foreach (var name in ring.Live(partition.Number))
                if (!offer.Agreed.Contains(name)) SendOffer(name, partition, false, offer);
        }
    }

    void SendOffer(string to, Partition partition, bool isCollecting, Offered offer)
    {
        var message = Message(MessageKind.Offer);
        message.Byte((byte)partition.Number);
        message.Flag(isCollecting);
        message.Fixed(offer.Hash);
        offer.Dots.Write(message);
        SendDurably(to, message, partition.Ticket);
    }

    bool OnOffer(string from, ref KeyValueReader reader)
    {
        var (number, isCollecting, hash, vector) = (reader.Byte(), reader.Flag(), reader.Fixed(), VersionVector.Read(ref reader));
        if (!reader.IsAtEnd) return false;
        var partition = store.Partitions[number];
        var isCovered = partition.Vector.Covers(vector);
        if (isCovered || isCollecting && !partition.IsHeld && !IsCopy(number))
        {
            if (isCovered && partition.Unsaved > 0) store.Save(partition);
            var message = Message(MessageKind.Covered);
            message.Byte(number);
            message.Flag(isCollecting);
            message.Fixed(hash);
            SendDurably(from, message, partition.Ticket);
        }
        else if (IsCopy(number)) Fetch(from, number);
        return true;
    }

    bool OnCovered(string from, in MessageHead head, ref KeyValueReader reader)
    {
        var (number, isCollecting, hash) = (reader.Byte(), reader.Flag(), reader.Fixed());
        if (!reader.IsAtEnd) return false;
        if (!offers.TryGetValue((number, isCollecting), out var offer) || offer.Hash != hash) return true;
        if (!head.SameRing(Head)) return true;
        offer.Agreed.Add(from);
        var partition = store.Partitions[number];
        if (isCollecting) CollectIfAgreed(partition, offer);
        else DropIfAgreed(partition, offer);
        return true;
    }

    void DropIfAgreed(Partition partition, Offered offer)
    {
        var live = ring.Live(partition.Number);
        if (IsCopy(partition.Number) || live.Length == 0 || TokenOf(partition.Vector) != offer.Hash || !live.All(offer.Agreed.Contains)) return;
        offers.Remove((partition.Number, false));
        store.Empty(partition, now);
        handedOver++;
    }

    /// <summary>Asks all known members whether they have removals that are old enough to go.</summary>
    void Collect()
    {
        if (!isComplete || ring.Members.Any(member => !member.IsAlive)) return;
        for (var i = 0; i < PartitionsAtOnce; i++, nextCollected++)
        {
            var partition = store.Partitions[nextCollected % KeyValueLimits.Partitions];
            if (partition.Removals == 0 || !IsCopy(partition.Number)) continue;
            var dots = new VersionVector();
            var count = 0;
            foreach (var entry in partition.Entries.Values)
            {
                if (!IsOldRemoval(entry) || count++ >= MostCollected) continue;
                foreach (var record in RecordsOf(entry)) dots.Add(record.Dot);
            }
            if (count == 0) continue;
            var key = (partition.Number, true);
            if (!offers.TryGetValue(key, out var offer) || offer.Hash != TokenOf(dots)) offers[key] = offer = new Offered(TokenOf(dots), dots);
            CollectIfAgreed(partition, offer);
            foreach (var peer in Others)
                if (!offer.Agreed.Contains(peer.Name)) SendOffer(peer.Name, partition, true, offer);
        }
    }

    bool IsOldRemoval(KeyEntry entry)
    {
        if (entry.Winner is not { } winner || !winner.IsGone(now.UnixMilliseconds)) return false;
        var since = winner.IsDeleted ? HybridClock.UnixMilliseconds(winner.Version) : winner.ExpiresAt;
        var keep = entry.Losers.Length > 0 ? KeyValueLimits.KeepConflicts : KeyValueLimits.KeepRemovals;
        return now.UnixMilliseconds - since >= (long)keep.TotalMilliseconds;
    }

    void CollectIfAgreed(Partition partition, Offered offer)
    {
        foreach (var member in ring.Members)
            if (member.Name != settings.Name && !offer.Agreed.Contains(member.Name)) return;
        offers.Remove((partition.Number, true));
        foreach (var entry in partition.Entries.Values.ToArray())
        {
            if (!IsOldRemoval(entry) || !RecordsOf(entry).All(record => offer.Dots.Covers(record.Dot))) continue;
            store.Drop(entry, dot => offer.Dots.Covers(dot), now);
            collected++;
        }
        partition.Collected.Join(offer.Dots);
        store.Save(partition);
    }

    /// <summary>The vectors of partitions that changed are written now and then: what a kill loses of them comes back from the rows.</summary>
    void SaveVectors()
    {
        for (var (i, saved) = (0, 0); i < KeyValueLimits.Partitions && saved < VectorsAtOnce; i++, nextSaved++)
        {
            var partition = store.Partitions[nextSaved % KeyValueLimits.Partitions];
            if (partition.Unsaved == 0 || partition.IsStaged) continue;
            store.Save(partition);
            saved++;
        }
    }
}
