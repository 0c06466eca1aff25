using System.Text;

namespace OpsBro.Core.KeyValue;

/// <summary>Operations from their beginning to their answer, and those that other agents sent.</summary>
public sealed partial class KeyValueEngine
{
    /// <summary>Ids of forwarded writes that were begun, the oldest first: a doubled message must not write twice.</summary>
    readonly Queue<(string Origin, ulong Id)> begunInOrder = new();
    readonly HashSet<(string Origin, ulong Id)> begun = [];
    int ownWorks;
    int othersWorks;
    long bytesUnderWay;

    /// <summary>An operation and who wants its answer.</summary>
    sealed class Request(ulong id, string origin, KeyValueOperation operation, TimeSpan deadline)
    {
        public ulong Id { get; } = id;

        /// <summary>The agent that sent it; empty when it is our own client's.</summary>
        public string Origin { get; } = origin;

        public KeyValueOperation Operation { get; } = operation;

        public TimeSpan Deadline { get; } = deadline;

        public int Hops { get; init; }

        public bool IsCancelled { get; set; }

        public ulong KeyHash { get; } = Ring.HashOf(operation.Key);
    }

    /// <summary>Something that waits for other nodes.</summary>
    abstract class Work(KeyValueEngine engine, Request? request)
    {
        public KeyValueEngine Engine { get; } = engine;

        public Request? Request { get; } = request;

        /// <summary>0 once it has ended.</summary>
        public long Number { get; set; }

        public TimeSpan Deadline { get; set; } = request?.Deadline ?? engine.now.Monotonic + KeyValueLimits.Patience;

        /// <summary>When <see cref="Tick"/> has something to do.</summary>
        public virtual TimeSpan Due { get; set; }

        TimeSpan pause = firstPause;

        static readonly TimeSpan firstPause = TimeSpan.FromMilliseconds(300);

        public void Register()
        {
            if (Number != 0) return;
            Number = Engine.NextNumber();
            Engine.works[Number] = this;
            Due = Engine.now.Monotonic + pause;
            if (Request is null) return;
            Engine.bytesUnderWay += Request.Operation.Value.Length;
            if (Request.Origin.Length == 0) Engine.ownWorks++;
            else Engine.othersWorks++;
        }

        public void Tick()
        {
            if (Engine.now.Monotonic < Due) return;
            // what got lost is asked again, ever more rarely
            pause += pause;
            Due = Earlier(Engine.now.Monotonic + pause, Deadline);
            AskAgain();
        }

        public void Unregister()
        {
            if (Number == 0) return;
            Engine.works.Remove(Number);
            Engine.bytesUnderWay -= Request?.Operation.Value.Length ?? 0;
            if (Request is not null && Request.Origin.Length == 0) Engine.ownWorks--;
            else if (Request is not null) Engine.othersWorks--;
            Number = 0;
        }

        public virtual void End(KeyValueResult result)
        {
            Unregister();
            if (Request is not null) Engine.Answer(Request, result);
        }

        public abstract KeyValueResult Late();

        public abstract void AskAgain();

        public virtual void RingChanged()
        {
        }

        public virtual void Kept(string from, in MessageHead head, KeptStatus status, in Dot dot, long highest, KeyRecord[] records)
        {
        }

        public virtual void Entry(string from, in MessageHead head, EntryFlags flags, KeyRecord[] records)
        {
        }

        public virtual void Promised(string from, in MessageHead head, PromiseFlags flags, long ballot, long highest, KeyRecord[] records)
        {
        }

        public virtual void Listed(string from, in MessageHead head, List<ListedKey> keys, bool hasMore)
        {
        }

        public virtual void Result(string from, KeyValueResult result)
        {
        }
    }

    static KeyValueResult Refuse(KeyValueStatus status, string reason) => new(status, reason);

    void Answer(Request request, KeyValueResult result)
    {
        if (request.IsCancelled) return;
        answers[(int)result.Status]++;
        if (request.Origin.Length == 0)
        {
            output.Answer(request.Id, result);
            return;
        }
        var message = Message(MessageKind.Result);
        message.Fixed(request.Id);
        ResultCodec.Write(message, result);
        Send(request.Origin, message);
    }

