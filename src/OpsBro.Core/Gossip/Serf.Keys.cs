using OpsBro.Core.Wire;

namespace OpsBro.Core.Gossip;

/// <summary>Queries about keys: asked by an operator, answered by every member.</summary>
sealed partial class Serf
{
    /// <summary>A key query is not carried out when it is older than about this: a recording of one would bring old keys back.</summary>
    public static readonly TimeSpan KeyQueryAge = TimeSpan.FromMinutes(2);

    const string KeySuffix = "-key";
    static readonly string[] KeyQueries = ["install" + KeySuffix, "use" + KeySuffix, "remove" + KeySuffix, "list" + KeySuffix + "s"];

    // the clock of queries when the last and the last but one KeyQueryAge began: what is below the older one was asked before it
    (TimeSpan At, ulong Clock) mark;
    ulong oldClock;

    /// <summary>Asks all members to install, use, remove or list keys; <see cref="KeysNews"/> says what came of it.</summary>
    public string? AskKeys(KeyCommand command, byte[] key, TimeSpan now, out ulong id)
    {
        id = 0;
        if (settings.Keys is null) return "the gossip is not encrypted: there is no keyring";
        if (command != KeyCommand.List && !Keyring.IsKey(key)) return $"a key has 16, 24 or 32 bytes, not {key.Length}";
        var result = new KeyResult(command, alive);
        var open = new Asked
        {
            OnResponse = result.Add,
            IsComplete = () => result.Answered >= result.Nodes,
            OnEnd = handle => output.Happened(result.News(handle)),
        };
        var request = new QueryRequest(
            InternalPrefix + KeyQueries[(int)command], Encoded(new KeyRequest(command == KeyCommand.List ? Array.Empty<byte>() : key)));
        var problem = Ask(request, open, now, out _);
        id = open.Handle;
        return problem;
    }

    /// <summary>Serf's own queries.</summary>
    void AnswerInternal(Query query, bool isOld, TimeSpan now)
    {
        var name = query.Name.AsSpan(InternalPrefix.Length);
        if (name is ConflictQuery)
        {
            AnswerConflict(query, now);
            return;
        }
        for (var command = KeyCommand.Install; command <= KeyCommand.List; command++)
        {
            if (!name.SequenceEqual(KeyQueries[(int)command])) continue;
            if (isOld)
            {
                Counters.Replays++;
                output.Happened(new HistoryNews(query.SourceNode, "", "replay", "a query about keys is a recording; nothing was done"));
                return;
            }
            AnswerKeys(query, command, now);
            return;
        }
        if (name is not "ping") Counters.Unknown++;   // a ping is answered by its ack alone
    }

    void AnswerKeys(Query query, KeyCommand command, TimeSpan now)
    {
        var payload = query.Payload.Span;
        var request = payload.Length > 0 && payload[0] == (byte)SerfType.KeyRequest ? KeyRequest.TryRead(payload[1..]) : null;
        if (settings.Keys is not { } keyring) Answer(query, "the gossip of this node is not encrypted", now);
        else if (command == KeyCommand.List) AnswerKeyList(query, keyring, now);
        else if (request is null) Answer(query, "the request makes no sense", now);
        else
        {
            var key = request.Key.Span;
            var known = keyring.Count;
            var wasPrimary = keyring.Primary.SequenceEqual(key);
            var problem = command switch
            {
                KeyCommand.Install => keyring.TryInstall(key) ? ""
                    : Keyring.IsKey(key) ? $"there are {keyring.Count} keys already; remove one first" : "the key has a wrong length",
                KeyCommand.Use => keyring.TryUse(key) ? "" : "the key is not installed; install it first",
                _ => keyring.TryRemove(key) ? "" : "the key is the primary one; use another one first",
            };
            if (command == KeyCommand.Use && problem.Length == 0 && !wasPrimary) Counters.PrimaryChanged();
            if (keyring.Count != known || keyring.Primary.SequenceEqual(key) != wasPrimary) output.Happened(new KeyringNews());
            // Use changes what encrypts: the answer is the first message that needs the new key
            Answer(query, problem, now);
        }
    }

    void Answer(Query query, string problem, TimeSpan now) =>
        Answer(query, Encoded(new KeyResponse(problem.Length == 0, problem, null, "")), now);

    /// <summary>As many keys as fit an answer; a text says when there are more.</summary>
    void AnswerKeyList(Query query, Keyring keyring, TimeSpan now)
    {
        var primary = Convert.ToBase64String(keyring.Primary);
        for (var count = keyring.Count; count >= 0; count--)
        {
            var keys = new List<string>(count);
            for (var i = 0; i < count; i++) keys.Add(Convert.ToBase64String(keyring[i]));
            var message = count == keyring.Count ? "" : $"only {count} of {keyring.Count} keys fit the answer";
            if (Answer(query, Encoded(new KeyResponse(true, message, keys, primary)), now) is null) return;
        }
    }

    /// <summary>The query's time was over when the last <see cref="KeyQueryAge"/> began. To be asked before the clock sees it.</summary>
    bool IsOldQuery(ulong time, TimeSpan now)
    {
        if (now - mark.At >= KeyQueryAge)
        {
            oldClock = now - mark.At >= 2 * KeyQueryAge ? queryClock.Time : mark.Clock;
            mark = (now, queryClock.Time);
        }
        return time < oldClock;
    }

    /// <summary>What the members say about keys.</summary>
    sealed class KeyResult(KeyCommand command, int nodes)
    {
        readonly Dictionary<string, int> keys = new(StringComparer.Ordinal);
        readonly Dictionary<string, int> primaryKeys = new(StringComparer.Ordinal);
        readonly Dictionary<string, string> messages = new(StringComparer.Ordinal);
        readonly HashSet<string> from = new(StringComparer.Ordinal);
        int errors;

        public int Nodes => nodes;

        public int Answered { get; private set; }

        public void Add(QueryResponse response)
        {
            Answered++;
            from.Add(response.From);
            var payload = response.Payload.Span;
            if (payload.Length == 0 || payload[0] != (byte)SerfType.KeyResponse || KeyResponse.TryRead(payload[1..]) is not { } said)
            {
                errors++;
                messages[response.From] = "the answer makes no sense";
                return;
            }
            if (!said.Result) errors++;
            if (said.Message.Length > 0 || !said.Result) messages[response.From] = said.Message;
            foreach (var key in said.Keys ?? []) keys[key] = keys.GetValueOrDefault(key) + 1;
            if (said.PrimaryKey.Length > 0) primaryKeys[said.PrimaryKey] = primaryKeys.GetValueOrDefault(said.PrimaryKey) + 1;
        }

        public KeysNews News(ulong id) => new(id, command, nodes, Answered, errors, keys, primaryKeys, messages, from);
    }
}
