namespace OpsBro.Metrics.Exporters;

/// <summary>A series' canonical name in its parts.</summary>
/// <param name="Name">Before the first semicolon.</param>
/// <param name="Tags">Keys and values, as they stand.</param>
internal readonly record struct SeriesName(string Name, IReadOnlyList<KeyValuePair<string, string>> Tags)
{
    /// <summary>Most tags that one series is read with; the rest is left out.</summary>
    public const int MaxTags = 64;

    /// <summary>Takes a name apart: <c>name;tag=value;tag=value</c>.</summary>
    public static SeriesName Parse(string canonical)
    {
        var semicolon = canonical.IndexOf(';', StringComparison.Ordinal);
        if (semicolon < 0) return new(canonical, []);
        var tags = new List<KeyValuePair<string, string>>();
        foreach (var part in canonical[(semicolon + 1)..].Split(';'))
        {
            var equal = part.IndexOf('=', StringComparison.Ordinal);
            if (equal > 0 && tags.Count < MaxTags) tags.Add(new(part[..equal], part[(equal + 1)..]));
        }
        return new(canonical[..semicolon], tags);
    }

    /// <summary>The value of a tag; <c>name</c> is the name itself; empty when there is none.</summary>
    public string Tag(string key)
    {
        if (key == "name") return Name;
        foreach (var (own, value) in Tags)
            if (own == key) return value;
        return "";
    }

    /// <summary>Its own tags and those of the sink, sorted by key; its own win. Tags without a value are left out.</summary>
    public List<KeyValuePair<string, string>> With(IReadOnlyList<KeyValuePair<string, string>> more)
    {
        var all = new List<KeyValuePair<string, string>>(Tags.Count + more.Count);
        foreach (var tag in Tags)
            if (tag.Value.Length > 0 && !Has(all, tag.Key)) all.Add(tag);
        foreach (var tag in more)
            if (tag.Value.Length > 0 && !Has(all, tag.Key)) all.Add(tag);
        all.Sort((a, b) => string.CompareOrdinal(a.Key, b.Key));
        return all;
    }

    static bool Has(List<KeyValuePair<string, string>> tags, string key) => tags.Exists(tag => tag.Key == key);
}
