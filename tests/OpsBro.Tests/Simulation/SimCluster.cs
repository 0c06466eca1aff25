using System.Buffers;
using OpsBro.Core.Gossip;
using OpsBro.Core.NodeState;
using OpsBro.Core.Wire;

namespace OpsBro.Tests.Simulation;

/// <summary>
/// A cluster in virtual time: one thread, one seed, the same run again. Time passes only from event to event, so an hour of ten idle nodes takes a
/// second. What is real: the engines, every byte they send. What is not: the network (<see cref="SimLinks"/>), the clock, the process around the engine.
/// </summary>
sealed partial class SimCluster
{
    readonly SimEvents events = new();
    readonly SimOptions options;
    readonly Dictionary<PeerAddress, int> indexOf = [];
    readonly PacketReader reader = new(null, []);
    readonly PacketWriter writer;
    readonly NodeFactsTable facts = new();
    readonly NodeStateShare share = new() { SharesMaps = true };

    /// <summary>Makes the hosts; no agent runs yet.</summary>
    public SimCluster(int nodes, ulong seed, SimOptions? options = null)
    {
        this.options = options ?? new SimOptions();
        Seed = seed;
        Chance = new Chance(seed);
        Links = new SimLinks(nodes, Chance);
        Views = new SimViews(nodes);
        States = this.options.NodeState ? new SimStates(this, nodes) : null;
        writer = new PacketWriter(null, []) { Compress = this.options.Compress };
        Nodes = [.. Enumerable.Range(0, nodes).Select(index => new SimNode(this, index))];
        foreach (var node in Nodes) indexOf[node.Address] = node.Index;
    }

    /// <summary>What makes this run this one.</summary>
    public ulong Seed { get; }

    /// <summary>The run's random numbers.</summary>
    public Chance Chance { get; }

    /// <summary>Agents write snapshots: an agent that starts again knows its members, and no event from before.</summary>
    public bool KeepsSnapshots { get; set; }

    /// <summary>Virtual time since the start.</summary>
    public TimeSpan Now { get; private set; }

    /// <summary>The hosts.</summary>
    public IReadOnlyList<SimNode> Nodes { get; }

    /// <summary>The network.</summary>
    public SimLinks Links { get; }

    /// <summary>What each node thinks of each.</summary>
    public SimViews Views { get; }

    /// <summary>What each node knows of what each says of itself; null when they say nothing.</summary>
    public SimStates? States { get; }

    /// <summary>Agents that run, stopped ones included.</summary>
    public int Running { get; private set; }

    /// <summary>Datagrams sent.</summary>
    public long Datagrams { get; private set; }

    /// <summary>Datagrams that were recorded and sent again.</summary>
    public long Replayed { get; private set; }

    /// <summary>Streams dialed.</summary>
    public long Streams { get; private set; }

    /// <summary>Packets sent, of datagrams and streams.</summary>
    public long Packets => Nodes.Sum(node => node.PacketsSent);

    /// <summary>Bytes sent, with headers.</summary>
    public long Bytes => Nodes.Sum(node => node.BytesSent);

    /// <summary>Lets virtual time pass.</summary>
    public void Run(TimeSpan time)
    {
        var end = Now + time;
        while (events.Next <= end) Step();
        Now = end;
    }

    /// <summary>Lets time pass until something is so, at the longest for some time; answers whether it became so. Looked at every 10 ms.</summary>
    public bool RunUntil(Func<bool> isSo, TimeSpan within)
    {
        var end = Now + within;
        while (!isSo())
        {
            if (Now >= end) return false;
            Run(TimeSpan.FromMilliseconds(10));
        }
        return true;
    }

    /// <summary>Does something later.</summary>
    public void At(TimeSpan time, Action act) => events.Add(time, new SimEvent(SimEventKind.Act, 0, 0, 0, act));

    /// <summary>Fails the run unless it is so; the message says how to see it again.</summary>
    public void Require(bool isSo, string otherwise)
    {
        if (!isSo) throw new SimException($"seed {Seed}, {Nodes.Count} nodes, {Now.TotalSeconds:0.00} s: {otherwise}");
    }

    /// <summary>An engine for a node.</summary>
    public GossipEngine Engine(SimNode node, uint incarnation)
    {
        var settings = new GossipSettings
        {
            Name = node.Name,
            Advertise = node.Address,
            Profile = options.Profile,
            Tags = [new("ob", "1")],
            Incarnation = incarnation,
            Compress = options.Compress,
            Facts = facts,
            Keys = node.Keys,
            Clock = node.Snapshot.Clock,
            EventClock = node.Snapshot.EventClock,
            QueryClock = node.Snapshot.QueryClock,
        };
        var chance = new Chance(Chance.Next());
        return node.Keys is null
            ? new GossipEngine(settings, chance, node, Now, reader, writer)
            : new GossipEngine(settings, chance, node, Now);
    }

