using OpsBro.Core.Gossip;

namespace OpsBro.Core.NodeState;

/// <summary>What an engine knows of one node; kept small, for a simulation holds a hundred million of them.</summary>
struct NodeRecord
{
    /// <summary>Its map; null for a place that is free.</summary>
    public NodeMap? Map;

    /// <summary>Since when it is gone, in ticks of the engine's clock plus one; 0 while it is there.</summary>
    public long Gone;

    /// <summary>Its place among the peers of each pool, plus one; 0 when it is none there.</summary>
    public int First, Second;

    /// <summary>Its place among the nodes of its zone.</summary>
    public int Slot;

    /// <summary>Its zone's number.</summary>
    public ushort Zone;

    /// <summary>It is a peer in some pool.</summary>
    public readonly bool IsPeer => First != 0 || Second != 0;
}

/// <summary>The nodes of one zone.</summary>
sealed class ZoneGroup(string name)
{
    /// <summary>The zone.</summary>
    public string Name => name;

    /// <summary>Their places in the table.</summary>
    public List<int> Nodes { get; } = [];

    /// <summary>Those that are proxies.</summary>
    public List<int> Proxies { get; } = [];

    /// <summary>What all of them add to the hashes.</summary>
    public PrintSum All { get; } = new();

    /// <summary>What the proxies add.</summary>
    public PrintSum OfProxies { get; } = new();
}

/// <summary>A sum of what nodes' states are, whole and by part; a change costs one addition.</summary>
sealed class PrintSum
{
    uint[]? buckets;

    /// <summary>Of all.</summary>
    public ulong Total { get; private set; }

    /// <summary>A node's state is another one.</summary>
    public void Change(ulong id, ulong before, ulong after)
    {
        if (before == after) return;
        Total += after - before;
        buckets ??= new uint[NodeStateCodec.BucketCount];
        buckets[id % NodeStateCodec.BucketCount] += (uint)after - (uint)before;
    }

    /// <summary>Adds the sums of the parts.</summary>
    public void AddTo(Span<uint> sums)
    {
        if (buckets is null) return;
        for (var i = 0; i < buckets.Length; i++) sums[i] += buckets[i];
    }
}

/// <summary>
/// All nodes that an engine knows: by id, by part, by zone; with hashes that follow each change. Nothing here walks over all nodes.
/// </summary>
sealed class NodeTable
{
    readonly List<ZoneGroup> zones = [];
    readonly int[]?[] buckets = new int[]?[NodeStateCodec.BucketCount];
    readonly int[] bucketCounts = new int[NodeStateCodec.BucketCount];
    readonly Stack<int> free = new();
    NodeRecord[] records = new NodeRecord[4];
    int used;

    /// <summary>Places in use or free; a node keeps its place.</summary>
    public int Places => used;

    /// <summary>Nodes.</summary>
    public int Count => used - free.Count;

    /// <summary>Bytes of all maps.</summary>
    public long Bytes { get; private set; }

    /// <summary>The zones of all nodes so far.</summary>
    public IReadOnlyList<ZoneGroup> Zones => zones;

    /// <summary>The node at a place. Its <see cref="NodeRecord.Map"/> is set by <see cref="Replace"/> only.</summary>
    public ref NodeRecord this[int place] => ref records[place];

    /// <summary>The place of a node; -1 when it is not known.</summary>
    public int Find(ulong id)
    {
        var bucket = (int)(id % NodeStateCodec.BucketCount);
        foreach (var place in buckets[bucket].AsSpan(0, bucketCounts[bucket]))
            if (records[place].Map!.Id == id) return place;
        return -1;
    }

    /// <summary>The nodes of a part.</summary>
    public ReadOnlySpan<int> Bucket(int bucket) => buckets[bucket].AsSpan(0, bucketCounts[bucket]);

    /// <summary>Adds a node that is not there; -1 when there are too many nodes or zones.</summary>
    public int Add(NodeMap map)
    {
        if (Count >= NodeStateLimits.MaxNodes) return -1;
        var zone = ZoneOf(map.Zone);
        if (zone < 0) return -1;
        if (!free.TryPop(out var place))
        {
            place = used++;
            if (place == records.Length) Array.Resize(ref records, records.Length + Math.Max(4, records.Length / 2));
        }
        var bucket = (int)(map.Id % NodeStateCodec.BucketCount);
        var list = buckets[bucket] ??= new int[2];
        if (bucketCounts[bucket] == list.Length)
        {
            Array.Resize(ref list, list.Length + Math.Max(2, list.Length / 4));
            buckets[bucket] = list;
        }
        list[bucketCounts[bucket]++] = place;
        records[place] = new NodeRecord { Map = map, Zone = (ushort)zone, Slot = zones[zone].Nodes.Count };
        zones[zone].Nodes.Add(place);
        if (map.IsProxy) zones[zone].Proxies.Add(place);
        Account(zones[zone], map, 1);
        return place;
    }

