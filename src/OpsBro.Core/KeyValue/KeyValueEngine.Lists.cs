namespace OpsBro.Core.KeyValue;

/// <summary>A key in the answer to a list; removals too, for they hide what another node still has.</summary>
/// <param name="Key">The key.</param>
/// <param name="Record">What holds there; without its value unless values are wanted.</param>
/// <param name="Size">Bytes of the value.</param>
readonly record struct ListedKey(string Key, KeyRecord Record, int Size);

/// <summary>Keys below a prefix, on all nodes.</summary>
public sealed partial class KeyValueEngine
{
    /// <summary>Above every key.</summary>
    static readonly string lastKey = new('\uffff', KeyValueLimits.MaxKey + 1);

    /// <summary>What this node has itself at this moment, in ordinal order; keys after one only, to take a few at a time.</summary>
    public IEnumerable<KeyValueEntry> LocalEntries(string prefix, string after = "")
    {
        foreach (var key in store.Keys.GetViewBetween(after.Length == 0 ? prefix : after + '\0', lastKey))
        {
            if (!key.StartsWith(prefix, StringComparison.Ordinal)) yield break;
            var entry = store.Find(key, Ring.HashOf(key))!;
            if (entry.Ticket <= store.Durable && View(key, entry.Winner, entry.Losers) is { IsDeleted: false } view) yield return view;
        }
    }

    void BeginList(Request request)
    {
        var isLocal = request.Operation.Consistency == Consistency.Local;
        var members = isLocal ? [] : ring.Members.Where(m => m.IsAlive).Select(m => m.Name).ToList();
        if (isLocal || ring.Members.Count == 0) members = [settings.Name];
        if (!isLocal && request.Operation.Consistency == Consistency.Quorum)
        {
            for (var partition = 0; partition < KeyValueLimits.Partitions; partition++)
            {
                if (ring.Live(partition).Length >= ring.Majority(partition)) continue;
                Answer(request, Refuse(KeyValueStatus.Unavailable,
                    $"only {members.Count} of {ring.Members.Count} members are alive: some keys have no majority"));
                return;
            }
        }
        if (members.Count == 0)
        {
            Answer(request, Refuse(KeyValueStatus.Unavailable, "no member of group kv is alive"));
            return;
        }
        var work = new ListWork(this, request, members);
        work.Register();
        work.Ask();
    }

    /// <summary>The keys that this node has, removals too.</summary>
    List<ListedKey> ListHere(string prefix, string after, int limit, bool withValues, out bool hasMore)
    {
        var listed = new List<ListedKey>();
        var bytes = 0;
        hasMore = false;
        var from = string.CompareOrdinal(after, prefix) >= 0 ? after + '\0' : prefix;
        foreach (var key in store.Keys.GetViewBetween(from, lastKey))
        {
            if (!key.StartsWith(prefix, StringComparison.Ordinal)) break;
            if (listed.Count >= limit || bytes >= KeyValueLimits.MaxPart)
            {
                hasMore = true;
                break;
            }
            var record = store.Find(key, Ring.HashOf(key))!.Winner!;
            bytes += 2 * key.Length + 100 + (withValues ? record.Value.Length : 0);
            listed.Add(new ListedKey(key, record, record.Value.Length));
        }
        return listed;
    }

    bool OnList(string from, ref KeyValueReader reader)
    {
        var (number, prefix, after) = (reader.Number(), reader.Text(KeyValueLimits.MaxKey), reader.Text(KeyValueLimits.MaxAfter));
        var (limit, withValues) = (reader.Number(), reader.Flag());
        if (!reader.IsAtEnd || limit is < 1 or > KeyValueLimits.MaxListed) return false;
        var listed = ListHere(prefix, after, (int)limit, withValues, out var hasMore);
        var message = Message(MessageKind.Listed);
        message.Number(number);
        message.Text(after);
        message.Flag(hasMore);
        message.Count(listed.Count);
        foreach (var (key, record, size) in listed)
        {
            message.Text(key);
            message.Number(size);
            (withValues ? record : record.WithoutValue()).Write(message);
        }
        SendDurably(from, message, store.Last);
        return true;
    }

    bool OnListed(string from, in MessageHead head, ref KeyValueReader reader)
    {
        var (number, after, hasMore, count) = (reader.Number(), reader.Text(KeyValueLimits.MaxAfter), reader.Flag(), reader.Count(20));
        if (count > KeyValueLimits.MaxListed) return false;
        var keys = new List<ListedKey>(count);
        for (var i = 0; i < count; i++)
        {
            var (key, size) = (ReadKey(ref reader), reader.Number());
            if (KeyRecord.Read(ref reader) is not { } record || size > KeyValueLimits.MaxValue) return false;
            keys.Add(new ListedKey(key, record, (int)size));
        }
        if (!reader.IsAtEnd) return false;
        if (works.TryGetValue(number, out var work) && work is ListWork list && list.After == after) work.Listed(from, head, keys, hasMore);
        return true;
    }

