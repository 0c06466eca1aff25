using System.Buffers.Binary;
using OpsBro.Core.Gossip;

namespace OpsBro.Core.NodeState;

/// <summary>The rounds: hashes, then digests of the parts that differ, then what the other one lacks.</summary>
public sealed partial class NodeStateEngine
{
    readonly Dictionary<string, SharedView> views = new(StringComparer.Ordinal);
    Tokens answerTokens;
    int eager;   // rounds that follow soon

    bool HasPeers => pools[0].Count + pools[1].Count > 0;

    /// <summary>What we and the peers of a zone may both know.</summary>
    SharedView ViewOf(string zone)
    {
        if (views.TryGetValue(zone, out var view) && view.Zones == table.Zones.Count) return view;
        var sights = new ZoneSight[table.Zones.Count];
        for (var i = 0; i < sights.Length; i++)
        {
            var name = table.Zones[i].Name;
            sights[i] = (ZoneSight)Math.Min((int)tree.Sight(Self.Zone, name), (int)tree.Sight(zone, name));
        }
        if (views.Count >= NodeStateLimits.MaxZones) views.Clear();
        return views[zone] = new SharedView(table, sights);
    }

    void Sooner(TimeSpan at)
    {
        if (at < nextRound) nextRound = at;
    }

    /// <summary>There is something to tell or to ask for: the next rounds do not wait their whole turn.</summary>
    void Busy(TimeSpan now)
    {
        eager = NodeStateLimits.BusyRounds;
        if (HasPeers) Sooner(now + Jitter(NodeStateLimits.BusyInterval));
    }

    /// <summary>There is a node that may have to be forgotten.</summary>
    void EnsureRounds(TimeSpan now) => Sooner(now + NodeStateLimits.LonelyInterval);

    TimeSpan Jitter(TimeSpan interval) => interval * 0.75 + chance.Within(interval / 2);

    void Round(TimeSpan now)
    {
        Counters.Rounds++;
        CollectTombstones(now);
        Sweep(now);
        foreach (var pool in pools)
        {
            if (pool.Count == 0) continue;
            for (var contacts = eager > 0 ? NodeStateLimits.BusyContacts : 1; contacts > 0; contacts--) SendHash(pool, pool[chance.Below(pool.Count)]);
        }
        // without peers only what is gone has to be forgotten some day
        if (eager > 0) eager--;
        nextRound = HasPeers ? now + Jitter(eager > 0 ? NodeStateLimits.BusyInterval : NodeStateLimits.RoundInterval)
            : table.Count > 1 ? now + NodeStateLimits.LonelyInterval
            : TimeSpan.MaxValue;
    }

    /// <summary>Forgets nodes that are gone for too long; looks at a part of them each time.</summary>
    void Sweep(TimeSpan now)
    {
        var count = Math.Min(table.Places, Math.Max(NodeStateLimits.SweepLeast, table.Places / NodeStateLimits.SweepRounds));
        for (; count > 0; count--)
        {
            swept = swept + 1 < table.Places ? swept + 1 : 0;
            ref var record = ref table[swept];
            if (record.Map is not { } map || swept == own || record.IsPeer) continue;
            Vouch(swept, now);
            if (record.Gone == 0 || now.Ticks + 1 - record.Gone <= NodeStateLimits.KeepGone.Ticks) continue;
            table.Remove(swept);
            output.Dropped(map);
        }
    }

    /// <summary>Believes the proxies about a node whose gossip we do not hear.</summary>
    void Vouch(int place, TimeSpan now)
    {
        ref var record = ref table[place];
        if (record.Map is not { Generation: > 0 } map || place == own || record.IsPeer) return;
        if (IsVouched(map) is not { } isThere || isThere == (record.Gone == 0)) return;
        record.Gone = isThere ? 0 : now.Ticks + 1;
        output.Gone(map, isThere ? null : now);
    }

    /// <summary>A proxy said something new of members: the sweep would find out only after minutes.</summary>
    void VouchAgain(NodeMap before, NodeMap after, TimeSpan now)
    {
        var known = before.Generation == after.Generation ? before.Version : 0;
        foreach (var entry in after.Entries)
        {
            if (entry.Version <= known || !entry.Key.StartsWith(NodeKeys.Member, StringComparison.Ordinal)) continue;
            var name = entry.Key.AsSpan(NodeKeys.Member.Length);
            var slash = name.IndexOf('/');
            if (slash < 0) continue;
            var place = table.Find(NodeId.Of(name[..slash].ToString(), name[(slash + 1)..].ToString()));
            if (place >= 0) Vouch(place, now);
        }
    }

