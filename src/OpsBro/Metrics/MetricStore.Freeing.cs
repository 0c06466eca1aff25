using OpsBro.Metrics.Storing;

namespace OpsBro.Metrics;

/// <summary>How series that have no number left are forgotten, so that names that come and go do not fill <c>max_series</c>.</summary>
internal sealed partial class MetricStore
{
    /// <summary>Parts that one round looks at: some 40 small reads each.</summary>
    const int LookedAtTogether = 16;

    /// <summary>Parts that may have series without numbers: all after a start, later those that lost rows.</summary>
    readonly SortedSet<int> suspects = [];

    /// <summary>Under the gate, or before anybody knows this store.</summary>
    void SuspectAll()
    {
        for (var part = 0; part * SegmentLayout.PartSeries < index.End; part++) suspects.Add(part);
    }

    /// <summary>Forgets the series of suspects that have neither a chunk nor a recent point; false when the disk takes nothing.</summary>
    bool Free(bool isThorough)
    {
        for (var i = 0; isThorough || i < LookedAtTogether; i++)
        {
            int part;
            lock (gate)
            {
                // what a follower has not read yet names them by the journal's numbers, which go with them
                if (suspects.Count == 0 || !journal.IsReadUpTo(frozen.Count > 0 ? frozen[0].First : recent.First)) return true;
                part = suspects.Min;
            }
            var empty = Empty(part);
            if (empty.Count == 0)
            {
                lock (gate) suspects.Remove(part);
            }
            else if (!Post(c => SegmentFile.Remove(c, [.. empty]), () => ForgetEmpty(part, empty)) || !Settle()) return false;
        }
        return true;
    }

    /// <summary>The series of a part that have no numbers; none when a row cannot be read, for it may be theirs.</summary>
    HashSet<int> Empty(int part)
    {
        HashSet<int> empty = [];
        Segment[] rows;
        lock (gate)
        {
            rows = catalogue.Of(part);
            var end = Math.Min(index.End, (part + 1) * SegmentLayout.PartSeries);
            for (var id = part * SegmentLayout.PartSeries; id < end; id++)
                if (index.Has(id) && !HasRecent(id)) empty.Add(id);
        }
        if (empty.Count == 0 || rows.Length == 0) return empty;
        List<int> held = [];
        var isWhole = true;
        file!.ReadHeads(rows, head => isWhole &= SegmentLayout.TrySeries(head, held));
        if (isWhole) empty.ExceptWith(held);
        else empty.Clear();
        return empty;
    }

    bool HasRecent(int series) => recent.Has(series) || frozen.Exists(t => t.Has(series));

    /// <summary>Their names are in the file no more. One that got a point meanwhile stays, and its name is written again.</summary>
    void ForgetEmpty(int part, HashSet<int> empty)
    {
        lock (gate)
        {
            suspects.Remove(part);
            unsaved.RemoveAll(empty.Contains);
            foreach (var id in empty)
            {
                if (HasRecent(id)) unsaved.Add(id);
                else
                {
                    journal.Forget(id, isRead: true);
                    Disown(id);
                }
            }
        }
    }
}
