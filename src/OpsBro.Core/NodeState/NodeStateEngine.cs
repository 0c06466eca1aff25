using OpsBro.Core.Gossip;

namespace OpsBro.Core.NodeState;

/// <summary>
/// What each node says of itself, known to every node: one versioned map a node, reconciled by Scuttlebutt rounds, with urgent changes
/// pushed ahead. Page: docs/protocols/node-state.md. Synchronous and pure: for one thread; <c>now</c> is monotonic and never goes back.
/// <para>After each call of a method, <see cref="Tick"/> says when it wants to be called next.</para>
/// </summary>
public sealed partial class NodeStateEngine
{
    readonly Chance chance;
    readonly INodeStateOutput output;
    readonly NodeStateShare share;
    readonly NodeTable table = new();
    readonly PeerPool[] pools = [new(), new()];
    readonly Queue<(ulong Version, TimeSpan At)> tombstones = new();
    readonly int own;
    ZoneTree tree;
    TimeSpan nextRound = TimeSpan.MaxValue;
    TimeSpan? lastRaise;
    int swept;

    /// <summary>Makes the engine of a node that says nothing yet.</summary>
    public NodeStateEngine(
        NodeStateSettings settings, Chance chance, INodeStateOutput output, TimeSpan now, NodeStateShare? share = null)
    {
        (this.chance, this.output, this.share, tree) = (chance, output, share ?? new NodeStateShare(), settings.Tree);
        own = table.Add(NodeMap.Empty(settings.Zone, settings.Name, Math.Clamp(settings.Generation, 1, NodeStateLimits.MaxGeneration)));
        pushTokens = new Tokens(NodeStateLimits.PushesPerSecond, NodeStateLimits.PushBurst, now);
        answerTokens = new Tokens(NodeStateLimits.AnswersPerSecond, NodeStateLimits.AnswerBurst, now);
    }

    /// <summary>What this node says of itself.</summary>
    public NodeMap Self => table[own].Map!;

    /// <summary>Nodes known, ourselves included.</summary>
    public int Count => table.Count;

    /// <summary>Bytes of all maps.</summary>
    public long Bytes => table.Bytes;

    /// <summary>What was counted.</summary>
    public NodeStateCounters Counters { get; } = new();

    /// <summary>What is known of a node; null when nothing is.</summary>
    public NodeMap? Find(string zone, string name) =>
        table.Find(NodeId.Of(zone, name)) is >= 0 and var place && table[place].Map is { Generation: > 0 } map ? map : null;

    /// <summary>Since when a node is gone; null while it is there, or when it is not known.</summary>
    public TimeSpan? GoneSince(string zone, string name) =>
        table.Find(NodeId.Of(zone, name)) is >= 0 and var place && table[place].Gone is > 0 and var gone ? TimeSpan.FromTicks(gone - 1) : null;

    /// <summary>Every node of which something is known: for the first picture; later <see cref="INodeStateOutput.Changed"/> tells.</summary>
    public IEnumerable<NodeMap> All()
    {
        for (var place = 0; place < table.Places; place++)
            if (table[place].Map is { Generation: > 0 } map) yield return map;
    }

    /// <summary>The zones are others. What is no longer ours to know is forgotten in time.</summary>
    public void SetTree(ZoneTree next)
    {
        for (var place = 0; place < table.Places; place++)
        {
            // what was known of it was not all of it: it is asked for anew
            if (table[place].Map is { } map && tree.Sight(Self.Zone, map.Zone) == ZoneSight.Proxies && next.Sight(Self.Zone, map.Zone) == ZoneSight.All)
                table.Replace(place, NodeMap.Empty(map.Zone, map.Name));
        }
        tree = next;
        views.Clear();
    }

    /// <summary>
    /// Says something of this node. <paramref name="urgent"/>: it is pushed to the others at once. The same value again costs nothing.
    /// </summary>
    /// <returns>Null, or why it is refused.</returns>
    public string? Set(string key, string value, bool urgent, TimeSpan now)
    {
        var self = Self;
        var known = self.Find(key);
        if (known is not null && known.Value == value) return null;
        var entry = new NodeEntry(key, value, 0);
        var keyBytes = Wire.WireText.Length(key);
        var valueBytes = entry.Size - keyBytes - NodeStateLimits.EntryOverhead;
        if (keyBytes is 0 or > NodeStateLimits.MaxKey)
            return Refuse($"the key \"{Short(key)}\" has {keyBytes} bytes; use 1 to {NodeStateLimits.MaxKey}");
        if (valueBytes > NodeStateLimits.MaxValue)
            return Refuse($"the value of {key} has {valueBytes} bytes; use at most {NodeStateLimits.MaxValue}");
        if (self.Size + entry.Size - (known?.Size ?? 0) > NodeStateLimits.MaxNodeBytes)
            return Refuse($"{key} does not fit: this node says {self.Size} of at most {NodeStateLimits.MaxNodeBytes} bytes already");
        Change(self.With(key, value), urgent, now);
        return null;
    }

