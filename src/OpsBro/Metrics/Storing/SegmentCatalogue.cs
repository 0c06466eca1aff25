namespace OpsBro.Metrics.Storing;

/// <summary>Which rows of chunks there are, by part. Changed under the store's lock; what it gives out stays as it is.</summary>
internal sealed class SegmentCatalogue
{
    readonly Dictionary<int, Segment[]> parts = [];
    long lastId, lastOrder;

    /// <summary>Parts that have rows.</summary>
    public IReadOnlyList<int> Parts => [.. parts.Keys.Order()];

    /// <summary>Every row.</summary>
    public IEnumerable<Segment> All => parts.Values.SelectMany(p => p);

    /// <summary>The rows of one part, in the order of <see cref="Segment.Order"/>.</summary>
    public Segment[] Of(int part) => parts.GetValueOrDefault(part) ?? [];

    /// <summary>An order that is higher than all.</summary>
    public long NewOrder() => ++lastOrder;

    /// <summary>Gives new rows their numbers.</summary>
    public List<NewSegment> Numbered(IEnumerable<NewSegment> added) => [.. added.Select(a => a with { About = a.About with { Id = ++lastId } })];

    /// <summary>Takes over what was committed.</summary>
    public void Apply(IEnumerable<Segment> added, IEnumerable<Segment> removed)
    {
        var gone = removed.ToHashSet();
        // there are none any more when the file was lost meanwhile
        foreach (var part in gone.Select(s => s.Part).Distinct()) parts[part] = [.. Of(part).Where(s => !gone.Contains(s))];
        foreach (var group in added.GroupBy(s => s.Part))
        {
            parts[group.Key] = [.. Of(group.Key).Concat(group).OrderBy(s => s.Order).ThenBy(s => s.First)];
            lastId = Math.Max(lastId, group.Max(s => s.Id));
            lastOrder = Math.Max(lastOrder, group.Max(s => s.Order));
        }
        foreach (var part in gone.Select(s => s.Part).Distinct())
            if (Of(part).Length == 0) parts.Remove(part);
    }

    /// <summary>The file was lost.</summary>
    public void Clear() => parts.Clear();
}
