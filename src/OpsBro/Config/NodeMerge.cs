namespace OpsBro.Config;

/// <summary>Lays one node over another: the way in which levels and drop-in files override.</summary>
internal static class NodeMerge
{
    /// <summary>
    /// Two maps are merged key by key, to any depth; anything else is replaced. Each value keeps the place it came from.
    /// </summary>
    public static ConfigNode Over(ConfigNode lower, ConfigNode upper)
    {
        if (lower.Kind != ConfigNodeKind.Map || upper.Kind != ConfigNodeKind.Map) return upper;
        var entries = new List<KeyValuePair<ConfigNode, ConfigNode>>();
        foreach (var (key, value) in lower.Entries)
            entries.Add(upper[key.Text] is { } other ? new(key, Over(value, other)) : new(key, value));
        entries.AddRange(upper.Entries.Where(entry => lower[entry.Key.Text] is null));
        return lower with { Entries = entries };
    }

    /// <summary>The map without one key.</summary>
    public static ConfigNode Without(ConfigNode map, string key) =>
        map[key] is null ? map : map with { Entries = [.. map.Entries.Where(entry => entry.Key.Text != key)] };
}
