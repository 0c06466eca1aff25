namespace OpsBro.Metrics;

/// <summary>One number as it was taken in, before it was put into a bucket.</summary>
/// <param name="Name">Canonical name of its series.</param>
/// <param name="At">Unix seconds, as the source said.</param>
/// <param name="Value">The number.</param>
internal readonly record struct JournalPoint(string Name, long At, double Value);

/// <summary>A part of the journal.</summary>
/// <param name="Points">In the order they were taken in; empty when the reader is up to date.</param>
/// <param name="Position">What to confirm once all of them are delivered.</param>
/// <param name="Lost">Numbers that were given up since the reader's last page because the journal's limit was reached.</param>
internal sealed record JournalPage(IReadOnlyList<JournalPoint> Points, long Position, long Lost);

/// <summary>
/// Every number in the order it was taken in: what the store replays after a kill, and the queue on disk of those who pass numbers on.
/// Each follower has a cursor that outlives the agent; what every follower has confirmed, and the store has in its chunks, goes.
/// </summary>
internal sealed class MetricJournal
{
    /// <summary>Points kept for a follower that is behind.</summary>
    const int MaxPoints = 1_000_000;

    readonly Lock gate = new();
    readonly List<JournalPoint> points = [];
    readonly Dictionary<string, long> cursors = [];
    long first;

    /// <summary>Appends one number: the store calls it for each that it takes.</summary>
    public void Append(JournalPoint point)
    {
        lock (gate)
        {
            if (cursors.Count > 0 && points.Count < MaxPoints) points.Add(point);
        }
    }

    /// <summary>From now on numbers are kept until this follower confirms them. A known follower goes on where it was.</summary>
    public void Follow(string follower)
    {
        lock (gate) cursors.TryAdd(follower, first + points.Count);
    }

    /// <summary>A follower that is configured no more: nothing waits for it.</summary>
    public void Forget(string follower)
    {
        lock (gate) cursors.Remove(follower);
    }

    /// <summary>Everybody numbers are kept for, also those of earlier runs that nobody has forgotten.</summary>
    public IReadOnlyList<string> Followers()
    {
        lock (gate) return [.. cursors.Keys];
    }

    /// <summary>The next points for a follower, after what it confirmed last; the same again until it confirms.</summary>
    public JournalPage Read(string follower, int most)
    {
        lock (gate)
        {
            var skip = (int)(cursors[follower] - first);
            var page = points.Skip(skip).Take(most).ToArray();
            return new JournalPage(page, cursors[follower] + page.Length, 0);
        }
    }

    /// <summary>These are delivered; on the disk when it returns, so that no restart sends them again.</summary>
    public void Confirm(string follower, long position)
    {
        lock (gate)
        {
            cursors[follower] = position;
            var least = (int)(cursors.Values.Min() - first);
            points.RemoveRange(0, least);
            first += least;
        }
    }

    /// <summary>Points that wait for a follower.</summary>
    public long Behind(string follower)
    {
        lock (gate) return first + points.Count - cursors[follower];
    }
}
