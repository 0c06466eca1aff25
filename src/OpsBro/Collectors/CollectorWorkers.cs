using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace OpsBro.Collectors;

/// <summary>
/// A few threads that run collectors. A thread that is stuck is left alone and another takes its place, so that nothing waits behind it;
/// when it comes back, it ends. Not the thread pool: what hangs here must not hold up the API.
/// </summary>
/// <param name="run">Runs one task to its end; must not throw.</param>
internal sealed class CollectorWorkers(Action<CollectorTask> run)
{
    /// <summary>Threads that stay free for work.</summary>
    public const int Least = 2;

    /// <summary>Most threads, stuck ones included. Each collector has one run at most, so more would have nothing to do.</summary>
    public const int Most = 128;

    /// <summary>A queue of which nothing was taken for this long gets one more thread.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(100);

    /// <summary>Stack of a thread, in bytes: parsers are flat.</summary>
    const int StackBytes = 512 * 1024;

    [SuppressMessage("Usage", "CA2213", Justification = "stuck threads may still look at it")]
    readonly BlockingCollection<CollectorTask> queue = [];
    int threads, busy, made;
    long taken, takenBefore;
    TimeSpan lookedAt;

    /// <summary>True when a task waits for a thread.</summary>
    public bool IsBehind => queue.Count > 0;

    /// <summary>Threads there are, stuck ones included.</summary>
    public int Threads => Volatile.Read(ref threads);

    /// <summary>Runs a task as soon as a thread is free. For one caller thread.</summary>
    public void Add(CollectorTask task)
    {
        if (!IsBehind) lookedAt = task.Started.Now;
        queue.Add(task);
        if (Threads < Least) Grow();
    }

    /// <summary>Adds a thread when the others are stuck. For the same thread as <see cref="Add"/>; to be called often while behind.</summary>
    public void Look(TimeSpan now)
    {
        var progress = Interlocked.Read(ref taken);
        if (!IsBehind || progress != takenBefore)
        {
            (takenBefore, lookedAt) = (progress, now);
            return;
        }
        if (now - lookedAt < Patience || Threads >= Most) return;
        lookedAt = now;
        Grow();
    }

    /// <summary>Ends the threads as they become free.</summary>
    public void Stop() => queue.CompleteAdding();

    void Grow()
    {
        Interlocked.Increment(ref threads);
        new Thread(Work, StackBytes) { IsBackground = true, Name = $"collector-{++made}" }.Start();
    }

    void Work()
    {
        while (queue.TryTake(out var task, Timeout.Infinite))
        {
            Interlocked.Increment(ref taken);
            Interlocked.Increment(ref busy);
            run(task);
            // those who are stuck are busy: what counts is who is free
            if (Interlocked.Decrement(ref threads) - Interlocked.Decrement(ref busy) >= Least) return;
            Interlocked.Increment(ref threads);
        }
    }
}
