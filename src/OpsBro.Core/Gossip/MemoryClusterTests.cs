using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;

namespace OpsBro.Tests.Gossip;

/// <summary>
/// Engines on a bus in memory, in virtual time: each datagram takes a millisecond, each way of a stream too. (No tests here: the name makes
/// the build of the tests take it.) For loss, delays and crowds there is tests/OpsBro.Tests/Simulation.
/// </summary>
sealed class MemoryCluster(ulong seed = 1)
{
    static readonly TimeSpan way = TimeSpan.FromMilliseconds(1);

    readonly PriorityQueue<Action, (TimeSpan, long)> todo = new();
    readonly List<MemoryNode> nodes = [];
    long made;

    /// <summary>The virtual time; it does not begin at nothing, as in a real process.</summary>
    public TimeSpan Now { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Nothing gets through from one address to another when this says so.</summary>
    public Func<PeerAddress, PeerAddress, bool> IsCut { get; set; } = (_, _) => false;

    public IReadOnlyList<MemoryNode> Nodes => nodes;

    public ulong Seed => seed;

    /// <summary>A new node: its name, and 10.0.0.N for the Nth.</summary>
    public MemoryNode Add(string name, Func<GossipSettings, GossipSettings>? with = null)
    {
        var settings = new GossipSettings { Name = name, Advertise = Address(nodes.Count + 1) };
        var node = new MemoryNode(this, with?.Invoke(settings) ?? settings);
        nodes.Add(node);
        node.Wake();
        return node;
    }

    /// <summary>So many nodes that all know each other.</summary>
    public static MemoryCluster Of(int count, ulong seed = 1, Func<GossipSettings, GossipSettings>? with = null)
    {
        var cluster = new MemoryCluster(seed);
        for (var i = 0; i < count; i++) cluster.Add($"n{i}", with);
        for (var i = 1; i < count; i++) cluster.nodes[i].Do((engine, now) => engine.Join(cluster.nodes[0].Address, false, now));
        cluster.RunUntil(() => cluster.nodes.All(node => node.Engine.Count == count), "all know all", 30);
        foreach (var node in cluster.nodes) node.News.Clear();
        return cluster;
    }

    public static PeerAddress Address(int number) => PeerAddress.Of([10, 0, (byte)(number >> 8), (byte)number], 7946);

    public void RunFor(double seconds)
    {
        var end = Now + TimeSpan.FromSeconds(seconds);
        while (Step(end)) { }
        Now = end;
    }

    public void RunUntil(Func<bool> holds, string what, double within)
    {
        var end = Now + TimeSpan.FromSeconds(within);
        while (!holds())
            if (!Step(end)) Assert.Fail($"seed {seed}: not within {within} s: {what}");
    }

    public void At(TimeSpan time, Action action) => todo.Enqueue(action, (time, made++));

    public void Packet(MemoryNode from, PeerAddress to, byte[] datagram)
    {
        if (Target(from, to) is { } target)
            At(Now + way, () => target.Do((engine, now) => engine.Receive(from.Address, datagram, now)));
    }

    public void Dial(MemoryNode from, long id, PeerAddress to, ReadOnlyMemory<byte> request, bool expectsAnswer, TimeSpan timeout)
    {
        if (Target(from, to) is not { } target)
        {
            At(Now + timeout, () => from.Do((engine, now) => engine.StreamFailed(id, "timed out", now)));
            return;
        }
        At(Now + way, () =>
        {
            ReadOnlyMemory<byte> answer = default;
            target.Do((engine, now) => answer = engine.Accept(from.Address.WithPort(40_000), request, now));
            At(Now + way, () => from.Do((engine, now) =>
            {
                if (expectsAnswer && answer.IsEmpty) engine.StreamFailed(id, "closed without an answer", now);
                else engine.StreamAnswered(id, answer, now);
            }));
        });
    }

    MemoryNode? Target(MemoryNode from, PeerAddress to) =>
        IsCut(from.Address, to) || from.IsDown ? null : nodes.FindLast(node => node.Address == to && !node.IsDown);

    bool Step(TimeSpan end)
    {
        if (!todo.TryPeek(out _, out var key) || key.Item1 > end) return false;
        var action = todo.Dequeue();
        if (key.Item1 > Now) Now = key.Item1;
        action();
        return true;
    }
}

/// <summary>A node of a <see cref="MemoryCluster"/>, and all that its engine said.</summary>
sealed class MemoryNode : IGossipOutput
{
    readonly MemoryCluster cluster;
    readonly PacketReader reader;
    readonly PacketWriter writer;
    TimeSpan due = TimeSpan.MaxValue;

