using System.Collections.Concurrent;

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

    readonly ConcurrentQueue<CollectorTask> queue = new();

    /// <summary>
    /// One count for each task, and for each thread when all shall end. Of the kernel's kind, for it sleeps at once: the others spin before,
    /// which costs an idle agent more than its work. Never disposed: stuck threads may still look at it.
    /// </summary>
    readonly Semaphore work = new(0, int.MaxValue);

    volatile bool isStopping;
    int threads, busy, made;
    long taken, takenBefore;
    TimeSpan lookedAt;

    /// <summary>True when a task waits for a thread.</summary>
    public bool IsBehind => !queue.IsEmpty;

    /// <summary>Threads there are, stuck ones included.</summary>
    public int Threads => Volatile.Read(ref threads);

    /// <summary>Runs a task as soon as a thread is free. For one caller thread.</summary>
    public void Add(CollectorTask task)
    {
        if (!IsBehind) lookedAt = task.Started.Now;
        queue.Enqueue(task);
        work.Release();
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
    public void Stop()
    {
        isStopping = true;
        work.Release(Most);
    }

    void Grow()
    {
        Interlocked.Increment(ref threads);
        new Thread(Work, StackBytes) { IsBackground = true, Name = $"collector-{++made}" }.Start();
    }

    void Work()
    {
        while (true)
        {
            work.WaitOne();
            if (isStopping || !queue.TryDequeue(out var task)) return;
            Interlocked.Increment(ref taken);
            Interlocked.Increment(ref busy);
            run(task);
            // those who are stuck are busy: what counts is who is free
            if (Interlocked.Decrement(ref threads) - Interlocked.Decrement(ref busy) >= Least) return;
            Interlocked.Increment(ref threads);
        }
    }
}
