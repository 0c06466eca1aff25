using OpsBro.Core.TimeSeries;
using OpsBro.Metrics.Storing;

namespace OpsBro.Metrics;

/// <summary>What the store answers.</summary>
internal sealed partial class MetricStore
{
    /// <summary>Seconds: what is older than this is refused.</summary>
    const long MaxAge = 5 * 366 * 86_400L;

    /// <summary>Series that are not shown any more.</summary>
    readonly HashSet<string> deleted = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public IReadOnlyList<SeriesSlice> Fetch(string pattern, long from, long until, Aspect aspect)
    {
        var matches = Asking.NamePattern.Of(pattern);
        var depth = pattern.Count(c => c == '.');
        return [.. Names().Where(n => n.Count(c => c == '.') == depth && !n.Contains(';') && matches.Matches(n)).Select(n => Slice(n, from, until, aspect))];
    }

    /// <inheritdoc/>
    public IReadOnlyList<SeriesSlice> FetchTagged(IReadOnlyList<TagExpression> tags, long from, long until, Aspect aspect)
    {
        var matches = Asking.TaggedName.Matcher(tags);
        return [.. Asking.TaggedName.Among(Names()).Where(matches).Select(n => Slice(n.Canonical, from, until, aspect))];
    }

    /// <summary>The nodes of the tree of names that a pattern matches, in the order of their paths; leaves and branches.</summary>
    public IReadOnlyList<FoundName> Find(string pattern)
    {
        var matches = Asking.NamePattern.Of(pattern);
        var parts = pattern.Count(c => c == '.') + 1;
        return
        [
            .. Names().Where(n => !n.Contains(';') && matches.Matches(n)).Select(n => n.Split('.')).Where(n => n.Length >= parts)
                .GroupBy(n => string.Join('.', n.Take(parts)), StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal)
                .Select(g => new FoundName(g.Key, g.Any(n => n.Length == parts), g.Any(n => n.Length > parts))),
        ];
    }

    /// <summary>Forgets a series with all its numbers; false when there is none of that canonical name.</summary>
    public bool Delete(string name)
    {
        if (!Names().Contains(name)) return false;
        lock (gate) return deleted.Add(name);
    }

    /// <summary>How names begin: their first dotted parts, each once; those of tagged series too.</summary>
    public IReadOnlyCollection<string> Roots() => [.. Names().Select(n => n.Split('.', ';')[0]).Distinct()];

    /// <summary>Every series, in order.</summary>
    public IReadOnlyList<string> Names()
    {
        lock (gate) return [.. Enumerable.Range(0, names.Count).Select(i => names[i]).Where(n => !deleted.Contains(n)).Order(StringComparer.Ordinal)];
    }

    SeriesSlice Slice(string name, long from, long until, Aspect aspect)
    {
        if (Seconds.TryFetch(name, from, until, time.GetUtcNow().ToUnixTimeSeconds(), aspect, out var seconds)) return seconds;
        var start = (SlotOf(from) + 1L) * BaseStep;
        var values = new double[Math.Max(0, ((until - start) / BaseStep) + 1)];
        Array.Fill(values, double.NaN);
        var points = new PointList();
        lock (gate) recent.Each(names.Find(System.Text.Encoding.UTF8.GetBytes(name)), points);
        for (var i = 0; i < points.Count; i++)
        {
            var slot = points.Slots[i] - (start / BaseStep);
            if (slot >= 0 && slot < values.Length) values[slot] = points.Values[i];
        }
        return new SeriesSlice(name, start, BaseStep, values);
    }
}
