namespace OpsBro.Core.KeyValue;

/// <summary>Promises, for compare and set.</summary>
public sealed partial class KeyValueEngine
{
    /// <summary>Compare and set goes one at a time for each key.</summary>
    readonly Dictionary<string, Queue<CasWork>> casQueues = new(StringComparer.Ordinal);

    /// <summary>To whom the promises of this start were given, with the number of the work: a question that comes twice is answered twice.</summary>
    readonly Dictionary<string, (string To, long Number, long Ballot)> promisedTo = new(StringComparer.Ordinal);

    /// <summary>What a copy says of a promise.</summary>
    [Flags]
    internal enum PromiseFlags : byte
    {
        /// <summary>It promises.</summary>
        Given = 1,

        /// <summary>It took what it has below an earlier promise (<see cref="KeyEntry.IsLoose"/>).</summary>
        Loose = 2,

        /// <summary>Those that there are.</summary>
        All = Given | Loose,
    }

    /// <summary>Compare and set, and a read that has to write what it found as compare and set would.</summary>
    void QueueCas(Request request)
    {
        var key = request.Operation.Key;
        var work = new CasWork(this, request);
        work.Register();
        if (casQueues.TryGetValue(key, out var queue))
        {
            queue.Enqueue(work);
            return;
        }
        casQueues[key] = queue = new Queue<CasWork>();
        queue.Enqueue(work);
        work.Start();
    }

    /// <summary>Starts the next one of the key. Those that end at once do so one after the other, not each within the one before.</summary>
    void CasEnded(string key)
    {
        endedCas.Enqueue(key);
        if (endedCas.Count > 1) return;
        while (endedCas.TryPeek(out var ended))
        {
            if (casQueues.TryGetValue(ended, out var queue))
            {
                while (queue.TryPeek(out var next) && next.Number == 0) queue.Dequeue();
                if (queue.Count == 0) casQueues.Remove(ended);
                else if (!queue.Peek().IsStarted) queue.Peek().Start();
            }
            endedCas.Dequeue();
        }
    }

    readonly Queue<string> endedCas = new();

    bool OnPromise(string from, ref KeyValueReader reader)
    {
        var (number, ballot, key) = (reader.Number(), reader.Number(), ReadKey(ref reader));
        if (!reader.IsAtEnd) return false;
        var hash = Ring.HashOf(key);
        var partition = store.PartitionOf(hash);
        var entry = partition.Entries.GetValueOrDefault(key);
        var isRepeated = entry is not null && entry.Promise == ballot && promisedTo.GetValueOrDefault(key) == (from, number, ballot);
        var isGiven = isRepeated || DiskProblem.Length == 0 && ballot > Math.Max(entry?.Highest ?? 0, partition.Floor)
            && store.Clock.Observe(ballot, now.UnixMilliseconds);
        if (isGiven && !isRepeated)
        {
            store.Promise(entry ??= store.FindOrAdd(key, hash), ballot, now);
            if (promisedTo.Count >= KeyValueLimits.MaxRemembered) promisedTo.Clear();
            promisedTo[key] = (from, number, ballot);
        }
        var message = Message(MessageKind.Promised);
        message.Number(number);
        message.Byte((byte)((isGiven ? PromiseFlags.Given : 0) | (entry?.IsLoose == true ? PromiseFlags.Loose : 0)));
        message.Number(ballot);
        message.Number(Math.Max(entry?.Highest ?? 0, partition.Floor));
        WriteRecords(message, entry);
        SendDurably(from, message, entry?.Ticket ?? 0);
        return true;
    }

    bool OnPromised(string from, in MessageHead head, ref KeyValueReader reader)
    {
        var (number, flags, ballot, highest) = (reader.Number(), (PromiseFlags)reader.Byte(), reader.Number(), reader.Number());
        if (ReadRecords(ref reader) is not { } records || !reader.IsAtEnd || (flags & ~PromiseFlags.All) != 0) return false;
        store.Clock.Observe(highest, now.UnixMilliseconds);
        if (works.TryGetValue(number, out var work)) work.Promised(from, head, flags, ballot, highest, records);
        return true;
    }

    /// <summary>
    /// A majority of the home copies agree, and while the ring is not settled so many of the home copies of the ring before that the others
    /// make no majority of it; all of them on our ring.
    /// </summary>
    bool IsDecided(Dictionary<string, MessageHead> agreed, int partition, bool all)
    {
        var home = ring.Home(partition);
        if (CountAgreed(home, agreed) < (all ? home.Length : home.Length / 2 + 1)) return false;
        // quorum reads look at the live copies
        if (CountAgreed(ring.Live(partition), agreed) < ring.Majority(partition)) return false;
        if (settledRing is null) return true;
        var before = settledRing.Home(partition);
        return CountAgreed(before, agreed) >= Ring.EnoughOfBefore(before);
    }

    int CountAgreed(string[] names, Dictionary<string, MessageHead> agreed)
    {
        var count = 0;
        foreach (var name in names)
            if (agreed.TryGetValue(name, out var head) && head.SameRing(Head) && (head.Settled == settledHash || IsNew(name))) count++;
        return count;
    }

    /// <summary>It has no part in the ring before this one, so it cannot know it.</summary>
    bool IsNew(string name)
    {
        if (settledRing is null) return false;
        foreach (var member in settledRing.Members)
            if (member.Name == name) return false;
        return true;
    }

    /// <summary>
    /// Compare and set as one decree of Paxos, its version being the ballot: promises of a majority, the newest of what they have, compare,
    /// write to a majority. A read that cannot tell whether what it found will hold does the same, and compares nothing.
    /// </summary>
    sealed partial class CasWork(KeyValueEngine engine, Request request) : Work(engine, request)
    {
        const int MostTries = 6;

