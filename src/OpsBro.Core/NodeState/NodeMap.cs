namespace OpsBro.Core.NodeState;

/// <summary>
/// What is known of one node: an immutable picture that any thread may read, and that engines in one process share.
/// <para>
/// All changes up to <see cref="Version"/> are in it. Entries with a later version came ahead of others (an urgent push): they count
/// for readers, and not for comparing with peers. Deletions up to <see cref="Collected"/> are forgotten by the owner: whoever is
/// behind that takes the map anew.
/// </para>
/// </summary>
public sealed class NodeMap
{
    /// <summary>Comparisons of keys up to which a table of them would cost more.</summary>
    const int FewComparisons = 1_024;

    /// <summary>In the order of versions; a key stands there once.</summary>
    readonly NodeEntry[] entries;

    NodeMap(string zone, string name, ulong id, ulong generation, ulong version, ulong collected, NodeEntry[] entries)
    {
        (Zone, Name, Id, Generation, Version, Collected, this.entries) = (zone, name, id, generation, version, collected, entries);
        foreach (var entry in entries)
        {
            Size += entry.Size;
            if (entry.Key == NodeKeys.Proxy) IsProxy = entry.Value == "1";
        }
    }

    /// <summary>Its zone.</summary>
    public string Zone { get; }

    /// <summary>Its name in the zone.</summary>
    public string Name { get; }

    /// <summary>Both, as they stand in digests.</summary>
    internal ulong Id { get; }

    /// <summary>When the node's agent started, in seconds since 1970; 0 when nothing is known of it.</summary>
    public ulong Generation { get; }

    /// <summary>Each change has one: all up to this one are known.</summary>
    public ulong Version { get; }

    /// <summary>Deletions up to this version are forgotten.</summary>
    public ulong Collected { get; }

    /// <summary>Bytes of all entries.</summary>
    public int Size { get; }

    /// <summary>It speaks for its zone: the zones directly below may see it.</summary>
    public bool IsProxy { get; }

    /// <summary>Keys with values, and keys that were removed, in the order of versions.</summary>
    public ReadOnlySpan<NodeEntry> Entries => entries;

    /// <summary>The value of a key; null when it has none.</summary>
    public string? this[string key] => Find(key)?.Value;

    /// <summary>The entry of a key, also a removed one.</summary>
    public NodeEntry? Find(string key)
    {
        foreach (var entry in entries)
            if (entry.Key == key) return entry;
        return null;
    }

    /// <summary>A node of which nothing is known.</summary>
    internal static NodeMap Empty(string zone, string name, ulong generation = 0) =>
        new(zone, name, NodeId.Of(zone, name), generation, 0, 0, []);

    /// <summary>The entries after a version, none of them ahead of the others.</summary>
    internal ReadOnlySpan<NodeEntry> After(ulong version)
    {
        var from = Position(version);
        var to = Position(Version);
        return from < to ? entries.AsSpan(from, to - from) : default;
    }

