using System.Security.Cryptography;
using System.Threading.Channels;
using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;

namespace OpsBro.Gossip;

/// <summary>What the engine does to the world, and who waits for its answers. All of it runs on the pool's thread.</summary>
internal sealed partial class GossipPool : IGossipOutput
{
    /// <summary>Answers of one query that may wait for their reader; further ones are counted as dropped.</summary>
    public const int MaxAnswers = 8192;

    /// <summary>Conflicts of names that the operator is told of at once; each as long as a fault (<see cref="FaultBook.Memory"/>).</summary>
    public const int MaxConflicts = 8;

    /// <summary>Queries, pings and key commands that may wait for their end; further ones are refused by <see cref="MaxWork"/>.</summary>
    readonly Dictionary<ulong, Channel<AnswerNews>> queries = [];
    readonly Dictionary<ulong, TaskCompletionSource<PingNews>> pings = [];
    readonly Dictionary<ulong, TaskCompletionSource<KeysNews>> keyCommands = [];
    readonly List<(PeerAddress Address, TaskCompletionSource<JoinNews> Done)> joins = [];
    readonly List<GossipNews> unclaimed = [];
    readonly TaskCompletionSource left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    volatile IReadOnlyList<(ConflictNews News, TimeSpan At)> conflicts = [];
    long keyVersion;
    byte[] asked = [], greeting = [];   // the question, or the hello of a link, on the stream that is being taken in
    bool isAsking;

    /// <inheritdoc/>
    public void Packet(PeerAddress to, ReadOnlySpan<byte> packet)
    {
        if (!socket.Send(to, packet)) Meter.Drop();
    }

    /// <inheritdoc/>
    public void Dial(long id, PeerAddress to, ReadOnlyMemory<byte> request, bool expectsAnswer, TimeSpan timeout) =>
        _ = DialAndTell(id, to, request, expectsAnswer, timeout);

    async Task DialAndTell(long id, PeerAddress to, ReadOnlyMemory<byte> request, bool expectsAnswer, TimeSpan timeout)
    {
        // never on the pool's thread: a connection to this host may be there at once
        var (answer, error) = await Task.Run(() => streams.Dial(to, request, expectsAnswer, timeout));
        Post(at =>
        {
            if (isClosing) return;
            if (error is null) engine.StreamAnswered(id, answer, at);
            else engine.StreamFailed(id, error, at);
        });
    }

    /// <inheritdoc/>
    public void Nonce(Span<byte> nonce) => RandomNumberGenerator.Fill(nonce);

    /// <inheritdoc/>
    public void Direct(PeerAddress from, ReadOnlySpan<byte> body) => Plane?.Received(from, body, now);

    /// <inheritdoc/>
    public void Asked(PeerAddress from, ReadOnlySpan<byte> body) => asked = body.ToArray();

    /// <inheritdoc/>
    public void Linked(PeerAddress from, ReadOnlySpan<byte> body) => greeting = body.ToArray();

    /// <inheritdoc/>
    public void Happened(GossipNews news)
    {
        switch (news)
        {
            case MemberNews member:
                Changed(member);
                break;
            case HistoryNews line:
                hasChanged = true;   // who is suspected is part of the picture
                journal.Said(this, line);
                break;
            case EventNews arrived:
                journal.Arrived(this, arrived);
                break;
            case QueryNews query:
                journal.Asked(this, query);
                break;
            case JoinNews join:
                foreach (var waiter in joins.Where(j => j.Address == join.Address).ToList())
                {
                    joins.Remove(waiter);
                    waiter.Done.TrySetResult(join);
                }
                break;
            case AnswerNews or PingNews or KeysNews:
                if (!Answer(news) && isAsking) unclaimed.Add(news);
                break;
            case IncarnationNews raised:
                // the file is half a step ahead, so this thread need not wait for the disk
                if (incarnation.MustUse(raised.Incarnation)) Task.Run(() => incarnation.Use(raised.Incarnation));
                break;
            case KeyringNews:
                SaveKeys();
                break;
            case ConflictNews clash:
                Clash(clash);
                break;
            case LeftNews:
                HasLeft = true;
                left.TrySetResult();
                break;
        }
    }

