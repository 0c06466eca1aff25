namespace OpsBro.Core.KeyValue;

/// <summary>Writes without a condition, and records that other nodes send.</summary>
public sealed partial class KeyValueEngine
{
    /// <summary>What became of a record that was sent to a node.</summary>
    internal enum KeptStatus : byte
    {
        /// <summary>It, or what replaced it, is on that node's disk.</summary>
        Kept = 0,

        /// <summary>The node has something newer, or that the record does not replace, or promised a higher version.</summary>
        Refused = 1,

        /// <summary>Its store is full.</summary>
        Full = 2,

        /// <summary>Its disk refuses.</summary>
        Disk = 3,

        /// <summary>It was removed there long ago.</summary>
        Gone = 4,

        /// <summary>What a reader found is below a promise: it must be written under a new version.</summary>
        Promised = 5,
    }

    /// <summary>Makes the next record of a key, above all that this node knows, and takes it in.</summary>
    /// <param name="entry">The key's.</param>
    /// <param name="operation">What to write.</param>
    /// <param name="version">Its version.</param>
    /// <param name="earlier">The same write as it was before a copy refused it: somebody may have seen it.</param>
    KeyRecord Write(KeyEntry entry, KeyValueOperation operation, long version, KeyRecord? earlier = null)
    {
        var partition = store.Partitions[entry.Partition];
        var expires = operation.TimeToLive > 0 && operation.Verb == KeyValueVerb.Put ? now.UnixMilliseconds + operation.TimeToLive : 0;
        // versions that clients see never go back; two nodes may have given the same one to two writes
        var keepsVersion = earlier is not null && entry.Winner is not null
            && !RecordsOf(entry).Any(r => r.Shown > earlier.Shown || r.Shown == earlier.Shown && r.Writer != earlier.Writer);
        var shown = keepsVersion ? earlier!.Shown : version;
        var record = new KeyRecord
        {
            Version = version,
            Shown = shown,
            Dot = store.NextDot(partition),
            Writer = settings.Name,
            IsDeleted = operation.Verb == KeyValueVerb.Delete,
            ExpiresAt = earlier?.ExpiresAt ?? expires,
            Value = operation.Verb == KeyValueVerb.Delete ? default : operation.Value,
            Context = Context.After(entry.Winner, entry.Losers),
        };
        store.Merge(entry, record, now);
        return record;
    }

    /// <summary>A version above all that this node knows of a key.</summary>
    long NextVersion(ulong keyHash, KeyEntry? entry)
    {
        store.Clock.Last = Math.Max(store.Clock.Last, Math.Max(entry?.Highest ?? 0, store.PartitionOf(keyHash).Floor));
        return store.Clock.Next(now.UnixMilliseconds);
    }

    /// <summary>
    /// A record of another node would make the store too large, and larger. An eighth is kept for those: what others had acknowledged when
    /// the store became full must find room.
    /// </summary>
    bool IsTooMuch(KeyEntry? entry, string key, int value)
    {
        var more = KeyEntry.SizeOf(key, value) - (entry?.Size ?? 0);
        return more > 0 && store.Bytes + more > settings.MaxStore + settings.MaxStore / 8;
    }

    /// <summary>Why a value has no room, on this node or on one that keeps a copy; null when it has.</summary>
    string? NoRoom(Request request)
    {
        if (request.Operation.Verb != KeyValueVerb.Put) return null;
        var (key, value) = (request.Operation.Key, request.Operation.Value.Length);
        var more = KeyEntry.SizeOf(key, value) - (store.Find(key, request.KeyHash)?.Size ?? 0);
        if (more <= 0) return null;
        if (store.Bytes + more > settings.MaxStore)
        {
            return $"the store of {settings.Name} is full ({store.Bytes} of {settings.MaxStore} bytes, of which each key takes {KeyValueLimits.Overhead} "
                + "beside itself and its value); remove keys or raise its limit";
        }
        foreach (var name in ring.Live(Ring.PartitionOf(request.KeyHash)))
            if (membership.Peers.GetValueOrDefault(name)?.Said?.IsFull == true) return $"the store of {name} is full; remove keys or raise its limit";
        return null;
    }

    /// <summary>What a coordinator says of records that it sends.</summary>
    [Flags]
    internal enum ReplicateFlags : byte
    {
        /// <summary>They must replace what is there.</summary>
        Strict = 1,

        /// <summary>The coordinator does not wait for this copy.</summary>
        CanWait = 2,

        /// <summary>Those that there are.</summary>
        All = Strict | CanWait,
    }