        enum Step
        {
            Waiting,
            Promising,
            Writing,
            Ending,
        }

        readonly Dictionary<string, Copy> copies = new(StringComparer.Ordinal);
        readonly Dictionary<string, MessageHead> agreed = new(StringComparer.Ordinal);
        readonly int partition = Ring.PartitionOf(request.KeyHash);
        KeyRecord? attempt;    // what is asked for, as it was last written
        KeyRecord? proposal;   // what is being written: that, or once more what was found
        KeyEntry? newest;
        Step step;
        long ballot;
        int tries;

        public bool IsStarted { get; set; }

        string Key => Request!.Operation.Key;

        bool IsRead => Request!.Operation.Verb == KeyValueVerb.Get;

        bool IsAlone => Engine.ring.Members.Count <= 1 && Engine.settledRing is null;

        public void Start()
        {
            IsStarted = true;
            var (live, home) = (Engine.ring.Live(partition), Engine.ring.Home(partition));
            if (live.Length < Engine.ring.Majority(partition))
                End(Refuse(KeyValueStatus.Unavailable, $"{home.Length / 2 + 1} copies must agree and {live.Length} members are alive; nothing was written"));
            else if (!IsAlone && Engine.settledHash == 0)
                End(Refuse(KeyValueStatus.Unavailable,
                    $"{Engine.settings.Name} is new in group kv and not settled yet; try again in {KeyValueLimits.Settle.TotalSeconds} s"));
            else if (Engine.inDoubt[partition]) End(Refuse(KeyValueStatus.Unavailable, Engine.DoubtOf(partition)));
            else if (Engine.NoRoom(Request!) is { } reason) End(Refuse(KeyValueStatus.NoSpace, reason));
            else Engine.store.WhenDurable(1, _ => Try(), Engine.now);
        }

        void Try()
        {
            if (Number == 0) return;
            copies.Clear();
            agreed.Clear();
            (newest, step) = (null, Step.Promising);
            if (tries++ >= MostTries)
            {
                End(Late());
                return;
            }
            var known = Engine.store.Find(Key, Request!.KeyHash);
            ballot = Engine.NextVersion(Request.KeyHash, known);
            if (IsAlone)
            {
                copies[Engine.settings.Name] = new Copy(Engine.Head, RecordsOf(known), IsLoose: false);
                agreed[Engine.settings.Name] = Engine.Head;
                Compare();
                return;
            }
            var entry = known ?? Engine.store.FindOrAdd(Key, Request.KeyHash);
            Engine.store.Promise(entry, ballot, Engine.now);
            var (mine, given, head) = (RecordsOf(entry), ballot, Engine.Head);
            var flags = PromiseFlags.Given | (entry.IsLoose ? PromiseFlags.Loose : 0);
            AskAgain();
            Engine.store.WhenDurable(entry.Ticket, _ => Promised(Engine.settings.Name, head, flags, given, 0, mine), Engine.now);
        }

        public override void RingChanged()
        {
            if (step == Step.Waiting || IsStarted is false) return;
            tries = Math.Max(tries - 1, 0);
            Try();
        }

        public override void AskAgain()
        {
            switch (step)
            {
                case Step.Promising:
                    foreach (var name in Targets())
                    {
                        if (agreed.TryGetValue(name, out var head) && head.SameRing(Engine.Head)) continue;
                        var message = Engine.Message(MessageKind.Promise);
                        message.Number(Number);
                        message.Number(ballot);
                        message.Text(Key);
                        Engine.Send(name, message);
                    }
                    break;
                case Step.Writing:
                    Send(proposal!);
                    break;
                case Step.Waiting when IsStarted:
                    Try();
                    break;
            }
        }

        /// <summary>Everybody whose word may be needed; they are few, or copies are moving.</summary>
        List<string> Targets()
        {
            var names = new List<string>();
            var isWide = !Engine.isComplete || copies.Values.Any(copy => !copy.Head.IsComplete || !copy.Head.SameRing(Engine.Head));
            foreach (var member in Engine.ring.Members)
            {
                if (!member.IsAlive || member.Name == Engine.settings.Name) continue;
                if (isWide || Engine.ring.Live(partition).Contains(member.Name) || Engine.ring.Home(partition).Contains(member.Name)
                    || Engine.settledRing?.Home(partition).Contains(member.Name) == true) names.Add(member.Name);
            }
            return names;
        }

        void Send(KeyRecord record)
        {
            foreach (var name in Targets())
                if (!agreed.TryGetValue(name, out var head) || !head.SameRing(Engine.Head))
                    Engine.SendRecords(name, Number, ReplicateFlags.Strict, Key, record, []);
        }

        public override void Promised(string from, in MessageHead head, PromiseFlags flags, long given, long highest, KeyRecord[] records)
        {
            if (Number == 0 || step != Step.Promising || given != ballot) return;
            if ((flags & PromiseFlags.Given) == 0)
            {
                if (highest >= ballot) TryLater();
                return;
            }
            var wasWide = copies.Count > 0 && copies.Values.Any(copy => !copy.Head.IsComplete);
            copies[from] = new Copy(head, records, (flags & PromiseFlags.Loose) != 0);
            agreed[from] = head;
            if (Engine.IsDecided(agreed, partition, all: false) && Engine.IsEnough(copies, partition)) Compare();
            else if (!head.IsComplete && !wasWide) AskAgain();
        }

        /// <summary>Two coordinators that push each other aside must not do it for ever.</summary>
        void TryLater()
        {
            step = Step.Waiting;
            Due = Engine.now.Monotonic + TimeSpan.FromMilliseconds(5 + Engine.chance.Below(20 << Math.Min(tries, 5)));
            Engine.NextTick = Earlier(Engine.NextTick, Due);
        }
    }
}
