using OpsBro.Metrics.Storing;

namespace OpsBro.Metrics;

/// <summary>The journal as the queue of those who pass numbers on.</summary>
internal sealed partial class MetricJournal
{
    /// <summary>Names kept as texts for pages: a follower's pages name the same series again and again.</summary>
    const int MaxTexts = 65_536;

    /// <summary>Longest wait for a confirmation to reach the disk; a disk that refuses says so as a problem.</summary>
    static readonly TimeSpan confirmPatience = TimeSpan.FromSeconds(5);

    /// <summary>Most points of one page.</summary>
    const int MaxPage = 100_000;

    /// <summary>Bytes that are free in the file before it is made smaller: less is used again soon.</summary>
    const long ShrinkBytes = 8 << 20;

    readonly Lock reading = new();
    readonly Dictionary<int, string> texts = [];

    /// <summary>From now on numbers are kept until this follower confirms them. A known follower goes on where it was.</summary>
    public void Follow(string follower)
    {
        lock (Gate)
        {
            if (!cursors.TryAdd(follower, next)) return;
            var position = next;
            file?.Database.Write(c => JournalFile.SetCursor(c, follower, position));
        }
    }

    /// <summary>A follower that is configured no more: nothing waits for it.</summary>
    public void Forget(string follower)
    {
        lock (Gate)
        {
            if (!cursors.Remove(follower)) return;
            file?.Database.Write(c => JournalFile.RemoveCursor(c, follower));
        }
        Trim();
    }

    /// <summary>Everybody numbers are kept for, also those of earlier runs that nobody has forgotten.</summary>
    public IReadOnlyList<string> Followers()
    {
        lock (Gate) return [.. cursors.Keys];
    }

    /// <summary>Points that wait for a follower; none for one that is forgotten.</summary>
    public long Behind(string follower)
    {
        lock (Gate) return cursors.TryGetValue(follower, out var position) ? next - position : 0;
    }

    /// <summary>The next points for a follower, after what it confirmed last; the same again until it confirms.</summary>
    public JournalPage Read(string follower, int most)
    {
        lock (reading)
        {
            long cursor;
            lock (Gate) cursor = cursors[follower];
            var page = new Page(cursor, Math.Clamp(most, 1, MaxPage));
            while (!page.IsComplete)
            {
                var before = page.Position;
                var (batches, end) = From(page.Position, page.Missing);
                foreach (var batch in batches) Take(batch, page);
                if (batches.Count == 0) page.Skip(end);   // neither in the file nor in memory: given up
                if (page.Position == before) break;
            }
            if (page.First > cursor) MoveOver(follower, cursor, page.First, page.Lost);
            return new JournalPage(page.Points, page.Position, page.Lost);
        }
    }

    /// <summary>What is lost is told once: it stands before the points of a page, and the cursor goes over it; as over what is not for followers.</summary>
    void MoveOver(string follower, long from, long to, long gone)
    {
        lock (Gate)
        {
            lost += gone;
            if (cursors.TryGetValue(follower, out var now) && now == from) cursors[follower] = to;
        }
    }

    /// <summary>A page that is being read: it ends at its size, and before a gap that is not at its beginning.</summary>
    sealed class Page(long position, int most)
    {
        public List<JournalPoint> Points { get; } = new(Math.Min(most, JournalBatch.MaxPoints));

        public long Position { get; set; } = position;

        public long Lost { get; set; }

        /// <summary>Position of the first point: what is before it is lost, or not for followers.</summary>
        public long First { get; set; } = position;

        public bool IsComplete { get; set; }

        public int Missing => most - Points.Count;

        public void Add(JournalPoint point)
        {
            Points.Add(point);
            Position++;
            IsComplete |= Points.Count == most;
        }

        /// <summary>The next one is not for followers.</summary>
        public void Pass()
        {
            Position++;
            if (Points.Count == 0) First = Position;
        }

        public void Skip(long to)
        {
            if (to <= Position) return;
            if (Points.Count > 0)
            {
                IsComplete = true;
                return;
            }
            Lost += to - Position;
            Position = First = to;
        }
    }

    /// <summary>Batches that hold a position or come after it, and where the part of the journal that was looked at ends.</summary>
    (IReadOnlyList<StoredBatch> Batches, long End) From(long position, int points)
    {
        long inMemory;
        lock (Gate)
        {
            inMemory = waiting.First?.Value.First ?? current?.First ?? next;
            if (position >= inMemory || file is null) return (InMemory(position, points), next);
        }
        return (file.Read(position, points), inMemory);
    }

    List<StoredBatch> InMemory(long position, int points)
    {
        List<StoredBatch> batches = [];
        foreach (var batch in current is null ? waiting : waiting.Append(current))
        {
            if (batch.End <= position) continue;
            batches.Add(new StoredBatch(batch.First, batch.Count, batch.ToArray()));
            points -= batch.Count;
            if (points <= 0) break;
        }
        return batches;
    }

    void Take(StoredBatch batch, Page page)
    {
        if (page.IsComplete) return;
        page.Skip(batch.First);
        var reader = new JournalBatch.Reader(batch.Bytes);
        for (var at = batch.First; at < batch.End && !page.IsComplete; at++)
        {
            if (!reader.Next()) page.Skip(batch.End);
            else if (at < page.Position) continue;
            else if (reader.IsDetail) page.Pass();
            else if (TextOf(reader.Series) is { } name) page.Add(new JournalPoint(name, reader.At, reader.Value));
            else page.Skip(at + 1);
            if (page.Position >= batch.End) return;
        }
    }

    string? TextOf(int number)
    {
        if (texts.TryGetValue(number, out var text)) return text;
        lock (Gate)
        {
            if (SeriesOf(number) is not { } series) return null;
            text = Names.TextOf(series);
        }
        if (texts.Count >= MaxTexts) texts.Clear();
        return texts[number] = text;
    }

    /// <summary>These are delivered; on the disk when it returns, so that no restart sends them again.</summary>
    public void Confirm(string follower, long position)
    {
        lock (Gate)
        {
            if (!cursors.TryGetValue(follower, out var before) || position <= before) return;
            cursors[follower] = Math.Min(position, next);
        }
        if (file is not null)
        {
            var isStored = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (file.Database.Write(c => JournalFile.SetCursor(c, follower, position), _ => isStored.TrySetResult()))
            {
                file.Database.Hurry();
                isStored.Task.Wait(confirmPatience);
            }
        }
        Trim();
    }

    /// <summary>What nobody needs any more goes; beyond the limit the oldest goes, needed or not.</summary>
    void Trim()
    {
        long end;
        lock (Gate)
        {
            peakBytes = Math.Max(peakBytes, storedBytes);
            end = cursors.Count > 0 ? cursors.Values.Min() : next;
            if (file is null)
            {
                while (waiting.First is { } first && first.Value.End <= end) Recycle(first.Value);
                if (current is not null && current.End <= end) current = null;
                return;
            }
            end = Math.Min(end, sealedEnd);
            if (end <= trimmedEnd && storedBytes <= maxBytes()) return;
            trimmedEnd = end;
        }
        file.Database.Write(c =>
        {
            var left = JournalFile.Trim(c, end);
            if (left > maxBytes()) left = JournalFile.Trim(c, JournalFile.PositionWithin(c, maxBytes() * 9 / 10));
            lock (Gate)
            {
                storedBytes = left;
                if (peakBytes - left < ShrinkBytes) return;
                peakBytes = left;
            }
            file.Database.Shrink();
        });
    }
}