    /// <summary>Asks every living member, page by page, until there are enough keys that are there.</summary>
    sealed class ListWork(KeyValueEngine engine, Request request, List<string> members) : Work(engine, request)
    {
        /// <summary>Bytes of one answer; then it is cut.</summary>
        const int MostBytes = 4 * 1024 * 1024;

        readonly Dictionary<string, (List<ListedKey> Keys, bool HasMore)> pages = new(StringComparer.Ordinal);
        readonly List<KeyValueEntry> found = [];
        long bytes;

        public string After { get; set; } = request.Operation.After;

        public void Ask()
        {
            pages.Clear();
            AskAgain();
            if (!members.Contains(Engine.settings.Name)) return;
            var operation = Request!.Operation;
            var (after, limit) = (After, operation.Limit);
            var here = Engine.ListHere(operation.Key, after, limit, operation.WithValues, out var hasMore);
            Engine.store.WhenDurable(Engine.store.Last, _ =>
            {
                if (Number != 0 && After == after) Listed(Engine.settings.Name, Engine.Head, here, hasMore);
            }, Engine.now);
        }

        public override void AskAgain()
        {
            var operation = Request!.Operation;
            foreach (var name in members)
            {
                if (name == Engine.settings.Name || pages.ContainsKey(name)) continue;
                var message = Engine.Message(MessageKind.List);
                message.Number(Number);
                message.Text(operation.Key);
                message.Text(After);
                message.Number(operation.Limit);
                message.Flag(operation.WithValues);
                Engine.Send(name, message);
            }
        }

        public override void RingChanged()
        {
            // who is gone cannot answer; who came has had nothing acknowledged yet that the others lack
            if (members.Count == 1 && members[0] == Engine.settings.Name) return;
            members.RemoveAll(name => name != Engine.settings.Name && Engine.membership.Peers.GetValueOrDefault(name)?.IsAlive != true);
            foreach (var member in Engine.ring.Members)
                if (member.IsAlive && !members.Contains(member.Name)) members.Add(member.Name);
            Ask();
        }

        public override void Listed(string from, in MessageHead head, List<ListedKey> keys, bool hasMore)
        {
            var isWhole = Request!.Operation.Consistency == Consistency.Quorum;
            // who sees others alive than we do does not know yet what is away; it is asked again
            if (isWhole && head.Alive != Engine.ring.AliveHash) return;
            if (isWhole && head.IsInDoubt)
            {
                End(Refuse(KeyValueStatus.Unavailable, $"{from} says that keys may be with members that are away; list with consistency=owner what is here"));
                return;
            }
            pages[from] = (keys, hasMore);
            if (members.All(pages.ContainsKey)) Merge();
        }

        void Merge()
        {
            string? horizon = null;
            var best = new SortedDictionary<string, ListedKey>(StringComparer.Ordinal);
            foreach (var (keys, hasMore) in pages.Values)
            {
                if (hasMore && keys.Count > 0 && (horizon is null || string.CompareOrdinal(keys[^1].Key, horizon) < 0)) horizon = keys[^1].Key;
                foreach (var key in keys)
                    if (!best.TryGetValue(key.Key, out var have) || KeyRecord.Compare(have.Record, key.Record) < 0) best[key.Key] = key;
            }
            foreach (var (key, (_, record, size)) in best)
            {
                if (horizon is not null && string.CompareOrdinal(key, horizon) > 0) break;
                if (record.IsGone(Engine.now.UnixMilliseconds)) continue;
                if (found.Count >= Request!.Operation.Limit || bytes >= MostBytes)
                {
                    Done(hasMore: true);
                    return;
                }
                var withValues = Request.Operation.WithValues;
                bytes += key.Length + (withValues ? size : 0);
                found.Add(new KeyValueEntry(key, withValues ? record.Value : default, record.Shown, record.Writer, record.ExpiresAt, false, size));
            }
            if (horizon is null) Done(hasMore: false);
            else
            {
                After = horizon;
                Ask();
            }
        }

        void Done(bool hasMore) => End(new KeyValueResult(KeyValueStatus.Ok, "") { Entries = found, HasMore = hasMore, Copies = pages.Count });

        public override KeyValueResult Late() =>
            Refuse(KeyValueStatus.Unavailable, $"no list came in time from {string.Join(", ", members.Where(name => !pages.ContainsKey(name)).Take(5))}");
    }
}
