using OpsBro.Core.KeyValue;

namespace OpsBro.Tests.Simulation.KeyValue;

/// <summary>
/// A host with a disk and a clock, and the agent on it while it runs: what stands around the engine in the real process, without sockets and files.
/// </summary>
sealed class SimulatedNode(KeyValueSimulation simulation, int index, bool isMember) : IKeyValueOutput
{
    /// <summary>Ticks in a row without progress of time after which an engine is said to run wild.</summary>
    const int MostIdleTicks = 1_000;

    readonly Dictionary<(StoredTable Table, string Name), byte[]> disk = [];
    readonly Queue<(long Ticket, IReadOnlyList<StoredRow> Rows)> writes = new();
    readonly Dictionary<ulong, Attempt> asked = [];
    TimeSpan lastWrite;
    int idleTicks;

    /// <summary>Its number from 0.</summary>
    public int Index { get; } = index;

    /// <summary>Its name.</summary>
    public string Name { get; } = NameOf(index);

    /// <summary>Its uuid.</summary>
    public string Id { get; set; } = "";

    /// <summary>Its configuration puts it into group kv.</summary>
    public bool IsMember { get; set; } = isMember;

    /// <summary>It has been seen in the group: others know of it.</summary>
    public bool WasMember { get; set; }

    /// <summary>It said goodbye.</summary>
    public bool HasLeft { get; set; }

    /// <summary>The engine; null while the agent does not run.</summary>
    public KeyValueEngine? Engine { get; set; }

    /// <summary>Starts and ends so far: what was planned for an earlier life is void.</summary>
    public int Life { get; set; }

    /// <summary>The wall clock is so many milliseconds ahead.</summary>
    public long Skew { get; set; }

    /// <summary>Both clocks run faster by this part.</summary>
    public double Drift { get; set; }

    /// <summary>Slowest write of the disk, usually.</summary>
    public TimeSpan Disk { get; set; } = TimeSpan.FromMilliseconds(2);

    /// <summary>Bytes that its store may keep.</summary>
    public long MaxStore { get; set; } = KeyValueLimits.DefaultStore;

    /// <summary>The announcement that was published last.</summary>
    public string Announced { get; set; } = "";

    /// <summary>What it was told of the prefixes that it watches; null when nobody watches here.</summary>
    public Watched? Watched { get; set; }

    /// <summary>It runs.</summary>
    public bool IsRunning => Engine is not null;

    /// <summary>Its engine says that it is settled on its ring.</summary>
    public bool IsSettled => Engine!.Statistics.IsSettled;

    /// <summary>Removals that it remembers.</summary>
    public long Tombstones => Engine!.Statistics.Removals;

    /// <summary>Rows on its disk.</summary>
    public int Rows => disk.Count;

    /// <summary>The wall clock, unix milliseconds.</summary>
    public long Wall => KeyValueSimulation.Epoch + (long)(simulation.Now.TotalMilliseconds * (1 + Drift) + simulation.Skipped.TotalMilliseconds) + Skew;

    /// <summary>Both clocks.</summary>
    public Moment Clock => new(Booted + simulation.Now * (1 + Drift), Wall);

    TimeSpan Booted => TimeSpan.FromHours(Index + 1) + simulation.Skipped;

    /// <summary>The virtual time at which the monotonic clock shows something.</summary>
    TimeSpan When(TimeSpan monotonic) => (monotonic - Booted) / (1 + Drift);

    /// <summary>The name of a node by its number.</summary>
    public static string NameOf(int index) => $"n{index + 1}";

    /// <summary>The agent starts, with what the disk has.</summary>
    public void Start(ulong freshStoreId, ulong seed)
    {
        Life++;
        HasLeft = false;
        WasMember |= IsMember;
        lastWrite = TimeSpan.Zero;
        Announced = "";
        Watched = null;
        var settings = new KeyValueSettings { Name = Name, Id = Id, FreshStoreId = freshStoreId, Seed = seed, MaxStore = MaxStore };
        Engine = new KeyValueEngine(settings, this, [.. disk.Select(row => new StoredRow(row.Key.Table, row.Key.Name, row.Value))], Clock);
    }

    /// <summary>kill -9: of the writes under way the first so many have reached the disk.</summary>
    public void Kill(Func<int, int> reached)
    {
        if (!IsRunning) return;
        for (var count = reached(writes.Count + 1); count > 0; count--) Store(writes.Dequeue().Rows);
        writes.Clear();
        foreach (var attempt in asked.Values) simulation.Lose(attempt);
        asked.Clear();
        Engine = null;
        Life++;
    }