    /// <summary>How many entries have this version or an earlier one.</summary>
    int Position(ulong version)
    {
        var (low, high) = (0, entries.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (entries[middle].Version <= version) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    /// <summary>The map after the owner's next change.</summary>
    internal NodeMap With(string key, string? value)
    {
        var next = new List<NodeEntry>(entries.Length + 1);
        foreach (var entry in entries)
            if (entry.Key != key) next.Add(entry);
        next.Add(new NodeEntry(key, value, Version + 1));
        return new NodeMap(Zone, Name, Id, Generation, Version + 1, Collected, [.. next]);
    }

    /// <summary>The owner's map without the deletions up to a version.</summary>
    internal NodeMap Collect(ulong upTo) =>
        new(Zone, Name, Id, Generation, Version, upTo, [.. entries.Where(e => !e.IsRemoved || e.Version > upTo)]);

    /// <summary>The map without what a proxy says of members: for zones that may not know them. Its version stays the same.</summary>
    internal NodeMap WithoutMembers() => entries.Any(e => e.IsMember)
        ? new NodeMap(Zone, Name, Id, Generation, Version, Collected, [.. entries.Where(e => !e.IsMember)])
        : this;

    /// <summary>The owner's map in a newer generation: the same values, counted anew.</summary>
    internal NodeMap Renewed(ulong generation)
    {
        var live = entries.Where(e => !e.IsRemoved).Select((e, i) => new NodeEntry(e.Key, e.Value, (ulong)i + 1)).ToArray();
        return new NodeMap(Zone, Name, Id, generation, (ulong)live.Length, 0, live);
    }

    /// <summary>
    /// The map after a delta; this one when the delta says nothing new. Only a newer (generation, version) of the owner wins, and a
    /// deletion that the owner forgot never comes back: see the rules in docs/protocols/node-state.md.
    /// </summary>
    internal NodeMap With(NodeDelta delta)
    {
        if (delta.Generation < Generation) return this;
        var known = delta.Generation > Generation ? new NodeMap(Zone, Name, Id, delta.Generation, 0, 0, []) : this;
        if (delta.Collected > known.Collected && known.Version < delta.Collected)
        {
            // deletions that we never saw are forgotten: what we have may hold dead keys
            if (delta.From != 0) return this;
            known = new NodeMap(Zone, Name, Id, delta.Generation, 0, delta.Collected, []);
        }
        // we are taking the map anew, and the sender's is older than that: only all of it would be safe
        if (delta.Collected < known.Collected && known.Version < known.Collected
            && (delta.From > known.Version || delta.To < known.Collected)) return this;
        return known.Merged(delta);
    }

    NodeMap Merged(NodeDelta delta)
    {
        var version = delta.From <= Version ? Math.Max(Version, delta.To) : Version;
        var collected = Math.Max(Collected, delta.Collected);
        var fresh = Fresh(delta.Entries, out var keys);
        if (fresh.Count == 0 && version == Version && collected == Collected) return this;
        var next = new List<NodeEntry>(entries.Length + fresh.Count);
        var at = 0;
        foreach (var entry in entries)
        {
            if (keys.Contains(entry.Key) || entry.IsRemoved && entry.Version <= collected) continue;
            while (at < fresh.Count && fresh[at].Version < entry.Version) next.Add(fresh[at++]);
            next.Add(entry);
        }
        while (at < fresh.Count) next.Add(fresh[at++]);
        return new NodeMap(Zone, Name, Id, Generation, version, collected, [.. next]);
    }

    /// <summary>What of a delta is newer than what we have, in the order of versions; of a key that comes twice, the last.</summary>
    List<NodeEntry> Fresh(NodeEntry[] given, out HashSet<string> keys)
    {
        var fresh = new List<NodeEntry>();
        keys = new HashSet<string>(StringComparer.Ordinal);
        // versions of our keys that a delta with a few entries has to beat are looked for one by one
        var known = (long)given.Length * entries.Length <= FewComparisons
            ? null
            : entries.ToDictionary(e => e.Key, e => e.Version, StringComparer.Ordinal);
        for (var i = given.Length - 1; i >= 0; i--)
        {
            var entry = given[i];
            if (entry.Version <= Version) break;
            var mine = known is null ? Find(entry.Key)?.Version ?? 0 : known.GetValueOrDefault(entry.Key);
            if (mine < entry.Version && keys.Add(entry.Key)) fresh.Add(entry);
        }
        fresh.Reverse();
        return fresh;
    }

    /// <summary>Both say the same in every respect.</summary>
    internal bool SaysTheSameAs(NodeMap other)
    {
        if (Id != other.Id || Generation != other.Generation || Version != other.Version || Collected != other.Collected
            || Zone != other.Zone || Name != other.Name || entries.Length != other.entries.Length) return false;
        for (var i = 0; i < entries.Length; i++)
        {
            var (mine, theirs) = (entries[i], other.entries[i]);
            if (!ReferenceEquals(mine, theirs)
                && (mine.Version != theirs.Version || mine.Key != theirs.Key || mine.Value != theirs.Value)) return false;
        }
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Zone}/{Name} {Generation}.{Version} ({entries.Length} keys)";
}