    void Changed(MemberNews news)
    {
        hasChanged = true;
        var (name, member) = (news.Member.Name, news.Member);
        var before = statuses.GetValueOrDefault(name);
        if (news.Change == MemberChange.Reap) statuses.Remove(name);
        else statuses[name] = member.Status;
        if (name != Settings.Name)
        {
            if (news.Change == MemberChange.Join) faults.BeginAgain();
            switch (news.Change)
            {
                case MemberChange.Join or MemberChange.Update when member.Status == MemberStatus.Alive:
                    Snapshot?.Alive(name, member.Address);
                    break;
                case MemberChange.Failed:
                    Snapshot?.Failed(name, member.Address);
                    break;
                case MemberChange.Leave or MemberChange.Reap:
                    Snapshot?.Gone(name);
                    break;
            }
        }
        journal.Changed(this, news, before);
        Links?.Changed(this, news);
        Plane?.Changed(news, now);
    }

    void Clash(ConflictNews clash)
    {
        conflicts = [.. conflicts.Where(c => c.News.Name != clash.Name).TakeLast(MaxConflicts - 1), (clash, now)];
        journal.Noted(clash.Name, "conflict", ConflictText(clash));
        if (!clash.MustStop) return;
        broken = ConflictText(clash);
        isClosing = true;
    }

    static string ConflictText(ConflictNews clash) => clash switch
    {
        { MustStop: true } => $"gossip stopped: another node is called {clash.Name} as well, at {clash.Theirs}, and the others know it by that address, "
            + $"not by ours ({clash.Mine}); give one of the two another gossip.name, then restart the agent",
        { IsSelf: true } => $"another node is called {clash.Name} as well: ours is at {clash.Mine}, the other one at {clash.Theirs}; give one of the two "
            + "another gossip.name",
        _ => $"two nodes are called {clash.Name}: one at {clash.Mine}, the other one at {clash.Theirs}; give one of the two another gossip.name",
    };

    void KeyChanged() => KeyFingerprint = keys is null ? "" : GossipKey.Fingerprint(keys.Primary);

    void SaveKeys()
    {
        if (keys is null) return;
        KeyChanged();
        faults.BeginAgain();
        var all = All();
        Links?.Follow(this, all);
        var version = ++keyVersion;
        Task.Run(() => Keyring.Save(all, version));
    }

    bool Answer(GossipNews news)
    {
        switch (news)
        {
            case AnswerNews answer when queries.TryGetValue(answer.Id, out var channel):
                if (!channel.Writer.TryWrite(answer)) Meter.Drop();
                if (answer.Kind != AnswerKind.Done) return true;
                channel.Writer.TryComplete();
                return queries.Remove(answer.Id);
            case PingNews ping when pings.Remove(ping.Id, out var waiter):
                return waiter.TrySetResult(ping);
            case KeysNews answers when keyCommands.Remove(answers.Id, out var waiter):
                return waiter.TrySetResult(answers);
            default:
                return false;
        }
    }

    /// <summary>Asks the engine something that is answered by news; what is answered at once is not lost.</summary>
    Task<(string? Error, TWaiter Waiter)> Begin<TWaiter>(
        Func<GossipEngine, TimeSpan, (string? Error, ulong Id)> ask, Dictionary<ulong, TWaiter> waiters, TWaiter waiter) => Ask((e, at) =>
        {
            isAsking = true;
            var (error, id) = ask(e, at);
            if (error is null)
            {
                waiters[id] = waiter;
                foreach (var news in unclaimed.ToList()) Answer(news);
            }
            unclaimed.Clear();
            isAsking = false;
            return (error, waiter);
        });

    void FailAll(string why)
    {
        foreach (var channel in queries.Values) channel.Writer.TryComplete();
        foreach (var waiter in pings.Values) waiter.TrySetException(new PoolClosedException());
        foreach (var waiter in keyCommands.Values) waiter.TrySetException(new PoolClosedException());
        foreach (var (address, done) in joins) done.TrySetResult(new JoinNews(address, why));
        left.TrySetResult();
    }
}
