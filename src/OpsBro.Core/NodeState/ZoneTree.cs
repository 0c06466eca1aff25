namespace OpsBro.Core.NodeState;

/// <summary>Which nodes of another zone a zone may know.</summary>
public enum ZoneSight
{
    /// <summary>None: it is a brother, or far above.</summary>
    None,

    /// <summary>Those that speak for it: it is the zone directly above.</summary>
    Proxies,

    /// <summary>All: it is the zone itself or one below it.</summary>
    All,
}

/// <summary>
/// The zones as a tree, and who sees what in it: a zone sees itself and everything below; from below one sees the proxies of the
/// direct parent only; brothers see nothing of each other. Immutable.
/// </summary>
public sealed class ZoneTree
{
    /// <summary>Deepest nesting of zones; what is deeper, or in a ring, has no parent.</summary>
    public const int MaxDepth = 32;

    readonly Dictionary<string, string> parents = new(StringComparer.Ordinal);

    /// <summary>No zone but one's own.</summary>
    public static ZoneTree Flat { get; } = new([]);

    /// <summary>Makes the tree of pairs (zone, zone below it). A second parent of a zone is not taken.</summary>
    public ZoneTree(IEnumerable<(string Zone, string Below)> pairs)
    {
        foreach (var (zone, below) in pairs)
        {
            var depth = 0;
            var above = zone;
            while (depth++ < MaxDepth && above != below && parents.TryGetValue(above, out var next)) above = next;
            if (depth <= MaxDepth && above != below) parents.TryAdd(below, zone);
        }
    }

    /// <summary>The zone directly above; null for one at the top.</summary>
    public string? ParentOf(string zone) => parents.GetValueOrDefault(zone);

    /// <summary>What a node of the zone <paramref name="viewer"/> may know of the nodes of <paramref name="zone"/>.</summary>
    public ZoneSight Sight(string viewer, string zone)
    {
        var above = zone;
        for (var depth = 0; depth <= MaxDepth; depth++)
        {
            if (above == viewer) return ZoneSight.All;
            if (!parents.TryGetValue(above, out var next)) break;
            above = next;
        }
        return ParentOf(viewer) == zone ? ZoneSight.Proxies : ZoneSight.None;
    }

    /// <summary>True when a node of the zone <paramref name="viewer"/> may know a node.</summary>
    public bool Sees(string viewer, string zone, bool isProxy) => Sight(viewer, zone) switch
    {
        ZoneSight.All => true,
        ZoneSight.Proxies => isProxy,
        _ => false,
    };
}
