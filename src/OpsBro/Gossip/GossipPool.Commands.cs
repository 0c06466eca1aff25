using System.Net.Sockets;
using System.Threading.Channels;
using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;
using OpsBro.Platform;

namespace OpsBro.Gossip;

/// <summary>What the rest of the agent asks a pool. Errors are texts for people.</summary>
internal sealed partial class GossipPool
{
    /// <summary>A picture of the members is as old as this at most, for round trips change without news.</summary>
    public static readonly TimeSpan MostPictureAge = TimeSpan.FromSeconds(2);

    volatile Picture? picture;
    volatile bool hasChanged = true;

    /// <summary>The members at one moment.</summary>
    /// <param name="Members">Each with its state, ourselves too, sorted by name.</param>
    /// <param name="At">When, on <see cref="Monotonic"/>'s clock: the members' <c>Since</c> is on the same one.</param>
    internal sealed record Picture(IReadOnlyList<Member> Members, TimeSpan At);

    /// <summary>The members; made anew only when something changed and somebody asks.</summary>
    public async ValueTask<Picture> Members()
    {
        if (picture is { } known && !hasChanged && Monotonic.Now - known.At < MostPictureAge) return known;
        return await Ask((e, at) =>
        {
            hasChanged = false;
            return picture = new Picture([.. e.Members().OrderBy(m => m.Name, StringComparer.Ordinal)], at);
        });
    }

    /// <summary>Joins whoever listens there; null, or why not.</summary>
    public async Task<string?> Join(PeerAddress to, bool ignoreOldEvents, CancellationToken cancel)
    {
        if (to == Settings.Advertise) return "that is this node itself";
        var done = new TaskCompletionSource<JoinNews>(TaskCreationOptions.RunContinuationsAsynchronously);
        await Ask((e, at) =>
        {
            joins.Add((to, done));
            e.Join(to, ignoreOldEvents, at);
            return true;
        });
        try
        {
            // twice: a dial may wait for its turn
            var news = await done.Task.WaitAsync(2 * Settings.Profile.StreamTimeout, cancel);
            return news.Error.Length == 0 ? null : news.Error;
        }
        catch (TimeoutException)
        {
            return $"no answer within {2 * Settings.Profile.StreamTimeout.TotalSeconds:0} s";
        }
    }

    /// <summary>Addresses that the engine tries until they are members.</summary>
    public Task Seeds(IReadOnlyList<PeerAddress> seeds) => Ask((e, _) =>
    {
        e.Seeds(seeds);
        return true;
    });

    /// <summary>Sends a message of NodeState straight to a peer; false when the pool is closed, or too much waits. From any thread.</summary>
    public bool Send(PeerAddress to, Bytes body) => Post(at =>
    {
        if (!isClosing) engine.SendDirect(to, body.Span, at);
    });

    /// <summary>Asks one agent of our kind, on a stream of its own; the answer, or why there is none.</summary>
    public async Task<(byte[]? Answer, string Error)> Question(PeerAddress to, ReadOnlyMemory<byte> body, TimeSpan most)
    {
        try
        {
            var request = await Ask((e, _) => e.SealQuestion(body.Span));
            var (frame, error) = await streams.Dial(to, request, expectsAnswer: true, most);
            return error is not null
                ? (null, error)
                : await Ask((e, at) => (e.OpenAnswer(to, frame, at, out var why), why));
        }
        catch (PoolClosedException e)
        {
            return (null, e.Message);
        }
    }

    /// <summary>Says hello to an agent of our kind, on a stream that stays open: the stream and the welcome, or why there is none.</summary>
    public async Task<(Socket? Stream, byte[]? Welcome, string Error)> DialLink(PeerAddress to, ReadOnlyMemory<byte> hello, TimeSpan most)
    {
        Socket? stream = null;
        try
        {
            var request = await Ask((e, _) => e.SealHello(hello.Span));
            (stream, var frame, var error) = await streams.DialKept(to, request, most);
            if (stream is null) return (null, null, error ?? "");
            var (welcome, why) = await Ask((e, at) => (e.OpenWelcome(to, frame, at, out var wrong), wrong));
            if (welcome is not null) return (stream, welcome, "");
            stream.Dispose();
            return (null, null, why);
        }
        catch (PoolClosedException e)
        {
            stream?.Dispose();
            return (null, null, e.Message);
        }
    }

    /// <summary>Makes a failed member one that left.</summary>
    public Task<string?> ForceLeave(string node, bool prune) => Ask((e, at) => e.ForceLeave(node, prune, at));

    /// <summary>Changes our tags; null, or why not.</summary>
    public Task<string?> SetTags(IReadOnlyList<KeyValuePair<string, string>> tags) => Ask((e, at) => e.SetTags(tags, at));

    /// <summary>Tells everyone; null, or why not.</summary>
    public Task<string?> FireEvent(string name, Bytes payload, bool coalesce) => Ask((e, at) => e.FireEvent(name, payload, coalesce, at));

    /// <summary>Answers a query; null, or why not.</summary>
    public Task<string?> Respond(ulong key, Bytes payload) => Ask((e, at) => e.Respond(key, payload, at));

