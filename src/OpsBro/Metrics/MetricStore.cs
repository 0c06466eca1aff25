using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using OpsBro.Core.TimeSeries;
using OpsBro.Metrics.Storing;

namespace OpsBro.Metrics;

/// <summary>One child of a part of the tree of names, as <c>/metrics/find</c> shows it.</summary>
/// <param name="Path">Dotted path from the root.</param>
/// <param name="IsLeaf">A series has this very name.</param>
/// <param name="HasChildren">Longer names begin with it.</param>
internal readonly record struct FoundName(string Path, bool IsLeaf, bool HasChildren);

/// <summary>
/// The numbers of this host: takes them in, keeps them, answers for them. Safe for many threads. A point goes to the recent ones in memory
/// and to the journal; a round seals what is in memory into rows of chunks, merges rows, and makes old ones coarser.
/// </summary>
internal sealed partial class MetricStore : ISeriesSource, IDisposable
{
    /// <summary>Seconds from one value to the next in the finest tier that is kept on disk.</summary>
    public const int BaseStep = 10;

    /// <summary>Points with a time further ahead than this are refused, in seconds: a clock is wrong, and they would hide what comes.</summary>
    public const int MaxAhead = 600;

    /// <summary>Recent points are sealed when they take so many bytes.</summary>
    public const int MaxRecent = 8 << 20;

    /// <summary>Parts of recent points that wait for the disk at most; then the oldest goes.</summary>
    const int MaxFrozen = 3;

    /// <summary>A look at the size of the recent points each so many.</summary>
    const int LookEvery = 1024;

    readonly TimeProvider time;
    readonly MetricJournal journal;
    readonly SegmentFile? file;
    readonly Func<MetricOptions> options;
    readonly ILogger logger;
    readonly SeriesIndex index;
    readonly Lock gate;
    readonly ConcurrentDictionary<string, MetricSource> sources = new();
    readonly List<RecentPoints> frozen = [];
    readonly Stack<RecentPoints.Slab> spare = [];
    readonly SegmentCatalogue catalogue = new();
    readonly Offenders offenders = new();
    readonly List<int> unsaved = [];
    readonly AutoResetEvent wake = new(false);
    MetricSource?[] owners = new MetricSource?[64];
    RecentPoints recent;
    DateTimeOffset recentSince;
    int untilLook = LookEvery;
    long forgotten;

    /// <summary>A store in memory, for tests, with what its journal holds.</summary>
    public MetricStore(TimeProvider time, MetricJournal journal) : this(time, journal, null, null, () => MetricOptions.Default, NullLogger.Instance) { }

    /// <summary>A store.</summary>
    /// <param name="time">Wall clock.</param>
    /// <param name="journal">Its journal, whose names it shares.</param>
    /// <param name="file">Where chunks are kept; null for memory.</param>
    /// <param name="state">What was in the file, whose names are in the journal's index already.</param>
    /// <param name="options">Asked now and then, so that a reload takes effect.</param>
    /// <param name="logger">For what is lost.</param>
    internal MetricStore(
        TimeProvider time, MetricJournal journal, SegmentFile? file, SegmentState? state, Func<MetricOptions> options, ILogger logger)
    {
        (this.time, this.journal, this.file, this.options, this.logger) = (time, journal, file, options, logger);
        (index, gate) = (journal.Names, journal.Gate);
        recent = new RecentPoints(journal.Next, spare);
        recentSince = time.GetUtcNow();
        // without the lock, which the writer of the journal takes: nobody else knows this store yet
        if (state is not null) Load(state);
        Replay(state is not null && state.Journal == journal.Identity ? state.Sealed : 0);
    }

    /// <summary>The tier of seconds: the host's own core numbers of the last hour.</summary>
    public RecentSeconds Seconds { get; } = new();

    /// <summary>Every number in the order it was taken in, for those who pass numbers on.</summary>
    public MetricJournal Journal => journal;

    /// <summary>The source of that name; made when it is asked for the first time.</summary>
    public MetricSource Source(string name) => sources.GetOrAdd(name, n => new MetricSource(n));

    /// <summary>Every source so far.</summary>
    public IEnumerable<MetricSource> Sources => sources.Values;

    /// <summary>Set when there is work for a round before its time.</summary>
    public WaitHandle Wake => wake;

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
    internal bool Take(MetricSource source, ReadOnlySpan<byte> name, long at, double value, long now, bool isDetail)
    {
        if (!double.IsFinite(value)) return source.Refuse(Refusal.BadValue, name);
        // before it is looked up: hashing a megabyte again and again would hold the lock
        if (name.Length > SeriesName.MaxBytes) return source.Refuse(Refusal.BadName, name);
        if (at > now + MaxAhead || at < now - oldest) return source.Refuse(Refusal.BadTime, name);
        var series = index.Find(name);
        if (series < 0 && (series = NewSeries(source, name)) < 0) return false;
        recent.Add(series, SlotOf(at), value);
        journal.Append(series, at, value, isDetail);
        if (--untilLook == 0) Look();
        return true;
    }

    static int SlotOf(long at) => (int)(Rollup.Align(at, BaseStep) / BaseStep);

    void Look()
    {
        untilLook = LookEvery;
        if (recent.Bytes >= MaxRecent) Freeze();
    }

    int NewSeries(MetricSource source, ReadOnlySpan<byte> name)
    {
        var isFull = options().IsFull(source.Name, source.Series, index.Count);
        if (!MetricName.IsAllowed(name) || isFull)
        {
            if (isFull) offenders.Count(name);
            source.Refuse(isFull ? Refusal.TooManySeries : Refusal.BadName, name);
            return -1;
        }
        if (!index.TryAdd(name, out var series, out var isNew))
        {
            source.Refuse(Refusal.BadName, name);
            return -1;
        }
        if (!isNew) return series;
        offenders.Count(name);
        Own(series, source);
        unsaved.Add(series);
        return series;
    }

    void Own(int series, MetricSource source)
    {
        if (series >= owners.Length) Array.Resize(ref owners, Math.Max(series + 1, owners.Length + (owners.Length / 2)));
        owners[series] = source;
        source.CountSeries(1);
    }

    /// <summary>What is in memory now is sealed by the next round; new points go elsewhere.</summary>
    void Freeze()
    {
        if (recent.Count == 0) return;
        frozen.Add(recent);
        recent = new RecentPoints(journal.Next, spare);
        recentSince = time.GetUtcNow();
        if (frozen.Count > MaxFrozen)
        {
            forgotten += frozen[1].Count;   // the first one may be on its way to the disk
            frozen.RemoveAt(1);
            SuspectAll();
        }
        wake.Set();
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
    /// <param name="name">UTF-8.</param>
    /// <param name="at">Unix seconds.</param>
    /// <param name="value">The number.</param>
    /// <param name="isDetail">For the store alone: those who pass numbers on do not get it.</param>
    public bool Add(ReadOnlySpan<byte> name, long at, double value, bool isDetail = false)
    {
        if (!store.Take(source, name, at, value, now, isDetail)) return false;
        source.Accept();
        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => store.Exit();
}
