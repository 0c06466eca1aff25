namespace OpsBro.Core.NodeState;

/// <summary>
/// Changes of one node: all that were made after <paramref name="From"/> up to <paramref name="To"/> and still count.
/// </summary>
/// <param name="Zone">The node's zone.</param>
/// <param name="Name">Its name.</param>
/// <param name="Generation">When its agent started.</param>
/// <param name="Collected">Deletions up to this version are forgotten by the owner.</param>
/// <param name="From">Whoever knows the node up to here has no gap afterwards; 0 for a map from its beginning.</param>
/// <param name="To">The receiver knows the node up to here afterwards.</param>
/// <param name="GoneSeconds">For so long the sender sees the node as gone; null when it is there.</param>
/// <param name="Entries">In the order of versions.</param>
sealed record NodeDelta(
    string Zone, string Name, ulong Generation, ulong Collected, ulong From, ulong To, ulong? GoneSeconds, NodeEntry[] Entries)
{
    /// <summary>The node's short name.</summary>
    public ulong Id { get; } = NodeId.Of(Zone, Name);
}

/// <summary>How far somebody knows a node.</summary>
/// <param name="Id">The node.</param>
/// <param name="Generation">0 when it is not known.</param>
/// <param name="Version">All changes up to this one.</param>
/// <param name="Collected">Deletions up to this one are forgotten.</param>
readonly record struct NodeDigest(ulong Id, ulong Generation, ulong Version, ulong Collected)
{
    /// <summary>This one knows more of the node than the other.</summary>
    public bool IsNewerThan(NodeDigest other) =>
        Generation != other.Generation ? Generation > other.Generation : Generation > 0 && Version > other.Version;

    /// <summary>How far a map is known.</summary>
    public static NodeDigest Of(NodeMap map) => new(map.Id, map.Generation, map.Version, map.Collected);
}
