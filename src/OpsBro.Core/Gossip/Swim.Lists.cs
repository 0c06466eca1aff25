using OpsBro.Core.Wire;

namespace OpsBro.Core.Gossip;

/// <summary>Nodes in the order in which they are probed, and drawn at random.</summary>
public sealed partial class Swim
{
    readonly SwimTable known = new();
    readonly List<SwimNode> live = [];
    readonly List<SwimNode> fresh = [];
    readonly List<SwimNode> buried = [];

    /// <summary>
    /// All nodes that are known, we included, and those that are gone until <see cref="Forget"/>; ask <see cref="SwimNode.State"/>.
    /// </summary>
    public IReadOnlyCollection<SwimNode> Nodes => known;

    /// <summary>Nodes alive or suspect, without us.</summary>
    public IReadOnlyList<SwimNode> Live => live;

    /// <summary>
    /// What the formulas count: we, those alive or suspect, and those gone for less than <see cref="GossipProfile.GossipToTheDeadTime"/>.
    /// </summary>
    public int EstimatedNodes => 1 + live.Count + fresh.Count;

    /// <summary>A node by its name.</summary>
    public SwimNode? Find(ReadOnlySpan<char> name) => known.Find(name);

    /// <summary>
    /// Knows a node from the start, alive, as if both had met long ago: nothing is told. For simulations of many nodes, whose joins would take
    /// longer than what is to be looked at. Null when the name is known.
    /// </summary>
    internal SwimNode? Assume(NodeFacts facts, uint incarnation, TimeSpan now)
    {
        var node = new SwimNode(facts) { Incarnation = incarnation, State = NodeStatus.Alive, Since = now };
        if (!known.Add(node)) return null;
        Move(node, SwimRank.Live);
        return node;
    }

    /// <summary>So many nodes are about to come: tables are made large enough at once.</summary>
    internal void Expect(int nodes)
    {
        known.Reserve(nodes + 1);
        live.Capacity = Math.Max(live.Capacity, nodes);
    }

    /// <summary>Forgets a node that is dead or left; any other is kept. Its user decides when: Swim itself never forgets one.</summary>
    public bool Forget(SwimNode node)
    {
        if (node.IsLive || node == Self) return false;
        if (!known.Remove(node)) return false;
        if (node.State == NodeStatus.Dead) dead--;
        Move(node, SwimRank.None);
        return true;
    }

    /// <summary>Random nodes that are alive, not suspect, and not <paramref name="but"/>; fewer when there are not so many.</summary>
    public IReadOnlyList<SwimNode> RandomAlive(int count, SwimNode? but = null)
    {
        var chosen = new List<SwimNode>(count);
        if (live.Count <= GossipLimits.MaxDraws)
        {
            // among few, draws would often miss one
            foreach (var node in live)
                if (node.State == NodeStatus.Alive && node != but) chosen.Add(node);
            chance.Shuffle(chosen);
            if (chosen.Count > count) chosen.RemoveRange(count, chosen.Count - count);
            return chosen;
        }
        for (var tries = GossipLimits.MaxDraws + 2 * count; tries > 0 && chosen.Count < count; tries--)
        {
            var node = live[chance.Below(live.Count)];
            if (node.State == NodeStatus.Alive && node != but && !chosen.Contains(node)) chosen.Add(node);
        }
        return chosen;
    }

    List<SwimNode>? ListOf(SwimRank rank) => rank switch
    {
        SwimRank.Live => live,
        SwimRank.Fresh => fresh,
        SwimRank.Buried => buried,
        _ => null,
    };

    /// <summary>Moves a node from its list to another, in constant time.</summary>
    void Move(SwimNode node, SwimRank rank)
    {
        if (node.Rank == rank) return;
        if (node.Rank == SwimRank.Live) LeaveRound(node);
        if (ListOf(node.Rank) is { } old)
        {
            var last = old[^1];
            (old[node.Index], last.Index) = (last, node.Index);
            old.RemoveAt(old.Count - 1);
        }
        node.Rank = rank;
        if (ListOf(rank) is not { } list) return;
        node.Index = list.Count;
        list.Add(node);
    }
}
