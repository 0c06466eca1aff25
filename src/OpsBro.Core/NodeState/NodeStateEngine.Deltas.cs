using System.Runtime.InteropServices;
using OpsBro.Core.Wire;

namespace OpsBro.Core.NodeState;

/// <summary>Putting deltas together: as much as a message takes, the oldest changes of a node first, and no node takes all of it.</summary>
public sealed partial class NodeStateEngine
{
    /// <summary>Of all large deltas one in so many goes by datagram all the same: a network may let no streams through.</summary>
    const int DatagramAllTheSame = 4;

    /// <summary>A node may take this part of a message before others have had theirs.</summary>
    const int QuotaParts = 8;

    /// <summary>Bytes of a message that its header and the headers of arrays take.</summary>
    const int MessageOverhead = 16;

    /// <summary>Sends what stands in <see cref="NodeStateShare.Parts"/>, or as much of it as fits.</summary>
    void SendDelta(PeerPool pool, Peer peer, TimeSpan now)
    {
        var parts = share.Parts;
        if (parts.Count == 0) return;
        var start = chance.Below(parts.Count);
        var fitsDatagram = Fill(parts, start, NodeStateLimits.DatagramBody);
        if (!fitsDatagram && (!Any(parts) || chance.Below(DatagramAllTheSame) != 0)) Fill(parts, start, NodeStateLimits.StreamBody);
        var isAll = true;
        var count = 0;
        foreach (var part in parts)
        {
            if (part.Count >= 0) count++;
            isAll &= part.Count == part.Total;
        }
        NodeStateCodec.Begin(share.Output, NodeStateMessage.Delta, isAll ? (byte)0 : NodeStateCodec.Flag, Self.Id);
        new MsgPackWriter(share.Output).Array(count);
        foreach (var part in parts)
            if (part.Count >= 0) NodeStateCodec.Write(share.Output, part.Map, part.From, part.Count, GoneSeconds(part.Node, now));
        Send(pool, peer.Address);
    }

    static bool Any(List<DeltaPart> parts)
    {
        foreach (var part in parts)
            if (part.Count >= 0) return true;
        return false;
    }

    /// <summary>How long a node is gone, as we see it; null when it is there.</summary>
    ulong? GoneSeconds(int place, TimeSpan now) => table[place].Gone is > 0 and var gone
        ? (ulong)Math.Max(0, (now.Ticks + 1 - gone) / TimeSpan.TicksPerSecond)
        : null;

    /// <summary>
    /// Chooses how many entries of each part go into a message: first each up to its quota, then each as far as there is room. A part
    /// that gets nothing has the count -1. True when all fits.
    /// </summary>
    bool Fill(List<DeltaPart> parts, int start, int budget)
    {
        var room = budget - NodeStateCodec.Header - MessageOverhead;
        var quota = Math.Max(room / QuotaParts, 1);
        var all = CollectionsMarshal.AsSpan(parts);
        foreach (ref var part in all) part.Count = -1;
        for (var turn = 0; turn < 2; turn++)
        {
            for (var i = 0; i < all.Length && room > 0; i++)
            {
                ref var part = ref all[(start + i) % all.Length];
                var map = part.Map;
                if (part.Count < 0)
                {
                    var header = NodeStateCodec.NodeOverhead + WireText.Length(map.Zone) + WireText.Length(map.Name);
                    // a header alone is sent only when there is nothing else to say of the node
                    if (header + (part.Total > 0 ? Cost(map.After(part.From)[0]) : 0) > room) continue;
                    room -= header;
                    part.Count = 0;
                }
                var mostHere = turn == 0 ? quota : int.MaxValue;
                foreach (var entry in map.After(part.From)[part.Count..])
                {
                    var cost = Cost(entry);
                    if (cost > room || mostHere <= 0) break;
                    (room, mostHere) = (room - cost, mostHere - cost);
                    part.Count++;
                }
            }
        }
        foreach (var part in all)
            if (part.Count != part.Total) return false;
        return true;
    }

    static int Cost(NodeEntry entry) => entry.Size - NodeStateLimits.EntryOverhead + NodeStateCodec.EntryOverhead;
}
