using System.Text;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using OpsBro.Core.TimeSeries;
using OpsBro.Metrics.Storing;

namespace OpsBro.Metrics;

/// <summary>How numbers get from memory to the disk.</summary>
internal sealed partial class MetricStore
{
    /// <summary>Recent points are sealed when they are so old; until then they are in the journal.</summary>
    static readonly TimeSpan sealAfter = TimeSpan.FromMinutes(10);

    /// <summary>Longest wait for a commit within a round; a disk that refuses is looked at again by the next one.</summary>
    static readonly TimeSpan commitPatience = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Points of the journal that are read into memory by a start: more wait there only when the store's file was lost while a follower was
    /// far behind, and then the older ones are lost.
    /// </summary>
    const int MaxReplay = 8_000_000;

    /// <summary>Largest number of a series that is believed: a damaged one must not fill the memory.</summary>
    const int MaxSeriesNumber = 8_000_000;

    /// <summary>Numbers and orders of rows that are believed: none is ever near it.</summary>
    const long MaxRowNumber = 1L << 53;

    /// <summary>Steps of rows that are believed, in seconds: a day is the longest that can be configured.</summary>
    const int MaxStep = 86_400;

    /// <summary>A change on its way to the disk.</summary>
    sealed record Change(Task<bool> IsStored, Action Apply);

    readonly Lock rounds = new();
    readonly ChunkEncoder encoder = new();
    readonly SlotBlock block = new();
    readonly PointList points = new();
    Change? pending;
    long oldest = MetricOptions.Default.Longest;
    int renewals;
    volatile bool isStopping;
    volatile string fault = "";

    long Now => time.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>Puts the names of a file into an index, with the numbers that they have in the file.</summary>
    public static void Load(SegmentState state, SeriesIndex index)
    {
        List<int> gaps = [];
        foreach (var (id, name, _) in state.Series)
        {
            if (id > MaxSeriesNumber) break;
            while (index.End < id) Fill(index, gaps);
            if (!index.TryAdd(Encoding.UTF8.GetBytes(name), out var given, out var isNew) || !isNew || given != id)
            {
                if (index.End == id) Fill(index, gaps);
            }
        }
        foreach (var id in gaps) index.Remove(id);
    }

    /// <summary>Takes a number that no series has any more.</summary>
    static void Fill(SeriesIndex index, List<int> gaps)
    {
        var name = Encoding.UTF8.GetBytes($"opsbro-gap.{index.End}");
        for (var i = 0; ; i++)
        {
            if (index.TryAdd(i == 0 ? name : [.. name, .. Encoding.UTF8.GetBytes($".{i}")], out var id, out var isNew) && isNew)
            {
                gaps.Add(id);
                return;
            }
        }
    }

    void Load(SegmentState state)
    {
        renewals = file!.Database.Renewals;
        foreach (var (id, name, source) in state.Series)
            if (id <= MaxSeriesNumber && index.Has(id) && index.TextOf(id) == name) Own(id, Source(source));
        // names that the journal alone knows are new in the file
        for (var id = 0; id < index.End; id++)
            if (index.Has(id) && (id >= owners.Length || owners[id] is null)) unsaved.Add(id);
        catalogue.Apply(state.Segments.Where(IsSound), []);
        damaged = state.Segments.Count(s => !IsSound(s));
        SuspectAll();
    }

    /// <summary>What no store wrote is left out: SQLite does not notice when a number rots, and one wrong part would stop every round.</summary>
    static bool IsSound(Segment s) => s.Bytes > 0 && s.Id is > 0 and < MaxRowNumber && s.Order is > 0 and < MaxRowNumber
        && s.First >= 0 && s.First <= s.Last && s.Last <= MaxSeriesNumber
        && SegmentLayout.PartOf(s.First) == s.Part && SegmentLayout.PartOf(s.Last) == s.Part
        && s.Step is > 0 and <= MaxStep && s.Start is >= -ChunkCodec.MaxStart and <= ChunkCodec.MaxStart
        && s.Start < s.End && s.End - s.Start <= 2 * SegmentLayout.SpanSeconds(s.Step);

    void Replay(long position)
    {
        journal.SkipTo(position);
        if (position > 0) journal.Sealed(position);
        var first = Math.Max(position, journal.Next - MaxReplay);
        recent = new RecentPoints(first, spare);
        var lost = journal.Replay(first, (series, at, value) =>
        {
            if (Math.Abs(at) <= ChunkCodec.MaxStart) recent.Add(series, SlotOf(at), value);
        });
        if (lost > 0) LogLost(logger, lost);
    }

    /// <summary>
    /// Does what is due: seals, merges, makes coarser, deletes. Called every few seconds by one loop, and by tests. It ends early while the
    /// disk takes nothing; what is in memory then waits, as much as there may be.
    /// </summary>
    /// <param name="isThorough">Also what could wait: everything is sealed and merged, and the files are as small as they can be.</param>
    public void Round(bool isThorough = false)
    {
        lock (rounds)
        {
            var current = options();
            oldest = current.Longest;
            if (!Settle()) return;
            lock (gate)
            {
                if (isThorough || time.GetUtcNow() - recentSince >= sealAfter || journal.StoredBytes > current.JournalMax / 2) Freeze();
            }
            if (file is null) return;
            while (SealNext())
                if (!Settle()) return;
            foreach (var change in Due(current, isThorough))
            {
                if (!Post(change) || !Settle() || isStopping) return;
            }
            if (!Free(isThorough)) return;
            if (isThorough || changed > shrinkAt) Shrink();
        }
    }