    /// <summary>Takes back what was said of this node.</summary>
    public void Remove(string key, bool urgent, TimeSpan now)
    {
        if (Self.Find(key) is not { IsRemoved: false }) return;
        var next = Self.With(key, null);
        tombstones.Enqueue((next.Version, now));
        Change(next, urgent, now);
        CollectTombstones(now);
    }

    /// <summary>A peer that speaks NodeState is there, at an address of a pool; or its address is another one.</summary>
    public void PeerUp(string name, PeerAddress address, string zone, TimeSpan now, int pool = 0)
    {
        var place = Place(zone, name);
        if (place < 0 || place == own) return;
        var peers = pools[pool];
        ref var record = ref table[place];
        ref var slot = ref pool == 0 ? ref record.First : ref record.Second;
        if (slot != 0)
        {
            peers.SetAddress(slot - 1, address);
            return;
        }
        slot = peers.Add(place, address) + 1;
        if (record.Gone != 0)
        {
            record.Gone = 0;
            if (record.Map!.Generation > 0) output.Gone(record.Map, null);
        }
        if (peers.Count > 1) return;
        // the first ones that we ask may not have heard of us yet
        eager = NodeStateLimits.BusyRounds + 1;
        Sooner(now + chance.Within(NodeStateLimits.FirstRound));
    }

    /// <summary>
    /// Knows a peer and its map from the start. For simulations of many nodes, that are to begin where all know all.
    /// </summary>
    internal void Assume(NodeMap map, PeerAddress address, TimeSpan now)
    {
        PeerUp(map.Name, address, map.Zone, now);
        var place = table.Find(map.Id);
        if (place < 0 || place == own || table[place].Map!.Generation > 0) return;
        table.Replace(place, map);
        output.Changed(NodeMap.Empty(map.Zone, map.Name), map);
    }

    /// <summary>A peer left or failed: its state is kept for <see cref="NodeStateLimits.KeepGone"/>.</summary>
    public void PeerGone(string name, string zone, TimeSpan now, int pool = 0)
    {
        var place = table.Find(NodeId.Of(zone, name));
        if (place < 0 || place == own) return;
        ref var record = ref table[place];
        ref var slot = ref pool == 0 ? ref record.First : ref record.Second;
        if (slot == 0) return;
        if (pools[pool].Remove(slot - 1) is { } moved)
        {
            if (pool == 0) table[moved].First = slot;
            else table[moved].Second = slot;
        }
        slot = 0;
        if (record.IsPeer) return;
        record.Gone = now.Ticks + 1;
        if (record.Map!.Generation == 0) table.Remove(place);
        else output.Gone(record.Map, now);
    }

    /// <summary>Takes in a message of a peer. What cannot be read is dropped and counted, and changes nothing.</summary>
    public void Receive(ReadOnlySpan<byte> message, TimeSpan now)
    {
        Counters.Received++;
        if (message.Length is < NodeStateCodec.Header or > NodeStateLimits.StreamBody)
        {
            Counters.Malformed++;
            return;
        }
        var (option, sender) = (message[1], NodeStateCodec.Sender(message));
        var body = message[NodeStateCodec.Header..];
        var isRead = (NodeStateMessage)message[0] switch
        {
            NodeStateMessage.Hash => TakeHash(sender, body, now),
            NodeStateMessage.Buckets => TakeBuckets(sender, body, now),
            NodeStateMessage.Digest => TakeDigest(sender, option, body, now),
            NodeStateMessage.Delta => TakeDelta(sender, option, body, now),
            NodeStateMessage.Push => TakePush(sender, message, now),
            _ => false,
        };
        if (!isRead) Counters.Malformed++;
    }

    /// <summary>Does what is due.</summary>
    /// <returns>When to call next at the latest.</returns>
    public TimeSpan Tick(TimeSpan now)
    {
        SendPushes(now);
        SendWaves(now);
        if (now >= nextRound) Round(now);
        var due = nextRound;
        if (urgentSince != 0 && pushDue < due) due = pushDue;
        if (waves.TryPeek(out var wave) && wave.Due < due) due = wave.Due;
        return due;
    }

    void Change(NodeMap next, bool urgent, TimeSpan now)
    {
        var before = Self;
        var shared = share.Map(next);
        table.Replace(own, shared);
        output.Changed(before, shared);
        if (!HasPeers) pushedVersion = next.Version;
        else if (urgent) Urgent(next.Version, now);
        else Busy(now);
    }