    public MemoryNode(MemoryCluster cluster, GossipSettings settings)
    {
        (this.cluster, Settings) = (cluster, settings);
        reader = new PacketReader(settings.Keys, settings.Label);
        writer = new PacketWriter(settings.Keys, settings.Label);
        Engine = new GossipEngine(settings, new Chance(cluster.Seed * 1_000 + (ulong)cluster.Nodes.Count), this, cluster.Now);
    }

    public GossipSettings Settings { get; }

    public GossipEngine Engine { get; }

    public PeerAddress Address => Settings.Advertise;

    public string Name => Settings.Name;

    /// <summary>It neither sends nor hears nor does anything.</summary>
    public bool IsDown { get; set; }

    public List<GossipNews> News { get; } = [];

    public List<(PeerAddress From, byte[] Body)> Directs { get; } = [];

    /// <summary>Serf's messages in the datagrams it sent, with their type first; filled while <see cref="Records"/>.</summary>
    public List<(PeerAddress To, byte[] Message)> Sent { get; } = [];

    public bool Records { get; set; }

    public int Dials { get; set; }

    public IEnumerable<T> Told<T>() where T : GossipNews => News.OfType<T>();

    /// <summary>Calls the engine, and lets it do what became due.</summary>
    public void Do(Action<GossipEngine, TimeSpan> call)
    {
        if (IsDown) return;
        call(Engine, cluster.Now);
        Wake();
    }

    /// <summary>Hears a message of Serf, as a rumour.</summary>
    public void Hears(IWireMessage message, PeerAddress? from = null)
    {
        var writer = new SpanWriter();
        message.Write(writer);
        Receive([(byte)MessageType.User, .. writer.Written], from ?? MemoryCluster.Address(200));
    }

    /// <summary>Hears that a node is there.</summary>
    public void Meets(string name, int number, uint incarnation = 1, Bytes meta = default)
    {
        var address = MemoryCluster.Address(number);
        Receive(new Alive(incarnation, name, address.Addr, address.Port, meta, ProtocolVersions.Ours.ToBytes()), address);
    }

    /// <summary>Hears that a node is dead, from another or, when it left, from itself.</summary>
    public void Loses(string name, string from = "other", uint incarnation = 1) =>
        Receive(new Dead(incarnation, name, from), MemoryCluster.Address(200));

    void Receive(IWireMessage message, PeerAddress from)
    {
        var writer = new SpanWriter();
        message.Write(writer);
        Receive(writer.Written, from);
    }

    void Receive(ReadOnlySpan<byte> message, PeerAddress from)
    {
        Span<byte> nonce = stackalloc byte[Envelope.NonceSize];
        ((IGossipOutput)this).Nonce(nonce);
        var datagram = writer.Write(message, checksum: false, nonce).ToArray();
        Do((engine, now) => engine.Receive(from, datagram, now));
    }

    public void Wake()
    {
        if (IsDown) return;
        var next = Engine.Tick(cluster.Now);
        if (next == due || next == TimeSpan.MaxValue) return;
        due = next;
        cluster.At(next < cluster.Now ? cluster.Now : next, () =>
        {
            if (due != next) return;
            due = TimeSpan.MaxValue;
            Wake();
        });
    }

    void IGossipOutput.Packet(PeerAddress to, ReadOnlySpan<byte> datagram)
    {
        var copy = datagram.ToArray();
        if (Records) reader.Read(copy, new Recorder(this, to));
        cluster.Packet(this, to, copy);
    }

    void IGossipOutput.Dial(long id, PeerAddress to, ReadOnlyMemory<byte> request, bool expectsAnswer, TimeSpan timeout)
    {
        Dials++;
        cluster.Dial(this, id, to, request.ToArray(), expectsAnswer, timeout);
    }

    void IGossipOutput.Nonce(Span<byte> nonce) => System.Security.Cryptography.RandomNumberGenerator.Fill(nonce);

    void IGossipOutput.Happened(GossipNews news) => News.Add(news);

    void IGossipOutput.Direct(PeerAddress from, ReadOnlySpan<byte> body) => Directs.Add((from, body.ToArray()));

    sealed class Recorder(MemoryNode node, PeerAddress to) : IMessageSink
    {
        public void Message(MessageType type, ReadOnlySpan<byte> body)
        {
            if (type == MessageType.User) node.Sent.Add((to, body.ToArray()));
        }
    }
}
