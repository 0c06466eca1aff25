using System.Text;
using OpsBro.Metrics.Storing;

namespace OpsBro.Metrics;

/// <summary>How a series is forgotten.</summary>
internal sealed partial class MetricStore
{
    /// <summary>
    /// Forgets a series with all its numbers; false when there is none of that canonical name, or the disk takes nothing now. Its next point
    /// begins a new one.
    /// </summary>
    public bool Delete(string name)
    {
        lock (rounds)
        {
            int series;
            lock (gate)
            {
                series = index.Find(Encoding.UTF8.GetBytes(name));
                if (series < 0) return false;
                Freeze();
            }
            if (file is null)
            {
                lock (gate) Forget(series);
                return true;
            }
            // sealed first: or the journal would bring it back after a kill
            if (!Settle()) return false;
            while (SealNext())
                if (!Settle()) return false;
            return Post(Without(series), series) && Settle();
        }
    }

    /// <summary>The rows that hold a series, without it.</summary>
    SegmentChange Without(int series)
    {
        Segment[] holders;
        lock (gate) holders = [.. catalogue.Of(SegmentLayout.PartOf(series)).Where(s => s.First <= series && series <= s.Last)];
        List<NewSegment> made = [];
        foreach (var segment in holders)
        {
            var writer = new SegmentWriter(segment.Step, segment.Part, segment.Order, segment.Level);
            foreach (var row in ReadRows([segment]))
            {
                for (var id = segment.First; id <= segment.Last; id++)
                    if (id != series && TryChunk(row, id, out var chunk, out var header)) writer.Add(id, chunk, header.Start, header.End, made);
            }
            writer.Close(made);
        }
        lock (gate) made = catalogue.Numbered(made);
        return new SegmentChange(made, holders);
    }

    bool Post(SegmentChange change, int series) => Post(
        c =>
        {
            SegmentFile.Apply(c, change);
            SegmentFile.Remove(c, [series]);
        },
        () =>
        {
            lock (gate)
            {
                catalogue.Apply(change.Added.Select(a => a.About), change.Removed);
                Forget(series);
            }
        });

    void Forget(int series)
    {
        foreach (var table in frozen) table.Forget(series);
        recent.Forget(series);
        journal.Forget(series, isRead: false);
        unsaved.Remove(series);
        Disown(series);
    }

    /// <summary>Its number may be given to another.</summary>
    void Disown(int series)
    {
        if (series < owners.Length && owners[series] is { } owner)
        {
            owner.CountSeries(-1);
            owners[series] = null;
        }
        index.Remove(series);
    }
}
