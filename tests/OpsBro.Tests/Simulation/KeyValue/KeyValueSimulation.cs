using System.Globalization;
using System.Text;
using OpsBro.Core.Gossip;
using OpsBro.Core.KeyValue;

namespace OpsBro.Tests.Simulation.KeyValue;

/// <summary>
/// Agents with the store of keys and values in virtual time: one thread, one seed, the same run again. The engines and every byte they send and store
/// are real; network, gossip, disks, clocks and clients are not.
/// </summary>
sealed partial class KeyValueSimulation
{
    /// <summary>The wall clock at the start, unix milliseconds.</summary>
    public const long Epoch = 1_800_000_000_000;

    readonly PriorityQueue<Action, (long At, long Order)> events = new();
    readonly List<(TimeSpan At, string Key, string Text)> log = [];
    readonly List<SimulatedNode> nodes = [];
    long added;

    /// <summary>Makes hosts; no agent runs yet.</summary>
    /// <param name="members">Agents in group kv.</param>
    /// <param name="others">Other agents.</param>
    /// <param name="seed">What makes this run this one.</param>
    public KeyValueSimulation(int members, int others, ulong seed)
    {
        Seed = seed;
        Chance = new Chance(seed);
        Network = new SimulatedNetwork(this, new Chance(Chance.Next()));
        Gossip = new SimulatedGossip(this, new Chance(Chance.Next()));
        for (var i = 0; i < members + others; i++) AddNode(i < members);
    }

    /// <summary>What makes this run this one.</summary>
    public ulong Seed { get; }

    /// <summary>The run's random numbers.</summary>
    public Chance Chance { get; }

    /// <summary>Virtual time since the start.</summary>
    public TimeSpan Now { get; private set; }

    /// <summary>How long all hosts slept.</summary>
    public TimeSpan Skipped { get; private set; }

    /// <summary>The hosts.</summary>
    public IReadOnlyList<SimulatedNode> Nodes => nodes;

    /// <summary>The links.</summary>
    public SimulatedNetwork Network { get; }

    /// <summary>What each knows of the others.</summary>
    public SimulatedGossip Gossip { get; }

    /// <summary>What the clients did and saw.</summary>
    public History History { get; } = new();

    /// <summary>The highest wall clock that any node ever had.</summary>
    public long FastestEver { get; private set; }

    /// <summary>What a run tells beside its success.</summary>
    public string Figures { get; set; } = "";

    /// <summary>Does something at a virtual time.</summary>
    public void At(TimeSpan time, Action act) => events.Enqueue(act, (time.Ticks, added++));

    /// <summary>Lets virtual time pass.</summary>
    public void Run(TimeSpan time)
    {
        var end = Now + time;
        while (events.TryPeek(out _, out var next) && next.At <= end.Ticks) Step();
        Now = end;
    }

    /// <summary>Lets virtual time pass.</summary>
    public void Run(double seconds) => Run(TimeSpan.FromSeconds(seconds));

    /// <summary>Lets time pass until something is so, at the longest for some seconds; answers whether it became so. Looked at ten times a second.</summary>
    public bool RunUntil(Func<bool> isSo, double seconds)
    {
        var end = Now + TimeSpan.FromSeconds(seconds);
        while (!isSo())
        {
            if (Now >= end) return false;
            Run(0.1);
        }
        return true;
    }

    /// <summary>Another host.</summary>
    public SimulatedNode AddNode(bool isMember)
    {
        var node = new SimulatedNode(this, nodes.Count, isMember) { Id = $"{Chance.Next():x16}-{Chance.Next():x16}" };
        nodes.Add(node);
        return node;
    }

    /// <summary>An agent starts.</summary>
    public void Start(SimulatedNode node)
    {
        Note(node, "", node.Rows == 0 ? "starts with an empty disk" : $"starts with {node.Rows} rows");
        node.Start(Chance.Next(), Chance.Next());
        Gossip.Begin(node);
        node.Tick();
    }

    /// <summary>kill -9.</summary>
    public void Kill(SimulatedNode node)
    {
        if (!node.IsRunning) return;
        Note(node, "", "is killed");
        node.Kill(Chance.Below);
        Gossip.Change();
    }

    /// <summary>Keeps a line for the case that a claim does not hold.</summary>
    public void Note(SimulatedNode? node, string key, string text) => log.Add((Now, key, node is null ? text : $"{node.Name} {text}"));

    /// <summary>A row reached a disk.</summary>
    public void Wrote(SimulatedNode node, in StoredRow row)
    {
        if (row.Table == StoredTable.Entry) log.Add((Now, row.Name, $"{node.Name} has it on disk, {row.Data?.Length ?? 0} bytes"));
    }

    /// <summary>Fails the run: what was seen, how to see it again, and the life of the key.</summary>
    public void Fail(string key, string what, TimeSpan? at = null) => throw new SimException(string.Create(CultureInfo.InvariantCulture,
        $"seed {Seed}, {nodes.Count} nodes, {Now.TotalSeconds:0.00} s: {(key.Length == 0 ? "" : $"key {key}: ")}{what}\n"
        + $"{Life(key, at is { } seen ? seen + TimeSpan.FromSeconds(3) : Now)}"));

    /// <summary>Fails the run when there is a fault.</summary>
    public void Require(IEnumerable<Fault> faults)
    {
        var all = faults.Take(MostFaults + 1).ToList();
        if (all.Count == 0) return;
        var more = string.Join("", all.Skip(1).Select(f => $"\n  and key {f.Key}: {f.Text}"));
        Fail(all[0].Key, all[0].Text + more, all[0].At);
    }

    /// <summary>Fails the run unless it is so.</summary>
    public void Require(bool isSo, string otherwise)
    {
        if (!isSo) Fail("", otherwise);
    }

    const int MostFaults = 5;

    /// <summary>Lines of a trace, the last ones.</summary>
    const int MostLines = 160;

    /// <summary>All that happened to a key until some time, with what happened to the nodes.</summary>
    string Life(string key, TimeSpan until)
    {
        var attempts = History.Of(key).Select(a => (At: a.Begin, Text: a.ToString()));
        var lines = log.Where(line => line.Key == key || line.Key.Length == 0)
            .Select(line => (line.At, Text: string.Create(CultureInfo.InvariantCulture, $"{line.At.TotalSeconds,9:0.000} {line.Text}")))
            .Concat(attempts).Where(line => line.At <= until).OrderBy(line => line.At).Select(line => line.Text).TakeLast(MostLines);
        var text = new StringBuilder().AppendJoin('\n', lines);
        foreach (var node in nodes)
        {
            var state = node.Engine is { } engine
                ? $"{engine.Announcement} {(key.Length == 0 ? "" : Attempt.Show(engine.LocalEntries(key).FirstOrDefault(e => e.Key == key)))}" : "down";
            text.Append(CultureInfo.InvariantCulture, $"\n{node.Name} {node.Id}{(node.IsMember ? "" : " (not in the group)")}: {state}");
        }
        return text.ToString();
    }

    void Step()
    {
        events.TryDequeue(out var act, out var at);
        Now = new TimeSpan(at.At);
        act!();
    }
}