    /// <summary>A node's map is another one.</summary>
    public void Replace(int place, NodeMap map)
    {
        ref var record = ref records[place];
        var zone = zones[record.Zone];
        Account(zone, record.Map!, -1);
        if (record.Map!.IsProxy != map.IsProxy)
        {
            if (map.IsProxy) zone.Proxies.Add(place);
            else zone.Proxies.Remove(place);
        }
        record.Map = map;
        Account(zone, map, 1);
    }

    /// <summary>Forgets a node that is no peer.</summary>
    public void Remove(int place)
    {
        ref var record = ref records[place];
        var map = record.Map!;
        var zone = zones[record.Zone];
        Account(zone, map, -1);
        if (map.IsProxy) zone.Proxies.Remove(place);
        var last = zone.Nodes[^1];
        zone.Nodes[record.Slot] = last;
        records[last].Slot = record.Slot;
        zone.Nodes.RemoveAt(zone.Nodes.Count - 1);
        var bucket = (int)(map.Id % NodeStateCodec.BucketCount);
        var list = buckets[bucket].AsSpan(0, bucketCounts[bucket]);
        list[list.IndexOf(place)] = list[^1];
        bucketCounts[bucket]--;
        record = default;
        free.Push(place);
    }

    int ZoneOf(string name)
    {
        for (var i = 0; i < zones.Count; i++)
            if (zones[i].Name == name) return i;
        if (zones.Count == NodeStateLimits.MaxZones) return -1;
        zones.Add(new ZoneGroup(name));
        return zones.Count - 1;
    }

    void Account(ZoneGroup zone, NodeMap map, int sign)
    {
        Bytes += sign * map.Size;
        var print = NodeId.Print(map.Id, map.Generation, map.Version);
        var (before, after) = sign > 0 ? (0ul, print) : (print, 0ul);
        zone.All.Change(map.Id, before, after);
        if (map.IsProxy) zone.OfProxies.Change(map.Id, before, after);
    }
}

/// <summary>
/// What this node and a peer may both know, zone by zone: the nodes that they compare. Brothers share the proxies above them only.
/// </summary>
sealed class SharedView(NodeTable table, ZoneSight[] sights)
{
    /// <summary>Zones that it was made for; when there are more, another one is needed.</summary>
    public int Zones => sights.Length;

    /// <summary>True when a node is among them.</summary>
    public bool Holds(in NodeRecord record) => sights[record.Zone] switch
    {
        ZoneSight.All => true,
        ZoneSight.Proxies => record.Map!.IsProxy,
        _ => false,
    };

    /// <summary>How many nodes that are.</summary>
    public int Count
    {
        get
        {
            var count = 0;
            for (var i = 0; i < sights.Length; i++) count += Nodes(i)?.Count ?? 0;
            return count;
        }
    }

    /// <summary>The hash of all.</summary>
    public ulong Hash
    {
        get
        {
            var hash = 0ul;
            for (var i = 0; i < sights.Length; i++) hash += Sum(i)?.Total ?? 0;
            return hash;
        }
    }

    /// <summary>The hashes of all parts.</summary>
    public void Buckets(Span<uint> sums)
    {
        sums.Clear();
        for (var i = 0; i < sights.Length; i++) Sum(i)?.AddTo(sums);
    }

    /// <summary>Adds the places of all.</summary>
    public void AddTo(List<int> places)
    {
        for (var i = 0; i < sights.Length; i++)
            if (Nodes(i) is { } nodes) places.AddRange(nodes);
    }

    List<int>? Nodes(int zone) => sights[zone] switch
    {
        ZoneSight.All => table.Zones[zone].Nodes,
        ZoneSight.Proxies => table.Zones[zone].Proxies,
        _ => null,
    };

    PrintSum? Sum(int zone) => sights[zone] switch
    {
        ZoneSight.All => table.Zones[zone].All,
        ZoneSight.Proxies => table.Zones[zone].OfProxies,
        _ => null,
    };
}
