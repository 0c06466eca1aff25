using OpsBro.Api;
using OpsBro.Core.Gossip;
using OpsBro.Platform;

namespace OpsBro.Gossip.Keys;

/// <summary>What the API does about keys. One change at a time; readers share a list.</summary>
internal sealed class KeyActions(Cluster cluster)
{
    /// <summary>A list is as old as this at most: it asks every member, and a reader of the API must not keep the cluster busy.</summary>
    public static readonly TimeSpan MostListAge = TimeSpan.FromSeconds(2);

    /// <summary>Digits of a fingerprint that are enough to name a key.</summary>
    public const int LeastDigits = 4;

    readonly SemaphoreSlim turn = new(1, 1);
    readonly Lock gate = new();
    (GossipPool Pool, TimeSpan At, Task<KeyRound> Round)? listed;
    (GossipPool Pool, KeyAgeRecord Age, RotationVerdict Verdict)? rotation;

    /// <summary>Has the decision made anew.</summary>
    public Func<Task<RotationVerdict?>>? LookNow { get; set; }

    /// <summary>The pool of a zone; of our own when none is named.</summary>
    /// <exception cref="ApiProblem">It does not run, or is not encrypted.</exception>
    GossipPool Pool(string? zone)
    {
        var pool = string.IsNullOrEmpty(zone) ? cluster.Own : cluster.Pools.FirstOrDefault(p => p.Settings.Zone == zone);
        if (pool is null && !string.IsNullOrEmpty(zone))
            throw ApiProblem.NotFound("zone that this agent is in", zone, "opsbro gossip info", cluster.Pools.Select(p => p.Settings.Zone));
        if (pool is null or { Broken.Length: > 0 })
            throw new ApiProblem(409, cluster.Problems().FirstOrDefault() ?? "gossip is not running; see opsbro gossip info");
        return pool;
    }

    const string NoKeys = "the gossip is not encrypted: there are no keys; \"opsbro gossip keys generate\" makes the first one and says what to do with it";

    GossipPool Encrypted(string? zone) => Pool(zone) is { IsEncrypted: true } pool ? pool : throw new ApiProblem(409, NoKeys);

    /// <summary>The decision of now, for the list.</summary>
    public void Noted(GossipPool pool, KeyAgeRecord age, RotationVerdict verdict)
    {
        lock (gate) rotation = (pool, age, verdict);
    }

    /// <summary>The keys of all members; none, and nobody asked, where the gossip is not encrypted.</summary>
    public async Task<KeysView> List(string? zone, bool show)
    {
        if (Pool(zone) is { IsEncrypted: false }) return new KeysView(0, 0, 0, [], new Dictionary<string, string>()) { Rotation = NoKeys };
        var pool = Encrypted(zone);
        return await Guarded(async () =>
        {
            Task<KeyRound> round;
            lock (gate)
            {
                if (listed is not { } known || known.Pool != pool || known.Round.IsFaulted || Monotonic.Now - known.At > MostListAge)
                    listed = known = (pool, Monotonic.Now, KeyQuestions.To(pool).Ask(KeyCommand.List, [], tries: 1));
                round = known.Round;
            }
            if (!IsDecided(pool) && LookNow is { } look) await look();
            return View(pool, await round, show);
        });
    }

    bool IsDecided(GossipPool pool)
    {
        lock (gate) return rotation is { } known && known.Pool == pool && known.Age.Fingerprint == pool.KeyFingerprint;
    }

