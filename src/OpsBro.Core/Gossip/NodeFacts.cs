using OpsBro.Core.Wire;

namespace OpsBro.Core.Gossip;

/// <summary>
/// What a node says of itself in its alive message, without the incarnation. It is one immutable object, so that thousands of simulated
/// engines share those of the same nodes (<see cref="NodeFactsTable"/>).
/// </summary>
public sealed class NodeFacts(string name, PeerAddress address, Bytes meta, ProtocolVersions versions)
{
    /// <summary>Its name.</summary>
    public string Name { get; } = name;

    /// <summary>Where it listens.</summary>
    public PeerAddress Address { get; } = address;

    /// <summary>Its tags, encoded.</summary>
    public Bytes Meta { get; } = meta;

    /// <summary>What it speaks; all zero when it did not say.</summary>
    public ProtocolVersions Versions { get; } = versions;

    /// <summary>What Serf made of <see cref="Meta"/>, kept here so that it is made once; anyone may set it, all set the same.</summary>
    public IReadOnlyList<KeyValuePair<string, string>>? Tags { get; set; }

    internal bool Says(PeerAddress address, ReadOnlySpan<byte> meta, ProtocolVersions versions) =>
        address == Address && versions == Versions && meta.SequenceEqual(Meta.Span);
}

/// <summary>
/// The facts of all nodes that any engine of a simulation knows. The last few of a name are kept; older ones live on where they are used.
/// Not for several threads at once.
/// </summary>
public sealed class NodeFactsTable
{
    const int KeptPerName = 4;

    readonly Dictionary<string, List<NodeFacts>> table = new(StringComparer.Ordinal);

    /// <summary>The one object of these facts.</summary>
    public NodeFacts Of(string name, PeerAddress address, ReadOnlySpan<byte> meta, ProtocolVersions versions)
    {
        if (!table.TryGetValue(name, out var known)) table[name] = known = [];
        foreach (var one in known)
            if (one.Says(address, meta, versions)) return one;
        if (known.Count > 0) name = known[0].Name;
        if (known.Count == KeptPerName) known.RemoveAt(0);
        var made = new NodeFacts(name, address, meta.ToArray(), versions);
        known.Add(made);
        return made;
    }
}