    void SendRecords(string to, long number, ReplicateFlags flags, string key, KeyRecord winner, KeyRecord[] losers)
    {
        var message = Message(MessageKind.Replicate);
        message.Number(number);
        message.Byte((byte)flags);
        message.Text(key);
        WriteRecords(message, winner, losers);
        Send(to, message, canWait: (flags & ReplicateFlags.CanWait) != 0);
    }

    bool OnReplicate(string from, ref KeyValueReader reader)
    {
        var (number, flags, key) = (reader.Number(), (ReplicateFlags)reader.Byte(), ReadKey(ref reader));
        if (ReadRecords(ref reader) is not { Length: > 0 } records || !reader.IsAtEnd || (flags & ~ReplicateFlags.All) != 0) return false;
        var hash = Ring.HashOf(key);
        var partition = store.PartitionOf(hash);
        var entry = partition.Entries.GetValueOrDefault(key);
        var status = Keep(key, hash, ref entry, records, isStrict: (flags & ReplicateFlags.Strict) != 0);
        var message = Message(MessageKind.Kept);
        message.Number(number);
        message.Byte((byte)status);
        message.Dot(records[0].Dot);
        message.Number(Math.Max(entry?.Highest ?? 0, partition.Floor));
        WriteRecords(message, status == KeptStatus.Refused ? entry : null);
        // a full or refusing disk is told at once
        var isAtOnce = status is KeptStatus.Full or KeptStatus.Disk;
        var ticket = isAtOnce ? 0 : Math.Max(entry?.Ticket ?? 0, status == KeptStatus.Gone ? partition.Ticket : 0);
        SendDurably(from, message, ticket, canWait: status == KeptStatus.Kept && (flags & ReplicateFlags.CanWait) != 0);
        return true;
    }

    /// <summary>Takes in a record from its coordinator (strict: it must replace what is here), or an entry that a reader found to be the newest.</summary>
    KeptStatus Keep(string key, ulong hash, ref KeyEntry? entry, KeyRecord[] records, bool isStrict)
    {
        var partition = store.PartitionOf(hash);
        var winner = records[0];
        if (entry is not null && entry.Winner is { } have && have.Includes(winner.Dot))
            return !entry.IsLoose ? KeptStatus.Kept : isStrict ? KeptStatus.Refused : KeptStatus.Promised;
        if (isStrict && entry is not null && entry.Includes(winner.Dot)) return KeptStatus.Refused;
        if (partition.Vector.Covers(winner.Dot) && entry?.Winner is null) return KeptStatus.Gone;
        if (DiskProblem.Length > 0) return KeptStatus.Disk;
        if (!store.Clock.Observe(winner.Version, now.UnixMilliseconds))
        {
            tooFarAhead++;
            return KeptStatus.Refused;
        }
        if (!isStrict && winner.Version < Math.Max(entry?.Promise ?? 0, partition.Promised)) return KeptStatus.Promised;
        if (isStrict && (winner.Version < entry?.Promise || winner.Version <= partition.Floor)) return KeptStatus.Refused;
        if (isStrict && entry?.Winner is { } old && (old.Version > winner.Version || !Context.Covers(winner.Context, old.Dot))) return KeptStatus.Refused;
        if (IsTooMuch(entry, key, winner.Value.Length) && !winner.IsDeleted) return KeptStatus.Full;
        entry ??= store.FindOrAdd(key, hash);
        TakeIn(entry, records);
        return entry.Winner?.Includes(winner.Dot) == true ? KeptStatus.Kept : KeptStatus.Refused;
    }

    /// <summary>Takes in all records but those that were here before and are gone.</summary>
    /// <returns>Whether something changed.</returns>
    bool TakeIn(KeyEntry entry, KeyRecord[] records)
    {
        var changed = false;
        var vector = store.Partitions[entry.Partition].Vector;
        foreach (var record in records)
        {
            if (vector.Covers(record.Dot)) continue;
            if (!store.Clock.Observe(record.Version, now.UnixMilliseconds))
            {
                tooFarAhead++;
                continue;
            }
            changed |= store.Merge(entry, record, now);
        }
        if (entry.IsEmpty) store.Partitions[entry.Partition].Entries.Remove(entry.Key);
        return changed;
    }

    bool OnKept(string from, in MessageHead head, ref KeyValueReader reader)
    {
        var (number, status, dot, highest) = (reader.Number(), (KeptStatus)reader.Byte(), reader.Dot(), reader.Number());
        if (ReadRecords(ref reader) is not { } records || !reader.IsAtEnd || status > KeptStatus.Promised) return false;
        store.Clock.Observe(highest, now.UnixMilliseconds);
        if (works.TryGetValue(number, out var work)) work.Kept(from, head, status, dot, highest, records);
        return true;
    }

