using OpsBro.Core.Gossip;

namespace OpsBro.Core.NodeState;

/// <summary>A peer of a pool.</summary>
/// <param name="Place">Its place in the table.</param>
/// <param name="Address">Where the gossip knows it.</param>
readonly record struct Peer(int Place, PeerAddress Address);

/// <summary>The peers of one gossip pool that speak NodeState, so that one can be picked at random.</summary>
sealed class PeerPool
{
    readonly List<Peer> peers = [];

    /// <summary>How many.</summary>
    public int Count => peers.Count;

    /// <summary>One of them.</summary>
    public Peer this[int slot] => peers[slot];

    /// <summary>Adds one and says where it stands.</summary>
    public int Add(int place, PeerAddress address)
    {
        peers.Add(new Peer(place, address));
        return peers.Count - 1;
    }

    /// <summary>Its address is another one.</summary>
    public void SetAddress(int slot, PeerAddress address) => peers[slot] = peers[slot] with { Address = address };

    /// <summary>Takes one out; the last one takes its slot.</summary>
    /// <returns>The place of the one that moved; null when none did.</returns>
    public int? Remove(int slot)
    {
        var last = peers[^1];
        peers.RemoveAt(peers.Count - 1);
        if (slot == peers.Count) return null;
        peers[slot] = last;
        return last.Place;
    }
}

/// <summary>So many things a second, and some more at once.</summary>
struct Tokens
{
    readonly double perSecond, burst;
    double left;
    TimeSpan last;

    /// <summary>Starts with a whole burst.</summary>
    public Tokens(double perSecond, double burst, TimeSpan now) =>
        (this.perSecond, this.burst, left, last) = (perSecond, burst, burst, now);

    /// <summary>Takes one, if there is one.</summary>
    public bool Take(TimeSpan now)
    {
        left = Math.Min(burst, left + (now - last).TotalSeconds * perSecond);
        last = now;
        if (left < 1) return false;
        left--;
        return true;
    }
}
