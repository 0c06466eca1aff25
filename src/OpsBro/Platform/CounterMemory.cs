namespace OpsBro.Platform;

/// <summary>
/// The counters of named things (disks, network interfaces, control groups) of this run and of the one before, for values that are
/// differences. A run is: <see cref="Start"/>, for each thing <see cref="Of"/>, fill <see cref="Counters.Now"/>, and at its end
/// <see cref="End"/>, which forgets what did not come again.
/// </summary>
/// <param name="width">Counters of each thing.</param>
internal sealed class CounterMemory(int width)
{
    /// <summary>Most things remembered; more are not measured and are counted in <see cref="Refused"/>.</summary>
    public const int MaxNames = 4096;

    readonly Dictionary<string, Counters> known = new(Utf8Names.Comparer);
    readonly List<string> gone = [];
    long run;
    TimeSpan now;

    /// <summary>Things not taken in this run because of <see cref="MaxNames"/>.</summary>
    public int Refused { get; private set; }

    /// <summary>Things that came in this run, oldest first.</summary>
    public IEnumerable<Counters> Current => known.Values.Where(c => c.Run == run);

    /// <summary>Things that came in the run that ended last, for those who may not make garbage.</summary>
    public Dictionary<string, Counters>.ValueCollection All => known.Values;

    /// <summary>Begins a run.</summary>
    public void Start(TimeSpan at) => (run, now, Refused) = (run + 1, at, 0);

    /// <summary>The counters of one thing, ready to be filled; null when there are too many things.</summary>
    public Counters? Of(ReadOnlySpan<byte> name)
    {
        var lookup = known.GetAlternateLookup<ReadOnlySpan<byte>>();
        if (lookup.TryGetValue(name, out var counters)) return counters.Begin(run, now);
        if (known.Count >= MaxNames)
        {
            Refused++;
            return null;
        }
        counters = new Counters(Utf8Names.Comparer.Create(name), width);
        known[counters.Name] = counters;
        return counters.Begin(run, now);
    }

    /// <summary>Ends a run: things that were not in it are forgotten.</summary>
    public void End()
    {
        foreach (var (name, counters) in known)
            if (counters.Run != run) gone.Add(name);
        foreach (var name in gone) known.Remove(name);
        gone.Clear();
    }
}

/// <summary>The counters of one thing in two runs.</summary>
/// <param name="name">The thing's name.</param>
/// <param name="width">Number of counters.</param>
internal sealed class Counters(string name, int width)
{
    long[] now = new long[width], before = new long[width];
    TimeSpan at;

    /// <summary>The thing's name.</summary>
    public string Name => name;

    /// <summary>Whatever the collector found out once about this thing and does not want to read again.</summary>
    public object? Note { get; set; }

    /// <summary>The run these counters are of.</summary>
    public long Run { get; private set; }

    /// <summary>The counters of this run, to be filled.</summary>
    public Span<long> Now => now;

    /// <summary>Time since the run before; zero in the first, where there is no difference yet.</summary>
    public TimeSpan Elapsed { get; private set; }

    /// <summary>True when there is a run before, so that differences mean something.</summary>
    public bool HasDifference => Elapsed > TimeSpan.Zero;

    /// <summary>
    /// Growth since the run before. A counter that went back was reset (driver reloaded, device exchanged): it counts from zero then,
    /// so what it shows is the growth.
    /// </summary>
    public long Delta(int index) => now[index] >= before[index] ? now[index] - before[index] : Math.Max(0, now[index]);

    /// <summary>Growth in each second.</summary>
    public double Rate(int index) => HasDifference ? Delta(index) / Elapsed.TotalSeconds : 0;

    /// <summary>Turns to a new run. A thing asked for twice in one run keeps the difference to the run before.</summary>
    internal Counters Begin(long run, TimeSpan time)
    {
        if (Run == run) return this;
        if (Run != 0) Elapsed = time - at;
        (Run, at) = (run, time);
        (now, before) = (before, now);
        now.AsSpan().Clear();
        return this;
    }
}
