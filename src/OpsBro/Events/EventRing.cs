namespace OpsBro.Events;

/// <summary>One change as the stream carries it.</summary>
/// <param name="Sequence">Grows by at least 1 from item to item, over restarts too.</param>
/// <param name="Topic">member, group, check or event.</param>
/// <param name="Json">The change as UTF-8 JSON on one line.</param>
internal sealed record StreamItem(long Sequence, string Topic, byte[] Json);

/// <summary>What a reader gets.</summary>
/// <param name="Items">The items after its position, oldest first.</param>
/// <param name="Newest">Its next position.</param>
/// <param name="Lost">True when items after its position are gone, or were another run's: it must look at the whole state again.</param>
internal readonly record struct StreamBatch(IReadOnlyList<StreamItem> Items, long Newest, bool Lost);

/// <summary>
/// The last changes with their sequence numbers. Readers keep their own position and come for more, so a slow one costs nothing and
/// learns what it lost. Safe from any thread.
/// </summary>
/// <param name="startedAt">When the agent started, UTC: the numbers begin there, so those of the next run are higher.</param>
internal sealed class EventRing(DateTimeOffset startedAt)
{
    /// <summary>Items kept.</summary>
    public const int Capacity = 4_096;

    /// <summary>Items that one look gives at most.</summary>
    public const int MaxBatch = 256;

    readonly Lock gate = new();
    readonly Queue<StreamItem> items = new();
    readonly long first = startedAt.ToUnixTimeMilliseconds() * 1_000;   // below 2^53: a page can count with it
    long newest = startedAt.ToUnixTimeMilliseconds() * 1_000;
    TaskCompletionSource more = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Number of the newest item.</summary>
    public long Newest
    {
        get
        {
            lock (gate) return newest;
        }
    }

    /// <summary>Adds an item.</summary>
    /// <param name="topic">Its topic.</param>
    /// <param name="json">Makes its JSON from its number.</param>
    public void Add(string topic, Func<long, byte[]> json)
    {
        TaskCompletionSource waiting;
        lock (gate)
        {
            newest++;
            items.Enqueue(new StreamItem(newest, topic, json(newest)));
            if (items.Count > Capacity) items.Dequeue();
            (waiting, more) = (more, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }
        waiting.SetResult();
    }

    /// <summary>What came after a number, and a task that ends when there is more than that.</summary>
    public StreamBatch After(long position, out Task next)
    {
        lock (gate)
        {
            next = more.Task;
            var oldest = items.TryPeek(out var item) ? item.Sequence : newest + 1;
            // a number before this run's first, or of the future, is of another run; the very first stands for "all of this run"
            var lost = position < first || position > newest || position < oldest - 1;
            if (lost) return new StreamBatch([], newest, true);
            StreamItem[] after = [.. items.Skip((int)(position - oldest + 1)).Take(MaxBatch)];
            if (after.Length > 0 && after[^1].Sequence < newest) next = Task.CompletedTask;
            return new StreamBatch(after, after.Length > 0 ? after[^1].Sequence : position, false);
        }
    }
}
