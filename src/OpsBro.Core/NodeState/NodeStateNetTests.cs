using System.Net;
using OpsBro.Core.Gossip;
using OpsBro.Core.NodeState;

namespace OpsBro.Tests.NodeState;

/// <summary>Engines on a network in virtual time that loses, doubles and delays, so that messages overtake each other.</summary>
sealed class NodeStateNet
{
    readonly PriorityQueue<(int To, byte[] Body), (TimeSpan At, long Number)> flying = new();
    readonly PriorityQueue<int, (TimeSpan At, long Number)> ticks = new();
    readonly List<TimeSpan> nextTick = [];
    readonly Dictionary<PeerAddress, int> byAddress = [];
    readonly Chance chance;
    readonly ulong seed;
    long number;

    public NodeStateNet(ulong seed) => (this.seed, chance) = (seed, new Chance(seed));

    public List<Node> Nodes { get; } = [];

    public TimeSpan Now { get; private set; } = TimeSpan.FromSeconds(1);

    public double Loss { get; set; }

    public double Double { get; set; }

    public TimeSpan MinDelay { get; set; } = TimeSpan.FromMilliseconds(1);

    public TimeSpan MaxDelay { get; set; } = TimeSpan.FromMilliseconds(20);

    public long Messages { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>When set, each message that is sent is kept here.</summary>
    public List<byte[]>? Heard { get; set; }

    public NodeStateShare Share { get; init; } = new();

    /// <summary>True when a message may go from one node to another.</summary>
    public Func<int, int, bool> Link { get; set; } = (_, _) => true;

    public sealed class Node(NodeStateNet net, int index, PeerAddress address) : INodeStateOutput
    {
        public NodeStateEngine Engine { get; set; } = null!;

        public PeerAddress Address => address;

        public int Index => index;

        public bool IsUp { get; set; } = true;

        public List<(NodeMap Before, NodeMap After)> Changes { get; } = [];

        public bool KeepsChanges { get; set; }

        public List<string> Dropped { get; } = [];

        public void Send(int pool, PeerAddress to, ReadOnlySpan<byte> body) => net.Sent(index, to, body);

        public void Changed(NodeMap before, NodeMap after)
        {
            if (KeepsChanges) Changes.Add((before, after));
        }

        public void Gone(NodeMap map, TimeSpan? since)
        {
        }

        public void Dropped_(NodeMap map) => Dropped.Add(map.Name);

        void INodeStateOutput.Dropped(NodeMap map) => Dropped_(map);
    }

    public static string NameOf(int index) => $"node-{index:D5}";

    public Node Add(string zone = "lan", ZoneTree? tree = null, ulong generation = 1_000)
    {
        var index = Nodes.Count;
        var node = new Node(this, index, PeerAddress.Of(new IPAddress(0x0a000000L | (uint)index << 8), 7946));
        Nodes.Add(node);
        byAddress[node.Address] = index;
        nextTick.Add(TimeSpan.MaxValue);
        Restart(index, zone, tree, generation);
        return node;
    }

    public void Restart(int index, string zone = "lan", ZoneTree? tree = null, ulong generation = 1_000)
    {
        var settings = new NodeStateSettings { Zone = zone, Name = NameOf(index), Generation = generation, Tree = tree ?? ZoneTree.Flat };
        Nodes[index].Engine = new NodeStateEngine(settings, new Chance(seed * 1_000_003 + (ulong)index), Nodes[index], Now, Share);
        Nodes[index].IsUp = true;
    }

    /// <summary>Everybody is everybody's peer.</summary>
    public void Mesh()
    {
        foreach (var one in Nodes)
            foreach (var other in Nodes)
                if (one != other) Meet(one, other);
    }

    public void Meet(Node one, Node other, int pool = 0)
    {
        one.Engine.PeerUp(other.Engine.Self.Name, other.Address, other.Engine.Self.Zone, Now, pool);
        Due(one.Index);
    }

    public void Part(Node one, Node other, int pool = 0)
    {
        one.Engine.PeerGone(other.Engine.Self.Name, other.Engine.Self.Zone, Now, pool);
        Due(one.Index);
    }

    public string? Set(int node, string key, string value, bool urgent = false)
    {
        var refusal = Nodes[node].Engine.Set(key, value, urgent, Now);
        Due(node);
        return refusal;
    }

    public void Remove(int node, string key, bool urgent = false)
    {
        Nodes[node].Engine.Remove(key, urgent, Now);
        Due(node);
    }

    /// <summary>The engine's own clock asks to be called.</summary>
    void Due(int node)
    {
        var at = Nodes[node].Engine.Tick(Now);
        if (at >= nextTick[node]) return;
        nextTick[node] = at;
        if (at != TimeSpan.MaxValue) ticks.Enqueue(node, (at, number++));
    }

    void Sent(int from, PeerAddress to, ReadOnlySpan<byte> body)
    {
        Messages++;
        Bytes += body.Length;
        Heard?.Add(body.ToArray());
        if (!byAddress.TryGetValue(to, out var target) || !Link(from, target)) return;
        if (chance.Fraction() < Loss) return;
        var copies = chance.Fraction() < Double ? 2 : 1;
        var bytes = body.ToArray();
        for (; copies > 0; copies--) flying.Enqueue((target, bytes), (Now + MinDelay + chance.Within(MaxDelay - MinDelay), number++));
    }

    /// <summary>Lets time pass; stops early when something is so.</summary>
    /// <returns>True when it became so.</returns>
    public bool Run(TimeSpan time, Func<bool>? until = null)
    {
        var end = Now + time;
        while (true)
        {
            if (until is not null && until()) return true;
            var hasPacket = flying.TryPeek(out _, out var packet);
            var hasTick = ticks.TryPeek(out _, out var tick);
            var next = hasPacket && (!hasTick || packet.At <= tick.At) ? packet.At : hasTick ? tick.At : TimeSpan.MaxValue;
            if (next > end) break;
            Now = next > Now ? next : Now;
            if (hasPacket && packet.At <= Now && (!hasTick || packet.At <= tick.At))
            {
                var (to, body) = flying.Dequeue();
                if (!Nodes[to].IsUp) continue;
                Nodes[to].Engine.Receive(body, Now);
                Due(to);
            }
            else
            {
                var node = ticks.Dequeue();
                if (!Nodes[node].IsUp || nextTick[node] > Now) continue;
                nextTick[node] = TimeSpan.MaxValue;
                Due(node);
            }
        }
        Now = end;
        return false;
    }

    /// <summary>How many of the nodes that are up know a node exactly as it knows itself.</summary>
    public int Knowing(int node)
    {
        var self = Nodes[node].Engine.Self;
        var knowing = 0;
        foreach (var other in Nodes)
            if (other.IsUp && other.Engine.Find(self.Zone, self.Name) is { } map && map.Generation == self.Generation
                && map.Version == self.Version) knowing++;
        return knowing;
    }

    /// <summary>All that are up know all that are up.</summary>
    public bool IsSettled => Nodes.Where(n => n.IsUp).All(n => Knowing(n.Index) == Nodes.Count(o => o.IsUp));

    /// <summary>The live keys of a map, sorted.</summary>
    public static string Text(NodeMap? map)
    {
        if (map is null) return "";
        var parts = new List<string>();
        foreach (var entry in map.Entries)
            if (!entry.IsRemoved) parts.Add($"{entry.Key}={entry.Value}");
        parts.Sort(StringComparer.Ordinal);
        return string.Join(' ', parts);
    }
}
