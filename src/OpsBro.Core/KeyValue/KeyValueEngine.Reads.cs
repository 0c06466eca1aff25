namespace OpsBro.Core.KeyValue;

/// <summary>Reads of one key.</summary>
public sealed partial class KeyValueEngine
{
    /// <summary>What one node has of a key.</summary>
    readonly record struct Copy(MessageHead Head, KeyRecord[] Records, bool IsLoose);

    void BeginGet(Request request)
    {
        var partition = Ring.PartitionOf(request.KeyHash);
        var live = ring.Live(partition);
        var isCopy = live.Contains(settings.Name);
        switch (request.Operation.Consistency)
        {
            case Consistency.Local when isCopy || store.Partitions[partition].IsHeld:
                ReadHere(request, mayMiss: !isCopy || !isComplete);
                break;
            case Consistency.Local:
                Answer(request, Refuse(KeyValueStatus.Unavailable, $"{settings.Name} has no copy of the key; ask with another consistency"));
                break;
            case Consistency.Owner when live.Length > 0 && live[0] != settings.Name:
                Forward(request, live[0]);
                break;
            case Consistency.Owner when live.Length > 0 && isComplete:
                ReadHere(request);
                break;
            case Consistency.Quorum when isCopy && ring.Majority(partition) == 1 && isComplete:
                ReadHere(request);
                break;
            case Consistency.Owner or Consistency.Quorum when isCopy:   // an owner that has not all yet asks the others
                new ReadWork(this, request).Begin();
                break;
            case Consistency.Quorum when live.Length > 0:
                Forward(request, live[0]);
                break;
            default:
                Answer(request, Refuse(KeyValueStatus.Unavailable, "no member of group kv is alive"));
                break;
        }
    }

    /// <summary>Answers from memory, once what is answered is on disk.</summary>
    /// <param name="request">The question.</param>
    /// <param name="mayMiss">What is not here may be elsewhere: nobody is told that it is not there.</param>
    void ReadHere(Request request, bool mayMiss = false)
    {
        var entry = store.Find(request.Operation.Key, request.KeyHash);
        var partition = Ring.PartitionOf(request.KeyHash);
        if (inDoubt[partition] && entry?.Winner?.IsGone(now.UnixMilliseconds) != false)
        {
            Answer(request, Refuse(KeyValueStatus.Unavailable, DoubtOf(partition)));
            return;
        }
        if (mayMiss && entry?.Winner is null)
        {
            Answer(request, Refuse(KeyValueStatus.Unavailable, $"{settings.Name} has not, or not yet, all keys of this part; ask with another consistency"));
            return;
        }
        if (entry is null || entry.Ticket <= store.Durable)
        {
            Answer(request, ReadResult(request.Operation.Key, entry?.Winner, entry?.Losers ?? [], 1));
            return;
        }
        var (winner, losers) = (entry.Winner, entry.Losers);
        var work = new WaitWork(this, request);
        work.Register();
        store.WhenDurable(entry.Ticket, _ =>
        {
            if (work.Number != 0) work.End(ReadResult(request.Operation.Key, winner, losers, 1));
        }, now);
    }

    /// <summary>Waits for the own disk.</summary>
    sealed class WaitWork(KeyValueEngine engine, Request request) : Work(engine, request)
    {
        public override KeyValueResult Late() => Refuse(KeyValueStatus.Unavailable, "the disk did not take in time what would have been read");

        public override void AskAgain()
        {
        }
    }

    /// <summary>What a copy says of its answer to a read.</summary>
    [Flags]
    internal enum EntryFlags : byte
    {
        /// <summary>It has what the reader has: no records follow.</summary>
        Same = 1,

        /// <summary>What it does not find may be with members that are away.</summary>
        InDoubt = 2,

        /// <summary>It took what it has below a promise (<see cref="KeyEntry.IsLoose"/>).</summary>
        Loose = 4,

        /// <summary>Those that there are.</summary>
        All = Same | InDoubt | Loose,
    }

    bool OnRead(string from, ref KeyValueReader reader)
    {
        var (number, content, key) = (reader.Number(), reader.Fixed(), ReadKey(ref reader));
        if (!reader.IsAtEnd) return false;
        var hash = Ring.HashOf(key);
        var entry = store.Find(key, hash);
        var isSame = content != 0 && entry?.ContentHash == content;
        var message = Message(MessageKind.Entry);
        message.Number(number);
        message.Byte((byte)((isSame ? EntryFlags.Same : 0) | (inDoubt[Ring.PartitionOf(hash)] ? EntryFlags.InDoubt : 0)
            | (entry?.IsLoose == true ? EntryFlags.Loose : 0)));
        WriteRecords(message, isSame ? null : entry);
        SendDurably(from, message, entry?.Ticket ?? 0);
        return true;
    }

