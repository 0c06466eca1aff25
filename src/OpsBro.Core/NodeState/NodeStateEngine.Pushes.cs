using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;

namespace OpsBro.Core.NodeState;

/// <summary>
/// Urgent changes: to three peers at once, to others in further waves, and whoever learns something new does the same. What is lost
/// is repaired by the rounds.
/// </summary>
public sealed partial class NodeStateEngine
{
    /// <summary>Tries to find another peer at random before giving up.</summary>
    const int MostTries = 16;

    readonly Queue<Wave> waves = new();
    Tokens pushTokens;
    TimeSpan pushDue, lastPush = TimeSpan.MinValue;

    /// <summary>Our version before the first urgent change that was not pushed, plus one; 0 when there is none.</summary>
    ulong urgentSince;

    /// <summary>Our changes up to this version were pushed, or peers knew them before.</summary>
    ulong pushedVersion;

    /// <summary>A wave that waits.</summary>
    /// <param name="Due">When it goes out.</param>
    /// <param name="Body">The message.</param>
    /// <param name="Node">The node's place that it is about.</param>
    /// <param name="Id">And its id, should the place be another node's by then.</param>
    /// <param name="Told">Peers that had it in the waves before; the first of them sent it to us, or is 0.</param>
    /// <param name="More">Waves after this one.</param>
    readonly record struct Wave(TimeSpan Due, byte[] Body, int Node, ulong Id, ulong[] Told, int More);

    const int MaxTold = 1 + NodeStateLimits.Waves * NodeStateLimits.PushFanout * NodeStateLimits.MaxPools;

    void Urgent(ulong version, TimeSpan now)
    {
        if (urgentSince != 0) return;
        urgentSince = version;
        pushDue = lastPush == TimeSpan.MinValue || now - lastPush >= NodeStateLimits.PushSpacing ? now : lastPush + NodeStateLimits.PushSpacing;
    }

    /// <summary>Hops until a push has been everywhere: a third of the others know it after each less. Two more, for not all are new to it.</summary>
    int Hops
    {
        get
        {
            var hops = 3;
            for (long reach = 1; reach < pools[0].Count + pools[1].Count + 1; reach *= NodeStateLimits.PushFanout) hops++;
            return hops;
        }
    }

    void SendPushes(TimeSpan now)
    {
        if (urgentSince == 0 || now < pushDue) return;
        lastPush = now;
        var self = Self;
        // all that was not pushed goes along, so that peers have no gap; unless that is too much
        var from = pushedVersion;
        if (TotalCost(self.After(from)) > NodeStateLimits.MaxPushDatagrams * NodeStateLimits.DatagramBody) from = urgentSince - 1;
        (urgentSince, pushedVersion) = (0, self.Version);
        for (var sent = 0; sent < NodeStateLimits.MaxPushDatagrams && from < self.Version; sent++)
        {
            share.Parts.Clear();
            share.Parts.Add(new DeltaPart(own, self, from, 0, self.After(from).Length));
            if (!Fill(share.Parts, 0, NodeStateLimits.DatagramBody) && share.Parts[0].Count <= 0)
                Fill(share.Parts, 0, NodeStateLimits.StreamBody);   // one entry that is too large for a datagram
            var part = share.Parts[0];
            if (part.Count < 0) break;
            NodeStateCodec.Begin(share.Output, NodeStateMessage.Push, (byte)Hops, self.Id);
            new MsgPackWriter(share.Output).Array(1);
            NodeStateCodec.Write(share.Output, self, from, part.Count, null);
            from = part.Count == part.Total ? self.Version : self.After(from)[part.Count - 1].Version;
            Spread(share.Output.Written.ToArray(), own, 0, now);
        }
        if (from < self.Version) Busy(now);
    }

    static int TotalCost(ReadOnlySpan<NodeEntry> entries)
    {
        var cost = 0;
        foreach (var entry in entries) cost += Cost(entry);
        return cost;
    }