    /// <summary>
    /// What the proxies say of a node of another zone, whose gossip we do not hear: of those below, their own proxies do; of a proxy, the
    /// proxies of the zone above it, or our own when it is above us. Null when nobody has to say it: we hear of it ourselves.
    /// </summary>
    bool? IsVouched(NodeMap map)
    {
        if (map.Zone == Self.Zone) return null;
        var voucher = !map.IsProxy ? map.Zone
            : tree.Sight(Self.Zone, map.Zone) == ZoneSight.Proxies ? Self.Zone
            : tree.ParentOf(map.Zone);
        if (voucher is null || map.IsProxy && voucher == Self.Zone && tree.ParentOf(map.Zone) == Self.Zone) return null;
        var key = $"{NodeKeys.Member}{map.Zone}/{map.Name}";
        foreach (var zone in table.Zones)
        {
            if (zone.Name != voucher) continue;
            foreach (var place in zone.Proxies)
                if (table[place].Gone == 0 && table[place].Map![key] is [NodeKeys.MemberAlive, ..]) return true;
        }
        return false;
    }

    void SendHash(PeerPool pool, Peer peer)
    {
        NodeStateCodec.Begin(share.Output, NodeStateMessage.Hash, 0, Self.Id);
        BinaryPrimitives.WriteUInt64BigEndian(share.Output.GetSpan(8), ViewOf(table[peer.Place].Map!.Zone).Hash);
        share.Output.Advance(8);
        Send(pool, peer.Address);
    }

    /// <summary>Where a peer's answer goes: to the address that the gossip knows, never to where a message came from.</summary>
    bool TryPeer(ulong id, out PeerPool pool, out Peer peer)
    {
        (pool, peer) = (pools[0], default);
        var place = table.Find(id);
        if (place < 0 || !table[place].IsPeer)
        {
            Counters.Strangers++;
            return false;
        }
        var (first, second) = (table[place].First, table[place].Second);
        if (first == 0) pool = pools[1];
        peer = pool[(first != 0 ? first : second) - 1];
        return true;
    }

    bool TakeHash(ulong sender, ReadOnlySpan<byte> body, TimeSpan now)
    {
        if (body.Length < 8) return false;
        if (!TryPeer(sender, out var pool, out var peer)) return true;
        var view = ViewOf(table[peer.Place].Map!.Zone);
        if (view.Hash == BinaryPrimitives.ReadUInt64BigEndian(body))
        {
            Counters.Equal++;
            return true;
        }
        if (!MayAnswer(now)) return true;
        if (view.Count <= NodeStateLimits.SmallCluster)
        {
            share.Nodes.Clear();
            view.AddTo(share.Nodes);
            SendDigest(pool, peer, DigestScope.All, default);
            return true;
        }
        Span<uint> sums = stackalloc uint[NodeStateCodec.BucketCount];
        view.Buckets(sums);
        NodeStateCodec.Begin(share.Output, NodeStateMessage.Buckets, 0, Self.Id);
        foreach (var sum in sums)
        {
            BinaryPrimitives.WriteUInt32BigEndian(share.Output.GetSpan(4), sum);
            share.Output.Advance(4);
        }
        Send(pool, peer.Address);
        return true;
    }

    bool TakeBuckets(ulong sender, ReadOnlySpan<byte> body, TimeSpan now)
    {
        if (body.Length < 4 * NodeStateCodec.BucketCount) return false;
        if (!TryPeer(sender, out var pool, out var peer) || !MayAnswer(now)) return true;
        var view = ViewOf(table[peer.Place].Map!.Zone);
        Span<uint> sums = stackalloc uint[NodeStateCodec.BucketCount];
        view.Buckets(sums);
        Span<byte> differing = stackalloc byte[NodeStateCodec.BucketCount / 8];
        differing.Clear();
        share.Nodes.Clear();
        var start = chance.Below(NodeStateCodec.BucketCount);
        for (var i = 0; i < NodeStateCodec.BucketCount; i++)
        {
            var bucket = (start + i) % NodeStateCodec.BucketCount;
            if (sums[bucket] == BinaryPrimitives.ReadUInt32BigEndian(body[(4 * bucket)..])) continue;
            var nodes = table.Bucket(bucket);
            if (share.Nodes.Count + nodes.Length > NodeStateCodec.MaxDigest) break;
            differing[bucket / 8] |= (byte)(1 << bucket % 8);
            foreach (var place in nodes)
                if (view.Holds(table[place])) share.Nodes.Add(place);
        }
        SendDigest(pool, peer, DigestScope.Buckets, differing);
        return true;
    }

    /// <summary>Says how far we know the nodes of <see cref="NodeStateShare.Nodes"/>.</summary>
    void SendDigest(PeerPool pool, Peer peer, DigestScope scope, ReadOnlySpan<byte> buckets)
    {
        share.Written.Clear();
        foreach (var place in share.Nodes)
            if (table[place].Map is { Generation: > 0 } map) share.Written.Add(NodeDigest.Of(map));
        SendDigests(pool, peer, (byte)((int)scope << 1), buckets);
    }

    void SendDigests(PeerPool pool, Peer peer, byte option, ReadOnlySpan<byte> buckets)
    {
        NodeStateCodec.Begin(share.Output, NodeStateMessage.Digest, option, Self.Id);
        buckets.CopyTo(share.Output.GetSpan(buckets.Length));
        share.Output.Advance(buckets.Length);
        NodeStateCodec.Write(share.Output, share.Written);
        Send(pool, peer.Address);
    }

