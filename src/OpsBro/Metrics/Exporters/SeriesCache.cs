namespace OpsBro.Metrics.Exporters;

/// <summary>
/// What a sink made of each name: whether it goes, and its bytes. A point of a known series then costs one look-up and no allocation.
/// Holds the series of the last pages; when they are too many it starts anew. For one thread.
/// </summary>
/// <param name="make">Prepares one series; null when the sink does not want it.</param>
internal sealed class SeriesCache<T>(Func<SeriesName, T?> make) where T : class
{
    /// <summary>Series kept. At some 250 bytes each: 5 MB a sink.</summary>
    public const int Capacity = 20_000;

    readonly Dictionary<string, T?> known = [];

    /// <summary>How many are kept.</summary>
    public int Count => known.Count;

    /// <summary>What the sink made of a name; null when it does not want it.</summary>
    public T? Of(string name)
    {
        if (known.TryGetValue(name, out var prepared)) return prepared;
        if (known.Count >= Capacity) known.Clear();
        prepared = make(SeriesName.Parse(name));
        known.Add(name, prepared);
        return prepared;
    }
}
