using OpsBro.Core.TimeSeries;

namespace OpsBro.Metrics.Storing;

/// <summary>A chunk of one of the series that are read.</summary>
/// <param name="Series">Its place among them.</param>
/// <param name="Segment">Where it lay.</param>
/// <param name="Offset">Where it lies now.</param>
/// <param name="Length">With its checksum.</param>
internal readonly record struct Piece(int Series, Segment Segment, int Offset, int Length);

/// <summary>Puts the slices of series together from their chunks and their recent points. One thread at a time; reused.</summary>
internal sealed class SeriesReader
{
    readonly SlotRow row, second, fine;

    /// <summary>A reader.</summary>
    public SeriesReader()
    {
        var decoder = new ChunkDecoder();
        (row, second, fine) = (new SlotRow(decoder), new SlotRow(decoder), new SlotRow(decoder));
    }

    /// <summary>Chunks that were damaged and left out.</summary>
    public int Damaged { get; set; }

    /// <summary>One slice.</summary>
    /// <param name="name">Name of the series.</param>
    /// <param name="window">Which slots.</param>
    /// <param name="aspect">What of them.</param>
    /// <param name="pieces">Its chunks: none of a coarser step than the window's; the later ones last.</param>
    /// <param name="bytes">Where they lie.</param>
    /// <param name="points">Its points that are in no chunk yet.</param>
    public SeriesSlice Read(string name, Window window, Aspect aspect, ReadOnlySpan<Piece> pieces, byte[] bytes, PointList points)
    {
        var values = new double[window.Length];
        var isMean = aspect == Aspect.Average && window.Step != MetricStore.BaseStep;
        // the newest point of a slot counts in the base step, as in Graphite
        var first = isMean ? Aspect.Sum : aspect == Aspect.Average ? Aspect.Last : aspect;
        Fill(row, first, window, values, pieces, bytes, points);
        if (isMean)
        {
            Fill(second, Aspect.Count, window, null, pieces, bytes, points);
            var counts = second.Values;
            for (var i = 0; i < values.Length; i++) values[i] /= counts[i];
        }
        return new SeriesSlice(name, window.Start, window.Step, values);
    }

    void Fill(SlotRow into, Aspect aspect, Window window, double[]? values, ReadOnlySpan<Piece> pieces, byte[] bytes, PointList points)
    {
        into.Begin(aspect, window.Start, window.Step, values, window.Length);
        var steps = new SortedSet<int>();
        foreach (var piece in pieces) steps.Add(piece.Segment.Step);
        if (points.Count > 0) steps.Add(MetricStore.BaseStep);
        foreach (var step in steps.Reverse())
        {
            if (step == window.Step) Add(into, step, pieces, bytes, points);
            else if (window.Step % step == 0)
            {
                var (from, until) = Extent(step, pieces, points);
                from = Math.Max(from, window.Start);
                until = Math.Min(until, window.End);
                if (from >= until) continue;
                fine.Begin(aspect, from, step, null, (int)((until - from + step - 1) / step));
                Add(fine, step, pieces, bytes, points);
                into.Fold(fine);
            }
        }
    }

    void Add(SlotRow into, int step, ReadOnlySpan<Piece> pieces, byte[] bytes, PointList points)
    {
        foreach (var piece in pieces)
        {
            if (piece.Segment.Step != step) continue;
            try
            {
                if (SegmentLayout.TryOpen(bytes.AsSpan(piece.Offset, piece.Length), out var chunk)) into.Add(chunk);
                else Damaged++;
            }
            catch (ChunkException)
            {
                Damaged++;   // the store says so as a problem: one chunk must not hide the others
            }
        }
        if (step != MetricStore.BaseStep) return;
        for (var i = 0; i < points.Count; i++) into.Add((long)points.Slots[i] * step, points.Values[i]);
    }

    static (long From, long Until) Extent(int step, ReadOnlySpan<Piece> pieces, PointList points)
    {
        var (from, until) = (long.MaxValue, long.MinValue);
        foreach (var piece in pieces)
        {
            if (piece.Segment.Step != step) continue;
            (from, until) = (Math.Min(from, piece.Segment.Start), Math.Max(until, piece.Segment.End));
        }
        if (step != MetricStore.BaseStep) return (from, until);
        foreach (var slot in points.Slots) (from, until) = (Math.Min(from, (long)slot * step), Math.Max(until, (slot + 1L) * step));
        return (from, until);
    }
}

/// <summary>The slots of an answer.</summary>
/// <param name="Start">Time of the first.</param>
/// <param name="Step">Seconds of one.</param>
/// <param name="Length">How many.</param>
internal readonly record struct Window(long Start, int Step, int Length)
{
    /// <summary>Time after the last.</summary>
    public long End => Start + ((long)Step * Length);
}