    bool TakeDigest(ulong sender, byte option, ReadOnlySpan<byte> body, TimeSpan now)
    {
        var (scope, isAnswer) = ((DigestScope)(option >> 1), (option & NodeStateCodec.Flag) != 0);
        if (scope > DigestScope.Listed) return false;
        var buckets = body;
        if (scope == DigestScope.Buckets)
        {
            if (body.Length < NodeStateCodec.BucketCount / 8) return false;
            body = body[(NodeStateCodec.BucketCount / 8)..];
        }
        if (!NodeStateCodec.TryRead(body, share.Read)) return false;
        if (!TryPeer(sender, out var pool, out var peer) || !MayAnswer(now)) return true;
        var view = ViewOf(table[peer.Place].Map!.Zone);
        share.Nodes.Clear();
        share.ById.Clear();
        foreach (var digest in share.Read) share.ById[digest.Id] = digest;
        switch (scope)
        {
            case DigestScope.All:
                view.AddTo(share.Nodes);
                break;
            case DigestScope.Buckets:
                for (var bucket = 0; bucket < NodeStateCodec.BucketCount; bucket++)
                    if ((buckets[bucket / 8] & 1 << bucket % 8) != 0)
                        foreach (var place in table.Bucket(bucket)) share.Nodes.Add(place);
                break;
            default:
                foreach (var digest in share.Read)
                    if (table.Find(digest.Id) is >= 0 and var place) share.Nodes.Add(place);
                break;
        }
        Compare(view, table[peer.Place].Map!.Zone, now);
        // our wishes first: the delta uses the same buffers for longer
        if (!isAnswer && share.Written.Count > 0)
            SendDigests(pool, peer, ((int)DigestScope.Listed << 1) | NodeStateCodec.Flag, default);
        SendDelta(pool, peer, now);
        return true;
    }

    /// <summary>What the other one lacks goes into the parts of a delta, what we lack into the digests.</summary>
    void Compare(SharedView view, string peerZone, TimeSpan now)
    {
        share.Parts.Clear();
        share.Written.Clear();
        foreach (var place in share.Nodes)
        {
            ref var record = ref table[place];
            if (record.Map is not { Generation: > 0 } map || !view.Holds(record)) continue;
            var mine = NodeDigest.Of(map);
            share.ById.TryGetValue(map.Id, out var theirs);
            if (mine.IsNewerThan(theirs) && Shown(map, peerZone) is { } shown) share.Parts.Add(PartFor(place, shown, theirs));
        }
        foreach (var theirs in share.Read)
        {
            var place = table.Find(theirs.Id);
            var mine = place < 0 ? new NodeDigest(theirs.Id, 0, 0, 0) : NodeDigest.Of(table[place].Map!);
            if (!theirs.IsNewerThan(mine)) continue;
            if (place == own) Raise(theirs.Generation, now);
            else if (share.Written.Count < NodeStateCodec.MaxDigest) share.Written.Add(mine);
        }
    }

    /// <summary>
    /// What a peer of a zone may know of a node. Who sees only the proxies of a zone is not told whom they hear there; and who was not told
    /// has nothing to tell to those who may know all, for they would take it for the whole.
    /// </summary>
    NodeMap? Shown(NodeMap map, string peerZone)
    {
        if (tree.Sight(peerZone, map.Zone) != ZoneSight.All) return map.WithoutMembers();
        return tree.Sight(Self.Zone, map.Zone) == ZoneSight.All ? map : null;
    }

    static DeltaPart PartFor(int place, NodeMap map, NodeDigest theirs)
    {
        var isAnew = theirs.Generation != map.Generation || theirs.Collected < map.Collected && theirs.Version < map.Collected;
        var from = isAnew ? 0 : theirs.Version;
        return new DeltaPart(place, map, from, 0, map.After(from).Length);
    }

    bool TakeDelta(ulong sender, byte option, ReadOnlySpan<byte> body, TimeSpan now)
    {
        if (!NodeStateCodec.TryRead(body, int.MaxValue, share, share.Deltas)) return false;
        var isNews = false;
        foreach (var delta in share.Deltas) isNews |= Take(delta, now);
        if (!isNews) return true;
        Busy(now);
        // there is more: ask at once, and not only in the next round
        if ((option & NodeStateCodec.Flag) != 0 && TryPeer(sender, out var pool, out var peer)) SendHash(pool, peer);
        return true;
    }

    bool MayAnswer(TimeSpan now)
    {
        if (answerTokens.Take(now)) return true;
        Counters.Limited++;
        return false;
    }

    void Send(PeerPool pool, PeerAddress to)
    {
        Counters.Sent++;
        Counters.SentBytes += share.Output.Written.Length;
        output.Send(ReferenceEquals(pool, pools[0]) ? 0 : 1, to, share.Output.Written);
    }
}