    void Begin(Request request)
    {
        var operation = request.Operation;
        if (Problem(operation) is { } problem) Answer(request, Refuse(KeyValueStatus.Invalid, problem));
        else if (request.Origin.Length == 0 ? ownWorks >= KeyValueLimits.MaxOperations : othersWorks >= KeyValueLimits.MaxForwarded)
            Answer(request, Refuse(KeyValueStatus.Unavailable, "too many operations are under way; try again later"));
        else if (bytesUnderWay + operation.Value.Length > KeyValueLimits.MaxUnderWay)
            Answer(request, Refuse(KeyValueStatus.Unavailable, $"{bytesUnderWay} bytes of values wait for the disk or other nodes; try again later"));
        else if (!IsSure && operation.Consistency != Consistency.Local) new UnsureWork(this, request).Register();
        else if (operation.Verb == KeyValueVerb.List) BeginList(request);
        else if (operation.Verb == KeyValueVerb.Get) BeginGet(request);
        else BeginWrite(request);
    }

    /// <summary>
    /// An agent that has just started may not have heard yet of those who keep the keys: until it must believe that it is alone, or that the known
    /// members that it does not see alive are away, operations wait. Two that start together after some time away would else find each other, make a
    /// majority and answer with what they had before.
    /// </summary>
    bool IsSure => now.Monotonic >= startedAt + KeyValueLimits.Alone
        || (ring.Members.Count > (IsMember ? 1 : 0) || settledHash == ring.KnownHash) && (!IsMember || IsEverybodyAlive);

    bool IsEverybodyAlive => ring.Members.All(member => member.IsAlive);

    /// <summary>Waits until it is known whether we are alone, and begins then.</summary>
    sealed class UnsureWork(KeyValueEngine engine, Request request) : Work(engine, request)
    {
        public override TimeSpan Due => Earlier(Engine.startedAt + KeyValueLimits.Alone, Deadline);

        public override void RingChanged() => AskAgain();

        public override void AskAgain()
        {
            if (!Engine.IsSure) return;
            Unregister();
            Engine.Begin(Request!);
        }

        public override KeyValueResult Late() => Refuse(KeyValueStatus.Unavailable, "the agent has just started and looks for the members of group kv");
    }

    void BeginWrite(Request request)
    {
        var live = ring.Live(Ring.PartitionOf(request.KeyHash));
        if (live.Length == 0) Answer(request, Refuse(KeyValueStatus.Unavailable, "no member of group kv is alive"));
        else if (live[0] != settings.Name) Forward(request, live[0]);
        else if (DiskProblem.Length > 0) Answer(request, Refuse(KeyValueStatus.NoSpace, DiskProblem));
        else if (request.Operation.Expected is not null) QueueCas(request);
        else new WriteWork(this, request).Begin();
    }

    static string? Problem(KeyValueOperation operation)
    {
        var key = operation.Key;
        var isList = operation.Verb == KeyValueVerb.List;
        if (operation.Verb is < KeyValueVerb.Get or > KeyValueVerb.List) return $"verb {(byte)operation.Verb} is not known";
        if (key.Length == 0 && !isList) return "the key is empty";
        if (key.Length > KeyValueLimits.MaxKey || Encoding.UTF8.GetByteCount(key) > KeyValueLimits.MaxKey)
            return $"the key has more than {KeyValueLimits.MaxKey} bytes";
        foreach (var letter in key)
            if (char.IsControl(letter)) return $"the key holds the control character U+{(int)letter:X4}";
        if (!IsWellFormed(key)) return "the key is not well-formed Unicode";
        if (operation.Value.Length > KeyValueLimits.MaxValue)
            return $"the value has {operation.Value.Length} bytes; at most {KeyValueLimits.MaxValue} are kept";
        if (operation.TimeToLive < 0 || operation.TimeToLive > (long)KeyValueLimits.MaxTimeToLive.TotalMilliseconds)
            return $"the time to live is {operation.TimeToLive} ms; give 1 ms to {KeyValueLimits.MaxTimeToLive.TotalDays} days, or 0 for none";
        if (operation.Expected < 0) return $"no version is {operation.Expected}; 0 means that the key must not exist";
        if (operation.After.Length > KeyValueLimits.MaxAfter || Encoding.UTF8.GetByteCount(operation.After) > KeyValueLimits.MaxAfter)
            return $"after has more than {KeyValueLimits.MaxAfter} bytes; give a key, or the answer's next";
        if (isList && operation.Limit is < 1 or > KeyValueLimits.MaxListed) return $"the limit is {operation.Limit}; give 1 to {KeyValueLimits.MaxListed}";
        return null;
    }

    /// <summary>A lone half of a surrogate pair would come back as another key.</summary>
    static bool IsWellFormed(string key)
    {
        for (var i = 0; i < key.Length; i++)
        {
            if (!char.IsSurrogate(key[i])) continue;
            if (i + 1 >= key.Length || !char.IsSurrogatePair(key[i], key[i + 1])) return false;
            i++;
        }
        return true;
    }