    /// <summary>A put or a removal without a condition, at the owner.</summary>
    sealed class WriteWork(KeyValueEngine engine, Request request) : Work(engine, request)
    {
        const int MostTries = 5;

        readonly HashSet<string> kept = new(StringComparer.Ordinal);
        readonly int partition = Ring.PartitionOf(request.KeyHash);
        KeyRecord? record;
        string trouble = "";
        int tries;

        int Needed => Request!.Operation.Acknowledgement switch
        {
            Acknowledgement.One => 1,
            Acknowledgement.All => Engine.ring.Home(partition).Length,
            _ => Engine.ring.Majority(partition),
        };

        string Key => Request!.Operation.Key;

        public void Begin()
        {
            var live = Engine.ring.Live(partition);
            if (live.Length < Needed)
                End(Refuse(KeyValueStatus.Unavailable, $"{Needed} copies are needed and {live.Length} members are alive; nothing was written"));
            else if (Engine.NoRoom(Request!) is { } reason) End(Refuse(KeyValueStatus.NoSpace, reason));
            else
            {
                Register();
                // the number of this start must be on disk before a dot bears it
                Engine.store.WhenDurable(1, _ => Write(), Engine.now);
            }
        }

        void Write()
        {
            if (Number == 0) return;
            tries++;
            kept.Clear();
            var entry = Engine.store.FindOrAdd(Key, Request!.KeyHash);
            record = Engine.Write(entry, Request.Operation, Engine.NextVersion(Request.KeyHash, entry), record);
            SendAll(atOnce: Needed - 1);
            KeepHere(record);
        }

        void KeepHere(KeyRecord mine) => Engine.store.WhenDurable(Engine.store.Find(Key, Request!.KeyHash)?.Ticket ?? 0, _ =>
        {
            if (Number != 0 && ReferenceEquals(record, mine)) Count(Engine.settings.Name);
        }, Engine.now);

        /// <summary>Sends the record to the copies that are not known to have it; those that the answer does not wait for can wait too.</summary>
        void SendAll(int atOnce)
        {
            foreach (var name in Engine.ring.Live(partition))
            {
                if (name == Engine.settings.Name || kept.Contains(name)) continue;
                var flags = atOnce-- > 0 ? ReplicateFlags.Strict : ReplicateFlags.Strict | ReplicateFlags.CanWait;
                Engine.SendRecords(name, Number, flags, Key, record!, []);
            }
        }

        public override void AskAgain()
        {
            if (record is not null) SendAll(atOnce: KeyValueLimits.Copies);
        }

        public override void RingChanged()
        {
            if (record is null) return;
            kept.Clear();
            SendAll(atOnce: KeyValueLimits.Copies);
            KeepHere(record);
        }

        public override void Kept(string from, in MessageHead head, KeptStatus status, in Dot dot, long highest, KeyRecord[] records)
        {
            if (record is null || dot != record.Dot) return;
            switch (status)
            {
                case KeptStatus.Kept when head.SameRing(Engine.Head):
                    Count(from);
                    break;
                case KeptStatus.Kept:
                    trouble = $"{from} sees other members of group kv than {Engine.settings.Name}";
                    break;
                case KeptStatus.Refused when tries < MostTries:
                    var entry = Engine.store.FindOrAdd(Key, Request!.KeyHash);
                    Engine.TakeIn(entry, records);
                    // done and replaced here already: the copy will have what replaced it
                    if (entry.Winner is { } winner && winner.Dot != record.Dot && winner.Includes(record.Dot)) break;
                    Write();
                    break;
                default:
                    trouble = status switch
                    {
                        KeptStatus.Full => $"the store of {from} is full",
                        KeptStatus.Disk => $"the disk of {from} refuses",
                        _ => $"{from} has newer versions",
                    };
                    break;
            }
        }

        void Count(string name)
        {
            if (!Engine.ring.Live(partition).Contains(name) || !kept.Add(name) || kept.Count < Needed || !kept.Contains(Engine.settings.Name)) return;
            End(new KeyValueResult(KeyValueStatus.Ok, "") { Entry = Engine.View(Key, record!), Copies = kept.Count });
        }

        public override KeyValueResult Late() => Refuse(KeyValueStatus.Unavailable,
            $"{kept.Count} of {Needed} copies have the write{(trouble.Length > 0 ? $" ({trouble})" : "")}; it may hold all the same");
    }
}