    bool TakePush(ulong sender, ReadOnlySpan<byte> message, TimeSpan now)
    {
        var body = message[NodeStateCodec.Header..];
        if (!NodeStateCodec.TryRead(body, 1, share, share.Deltas) || share.Deltas.Count != 1) return false;
        var delta = share.Deltas[0];
        if (!Take(delta, now) || message[1] <= 1) return true;
        // passed on as it came, but for the hops and for who says it
        NodeStateCodec.Begin(share.Output, NodeStateMessage.Push, (byte)(Math.Min((int)message[1], Hops) - 1), Self.Id);
        body.CopyTo(share.Output.GetSpan(body.Length));
        share.Output.Advance(body.Length);
        var place = table.Find(delta.Id);
        if (place >= 0) Spread(share.Output.Written.ToArray(), place, sender, now);
        return true;
    }

    /// <summary>Sends a push to some peers of each pool, and remembers it for the further waves.</summary>
    void Spread(byte[] body, int node, ulong from, TimeSpan now)
    {
        if (!pushTokens.Take(now))
        {
            Counters.Limited++;
            Busy(now);
            return;
        }
        Counters.Pushes++;
        Span<ulong> told = stackalloc ulong[MaxTold];
        told[0] = from;
        var count = 1;
        for (var pool = 0; pool < pools.Length; pool++) SendTo(pool, body, node, told, ref count);
        if (count == 1) return;
        if (waves.Count < NodeStateLimits.MaxWaves)
            waves.Enqueue(new Wave(now + NodeStateLimits.WaveInterval, body, node, table[node].Map!.Id, told[..count].ToArray(), NodeStateLimits.Waves - 2));
        else Counters.Limited++;
    }

    void SendWaves(TimeSpan now)
    {
        Span<ulong> told = stackalloc ulong[MaxTold];
        Span<ulong> retold = stackalloc ulong[1 + NodeStateLimits.PushFanout];
        while (waves.TryPeek(out var wave) && wave.Due <= now)
        {
            waves.Dequeue();
            if (table[wave.Node].Map?.Id != wave.Id) continue;
            wave.Told.CopyTo(told);
            var count = wave.Told.Length;
            for (var pool = 0; pool < pools.Length; pool++)
            {
                var before = count;
                SendTo(pool, wave.Body, wave.Node, told, ref count);
                // few peers: those of the first wave again, for that may have been lost
                if (count - before >= NodeStateLimits.PushFanout || pools[pool].Count > MostTries) continue;
                (retold[0], var again) = (told[0], 1);
                SendTo(pool, wave.Body, wave.Node, retold, ref again);
            }
            if (wave.More > 0)
                waves.Enqueue(wave with { Due = now + NodeStateLimits.WaveInterval, Told = told[..count].ToArray(), More = wave.More - 1 });
        }
    }

    /// <summary>
    /// Sends to some peers of a pool that were not told yet and may know all of the node; the others hear by the rounds what they may know.
    /// </summary>
    void SendTo(int pool, byte[] body, int node, Span<ulong> told, ref int count)
    {
        var peers = pools[pool];
        var map = table[node].Map!;
        var left = NodeStateLimits.PushFanout;
        // a small pool is walked through from anywhere; in a large one it is as well to try at random
        var start = peers.Count > 0 ? chance.Below(peers.Count) : 0;
        for (var tries = 0; tries < Math.Min(peers.Count, MostTries) && left > 0; tries++)
        {
            var peer = peers[peers.Count <= MostTries ? (start + tries) % peers.Count : chance.Below(peers.Count)];
            var other = table[peer.Place].Map!;
            if (other.Id == map.Id || told[..count].Contains(other.Id) || tree.Sight(other.Zone, map.Zone) != ZoneSight.All) continue;
            told[count++] = other.Id;
            left--;
            Counters.Sent++;
            Counters.SentBytes += body.Length;
            output.Send(pool, peer.Address, body);
        }
    }
}