    KeysView View(GossipPool pool, KeyRound round, bool show)
    {
        var messages = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, text) in round.Notes) messages[name] = text;
        foreach (var (name, text) in round.Failed) messages[name] = text;
        foreach (var name in round.Missing) messages[name] = "no answer";
        (GossipPool Pool, KeyAgeRecord Age, RotationVerdict Verdict)? known;
        lock (gate) known = rotation is { } r && r.Pool == pool && r.Age.Fingerprint == pool.KeyFingerprint ? r : null;
        return new KeysView(round.Nodes, round.Nodes - round.Missing.Count, round.Failed.Count,
            [
                .. round.Keys
                    .Select(k => new MemberKeyView(GossipKey.FingerprintOf(k.Key), show ? k.Key : null, k.Value, round.PrimaryKeys.GetValueOrDefault(k.Key)))
                    .OrderByDescending(k => k.Primary).ThenByDescending(k => k.Nodes).ThenBy(k => k.Fingerprint, StringComparer.Ordinal),
            ],
            messages)
        {
            PrimarySince = known?.Age.Since,
            Rotation = known?.Verdict.Text ?? "",
        };
    }

    /// <summary>Installs, uses or removes a key on all members.</summary>
    public async Task<KeysView> Change(KeyCommand command, KeyRequest request)
    {
        var pool = Encrypted(request.Zone);
        return await OneAtATime(async () =>
        {
            var key = await Named(pool, command, request.Key);
            var fingerprint = GossipKey.Fingerprint(key);
            if (command == KeyCommand.Remove && fingerprint == pool.KeyFingerprint)
                throw new ApiProblem(409, $"{fingerprint} is the primary key: members encrypt with it; use another one first (opsbro gossip keys use KEY)");
            var round = request.Local ? await OnThisNode(pool, command, key) : await KeyQuestions.To(pool).Ask(command, key);
            var word = command switch { KeyCommand.Install => "installed", KeyCommand.Use => "in use", _ => "removed" };
            pool.Note("keys", $"key {fingerprint} {word} on {round.Done.Count} of {round.Nodes} members" + (round.IsWhole ? "" : $"; {round.Gap}"));
            return View(pool, round, show: false) with { Keys = [new MemberKeyView(fingerprint, null, round.Done.Count, 0)] };
        });
    }

    /// <summary>The same here alone: how a node that was away through several rotations is let in again.</summary>
    static async Task<KeyRound> OnThisNode(GossipPool pool, KeyCommand command, byte[] key)
    {
        var all = await pool.KeyList();
        var others = all.Where(known => !known.AsSpan().SequenceEqual(key)).ToList();
        List<byte[]> next = command switch
        {
            KeyCommand.Use => [key, .. others],
            KeyCommand.Install when others.Count < all.Count => [.. all],   // it is there, perhaps as the primary one
            KeyCommand.Install => [.. others, key],
            _ => others,
        };
        if (next.Count > Core.Wire.WireLimits.MaxKeyring)
            throw new ApiProblem(409, $"this node has {all.Count} keys already; remove one first (opsbro gossip keys remove --local KEY)");
        await pool.SetKeys(next);
        return new KeyRound([pool.Settings.Name], new Dictionary<string, string>(), [], new Dictionary<string, int>(), new Dictionary<string, int>(),
            new Dictionary<string, string>());
    }

    /// <summary>A key from its text, or by the beginning of its fingerprint where it must be there already.</summary>
    static async Task<byte[]> Named(GossipPool pool, KeyCommand command, string? text)
    {
        if (string.IsNullOrWhiteSpace(text)) throw ApiProblem.Bad("key is missing; send {\"key\": …}: base64, or for use and remove a fingerprint");
        if (GossipKey.TryParse(text) is { } key) return key;
        // what is refused is not repeated: it may be a key that was cut off
        if (command == KeyCommand.Install || text.Length < LeastDigits || !text.All(char.IsAsciiHexDigit))
            throw ApiProblem.Bad($"this is no key; write {GossipKey.Form}"
                + (command == KeyCommand.Install ? "" : ", or a fingerprint of opsbro gossip keys list"));
        var wanted = text.ToLowerInvariant();
        var own = await pool.KeyList();
        bool Has(byte[] k) => GossipKey.Fingerprint(k).StartsWith(wanted, StringComparison.Ordinal);
        var found = own.Where(Has).ToList();
        if (found.Count == 0)
        {
            var list = await KeyQuestions.To(pool).Ask(KeyCommand.List, [], tries: 1);
            found = [.. list.Keys.Keys.Select(GossipKey.TryParse).OfType<byte[]>().Where(Has)];
        }
        return found switch
        {
            [var one] => one,
            [] => throw ApiProblem.NotFound("key", text, "opsbro gossip keys list", own.Select(k => GossipKey.Fingerprint(k))),
            _ => throw ApiProblem.Bad($"{found.Count} keys begin with {wanted}; write more of the fingerprint"),
        };
    }

    /// <summary>A first key for a cluster without one. Nothing is switched on by it.</summary>
    public NewKeyView Generate(KeyRequest request)
    {
        var pool = Pool(request.Zone);
        if (pool.IsEncrypted)
            throw new ApiProblem(409, $"zone {pool.Settings.Zone} is encrypted already (key {pool.KeyFingerprint}); \"opsbro gossip keys rotate\" replaces it");
        var key = GossipKey.Generate();
        return new NewKeyView(pool.Settings.Zone, GossipKey.Fingerprint(key), Convert.ToBase64String(key), cluster.Parts.KeyFiles.PathOf(pool.Settings.Zone));
    }

    /// <summary>Replaces the key of all members.</summary>
    public Task<RotationView> Rotate(KeyRequest request)
    {
        var pool = Encrypted(request.Zone);
        byte[]? given = null;
        if (!string.IsNullOrWhiteSpace(request.Key) && (given = GossipKey.TryParse(request.Key)) is null)
            throw ApiProblem.Bad($"this is no key; write {GossipKey.Form}, or leave it out");
        return OneAtATime(() => Rotate(pool, given ?? GossipKey.Generate(), request.Force, "by an operator"));
    }

    async Task<RotationView> Rotate(GossipPool pool, byte[] next, bool force, string why)
    {
        var outcome = await new KeyChange(KeyQuestions.To(pool)).Rotate(next, await pool.KeyList(), force);
        pool.Note("key-rotation", $"{why}: {outcome.Text}");
        var messages = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, text) in outcome.Round?.Failed ?? new Dictionary<string, string>()) messages[name] = text;
        foreach (var name in outcome.Round?.Missing ?? []) messages[name] = "no answer";
        return new RotationView(outcome.IsDone, outcome.Text, pool.KeyFingerprint, outcome.Before, [.. outcome.Removed], outcome.Round?.Nodes ?? 0, messages);
    }

    /// <summary>The same by age or wear; false when it did not come to its end.</summary>
    public async Task<bool> RotateByItself(RotationVerdict verdict)
    {
        if (cluster.Own is not { IsEncrypted: true, Broken.Length: 0 } pool || !await turn.WaitAsync(TimeSpan.Zero)) return false;
        try
        {
            return (await Rotate(pool, GossipKey.Generate(), verdict.IsForced, $"by itself, {verdict.Text}")).Done;
        }
        catch (Exception e) when (e is KeyRefusedException or PoolClosedException)
        {
            pool.Note("key-rotation", $"by itself, {verdict.Text}: no key was changed: {e.Message}");
            return false;
        }
        finally
        {
            Forget();
            turn.Release();
        }
    }

    async Task<T> OneAtATime<T>(Func<Task<T>> change)
    {
        if (!await turn.WaitAsync(TimeSpan.Zero)) throw new ApiProblem(409, "another change of keys is under way on this agent; try again when it is done");
        try
        {
            return await Guarded(change);
        }
        finally
        {
            Forget();
            turn.Release();
        }
    }

    void Forget()
    {
        lock (gate) listed = null;
    }

    static async Task<T> Guarded<T>(Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (Exception e) when (e is KeyRefusedException or PoolClosedException)
        {
            throw new ApiProblem(409, e.Message);
        }
    }
}
