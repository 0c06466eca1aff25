using System.Collections.Concurrent;
using OpsBro.Platform;

namespace OpsBro.Checks;

/// <summary>
/// Threads that run scripts: as many as run at the same time, made when they are needed. What is handed in waits in order; each check is in
/// at most once, so the queue is as long as there are checks.
/// </summary>
internal sealed class ScriptWorkers(Action<ScheduledCheck, ProgramResult> ended)
{
    /// <summary>A thread without work ends after this.</summary>
    static readonly TimeSpan idleTime = TimeSpan.FromMinutes(1);

    /// <summary>Stack of a worker, in bytes: it only waits and reads.</summary>
    const int StackBytes = 256 * 1024;

    readonly BlockingCollection<(ScheduledCheck Check, ProgramStart Program)> queue = [];
    readonly RunningPrograms running = new();
    int threads, busy;
    volatile int most = 1;
    volatile bool isStopping;

    /// <summary>Scripts that run at the same time at most. Lowering it lets those under way end.</summary>
    public int Most
    {
        get => most;
        set => most = value;
    }

    /// <summary>Scripts that wait for a free thread.</summary>
    public int Queued => queue.Count;

    /// <summary>Hands a program in; called by one thread.</summary>
    public void Start(ScheduledCheck check, ProgramStart program)
    {
        queue.Add((check, program));
        var there = Volatile.Read(ref threads);
        if (there >= most || Volatile.Read(ref busy) + queue.Count <= there) return;
        Interlocked.Increment(ref threads);
        new Thread(Work, StackBytes) { IsBackground = true, Name = "checks.script" }.Start();
    }

    /// <summary>Ends what runs, and forgets what waits.</summary>
    public void Stop()
    {
        isStopping = true;
        queue.CompleteAdding();
        running.EndAll();
    }

    void Work()
    {
        while (!isStopping && Volatile.Read(ref threads) <= most && queue.TryTake(out var item, idleTime))
        {
            Interlocked.Increment(ref busy);
            var result = ProcessGroup.Run(item.Program, item.Check.Definition.Timeout, running);
            Interlocked.Decrement(ref busy);
            if (!isStopping) ended(item.Check, result);   // one that was ended by the stop says nothing of the host
        }
        Interlocked.Decrement(ref threads);
    }
}
