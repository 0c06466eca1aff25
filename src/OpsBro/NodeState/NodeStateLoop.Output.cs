using OpsBro.Core.Gossip;
using OpsBro.Core.NodeState;
using OpsBro.Core.Wire;

namespace OpsBro.NodeState;

/// <summary>What the engine does to the world; all of it on the loop's thread.</summary>
internal sealed partial class NodeStateLoop : INodeStateOutput
{
    /// <inheritdoc/>
    void INodeStateOutput.Send(int pool, PeerAddress to, ReadOnlySpan<byte> body)
    {
        if (planes[pool] is not { } plane || !plane.Send(to, body.ToArray())) meter.Drop();
    }

    /// <inheritdoc/>
    void INodeStateOutput.Changed(NodeMap before, NodeMap after)
    {
        touched.Add((after.Zone, after.Name));
        var id = (after.Zone, after.Name);
        if (IsSelf(after)) generation.Use(after.Generation);
        else if (held.ContainsKey(id)) return;
        // it started anew and says everything again, in parts: until that is over its last state is shown, or half of it would seem gone
        else if (before.Generation > 0 && before.Generation != after.Generation) held[id] = (before, now + Settle);
        else Tell(NodeChange.Said, before, after);
    }

    /// <summary>A node that started anew has said everything by then.</summary>
    public static readonly TimeSpan Settle = TimeSpan.FromSeconds(3);

    readonly Dictionary<(string Zone, string Name), (NodeMap Before, TimeSpan Due)> held = [];

    /// <summary>When the next node that started anew is shown.</summary>
    TimeSpan HeldDue => held.Count == 0 ? TimeSpan.MaxValue : held.Values.Min(h => h.Due);

    void ShowHeld()
    {
        if (now < HeldDue) return;
        foreach (var (id, one) in held.Where(h => h.Value.Due <= now).ToList())
        {
            held.Remove(id);
            touched.Add(id);
            if (engine!.Find(id.Zone, id.Name) is { } map) Tell(NodeChange.Said, one.Before, map);
        }
    }

    /// <inheritdoc/>
    void INodeStateOutput.Gone(NodeMap map, TimeSpan? since)
    {
        touched.Add((map.Zone, map.Name));
        Tell(since is null ? NodeChange.Came : NodeChange.Gone, map, map);
    }

    /// <inheritdoc/>
    void INodeStateOutput.Dropped(NodeMap map)
    {
        touched.Add((map.Zone, map.Name));
        Tell(NodeChange.Dropped, map, map);
    }

    /// <summary>By name: the engine that is being made is not ours yet.</summary>
    bool IsSelf(NodeMap map) => engine is { Self: { } own } && own.Zone == map.Zone && own.Name == map.Name;

    void Tell(NodeChange change, NodeMap before, NodeMap after)
    {
        if (!changes.HasReaders) return;
        var isMember = planes.Any(p => p?.Members.TryGetValue(after.Name, out var member) == true && member.Zone == after.Zone);
        changes.Publish(new NodeChanged(clock.GetUtcNow(), change, before, after, isMember));
    }

    /// <summary>Shows the others what changed in this round.</summary>
    void Publish()
    {
        if (engine is null) return;
        ShowHeld();
        foreach (var (zone, name) in touched)
        {
            if (engine.Find(zone, name) is { } map)
                book.Set(new KnownNode(held.TryGetValue((zone, name), out var one) ? one.Before : map, engine.GoneSince(zone, name)));
            else book.Remove(zone, name);
        }
        touched.Clear();
    }

    Glance Look() => engine is null
        ? new Glance(0, 0, 0, 0, new Dictionary<string, long>())
        : new Glance(engine.Count, engine.Bytes, engine.Self.Size, engine.Self.Generation, Counted(engine.Counters));

    static SortedDictionary<string, long> Counted(NodeStateCounters c) => new(StringComparer.Ordinal)
    {
        ["rounds"] = c.Rounds,
        ["equal"] = c.Equal,
        ["sent"] = c.Sent,
        ["sent_bytes"] = c.SentBytes,
        ["received"] = c.Received,
        ["malformed"] = c.Malformed,
        ["strangers"] = c.Strangers,
        ["learned"] = c.Learned,
        ["hidden"] = c.Hidden,
        ["refused"] = c.Refused,
        ["pushes"] = c.Pushes,
        ["limited"] = c.Limited,
        ["clones"] = c.Clones,
    };
}
