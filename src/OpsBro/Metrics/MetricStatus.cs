using System.Globalization;
using System.Text.Json.Serialization;
using OpsBro.Metrics.Storing;

namespace OpsBro.Metrics;

/// <summary>What one tier holds.</summary>
/// <param name="Step">Seconds of a slot.</param>
/// <param name="Keep">Seconds that it is kept.</param>
/// <param name="Bytes">On disk.</param>
/// <param name="Rows">Rows of chunks.</param>
/// <param name="Oldest">Unix seconds of the oldest slot; null when it is empty.</param>
internal sealed record TierStatus(int Step, long Keep, long Bytes, int Rows, long? Oldest);

/// <summary>The beginning of names that brought many new series.</summary>
/// <param name="Prefix">How they begin.</param>
/// <param name="Count">New ones since start, refused ones included.</param>
internal sealed record OffenderStatus(string Prefix, long Count);

/// <summary>How the store does.</summary>
internal sealed record MetricStatus
{
    /// <summary>Series.</summary>
    public required int Series { get; init; }

    /// <summary>Series that it may have.</summary>
    public required int MaxSeries { get; init; }

    /// <summary>Points taken since start.</summary>
    public required long Accepted { get; init; }

    /// <summary>Points a second since the last time that somebody asked, at least a second ago.</summary>
    public required double PointsPerSecond { get; init; }

    /// <summary>Points in memory that are in no chunk yet.</summary>
    public required long RecentPoints { get; init; }

    /// <summary>Bytes of memory, about: names and recent points.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>Bytes of the files.</summary>
    public required long DiskBytes { get; init; }

    /// <summary>Bytes that the store's file may have.</summary>
    public required long MaxDisk { get; init; }

    /// <summary>Bytes of what waits in the journal.</summary>
    public required long JournalBytes { get; init; }

    /// <summary>Position of the next point in the journal.</summary>
    public required long JournalNext { get; init; }

    /// <summary>Everything before this position is on the disk: a kill loses nothing of it.</summary>
    public required long JournalOnDisk { get; init; }

    /// <summary>Points that were given up: the disk refused for too long, or a file was damaged.</summary>
    public required long Lost { get; init; }

    /// <summary>Chunks that were damaged.</summary>
    public required long Damaged { get; init; }

    /// <summary>Its tiers, finest first.</summary>
    public required IReadOnlyList<TierStatus> Tiers { get; init; }

    /// <summary>Who brings most new series.</summary>
    public required IReadOnlyList<OffenderStatus> Offenders { get; init; }

    /// <summary>What the operator should mend.</summary>
    public required IReadOnlyList<string> Problems { get; init; }
}

/// <summary>JSON of the store's state.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(MetricStatus))]
internal sealed partial class StoreJson : JsonSerializerContext;

/// <summary>How the store does.</summary>
internal sealed partial class MetricStore
{
    /// <summary>Beginnings of names that are shown.</summary>
    const int TopOffenders = 10;

    /// <summary>Between two looks at the rate.</summary>
    static readonly TimeSpan rateOver = TimeSpan.FromSeconds(1);

    readonly Lock rating = new();
    (long Timestamp, long Accepted) rateSince = (TimeProvider.System.GetTimestamp(), 0);
    double rate;

    /// <summary>The picture of now.</summary>
    public MetricStatus Status()
    {
        var current = options();
        lock (gate)
        {
            var rows = catalogue.All.ToList();
            var accepted = sources.Values.Sum(s => s.Accepted);
            return new MetricStatus
            {
                Series = index.Count,
                MaxSeries = current.MaxSeries,
                Accepted = accepted,
                PointsPerSecond = Rate(accepted),
                RecentPoints = recent.Count + frozen.Sum(f => (long)f.Count),
                MemoryBytes = index.MemoryBytes + recent.Bytes + frozen.Sum(f => f.Bytes) + (owners.Length * 8L),
                DiskBytes = SizeOf(file?.Database.File) + SizeOf(journal.File),
                MaxDisk = current.MaxDisk,
                JournalBytes = journal.StoredBytes,
                JournalNext = journal.Next,
                JournalOnDisk = journal.OnDisk,
                Lost = forgotten + journal.Lost,
                Damaged = Volatile.Read(ref damaged),
                Tiers =
                [
                    .. current.Tiers.Select(t => (Tier: t, Rows: rows.Where(r => r.Step == t.Step).ToList())).Select(t => new TierStatus(
                        t.Tier.Step, t.Tier.Keep, t.Rows.Sum(r => (long)r.Bytes), t.Rows.Count, t.Rows.Count > 0 ? t.Rows.Min(r => r.Start) : null)),
                ],
                Offenders = [.. offenders.Top(TopOffenders).Select(o => new OffenderStatus(o.Prefix, o.Count))],
                Problems = Problems(),
            };
        }
    }

    /// <summary>What the operator should mend, one line each.</summary>
    public IReadOnlyList<string> Problems()
    {
        List<string> problems = [];
        if (file?.Database.Problem is { Length: > 0 } kept) problems.Add(kept);
        if (journal.Problem is { Length: > 0 } journaled) problems.Add(journaled);
        foreach (var source in sources.Values.OrderBy(s => s.Name, StringComparer.Ordinal))
        {
            if (source.Refused(Refusal.TooManySeries) is var refused and > 0 && options().IsFull(source.Name, source.Series, index.Count))
                problems.Add(TooMany(source, refused));   // not any more once the limit is raised, or there is room again
        }
        if (fault is { Length: > 0 } why) problems.Add($"metrics cannot be sealed or merged now: {why}; it is tried again; look at df and at the log");
        if (Volatile.Read(ref damaged) is var bad and > 0)
            problems.Add(string.Create(CultureInfo.InvariantCulture, $"{file?.Database.File}: {bad} chunks were damaged and left out; look at the disk"));
        if (forgotten > 0)
            problems.Add(string.Create(CultureInfo.InvariantCulture, $"metrics: {forgotten} numbers were given up while the disk took none; look at df"));
        return problems;
    }

    string TooMany(MetricSource source, long refused)
    {
        IReadOnlyList<(string Prefix, long Count)> top;
        lock (gate) top = offenders.Top(3);
        return string.Create(CultureInfo.InvariantCulture,
            $"metrics: {refused} numbers of {source.Name} were refused, for it has {source.Series} of {index.Count} series and the limit is reached; ")
            + $"most new names begin with {string.Join(", ", top.Select(t => t.Prefix))}; raise metrics.max_series, or have the sender name less";
    }

    double Rate(long accepted)
    {
        lock (rating)
        {
            var now = TimeProvider.System.GetTimestamp();
            var passed = TimeProvider.System.GetElapsedTime(rateSince.Timestamp, now);
            if (passed < rateOver) return rate;
            rate = Math.Round((accepted - rateSince.Accepted) / passed.TotalSeconds, 2);
            rateSince = (now, accepted);
            return rate;
        }
    }

    static long SizeOf(string? path)
    {
        if (path is null) return 0;
        var size = 0L;
        foreach (var suffix in (ReadOnlySpan<string>)["", "-wal"])
        {
            var info = new FileInfo(path + suffix);
            if (info.Exists) size += info.Length;
        }
        return size;
    }
}
