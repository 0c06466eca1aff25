using System.Collections.Concurrent;
using OpsBro.Platform;

namespace OpsBro.Detectors;

/// <summary>
/// Threads that evaluate rules: one while all goes well. A rule may wait for a disk or the network; when work has waited longer than
/// <see cref="Patience"/>, another thread is added for it, up to <see cref="MaxThreads"/>. Threads that are not needed end.
/// </summary>
internal sealed class RuleWorkers : IDisposable
{
    /// <summary>Most threads: that many rules may be stuck at once before the others wait too.</summary>
    public const int MaxThreads = 8;

    /// <summary>How long work waits for a busy thread before another one is added.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(200);

    /// <summary>How long a thread waits for work before it ends.</summary>
    public static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(30);

    readonly BlockingCollection<Action> queue = [];
    readonly CancellationTokenSource stop = new();
    int threads, idle;
    long lastTaken = Monotonic.Now.Ticks;

    /// <summary>Threads there are.</summary>
    public int Threads => Volatile.Read(ref threads);

    /// <summary>True when work waits for a thread.</summary>
    public bool HaveWork => queue.Count > 0;

    /// <summary>Gives work away. It may not throw.</summary>
    public void Do(Action work)
    {
        queue.Add(work);
        if (Threads == 0) AddThread();
    }

    /// <summary>Adds a thread when work has waited too long. To be called again and again by the loop that gives work.</summary>
    public void Tend()
    {
        if (queue.Count == 0 || Volatile.Read(ref idle) > 0 || Threads >= MaxThreads) return;
        if (Threads == 0 || IsLate(Monotonic.Now)) AddThread();
    }

    bool IsLate(TimeSpan now) => now.Ticks - Volatile.Read(ref lastTaken) > Patience.Ticks;

    void AddThread()
    {
        Interlocked.Increment(ref threads);
        new Thread(Run, maxStackSize: 1024 * 1024) { IsBackground = true, Name = "detectors rule" }.Start();
    }

    void Run()
    {
        try
        {
            while (TryTake(out var work))
            {
                Volatile.Write(ref lastTaken, Monotonic.Now.Ticks);
                work();
            }
        }
        catch (OperationCanceledException)
        {
            // the agent stops
        }
        finally
        {
            Interlocked.Decrement(ref threads);
        }
    }

    bool TryTake(out Action work)
    {
        Interlocked.Increment(ref idle);
        try
        {
            return queue.TryTake(out work!, (int)IdleTime.TotalMilliseconds, stop.Token);
        }
        finally
        {
            Interlocked.Decrement(ref idle);
        }
    }

    /// <summary>Ends the idle threads; one that is held up ends with the process.</summary>
    public void Dispose() => stop.Cancel();
}