    /// <summary>
    /// The same for the loop: a fault, for instance a disk that cannot be read, is logged and is a problem until a round ends well. It must not
    /// end the agent, which takes numbers and answers all the same.
    /// </summary>
    public void TryRound()
    {
        try
        {
            Round();
            fault = "";
        }
        // the border of the loop: the log says what happened
        catch (Exception e)
        {
            if (fault != e.Message) LogFault(logger, e);
            fault = e.Message;
        }
    }

    /// <summary>The agent stops: a round ends after the change that is under way.</summary>
    public void Hasten() => isStopping = true;

    /// <summary>True when nothing is on its way to the disk.</summary>
    bool Settle()
    {
        NoticeRenewal();
        if (pending is not { } change) return true;
        var patience = file!.Database.Problem.Length == 0 ? commitPatience : TimeSpan.Zero;
        if (!change.IsStored.Wait(patience)) return false;
        pending = null;
        NoticeRenewal();
        if (!change.IsStored.Result) return false;
        change.Apply();
        return true;
    }

    /// <summary>The old file was moved aside: nothing of it is there any more, and its names are to be written again.</summary>
    void NoticeRenewal()
    {
        if (file is null || file.Database.Renewals == renewals) return;
        lock (gate)
        {
            renewals = file.Database.Renewals;
            catalogue.Clear();
            unsaved.Clear();
            for (var id = 0; id < index.End; id++)
                if (index.Has(id)) unsaved.Add(id);
            SuspectAll();
        }
    }

    bool Post(Action<SqliteConnection> write, Action apply)
    {
        var stored = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!file!.Database.Write(write, stored.SetResult)) return false;
        file.Database.Hurry();
        pending = new Change(stored.Task, apply);
        return true;
    }

    /// <summary>Seals the oldest of what waits; false when nothing does.</summary>
    bool SealNext()
    {
        RecentPoints table;
        long identity, end, order;
        List<(int Id, string Name, string Source)> series;
        lock (gate)
        {
            if (frozen.Count == 0) return false;
            table = frozen[0];
            end = frozen.Count > 1 ? frozen[1].First : recent.First;
            (identity, order) = (journal.Identity, catalogue.NewOrder());
            series = [.. unsaved.Select(Saved)];
        }
        var rows = Encode(table, order);
        lock (gate) rows = catalogue.Numbered(rows);
        var before = renewals;
        // first the journal: a follower must not find less there than in the chunks
        journal.Flush();
        return Post(
            c =>
            {
                if (file!.Database.Renewals != before)
                {
                    lock (gate) series = [.. Enumerable.Range(0, index.End).Where(index.Has).Select(Saved)];
                }
                SegmentFile.Add(c, series);
                SegmentFile.Apply(c, new SegmentChange(rows, []));
                SegmentFile.Seal(c, identity, end);
            },
            () =>
            {
                lock (gate)
                {
                    catalogue.Apply(rows.Select(r => r.About), []);
                    if (frozen.Remove(table)) table.Recycle();
                    var saved = series.Select(s => s.Id).ToHashSet();
                    unsaved.RemoveAll(saved.Contains);
                }
                journal.Sealed(end);
            });
    }

    (int Id, string Name, string Source) Saved(int series) => (series, index.TextOf(series), owners.ElementAtOrDefault(series)?.Name ?? "");

    List<NewSegment> Encode(RecentPoints table, long order)
    {
        List<NewSegment> rows = [];
        var writers = new SortedDictionary<long, SegmentWriter>();
        for (var series = 0; series < table.SeriesEnd; series++)
        {
            if (series % SegmentLayout.PartSeries == 0) CloseAll(writers, rows);
            if (!table.Has(series)) continue;
            points.Count = 0;
            table.Each(series, points);
            points.Sort();
            for (var first = 0; first < points.Count;)
            {
                var span = SegmentLayout.SpanOf((long)points.Slots[first] * BaseStep, BaseStep);
                var last = first;
                while (last + 1 < points.Count && (long)points.Slots[last + 1] * BaseStep < span + SegmentLayout.SpanSeconds(BaseStep)) last++;
                if (!writers.TryGetValue(span, out var writer))
                    writers.Add(span, writer = new SegmentWriter(BaseStep, SegmentLayout.PartOf(series), order, level: 0));
                FillBlock(first, last);
                writer.Add(series, encoder.Encode(block), block.Start, block.End, rows);
                first = last + 1;
            }
        }
        CloseAll(writers, rows);
        return rows;
    }

    void FillBlock(int first, int last)
    {
        var slots = points.Slots;
        block.Reset((long)slots[first] * BaseStep, BaseStep, slots[last] - slots[first] + 1);
        for (var i = first; i <= last; i++) block.Merge(slots[i] - slots[first], Bucket.Of(points.Values[i]));
    }

    static void CloseAll(SortedDictionary<long, SegmentWriter> writers, List<NewSegment> rows)
    {
        foreach (var writer in writers.Values) writer.Close(rows);
        writers.Clear();
    }

    /// <summary>Seals what is in memory, so that the next start has nothing to replay, and closes the files.</summary>
    public void Dispose()
    {
        isStopping = true;
        lock (rounds)
        {
            lock (gate) Freeze();
            if (file is not null && Settle())
                while (SealNext() && Settle()) continue;
            file?.Database.Dispose();
        }
        journal.Dispose();
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Count} metrics of the journal are damaged or were never written, and are lost")]
    static partial void LogLost(ILogger logger, long count);

    [LoggerMessage(Level = LogLevel.Error, Message = "metrics could not be sealed, merged or deleted; it is tried again")]
    static partial void LogFault(ILogger logger, Exception e);
}
