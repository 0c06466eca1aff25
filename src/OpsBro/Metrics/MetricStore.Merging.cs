using OpsBro.Core.TimeSeries;
using OpsBro.Metrics.Storing;

namespace OpsBro.Metrics;

/// <summary>How rows of chunks are merged, made coarser and deleted.</summary>
internal sealed partial class MetricStore
{
    /// <summary>Rows of one level that are merged into one of the next: a question reads no more of each.</summary>
    const int RunsOfLevel = 8;

    /// <summary>Level of what was merged when its span of time was over.</summary>
    const int FinalLevel = 15;

    /// <summary>A span that ended so long ago is merged: late points have come by then. Seconds.</summary>
    const long Settled = 1800;

    /// <summary>Late points are merged into a finished span when they are this part of it.</summary>
    const int LatePart = 8;

    /// <summary>While the budget is exceeded nothing younger than this is made coarser, as long as there is something older. Seconds.</summary>
    const long Young = 86_400;

    /// <summary>Free bytes that are given back to the disk; less is used again soon.</summary>
    const long FreeBytes = 8 << 20;

    readonly ChunkDecoder decoder = new();
    readonly SlotBlock piece = new(), coarse = new();
    long changed, shrinkAt = FreeBytes, damaged;

    /// <summary>Everything that is due now, one transaction after the other; each must be committed before the next is asked for.</summary>
    IEnumerable<SegmentChange> Due(MetricOptions current, bool isThorough)
    {
        var now = Now;
        foreach (var part in Parts())
        {
            foreach (var group in Groups(part))
            {
                var (step, spanEnd) = (group[0].Step, group[0].Span + SegmentLayout.SpanSeconds(group[0].Step));
                if (spanEnd <= now - current.KeepOf(step)) yield return Age(group, current);
                else if (ToMerge(group, spanEnd, now, isThorough) is var (rows, level)) yield return Rewrite(rows, step, level);
            }
        }
        while (OverBudget(current, now) is { } rest)
        {
            foreach (var part in Parts())
                foreach (var group in Groups(part).Where(g => (g[0].Step, g[0].Span) == rest)) yield return Age(group, current);
        }
    }

    IReadOnlyList<int> Parts()
    {
        lock (gate) return catalogue.Parts;
    }

    /// <summary>The rows of a part that belong together: same step, same span of time; the oldest span first.</summary>
    List<Segment[]> Groups(int part)
    {
        Segment[] all;
        lock (gate) all = catalogue.Of(part);
        return [.. all.GroupBy(s => (s.Step, s.Span)).OrderBy(g => g.Key.Span).Select(g => g.ToArray())];
    }

    static (Segment[] Rows, int Level)? ToMerge(Segment[] group, long spanEnd, long now, bool isThorough)
    {
        static int Runs(IEnumerable<Segment> rows) => rows.Select(r => r.Order).Distinct().Count();
        if (Runs(group) == 1) return null;
        if (isThorough) return (group, FinalLevel);
        if (spanEnd <= now - Settled)
        {
            var late = group.Where(s => s.Level < FinalLevel).Sum(s => (long)s.Bytes);
            if (late * LatePart >= group.Sum(s => (long)s.Bytes)) return (group, FinalLevel);
        }
        for (var level = 0; level < FinalLevel; level++)
        {
            var rows = group.Where(s => s.Level <= level).ToArray();
            if (Runs(rows) >= RunsOfLevel) return (rows, level + 1);
        }
        return null;
    }

    /// <summary>What must become coarser, or go, because the file is too large: a step and the start of a span; null for nothing.</summary>
    (int Step, long Span)? OverBudget(MetricOptions current, long now)
    {
        List<Segment> all;
        lock (gate) all = [.. catalogue.All];
        if (all.Sum(s => (long)s.Bytes) <= current.MaxDisk) return null;
        var oldest = all.OrderBy(s => s.Step).ThenBy(s => s.Span)
            .FirstOrDefault(s => current.CoarserThan(s.Step) is not null && s.Span + SegmentLayout.SpanSeconds(s.Step) <= now - Young)
            ?? all.MinBy(s => s.Start);
        return oldest is null ? null : (oldest.Step, oldest.Span);
    }

    /// <summary>These rows in the next coarser tier, or without one, nothing.</summary>
    SegmentChange Age(Segment[] group, MetricOptions current) =>
        current.CoarserThan(group[0].Step) is { } tier ? Rewrite(group, tier.Step, level: 0) : new SegmentChange([], group);

    /// <summary>Rows of one part, step and span as rows of a step, which is the same or coarser.</summary>
    SegmentChange Rewrite(Segment[] group, int step, int level)
    {
        var rows = ReadRows(group);
        List<NewSegment> made = [];
        var writer = new SegmentWriter(step, group[0].Part, group.Max(s => s.Order), level);
        var first = group[0].Part * SegmentLayout.PartSeries;
        for (var id = first; id < first + SegmentLayout.PartSeries; id++)
        {
            if (!Gather(id, rows)) continue;
            var result = block;
            if (step != block.Step)
            {
                Rollup.Into(block, step, coarse);
                result = coarse;
            }
            writer.Add(id, encoder.Encode(result), result.Start, result.End, made);
        }
        writer.Close(made);
        lock (gate) made = catalogue.Numbered(made);
        return new SegmentChange(made, group);
    }