    /// <summary>Sends an operation to the owner.</summary>
    void Forward(Request request, string owner)
    {
        if (request.Origin.Length == 0)
        {
            var work = new ForwardWork(this, request);
            work.Register();
            work.SendTo(owner);
        }
        else if (request.Hops >= KeyValueLimits.MaxHops)
            Answer(request, Refuse(KeyValueStatus.Unavailable, $"{settings.Name} does not own the key, and the agents do not agree on who does yet"));
        else SendForward(request, request.Id, owner);
    }

    void SendForward(Request request, ulong id, string owner)
    {
        var message = Message(MessageKind.Forward);
        message.Fixed(id);
        message.Text(request.Origin.Length == 0 ? settings.Name : request.Origin);
        message.Byte((byte)(request.Origin.Length == 0 ? 0 : request.Hops + 1));
        message.Number((long)Math.Max((request.Deadline - now.Monotonic).TotalMilliseconds, 1));
        ResultCodec.Write(message, request.Operation);
        Send(owner, message);
    }

    bool OnForward(string from, ref KeyValueReader reader)
    {
        var (id, origin, hops, left) = (reader.Fixed(), reader.Text(KeyValueLimits.MaxName), reader.Byte(), reader.Number());
        if (ResultCodec.ReadOperation(ref reader) is not { } operation || !reader.IsAtEnd || hops > KeyValueLimits.MaxHops || origin.Length == 0) return false;
        var patience = TimeSpan.FromMilliseconds(Math.Min(left, (long)KeyValueLimits.Patience.TotalMilliseconds));
        var request = new Request(id, origin, operation, now.Monotonic + patience) { Hops = hops };
        if (operation.Verb is KeyValueVerb.Put or KeyValueVerb.Delete && !Remember(origin, id)) return true;
        if (origin == settings.Name) return true;   // it went in a circle
        Begin(request);
        return true;
    }

    bool Remember(string origin, ulong id)
    {
        if (!begun.Add((origin, id))) return false;
        begunInOrder.Enqueue((origin, id));
        if (begunInOrder.Count > KeyValueLimits.MaxRemembered) begun.Remove(begunInOrder.Dequeue());
        return true;
    }

    bool OnResult(string from, ref KeyValueReader reader)
    {
        var number = (long)reader.Fixed();
        if (ResultCodec.ReadResult(ref reader) is not { } result || !reader.IsAtEnd) return false;
        if (works.TryGetValue(number, out var work)) work.Result(from, result);
        return true;
    }

    /// <summary>Waits for the owner's answer. A read may be asked again; a write never is: it could happen twice.</summary>
    sealed class ForwardWork(KeyValueEngine engine, Request request) : Work(engine, request)
    {
        string owner = "";

        public void SendTo(string name)
        {
            owner = name;
            Engine.SendForward(Request!, (ulong)Number, name);
        }

        public override KeyValueResult Late() => Refuse(KeyValueStatus.Unavailable,
            $"{owner}, which owns the key, did not answer in time{(Request!.Operation.Verb == KeyValueVerb.Get ? "" : "; the write may have happened")}");

        public override void AskAgain()
        {
            if (Request!.Operation.Verb != KeyValueVerb.Get) return;
            var live = Engine.ring.Live(Ring.PartitionOf(Request.KeyHash));
            if (live.Length > 0 && live[0] != Engine.settings.Name) SendTo(live[0]);
        }

        public override void Result(string from, KeyValueResult result) => End(result);
    }

    /// <summary>An entry as clients see it; null when there is nothing to see.</summary>
    KeyValueEntry? View(string key, KeyRecord? winner, KeyRecord[] losers)
    {
        if (winner is null || winner.IsGone(now.UnixMilliseconds) && losers.Length == 0) return null;
        var view = View(key, winner);
        return losers.Length == 0 ? view : view with { Conflicts = [.. losers.Select(loser => View(key, loser))] };
    }

    KeyValueEntry View(string key, KeyRecord record)
    {
        var isGone = record.IsGone(now.UnixMilliseconds);
        return new(key, isGone ? default : record.Value, record.Shown, record.Writer, record.ExpiresAt, isGone, isGone ? 0 : record.Value.Length);
    }

    KeyValueResult ReadResult(string key, KeyRecord? winner, KeyRecord[] losers, int copies)
    {
        var view = View(key, winner, losers);
        return new KeyValueResult(view is null || view.IsDeleted ? KeyValueStatus.NotFound : KeyValueStatus.Ok,
            view is null || view.IsDeleted ? $"there is no key \"{key}\"" : "")
        { Entry = view, Copies = copies };
    }
}
