using OpsBro.Core.TimeSeries;
using OpsBro.Metrics.Storing;

namespace OpsBro.Metrics;

/// <summary>What the store answers.</summary>
internal sealed partial class MetricStore
{
    /// <summary>Seconds: what is older than this is refused.</summary>
    const long MaxAge = 5 * 366 * 86_400L;

    /// <inheritdoc/>
    public IReadOnlyList<SeriesSlice> Fetch(string pattern, long from, long until, Aspect aspect) =>
        [.. Names().Where(n => n == pattern).Select(n => Slice(n, from, until))];

    /// <inheritdoc/>
    public IReadOnlyList<SeriesSlice> FetchTagged(IReadOnlyList<TagExpression> tags, long from, long until, Aspect aspect) => [];

    /// <summary>The nodes of the tree of names that a pattern matches, in the order of their paths; leaves and branches.</summary>
    public IReadOnlyList<FoundName> Find(string pattern) => [.. Names().Where(n => n == pattern).Select(n => new FoundName(n, true, false))];

    /// <summary>Every series, in order.</summary>
    public IReadOnlyList<string> Names()
    {
        lock (gate) return [.. Enumerable.Range(0, names.Count).Select(i => names[i]).Order(StringComparer.Ordinal)];
    }

    SeriesSlice Slice(string name, long from, long until)
    {
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
