using System.Collections.Concurrent;

namespace OpsBro.Checks;

/// <summary>
/// Threads for what may wait: scripts, and rules that ask the network or the disk. As many as run at the same time, made when they are
/// needed. What is handed in waits in order; each check is in at most once, so the queue is as long as there are checks.
/// </summary>
internal sealed class CheckWorkers
{
    /// <summary>A thread without work ends after this.</summary>
    static readonly TimeSpan idleTime = TimeSpan.FromMinutes(1);

    /// <summary>Stack of a worker, in bytes: it only waits and reads.</summary>
    const int StackBytes = 256 * 1024;

    readonly BlockingCollection<Action> queue = [];
    int threads, busy;
    volatile int most = 1;
    volatile bool isStopping;

    /// <summary>Jobs that run at the same time at most. Lowering it lets those under way end.</summary>
    public int Most
    {
        get => most;
        set => most = value;
    }

    /// <summary>Hands a job in; called by one thread.</summary>
    public void Start(Action job)
    {
        if (isStopping) return;
        queue.Add(job);
        var there = Volatile.Read(ref threads);
        if (there >= most || Volatile.Read(ref busy) + queue.Count <= there) return;
        Interlocked.Increment(ref threads);
        new Thread(Work, StackBytes) { IsBackground = true, Name = "checks.worker" }.Start();
    }

    /// <summary>Forgets what waits; jobs under way are the owner's to end.</summary>
    public void Stop() => isStopping = true;

    void Work()
    {
        while (!isStopping && Volatile.Read(ref threads) <= most && queue.TryTake(out var job, idleTime))
        {
            Interlocked.Increment(ref busy);
            if (!isStopping) job();
            Interlocked.Decrement(ref busy);
        }
        Interlocked.Decrement(ref threads);
    }
}
