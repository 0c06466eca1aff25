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
    int threads, jobs;
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
        Interlocked.Increment(ref jobs);
        queue.Add(job);
        if (TryHire()) new Thread(Work, StackBytes) { IsBackground = true, Name = "checks.worker" }.Start();
    }

    /// <summary>Forgets what waits; jobs under way are the owner's to end.</summary>
    public void Stop() => isStopping = true;

    /// <summary>One more worker, if there are more jobs, waiting or under way, than workers.</summary>
    bool TryHire()
    {
        while (true)
        {
            var there = Volatile.Read(ref threads);
            if (there >= most || Volatile.Read(ref jobs) <= there) return false;
            if (Interlocked.CompareExchange(ref threads, there + 1, there) == there) return true;
        }
    }

    void Work()
    {
        do
        {
            while (!isStopping && Volatile.Read(ref threads) <= most && queue.TryTake(out var job, idleTime))
            {
                if (!isStopping) job();
                Interlocked.Decrement(ref jobs);
            }
            Interlocked.Decrement(ref threads);
            // a job may have been handed in after the last look, to a worker that seemed to be there
        }
        while (!isStopping && TryHire());
    }
}