    bool OnEntry(string from, in MessageHead head, ref KeyValueReader reader)
    {
        var (number, flags) = (reader.Number(), (EntryFlags)reader.Byte());
        if (ReadRecords(ref reader) is not { } records || !reader.IsAtEnd || (flags & ~EntryFlags.All) != 0) return false;
        if (works.TryGetValue(number, out var work)) work.Entry(from, head, flags, records);
        return true;
    }

    static KeyRecord[] RecordsOf(KeyEntry? entry) => entry?.Winner is { } winner ? [winner, .. entry.Losers] : [];

    /// <summary>Enough copies on our ring answered: a majority of complete ones, or everybody who lives.</summary>
    bool IsEnough(Dictionary<string, Copy> copies, int partition)
    {
        var complete = 0;
        foreach (var name in ring.Live(partition))
            if (copies.TryGetValue(name, out var copy) && copy.Head.IsComplete && copy.Head.SameRing(Head)) complete++;
        if (complete >= ring.Majority(partition)) return true;
        var answered = 0;
        foreach (var member in ring.Members)
        {
            if (!member.IsAlive) continue;
            if (!copies.TryGetValue(member.Name, out var copy) || !copy.Head.SameRing(Head)) return false;
            answered++;
        }
        return answered >= ring.Majority(partition);
    }

    static KeyEntry Merged(string key, ulong hash, Dictionary<string, Copy> copies, HashSet<Dot>? gone)
    {
        var merged = new KeyEntry(key, hash);
        foreach (var copy in copies.Values)
            foreach (var record in copy.Records)
                if (gone is null || !gone.Contains(record.Dot)) merged.Merge(record);
        return merged;
    }

    static bool Holds(in Copy copy, KeyRecord winner) => copy.Records.Length > 0 && copy.Records[0].Includes(winner.Dot);

    /// <summary>Asks the copies of a key, takes the newest, and sees to it that a majority has it.</summary>
    sealed class ReadWork(KeyValueEngine engine, Request request) : Work(engine, request)
    {
        const int MostTries = 5;

        readonly Dictionary<string, Copy> copies = new(StringComparer.Ordinal);
        readonly HashSet<string> written = new(StringComparer.Ordinal);
        readonly int partition = Ring.PartitionOf(request.KeyHash);
        HashSet<Dot>? gone;
        KeyRecord[] mine = [];
        KeyEntry? newest;
        ulong content;
        int tries;
        bool isWide;
        bool isInDoubt;

        string Key => Request!.Operation.Key;

        public void Begin()
        {
            var live = Engine.ring.Live(partition);
            if (live.Length < Engine.ring.Majority(partition))
            {
                End(Refuse(KeyValueStatus.Unavailable, $"{Engine.ring.Majority(partition)} copies must answer and {live.Length} members are alive"));
                return;
            }
            Register();
            Start();
        }

        void Start()
        {
            copies.Clear();
            written.Clear();
            (newest, isWide, isInDoubt) = (null, !Engine.isComplete, Engine.inDoubt[partition]);
            var entry = Engine.store.Find(Key, Request!.KeyHash);
            (mine, content) = (RecordsOf(entry), entry?.ContentHash ?? 0);
            var (snapshot, isLoose) = (mine, entry?.IsLoose == true);
            AskAgain();
            Engine.store.WhenDurable(entry?.Ticket ?? 0, _ =>
            {
                if (Number != 0 && ReferenceEquals(snapshot, mine)) Add(Engine.settings.Name, new Copy(Engine.Head, snapshot, isLoose));
            }, Engine.now);
        }

        public override void RingChanged() => Start();

        public override void AskAgain()
        {
            if (newest is not null)
            {
                WriteBack();
                return;
            }
            if (isWide)
            {
                foreach (var member in Engine.ring.Members)
                    if (member.IsAlive) Ask(member.Name);
            }
            else
            {
                foreach (var name in Engine.ring.Live(partition)) Ask(name);
            }
        }

        void Ask(string name)
        {
            if (name == Engine.settings.Name || copies.TryGetValue(name, out var copy) && copy.Head.IsComplete && copy.Head.SameRing(Engine.Head)) return;
            var message = Engine.Message(MessageKind.Read);
            message.Number(Number);
            message.Fixed(content);
            message.Text(Key);
            Engine.Send(name, message);
        }