    /// <summary>The other engine of a node; null when nodes say nothing of themselves.</summary>
    public NodeStateEngine? State(SimNode node) => !options.NodeState ? null : new NodeStateEngine(
        new NodeStateSettings { Name = node.Name, Generation = SimOptions.GenerationAtStart + (ulong)Now.TotalSeconds },
        new Chance(Chance.Next()), node, Now, share);

    /// <summary>A keyring as the agent's file holds it; null without encryption.</summary>
    public Keyring? FirstKeys() => options.Encrypt ? new Keyring([SimOptions.FirstKey]) : null;

    /// <summary>Sees that the node is called at a time.</summary>
    public void WakeUp(SimNode node, TimeSpan due)
    {
        if (due < Now) due = Now;
        if (due >= node.WakeAt) return;
        node.WakeAt = due;
        events.Add(due, new SimEvent(SimEventKind.Wake, node.Index, 0, 0, null));
    }

    /// <summary>Sends a datagram.</summary>
    public void Send(SimNode from, PeerAddress to, ReadOnlySpan<byte> datagram)
    {
        Datagrams++;
        if (!indexOf.TryGetValue(to, out var target) || !Links.IsOpen(from.Index, target) || Links.Loses()) return;
        for (var copies = Links.Doubles() ? 2 : 1; copies > 0; copies--)
        {
            var buffer = ArrayPool<byte>.Shared.Rent(datagram.Length);
            datagram.CopyTo(buffer);
            events.Add(Now + Links.Delay(), new SimEvent(SimEventKind.Datagram, target, from.Index, datagram.Length, buffer));
        }
        if (Links.Records()) Replay(from.Index, datagram);
    }

    /// <summary>A datagram as somebody else makes or recorded it reaches a node.</summary>
    public void Inject(int from, int to, ReadOnlySpan<byte> datagram, TimeSpan after)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(datagram.Length);
        datagram.CopyTo(buffer);
        events.Add(Now + after, new SimEvent(SimEventKind.Datagram, to, from, datagram.Length, buffer));
    }

    /// <summary>Somebody recorded it, and sends it to anybody later: while its nonce is remembered, or after.</summary>
    void Replay(int from, ReadOnlySpan<byte> datagram)
    {
        Replayed++;
        Inject(from, Chance.Below(Nodes.Count), datagram, Chance.Within(SimLinks.LongestReplay));
    }

    void Step()
    {
        var at = events.Next;
        var due = events.Take();
        Now = at;
        switch (due.Kind)
        {
            case SimEventKind.Wake:
                Wake(Nodes[due.Node]);
                break;
            case SimEventKind.Datagram:
                Arrive(due);
                break;
            case SimEventKind.Attempt:
                Attempt((SimStream)due.What!);
                break;
            case SimEventKind.Arrival:
                Arrive(due);
                break;
            case SimEventKind.StreamEnd:
                End((SimStream)due.What!);
                break;
            case SimEventKind.Act:
                ((Action)due.What!)();
                break;
        }
    }

    void Wake(SimNode node)
    {
        if (node.WakeAt != Now) return;   // an earlier look has been asked for since
        node.WakeAt = TimeSpan.MaxValue;
        if (!node.IsRunning || node.IsPaused) return;
        if (node.Due > Now) WakeUp(node, node.Due);
        else node.Settle();
    }

    /// <summary>A datagram or a stream's request reaches the host.</summary>
    void Arrive(in SimEvent arrival)
    {
        var node = Nodes[arrival.Node];
        if (node is { IsRunning: true, IsPaused: true })
        {
            if (arrival.What is SimStream stream) Fail(stream, stream.Deadline, "no answer in time");   // unless it goes on before
            if (arrival.Kind != SimEventKind.Datagram || node.Inbox.Count < SimOptions.SocketBuffer) node.Inbox.Enqueue(arrival);
            return;
        }
        Deliver(arrival);
        node.Settle();
    }

    /// <summary>Gives it to the engine.</summary>
    public void Deliver(in SimEvent arrival)
    {
        var node = Nodes[arrival.Node];
        if (arrival.Kind == SimEventKind.Datagram)
        {
            var buffer = (byte[])arrival.What!;
            if (node.IsRunning) node.Engine.Receive(Nodes[arrival.From].Address, buffer.AsSpan(0, arrival.Length), Now);
            ArrayPool<byte>.Shared.Return(buffer);
        }
        else if (arrival.Kind == SimEventKind.Arrival) Answer(node, (SimStream)arrival.What!);
        else Tell(node, (SimStream)arrival.What!);
    }
}
