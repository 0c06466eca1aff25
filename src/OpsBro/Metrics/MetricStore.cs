using System.Collections.Concurrent;
using System.Text;
using OpsBro.Core.TimeSeries;

namespace OpsBro.Metrics;

/// <summary>One child of a part of the tree of names, as <c>/metrics/find</c> shows it.</summary>
/// <param name="Path">Dotted path from the root.</param>
/// <param name="IsLeaf">A series has this very name.</param>
/// <param name="HasChildren">Longer names begin with it.</param>
internal readonly record struct FoundName(string Path, bool IsLeaf, bool HasChildren);

/// <summary>The numbers of this host: takes them in, keeps them, answers for them. Safe for many threads.</summary>
internal sealed class MetricStore(TimeProvider time, MetricJournal journal) : ISeriesSource
{
    /// <summary>Seconds from one value to the next in the finest tier that is kept on disk.</summary>
    public const int BaseStep = 10;

    readonly ConcurrentDictionary<string, MetricSource> sources = new();
    readonly SortedDictionary<string, SortedDictionary<long, double>> series = new(StringComparer.Ordinal);
    readonly Lock gate = new();

    /// <summary>The source of that name; made when it is asked for the first time.</summary>
    public MetricSource Source(string name) => sources.GetOrAdd(name, n => new MetricSource(n));

    /// <summary>Every source so far.</summary>
    public IEnumerable<MetricSource> Sources => sources.Values;

    /// <summary>
    /// Takes one number. A second number for the same step replaces the first when the step is <see cref="BaseStep"/>; coarser tiers keep
    /// least, greatest, sum and count of all.
    /// </summary>
    /// <param name="source">Who brings it: its counters and its limit of series.</param>
    /// <param name="name">UTF-8, dotted, or <c>name;tag=value</c> with tags in any order.</param>
    /// <param name="at">Unix seconds.</param>
    /// <param name="value">The number.</param>
    /// <returns>False when it was refused; the source's counter says why.</returns>
    public bool Add(MetricSource source, ReadOnlySpan<byte> name, long at, double value)
    {
        if (!double.IsFinite(value)) return source.Refuse(Refusal.BadValue);
        if (name.IsEmpty) return source.Refuse(Refusal.BadName);
        if (at > time.GetUtcNow().ToUnixTimeSeconds() + 600) return source.Refuse(Refusal.BadTime);
        lock (gate)
        {
            var text = Encoding.UTF8.GetString(name);
            if (!series.TryGetValue(text, out var values)) series.Add(text, values = []);
            values[at - (at % BaseStep)] = value;
            journal.Append(new JournalPoint(text, at, value));
        }
        source.Accept();
        return true;
    }

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
        lock (gate) return [.. series.Keys];
    }

    SeriesSlice Slice(string name, long from, long until)
    {
        var start = from - (from % BaseStep) + BaseStep;
        var values = new double[Math.Max(0, ((until - start) / BaseStep) + 1)];
        lock (gate)
        {
            for (var i = 0; i < values.Length; i++) values[i] = series[name].GetValueOrDefault(start + (i * BaseStep), double.NaN);
        }
        return new SeriesSlice(name, start, BaseStep, values);
    }
}
