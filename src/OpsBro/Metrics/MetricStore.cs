using System.Collections.Concurrent;
using System.Text;
using OpsBro.Core.TimeSeries;
using OpsBro.Metrics.Storing;

namespace OpsBro.Metrics;

/// <summary>One child of a part of the tree of names, as <c>/metrics/find</c> shows it.</summary>
/// <param name="Path">Dotted path from the root.</param>
/// <param name="IsLeaf">A series has this very name.</param>
/// <param name="HasChildren">Longer names begin with it.</param>
internal readonly record struct FoundName(string Path, bool IsLeaf, bool HasChildren);

/// <summary>The numbers of this host: takes them in, keeps them, answers for them. Safe for many threads.</summary>
internal sealed partial class MetricStore : ISeriesSource
{
    /// <summary>Seconds from one value to the next in the finest tier that is kept on disk.</summary>
    public const int BaseStep = 10;

    /// <summary>Points with a time further ahead than this are refused, in seconds: a clock is wrong, and they would hide what comes.</summary>
    public const int MaxAhead = 600;

    readonly TimeProvider time;
    readonly MetricJournal journal;
    readonly SeriesNames names;
    readonly Lock gate;
    readonly ConcurrentDictionary<string, MetricSource> sources = new();
    RecentPoints recent;

    /// <summary>A store; in memory when its journal is.</summary>
    public MetricStore(TimeProvider time, MetricJournal journal)
    {
        (this.time, this.journal, names, gate) = (time, journal, journal.Names, journal.Gate);
        recent = new RecentPoints(0);
        lock (gate) journal.Replay(0, (series, at, value) => recent.Add(series, SlotOf(at), value));
    }

    /// <summary>The tier of seconds: the host's own core numbers of the last hour.</summary>
    public RecentSeconds Seconds { get; } = new();

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
        using var batch = Batch(source);
        return batch.Add(name, at, value);
    }

    /// <summary>
    /// Takes many numbers under one lock: fill it from what was read, do nothing else while it is open, and dispose it. Waits a moment when
    /// the disk is behind, so that a sender over TCP is slowed down.
    /// </summary>
    public MetricBatch Batch(MetricSource source)
    {
        journal.WaitForRoom();
        return new MetricBatch(this, source, time.GetUtcNow().ToUnixTimeSeconds());
    }

    internal void Enter() => gate.Enter();

    internal void Exit() => gate.Exit();

    /// <summary>Under the gate.</summary>
    internal bool Take(MetricSource source, ReadOnlySpan<byte> name, long at, double value, long now)
    {
        if (!double.IsFinite(value)) return source.Refuse(Refusal.BadValue, name);
        if (at > now + MaxAhead || at < now - MaxAge) return source.Refuse(Refusal.BadTime, name);
        var series = names.Find(name);
        if (series < 0 && (series = NewSeries(source, name)) < 0) return false;
        recent.Add(series, SlotOf(at), value);
        journal.Append(series, at, value);
        return true;
    }

    static int SlotOf(long at) => (int)((at - (((at % BaseStep) + BaseStep) % BaseStep)) / BaseStep);

    int NewSeries(MetricSource source, ReadOnlySpan<byte> name)
    {
        Span<byte> canonical = stackalloc byte[MetricName.MaxBytes];
        var length = MetricName.Canonical(name, canonical);
        if (length == 0)
        {
            source.Refuse(Refusal.BadName, name);
            return -1;
        }
        canonical = canonical[..length];
        if (names.Find(canonical) is var known and >= 0) return known;
        source.CountSeries(1);
        return names.Add(Encoding.UTF8.GetString(canonical));
    }
}

/// <summary>Many numbers of one source, taken under one lock, which it holds until it is disposed.</summary>
internal readonly ref struct MetricBatch : IDisposable
{
    readonly MetricStore store;
    readonly MetricSource source;
    readonly long now;

    internal MetricBatch(MetricStore store, MetricSource source, long now)
    {
        (this.store, this.source, this.now) = (store, source, now);
        store.Enter();
    }

    /// <summary>Takes one number: see <see cref="MetricStore.Add"/>.</summary>
    public bool Add(ReadOnlySpan<byte> name, long at, double value)
    {
        if (!store.Take(source, name, at, value, now)) return false;
        source.Accept();
        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => store.Exit();
}
