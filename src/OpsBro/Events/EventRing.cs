using System.Runtime.CompilerServices;

namespace OpsBro.Events;

/// <summary>What a change is about, for the filters of readers. What does not apply is empty: a filter on it does not take the change.</summary>
internal sealed record StreamSubject
{
    /// <summary>About nothing that can be filtered by.</summary>
    public static readonly StreamSubject None = new();

    /// <summary>Zone of the node.</summary>
    public string Zone { get; init; } = "";

    /// <summary>Name of the node.</summary>
    public string Node { get; init; } = "";

    /// <summary>The groups that it is about: the one that came or went, else all those of the node.</summary>
    public IReadOnlyList<string> Groups { get; init; } = [];

    /// <summary>The check.</summary>
    public string Check { get; init; } = "";

    /// <summary>The state of the check, or the status of the member.</summary>
    public string State { get; init; } = "";

    /// <summary>The key of a value.</summary>
    public string Key { get; init; } = "";
}

/// <summary>One change as the stream carries it.</summary>
/// <param name="Sequence">Grows by 1 from item to item, and over restarts.</param>
/// <param name="Topic">member, group, check, event, or what a slice declared.</param>
/// <param name="Json">The change as UTF-8 JSON on one line: an object.</param>
/// <param name="Subject">What it is about.</param>
/// <param name="Node">The node's record at that moment as the original showed it, as JSON; null when it is about no node.</param>
internal sealed record StreamItem(long Sequence, string Topic, byte[] Json, StreamSubject Subject, byte[]? Node);

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

    /// <summary>Bytes of JSON kept; beyond it the oldest items go before there are <see cref="Capacity"/>.</summary>
    public const int MaxBytes = 8 * 1024 * 1024;

    /// <summary>Items that one look gives at most.</summary>
    public const int MaxBatch = 256;

    /// <summary>Bytes of JSON after which a look gives no further item.</summary>
    public const int MaxBatchBytes = 64 * 1024;

    readonly Lock gate = new();
    readonly StreamItem?[] items = new StreamItem?[Capacity];   // the item N stands at N modulo Capacity
    readonly long first = startedAt.ToUnixTimeMilliseconds() * 1_000;   // below 2^53: a page can count with it
    long newest = startedAt.ToUnixTimeMilliseconds() * 1_000;
    long bytes;
    int count;
    volatile string[] topics = ["member", "group", "check", "event"];
    TaskCompletionSource more = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Number of the newest item.</summary>
    public long Newest => Interlocked.Read(ref newest);

    /// <summary>Items kept now, and their bytes.</summary>
    public (int Items, long Bytes) Kept
    {
        get
        {
            lock (gate) return (count, bytes);
        }
    }

    /// <summary>The topics there are.</summary>
    public IReadOnlyList<string> Topics => topics;

    /// <summary>An item was added. Called by whoever added it: a listener wakes its own loop and returns.</summary>
    public event Action? Added;

    /// <summary>Makes a topic known to readers before its first item.</summary>
    public void Declare(string topic)
    {
        lock (gate) Know(topic);
    }

    void Know(string topic)
    {
        if (!topics.Contains(topic)) topics = [.. topics, topic];
    }

    /// <summary>Adds an item that is about nothing readers filter by.</summary>
    public void Add(string topic, Func<long, byte[]> json) => Add(topic, StreamSubject.None, null, json);

    /// <summary>Adds an item.</summary>
    /// <param name="topic">Its topic.</param>
    /// <param name="subject">What it is about.</param>
    /// <param name="node">The node's record; null when it is about no node.</param>
    /// <param name="json">Makes its JSON, an object, from its number.</param>
    public void Add(string topic, StreamSubject subject, byte[]? node, Func<long, byte[]> json)
    {
        TaskCompletionSource waiting;
        lock (gate)
        {
            Know(topic);
            var item = new StreamItem(newest + 1, topic, json(newest + 1), subject, node);
            if (count == Capacity) DropOldest();
            items[item.Sequence % Capacity] = item;
            newest = item.Sequence;
            count++;
            bytes += Size(item);
            while (bytes > MaxBytes && count > 1) DropOldest();
            (waiting, more) = (more, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }
        waiting.SetResult();
        Added?.Invoke();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static int Size(StreamItem item) => item.Json.Length + (item.Node?.Length ?? 0);

    void DropOldest()
    {
        ref var oldest = ref items[(newest - count + 1) % Capacity];
        bytes -= Size(oldest!);
        oldest = null;
        count--;
    }

    /// <summary>Ends when there is something after a number.</summary>
    public Task MoreThan(long position)
    {
        lock (gate) return position == newest ? more.Task : Task.CompletedTask;
    }

    /// <summary>What came after a number; not all at once.</summary>
    public StreamBatch After(long position)
    {
        lock (gate)
        {
            // a number before this run's first, or of the future, is of another run; the very first stands for "all of this run"
            if (position < first || position > newest || position < newest - count) return new StreamBatch([], newest, true);
            var after = new List<StreamItem>((int)Math.Min(newest - position, MaxBatch));
            for (var size = 0; position < newest && after.Count < MaxBatch && size < MaxBatchBytes; position++)
            {
                var item = items[(position + 1) % Capacity]!;
                after.Add(item);
                size += Size(item);
            }
            return new StreamBatch(after, position, false);
        }
    }
}
