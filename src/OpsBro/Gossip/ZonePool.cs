using System.Net;
using System.Net.Sockets;
using OpsBro.Config;
using OpsBro.Core.Gossip;
using OpsBro.Platform;

namespace OpsBro.Gossip;

/// <summary>
/// Keeps one zone's pool running: opens it, finds the members again by seeds and snapshot, opens it anew when its settings change, and
/// tries again while it cannot be opened. All calls come one at a time from <see cref="Cluster"/>.
/// </summary>
internal sealed class ZonePool(string zone, ClusterParts parts) : IAsyncDisposable
{
    /// <summary>Members of the snapshot that are tried at once, and how many are handed to the engine to be tried for ever.</summary>
    public const int Together = 3, MaxRemembered = 16;

    /// <summary>Seeds that are names are looked up again so often.</summary>
    public static readonly TimeSpan LookUpAgain = TimeSpan.FromSeconds(60);

    /// <summary>Pauses before the first tries to join a seed.</summary>
    static readonly TimeSpan[] firstTries = [TimeSpan.Zero, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3)];

    /// <summary>
    /// A goodbye waits for the members that are being looked for, up to so long after the pool was opened: they know this node from before its
    /// restart, and without a word from it they would see it fail.
    /// </summary>
    public static readonly TimeSpan ReturnPatience = TimeSpan.FromSeconds(3);

    static readonly TimeSpan lookAgain = TimeSpan.FromMilliseconds(50);

    readonly CancellationTokenSource stop = new();
    CancellationTokenSource searching = new();
    Task returning = Task.CompletedTask;
    TimeSpan openedAt;
    IReadOnlyList<SeedAddress> seeds = [];
    IReadOnlyList<KeyValuePair<string, string>> tags = [];
    PoolSettings? settings;
    string encrypt = "";
    volatile GossipPool? pool;
    volatile string problem = "", seedProblem = "";

    /// <summary>The zone.</summary>
    public string Zone => zone;

    /// <summary>The pool; null while it cannot be opened.</summary>
    public GossipPool? Pool => pool;

    /// <summary>Why it is not open; empty when it is.</summary>
    public string Problem => problem;

    /// <summary>What the operator should mend.</summary>
    public IEnumerable<string> Problems()
    {
        if (problem.Length > 0) yield return problem;
        if (seedProblem.Length > 0) yield return seedProblem;
        foreach (var one in pool?.Problems() ?? []) yield return one;
    }

    /// <summary>Takes over settings; does nothing when they are the same and the pool runs.</summary>
    /// <param name="options">The section <c>gossip</c>.</param>
    /// <param name="port">The port of this pool.</param>
    /// <param name="isOwn">The pool of our own zone: it has the seeds, the operator's advertised address, and <c>encrypt</c>.</param>
    /// <param name="own">Our tags.</param>
    public async Task Apply(GossipOptions options, int port, bool isOwn, IReadOnlyList<KeyValuePair<string, string>> own)
    {
        try
        {
            if (isOwn) parts.Links.MayBePlain = options.LinksWithoutKey;
            var advertise = await Addresses.Advertised(options.Bind, port,
                isOwn ? options.Advertise : options.Advertise is { } said ? said with { Port = port } : null);
            var next = new PoolSettings(zone, parts.NameOf(options), new IPEndPoint(options.Bind, port), advertise, options.Profile, options.Label,
                options.Compress, parts.DirectoryOf(zone), options.KeepsSnapshot);
            var key = parts.KeyFiles.KeyOf(zone, isOwn ? options.Encrypt : "");
            if (pool is null or { Broken.Length: > 0 } || next != settings || !await pool.FollowKeys(key))
            {
                // one that stopped because of its name, or by a fault, stays so until the settings are others
                if (pool is { Broken.Length: > 0 } && next == settings && key == encrypt) return;
                Close();
                Open(next, key, own, isOwn);
                seeds = [];
            }
            else if (!own.SequenceEqual(tags))
            {
                if (await pool.SetTags(own) is { } refused) problem = refused;
            }
            (tags, encrypt) = (own, key);
            var wanted = isOwn ? options.Seeds : options.ParentSeeds;
            if (!wanted.SequenceEqual(seeds)) Search(wanted);
            problem = "";
        }
        catch (SocketException e)
        {
            problem = $"gossip cannot listen on {options.Bind} port {port} ({e.Message}): another agent or a serf agent has it, or the address is not of "
                + "this host; set gossip.bind or gossip.port; it is tried again";
        }
        catch (AddressException e)
        {
            problem = e.Message;
        }
        catch (PoolKeysException e)
        {
            problem = e.Message + (pool is null ? "; gossip stays off until then" : "; the keys in memory stay in use");
        }
        catch (PoolClosedException e)
        {
            problem = e.Message;
        }
    }

    void Open(PoolSettings next, string key, IReadOnlyList<KeyValuePair<string, string>> own, bool isOwn)
    {
        var keyring = new KeyringFile(next.KeyringFile);
        var keys = keyring.Load(key);
        if (keyring.IsLocked) throw new PoolKeysException(keyring.Problem);
        var snapshot = next.KeepsSnapshot ? new SnapshotFile(next.SnapshotFile) : null;
        var past = snapshot?.Load() ?? new SnapshotContents();
        GossipPool opened;
        try
        {
            opened = new GossipPool(next, keys, own, parts.Incarnation, keyring, snapshot, past, parts.Journal, parts.Telemetry, parts.Time, parts.PoolLogger);
        }
        catch (SocketException)
        {
            snapshot?.Dispose();
            throw;
        }
        if (keyring.Notice.Length > 0) opened.Note("keys", keyring.Notice);
        opened.Plane = parts.PlaneOf(opened);
        opened.Questions = parts.Questions;
        if (isOwn) opened.Links = parts.Links;
        opened.Start();
        (pool, settings, encrypt) = (opened, next, key);
        searching = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
        (openedAt, returning) = (Monotonic.Now, Guard(ComeBack(opened, past, searching.Token)));
    }

    /// <summary>Seeds were given or changed: find them without holding anybody up.</summary>
    void Search(IReadOnlyList<SeedAddress> wanted)
    {
        seeds = wanted;
        seedProblem = "";
        if (pool is { } current) _ = Guard(Follow(current, wanted, searching.Token));
    }

    /// <summary>Hands the seeds' addresses to the engine, which tries them until they are members; names are looked up again.</summary>
    async Task Follow(GossipPool current, IReadOnlyList<SeedAddress> wanted, CancellationToken cancel)
    {
        IReadOnlyList<PeerAddress>? before = null;
        while (!cancel.IsCancellationRequested && ReferenceEquals(wanted, seeds))
        {
            var found = new List<PeerAddress>();
            var unknown = new List<string>();
            foreach (var seed in wanted)
            {
                try
                {
                    found.AddRange((await Addresses.Resolve(seed)).Where(a => a != current.Settings.Advertise && !found.Contains(a)));
                }
                catch (AddressException e)
                {
                    unknown.Add(e.Message);
                }
            }
            // what cannot be looked up now was right before
            if (unknown.Count > 0) found.AddRange((before ?? []).Where(a => !found.Contains(a)));
            seedProblem = unknown.Count == 0 ? "" : $"seeds cannot be looked up: {string.Join("; ", unknown)}; they are tried again";
            // none, too: those of before are then tried no more
            if (before is null || !found.SequenceEqual(before))
            {
                before = found;
                await current.Seeds([.. found, .. remembered.Where(a => !found.Contains(a))]);
                foreach (var address in found) _ = Guard(JoinSoon(current, address, cancel));
            }
            if (unknown.Count == 0 && wanted.All(seed => IPAddress.TryParse(seed.Host, out _))) return;
            await Task.Delay(LookUpAgain, cancel);
        }
    }

    /// <summary>Hosts that start together find each other at once; who comes later is the engine's, which tries every ten seconds.</summary>
    static async Task JoinSoon(GossipPool current, PeerAddress address, CancellationToken cancel)
    {
        foreach (var pause in firstTries)
        {
            await Task.Delay(pause, cancel);
            if (await current.Join(address, ignoreOldEvents: true, cancel) is null) return;
        }
    }

    IReadOnlyList<PeerAddress> remembered = [];

    /// <summary>After a restart: the members of the snapshot, those that were alive first, a few at a time, until one answers.</summary>
    async Task ComeBack(GossipPool current, SnapshotContents past, CancellationToken cancel)
    {
        PeerAddress[] known = [.. Mixed(past.Alive.Values), .. Mixed(past.Failed.Values)];
        known = [.. known.Where(a => a != current.Settings.Advertise).Distinct()];
        // failed ones are tried for ever, and after an outage of all the others too
        remembered = [.. Mixed(past.Failed.Values).Where(a => a != current.Settings.Advertise).Take(MaxRemembered)];
        foreach (var seed in past.Seeds)
        {
            try
            {
                known = [.. known, .. (await Addresses.Resolve(seed)).Where(a => a != current.Settings.Advertise && !known.Contains(a))];
            }
            catch (AddressException)
            {
                // one of many ways back; it was typed long ago
            }
        }
        if (known.Length == 0) return;
        if (seeds.Count == 0) await current.Seeds(remembered);
        foreach (var few in known.Chunk(Together))
        {
            var errors = await Task.WhenAll(few.Select(address => current.Join(address, ignoreOldEvents: false, cancel)));
            if (errors.Contains(null)) return;
        }
        remembered = [.. known.Take(MaxRemembered)];
        if (seeds.Count == 0) await current.Seeds(remembered);
    }

    static PeerAddress[] Mixed(IEnumerable<PeerAddress> addresses)
    {
        PeerAddress[] mixed = [.. addresses];
        Random.Shared.Shuffle(mixed);
        return mixed;
    }

    /// <summary>A pool that closes meanwhile ends the search, and nothing else.</summary>
    static async Task Guard(Task search)
    {
        try
        {
            await search;
        }
        catch (Exception e) when (e is PoolClosedException or OperationCanceledException)
        {
            // there is a next pool, or none any more
        }
    }

    /// <summary>Says goodbye and closes.</summary>
    /// <param name="forGood">The operator wants this node out: a restart does not come back by itself.</param>
    /// <param name="cancel">Ends the wait.</param>
    public async Task Leave(bool forGood, CancellationToken cancel)
    {
        if (pool is not { } current) return;
        var isKnown = current.Broken.Length == 0 && !current.HasLeft && await IsKnown(current, cancel);
        await searching.CancelAsync();
        if (isKnown) await current.Leave(cancel);
        if (forGood) current.Snapshot?.Left();
        Close();
    }

    /// <summary>Somebody is there to be told a goodbye, or is found soon.</summary>
    async Task<bool> IsKnown(GossipPool current, CancellationToken cancel)
    {
        while (true)
        {
            // before the look: who was found last is seen by it
            var isOver = (returning.IsCompleted && seeds.Count == 0) || Monotonic.Now - openedAt > ReturnPatience || cancel.IsCancellationRequested;
            if (await Glance(current) is not { } seen) return false;
            if (seen.Count > 1) return true;
            if (isOver) return false;
            await Task.Delay(lookAgain, CancellationToken.None);
        }
    }

    static async Task<GossipPool.Glance?> Glance(GossipPool current)
    {
        try
        {
            return await current.Look();
        }
        catch (PoolClosedException)
        {
            return null;
        }
    }

    void Close()
    {
        searching.Cancel();
        pool?.Dispose();
        (pool, settings) = (null, null);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        stop.Cancel();
        Close();
        return ValueTask.CompletedTask;
    }
}

/// <summary>There ought to be keys, and none can be had: the message says what to do.</summary>
internal sealed class PoolKeysException(string message) : Exception(message);