    /// <summary>Asks a query; the reader gives acks and answers as they come, and ends with <see cref="AnswerKind.Done"/>.</summary>
    public async Task<(string? Error, ChannelReader<AnswerNews> Answers)> Query(QueryRequest request)
    {
        var (error, channel) = await Begin((e, at) => (e.Ask(request, at, out var id), id), queries,
            Channel.CreateBounded<AnswerNews>(new BoundedChannelOptions(MaxAnswers) { FullMode = BoundedChannelFullMode.Wait }));
        return (error, channel.Reader);
    }

    /// <summary>Asks a member directly; null in the news when it does not answer.</summary>
    public async Task<PingNews> Ping(string node)
    {
        var (_, waiter) = await Begin((e, at) => (null, e.Ping(node, at)), pings,
            new TaskCompletionSource<PingNews>(TaskCreationOptions.RunContinuationsAsynchronously));
        return await waiter.Task;
    }

    /// <summary>Has all members do something about keys.</summary>
    public async Task<(string? Error, KeysNews? Answers)> AskKeys(KeyCommand command, byte[] key)
    {
        var (error, waiter) = await Begin((e, at) => (e.AskKeys(command, key, at, out var id), id), keyCommands,
            new TaskCompletionSource<KeysNews>(TaskCreationOptions.RunContinuationsAsynchronously));
        return error is null ? (null, await waiter.Task) : (error, null);
    }

    /// <summary>Copies of the keys, the primary one first; none without encryption.</summary>
    public Task<IReadOnlyList<byte[]>> KeyCopies() =>
        Ask<IReadOnlyList<byte[]>>((_, _) => [.. Enumerable.Range(0, keys?.Count ?? 0).Select(i => keys![i].ToArray())]);

    /// <summary>The engine at a glance.</summary>
    /// <param name="Count">Members that are alive, we too.</param>
    /// <param name="Health">0 is well.</param>
    /// <param name="PacketsOut">Datagrams sent since the start.</param>
    /// <param name="KeyCount">Keys installed.</param>
    /// <param name="Counters">What was counted, by name.</param>
    internal sealed record Glance(int Count, int Health, long PacketsOut, int KeyCount, IReadOnlyDictionary<string, long> Counters);

    /// <summary>The engine at a glance.</summary>
    public Task<Glance> Look() => Ask((e, _) => new Glance(
        e.Members().Count(m => m.Status == MemberStatus.Alive), e.Health, e.Counters.PacketsOut, keys?.Count ?? 0, Counted(e.Counters, Links)));

    static bool IsNonsense(PacketFault fault) => fault is not (PacketFault.None or PacketFault.Label or PacketFault.NoKey);

    static SortedDictionary<string, long> Counted(GossipCounters c, Links? links) => new(StringComparer.Ordinal)
    {
        ["links_in"] = links?.CountIn ?? 0,
        ["links_out"] = links?.CountOut ?? 0,
        ["link_frames_in"] = links?.Counters.FramesIn ?? 0,
        ["link_frames_out"] = links?.Counters.FramesOut ?? 0,
        ["link_messages_in"] = links?.Counters.MessagesIn ?? 0,
        ["link_messages_out"] = links?.Counters.MessagesOut ?? 0,
        ["link_drops"] = links?.Counters.Drops ?? 0,
        ["link_refusals"] = links?.Counters.Refusals ?? 0,
        ["packets_in"] = c.PacketsIn,
        ["packets_out"] = c.PacketsOut,
        ["bytes_in"] = c.BytesIn,
        ["bytes_out"] = c.BytesOut,
        ["streams_in"] = c.StreamsIn,
        ["streams_out"] = c.StreamsOut,
        ["probes"] = c.Probes,
        ["indirect_probes"] = c.IndirectProbes,
        ["failed_probes"] = c.FailedProbes,
        ["suspicions"] = c.Suspicions,
        ["refutations"] = c.Refutations,
        ["deaths"] = c.Deaths,
        ["push_pulls"] = c.PushPulls,
        ["failed_push_pulls"] = c.FailedPushPulls,
        ["malformed"] = c.Malformed + Enum.GetValues<PacketFault>().Where(IsNonsense).Sum(c.Of) + c.Of(StreamFault.Malformed) + c.Of(StreamFault.Compression),
        ["wrong_key"] = c.Of(PacketFault.NoKey) + c.Of(StreamFault.WrongKey),
        ["replays"] = c.Replays,
        ["refused_jumps"] = c.RefusedJumps,
        ["dropped_rumours"] = c.DroppedRumours,
        ["conflicts"] = c.Conflicts,
        ["flaps"] = c.Flaps,
        ["late"] = c.Late,
        ["most_late_ms"] = (long)c.MostLate.TotalMilliseconds,
    };

    /// <summary>What the operator should mend.</summary>
    public IEnumerable<string> Problems()
    {
        if (broken.Length > 0) yield return broken;
        // the engine says it again while it lasts
        foreach (var (clash, at) in conflicts)
            if (broken.Length == 0 && Monotonic.Now - at < FaultBook.Memory) yield return ConflictText(clash);
        if (incarnation.Problem.Length > 0) yield return incarnation.Problem;
        if (Keyring.Problem.Length > 0) yield return Keyring.Problem;
        if (KeyAgeProblem.Length > 0) yield return KeyAgeProblem;
        if (Snapshot is { Problem: { Length: > 0 } problem }) yield return problem;
        if (isClosing) yield break;
        foreach (var fault in faults.Problems(Monotonic.Now, IsEncrypted, KeyFingerprint, Settings.Zone)) yield return fault;
    }
}