    /// <summary>A row in memory, and where in it the chunks of its part's series are: length 0 for none. Reused.</summary>
    sealed class Row
    {
        readonly (int Offset, int Length)[] places = new (int, int)[SegmentLayout.PartSeries];
        readonly List<(int Index, int Offset, int Length)> found = [];
        byte[] data = [];

        /// <summary>Takes a row over; false when it is damaged.</summary>
        public bool Take(ReadOnlySpan<byte> bytes, int[] series)
        {
            found.Clear();
            if (!SegmentLayout.TryFind(bytes, series, found)) return false;
            if (data.Length < bytes.Length) data = new byte[Math.Max(bytes.Length, SegmentLayout.TargetBytes / 4)];
            bytes.CopyTo(data);
            Array.Clear(places);
            foreach (var (index, offset, length) in found) places[index] = (offset, length);
            return true;
        }

        /// <summary>True when it has a chunk of a series.</summary>
        public bool Has(int series) => places[series % SegmentLayout.PartSeries].Length > 0;

        /// <summary>The chunk of a series, with its checksum.</summary>
        public ReadOnlySpan<byte> Chunk(int series) =>
            data.AsSpan(places[series % SegmentLayout.PartSeries].Offset, places[series % SegmentLayout.PartSeries].Length);
    }

    /// <summary>Rows kept for reuse: more are merged at once only now and then.</summary>
    const int MaxSpareRows = 16;

    /// <summary>Of the rounds.</summary>
    readonly List<Row> spareRows = [];

    /// <summary>The rows as they are in the file, in their order, until the next call.</summary>
    List<Row> ReadRows(Segment[] group)
    {
        var all = Enumerable.Range(group[0].Part * SegmentLayout.PartSeries, SegmentLayout.PartSeries).ToArray();
        List<Row> rows = [];
        var used = 0;
        file!.Read(group, (segment, data) =>
        {
            if (used == spareRows.Count) spareRows.Add(new Row());
            var row = spareRows[used];
            if (!row.Take(data, all)) damaged++;
            else
            {
                rows.Add(row);
                used++;
            }
        });
        if (spareRows.Count > MaxSpareRows) spareRows.RemoveRange(MaxSpareRows, spareRows.Count - MaxSpareRows);
        return rows;
    }

    /// <summary>Puts the chunks of one series into <see cref="block"/>; false when there are none that can be read.</summary>
    bool Gather(int series, List<Row> rows)
    {
        var (start, end, step) = (long.MaxValue, long.MinValue, 0);
        foreach (var row in rows)
        {
            if (!TryChunk(row, series, out _, out var header)) continue;
            (start, end, step) = (Math.Min(start, header.Start), Math.Max(end, header.End), header.Step);
        }
        if (step == 0 || (end - start) / step > ChunkCodec.MaxSlots) return false;
        block.Reset(start, step, (int)((end - start) / step));
        var isEmpty = true;
        foreach (var row in rows)
        {
            if (!TryChunk(row, series, out var chunk, out var header) || header.Step != step) continue;
            try
            {
                decoder.Decode(chunk, piece);
            }
            catch (ChunkException)
            {
                damaged++;   // said as a problem; the others go on
                continue;
            }
            Rollup.Merge(piece, block);
            isEmpty = false;
        }
        return !isEmpty;
    }

    bool TryChunk(Row row, int series, out ReadOnlySpan<byte> chunk, out ChunkHeader header)
    {
        chunk = default;
        header = default;
        if (!row.Has(series)) return false;
        try
        {
            if (!SegmentLayout.TryOpen(row.Chunk(series), out chunk)) throw new ChunkException("another chunk's checksum");
            header = ChunkCodec.ReadHeader(chunk);
            return true;
        }
        catch (ChunkException)
        {
            damaged++;   // said as a problem
            return false;
        }
    }

    bool Post(SegmentChange change) => Post(c => SegmentFile.Apply(c, change), () =>
    {
        lock (gate)
        {
            catalogue.Apply(change.Added.Select(a => a.About), change.Removed);
            if (change.Added.Count == 0) suspects.UnionWith(change.Removed.Select(s => s.Part));
        }
        changed += change.Removed.Sum(s => (long)s.Bytes);
    });

    /// <summary>Gives the pages of deleted rows back to the disk, and empties the logs of commits.</summary>
    void Shrink()
    {
        shrinkAt = changed + FreeBytes;
        file!.Database.Shrink();
        file.Database.Flush();
        journal.Shrink();
    }
}