    /// <summary>Deletions that everybody has seen, or that are too many, are forgotten.</summary>
    void CollectTombstones(TimeSpan now)
    {
        var upTo = 0ul;
        while (tombstones.TryPeek(out var oldest)
            && (now - oldest.At >= NodeStateLimits.KeepTombstones || tombstones.Count > NodeStateLimits.MaxTombstones))
        {
            upTo = oldest.Version;
            tombstones.Dequeue();
        }
        if (upTo > Self.Collected) table.Replace(own, share.Map(Self.Collect(upTo)));
    }

    /// <summary>Takes over what a delta says of a node; true when it was news.</summary>
    bool Take(NodeDelta delta, TimeSpan now)
    {
        var place = table.Find(delta.Id);
        if (place == own)
        {
            if (delta.Generation > Self.Generation || delta.Generation == Self.Generation && delta.To > Self.Version)
                Raise(delta.Generation, now);
            return false;
        }
        var sight = tree.Sight(Self.Zone, delta.Zone);
        if (sight == ZoneSight.None)
        {
            Counters.Hidden++;
            return false;
        }
        if (sight == ZoneSight.Proxies && delta.Entries.Any(e => e.IsMember))
        {
            Counters.Hidden++;
            delta = delta with { Entries = [.. delta.Entries.Where(e => !e.IsMember)] };
        }
        var before = place < 0 ? NodeMap.Empty(delta.Zone, delta.Name) : table[place].Map!;
        if (before.Name != delta.Name || before.Zone != delta.Zone || !Believes(delta.Generation, before.Generation)) return Refused();
        if (place < 0 && delta.GoneSeconds > NodeStateLimits.TakeGone.TotalSeconds) return false;
        var after = before.With(delta);
        if (ReferenceEquals(before, after)) return false;
        if (after.Size > NodeStateLimits.MaxNodeBytes || table.Bytes + after.Size - before.Size > NodeStateLimits.MaxClusterBytes)
            return Refused();
        after = share.Map(after);
        if (place < 0)
        {
            // who has it says how long it is gone; when it is there, we shall be told so ourselves
            place = table.Add(after);
            if (place < 0) return Refused();
            var gone = delta.GoneSeconds is { } seconds ? now - TimeSpan.FromSeconds(seconds) : now;
            table[place].Gone = Math.Max(gone.Ticks, 0) + 1;
            EnsureRounds(now);
        }
        else table.Replace(place, after);
        Counters.Learned++;
        output.Changed(before, after);
        // a proxy may know of this node, and it may be a proxy that knows of others
        if (table[place].Gone != 0) Vouch(place, now);
        if (after.IsProxy) VouchAgain(before, after, now);
        return true;
    }

    static bool Believes(ulong generation, ulong known) =>
        generation <= (known == 0 ? NodeStateLimits.NewGeneration
            : Math.Max(NodeStateLimits.BelievedGeneration, known + NodeStateLimits.GenerationStep));

    /// <summary>Somebody knows a newer state of this node than we do: a clone, or our own past. Ours must win.</summary>
    void Raise(ulong theirs, TimeSpan now)
    {
        Counters.Clones++;
        if (lastRaise is { } last && now - last < NodeStateLimits.RaiseInterval) return;
        // the others do not believe it either
        if (!Believes(theirs, Self.Generation) || Math.Max(theirs, Self.Generation) >= NodeStateLimits.MaxGeneration) return;
        lastRaise = now;
        tombstones.Clear();
        var before = Self;
        table.Replace(own, share.Map(Self.Renewed(Math.Max(theirs, Self.Generation) + 1)));
        (pushedVersion, urgentSince) = (Self.Version, 0);
        output.Changed(before, Self);
        Busy(now);
    }

    /// <summary>The place of a node, which is added when it is new; -1 when it cannot be.</summary>
    int Place(string zone, string name)
    {
        var place = table.Find(NodeId.Of(zone, name));
        if (place >= 0) return table[place].Map is { } map && map.Name == name && map.Zone == zone ? place : -1;
        if (Wire.WireText.Length(name) is 0 or > NodeStateLimits.MaxName || Wire.WireText.Length(zone) > NodeStateLimits.MaxZone)
        {
            Counters.Refused++;
            return -1;
        }
        place = table.Add(share.Map(NodeMap.Empty(share.Text(zone), share.Text(name))));
        if (place < 0) Counters.Refused++;
        return place;
    }

    bool Refused()
    {
        Counters.Refused++;
        return false;
    }

    string Refuse(string why)
    {
        Counters.Refused++;
        return why;
    }

    static string Short(string text) => text.Length > 40 ? text[..40] + "…" : text;
}