    /// <summary>The disk is gone; an empty one takes its place.</summary>
    public void Wipe() => disk.Clear();

    /// <summary>Lets the engine do what is due.</summary>
    public void Tick()
    {
        var (before, life) = (Clock.Monotonic, Life);
        var next = Engine!.Tick(Clock);
        if (next > before + TimeSpan.FromSeconds(1)) simulation.Fail("", $"{Name} wants to be called in {(next - before).TotalSeconds:0.000} s, more than one");
        idleTicks = next <= before ? idleTicks + 1 : 0;
        if (idleTicks > MostIdleTicks) simulation.Fail("", $"{Name} wants to be called again and again at {before}");
        var due = When(next);
        if (due <= simulation.Now) due = simulation.Now + TimeSpan.FromMicroseconds(100);
        simulation.At(due, () =>
        {
            if (Life == life) Tick();
        });
        Publish();
    }

    /// <summary>Does something with the engine, unless it was killed since.</summary>
    public void Do(Action<KeyValueEngine> act)
    {
        if (Engine is null) return;
        act(Engine);
        Publish();
    }

    /// <summary>A client asks.</summary>
    public void Submit(Attempt attempt)
    {
        asked[(ulong)attempt.Number] = attempt;
        Do(engine => engine.Submit((ulong)attempt.Number, attempt.What, Clock));
    }

    /// <summary>A client goes away.</summary>
    public void Cancel(Attempt attempt)
    {
        if (!asked.Remove((ulong)attempt.Number)) return;
        simulation.Lose(attempt);
        Do(engine => engine.Cancel((ulong)attempt.Number));
    }

    /// <inheritdoc/>
    public void Send(string member, ReadOnlyMemory<byte> message, bool canWait)
    {
        if (!canWait) simulation.Network.Send(this, member, message);
        else
        {
            var life = Life;
            simulation.At(simulation.Now + simulation.Chance.Within(KeyValueLimits.Lazy * 2), () =>
            {
                if (Life == life) simulation.Network.Send(this, member, message);
            });
        }
    }

    /// <inheritdoc/>
    public void Hurry()
    {
        // the simulated disk is as quick as it is
    }

    /// <inheritdoc/>
    public void Persist(long ticket, IReadOnlyList<StoredRow> rows)
    {
        writes.Enqueue((ticket, [.. rows]));
        var time = simulation.Chance.Within(simulation.Chance.Below(50) == 0 ? Disk * 50 : Disk);
        var due = simulation.Now + time;
        lastWrite = due > lastWrite ? due : lastWrite + TimeSpan.FromTicks(1);
        var life = Life;
        simulation.At(lastWrite, () => Complete(life));
    }

    /// <inheritdoc/>
    public void Answer(ulong id, KeyValueResult result)
    {
        var isKnown = asked.Remove(id, out var attempt);
        simulation.Answered(this, id, isKnown ? attempt : null, result);
    }

    /// <inheritdoc/>
    public void Changed(in KeyChange change) => Watched?.Tell(change);

    /// <summary>The disk takes writes again: those that waited go on.</summary>
    public void Recover()
    {
        Do(engine => engine.DiskProblem = "");
        var (life, waiting) = (Life, writes.Count);
        for (var i = 0; i < waiting; i++) simulation.At(simulation.Now + TimeSpan.FromMilliseconds(i + 1), () => Complete(life));
    }

    /// <summary>The oldest write is on the disk, unless the disk refuses.</summary>
    void Complete(int life)
    {
        if (Life != life || writes.Count == 0 || Engine!.DiskProblem is { Length: > 0 }) return;
        var (ticket, rows) = writes.Dequeue();
        Store(rows);
        Do(engine => engine.Persisted(ticket, Clock));
    }

    void Store(IReadOnlyList<StoredRow> rows)
    {
        foreach (var row in rows)
        {
            if (row.Data is { } data) disk[(row.Table, row.Name)] = data;
            else disk.Remove((row.Table, row.Name));
            simulation.Wrote(this, row);
        }
    }

    void Publish()
    {
        if (Engine is null || Engine.Announcement == Announced) return;
        Announced = Engine.Announcement;
        simulation.Gossip.Publish(this);
    }
}