        public override void Entry(string from, in MessageHead head, EntryFlags flags, KeyRecord[] records)
        {
            isInDoubt |= (flags & EntryFlags.InDoubt) != 0;
            Add(from, new Copy(head, (flags & EntryFlags.Same) != 0 ? mine : records, (flags & EntryFlags.Loose) != 0));
        }

        void Add(string from, in Copy copy)
        {
            if (newest is not null) return;
            copies[from] = copy;
            if (Engine.IsEnough(copies, partition)) Decide();
            else if (!isWide && (!copy.Head.IsComplete || !copy.Head.SameRing(Engine.Head)))
            {
                isWide = true;
                AskAgain();
            }
        }

        void Decide()
        {
            var merged = Merged(Key, Request!.KeyHash, copies, gone);
            if (merged.Winner is not { } winner)
            {
                Done(merged);
                return;
            }
            written.Clear();
            var (isAlike, isLoose) = (true, false);
            foreach (var (name, copy) in copies)
            {
                if (Holds(copy, winner) && copy.IsLoose) isLoose = true;
                else if (Holds(copy, winner)) written.Add(name);
                else if (copy.Records.Length > 0) isAlike = false;
            }
            // a removal that some have and the others know nothing of is as good as gone
            if (IsOnMajority() || winner.IsGone(Engine.now.UnixMilliseconds) && isAlike)
            {
                Done(merged);
                return;
            }
            if (isLoose)
            {
                Finish();
                return;
            }
            newest = merged;
            WriteBack();
        }

        /// <summary>
        /// Somebody was promised more than the version of what was found, and may have written another value where nobody hears of it. So what was found
        /// is written as compare and set would: with a version that a majority promises.
        /// </summary>
        void Finish()
        {
            Unregister();
            Engine.QueueCas(Request!);
        }

        void WriteBack()
        {
            var entry = newest!;
            foreach (var name in Engine.ring.Live(partition))
            {
                if (written.Contains(name)) continue;
                if (name != Engine.settings.Name) Engine.SendRecords(name, Number, default, Key, entry.Winner!, entry.Losers);
                else KeepHere(entry);
                if (Number == 0 || newest is null) return;
            }
        }

        void KeepHere(KeyEntry entry)
        {
            var here = Engine.store.Find(Key, Request!.KeyHash);
            var status = Engine.Keep(Key, Request.KeyHash, ref here, RecordsOf(entry), isStrict: false);
            var dot = entry.Winner!.Dot;
            var records = status == KeptStatus.Refused ? RecordsOf(here) : [];
            var head = Engine.Head;
            Engine.store.WhenDurable(here?.Ticket ?? 0, _ => Kept(Engine.settings.Name, head, status, dot, 0, records), Engine.now);
        }

        bool IsOnMajority()
        {
            var count = 0;
            foreach (var name in Engine.ring.Live(partition))
                if (written.Contains(name)) count++;
            return count >= Engine.ring.Majority(partition);
        }

        public override void Kept(string from, in MessageHead head, KeptStatus status, in Dot dot, long highest, KeyRecord[] records)
        {
            if (Number == 0 || newest?.Winner is not { } winner || dot != winner.Dot) return;
            switch (status)
            {
                case KeptStatus.Kept:
                    written.Add(from);
                    if (IsOnMajority()) Done(newest);
                    break;
                case KeptStatus.Gone:
                    // it was removed, and the removal is so old that it was collected
                    (gone ??= []).Add(dot);
                    Again();
                    break;
                case KeptStatus.Promised:
                    Finish();
                    break;
                case KeptStatus.Refused when tries++ < MostTries:
                    copies[from] = new Copy(head, records, IsLoose: false);
                    Again();
                    break;
            }
        }

        void Again()
        {
            newest = null;
            Decide();
        }

        void Done(KeyEntry entry)
        {
            var result = Engine.ReadResult(Key, entry.Winner, entry.Losers, copies.Count);
            End(isInDoubt && result.Status == KeyValueStatus.NotFound ? Refuse(KeyValueStatus.Unavailable, Engine.DoubtOf(partition)) : result);
        }

        public override KeyValueResult Late() => Refuse(KeyValueStatus.Unavailable, newest is null
            ? $"{copies.Count} copies answered in time{(isWide ? "; all living members must, while copies move" : "")}"
            : "the newest version could not be brought to a majority of the copies in time");
    }
}
