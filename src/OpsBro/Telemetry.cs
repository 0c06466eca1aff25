using System.Collections.Concurrent;

namespace OpsBro;

/// <summary>The agent's own counters, for <c>/metrics</c> and <c>agent info</c>: one <see cref="Meter"/> for each part of each component.</summary>
internal sealed class Telemetry
{
    readonly ConcurrentDictionary<(string Component, string Name), Meter> meters = new();

    /// <summary>The meter of one part, for instance (<c>collectors</c>, <c>cpustats</c>); made on first use.</summary>
    public Meter Of(string component, string name) => meters.GetOrAdd((component, name), key => new Meter(key.Component, key.Name));

    /// <summary>Forgets the meter of a part that is gone.</summary>
    public void Forget(string component, string name) => meters.TryRemove((component, name), out _);

    /// <summary>Every meter, sorted.</summary>
    public IEnumerable<Meter> All => meters.Values.OrderBy(m => m.Component, StringComparer.Ordinal).ThenBy(m => m.Name, StringComparer.Ordinal);
}

/// <summary>What one part did since the agent started. Safe from any thread.</summary>
internal sealed class Meter(string component, string name)
{
    long runs, failures, dropped, ticks;

    /// <summary>The component's name.</summary>
    public string Component => component;

    /// <summary>The part's name.</summary>
    public string Name => name;

    /// <summary>Runs that ended, good or bad.</summary>
    public long Runs => Interlocked.Read(ref runs);

    /// <summary>Runs that failed.</summary>
    public long Failures => Interlocked.Read(ref failures);

    /// <summary>Things given up because a limit was reached.</summary>
    public long Dropped => Interlocked.Read(ref dropped);

    /// <summary>Wall time of all runs.</summary>
    public TimeSpan Time => TimeSpan.FromTicks(Interlocked.Read(ref ticks));

    /// <summary>Counts one run.</summary>
    public void Ran(TimeSpan time, bool failed = false)
    {
        Interlocked.Increment(ref runs);
        if (failed) Interlocked.Increment(ref failures);
        Interlocked.Add(ref ticks, time.Ticks);
    }

    /// <summary>Counts many runs at once, of a part that counts for itself; their time is not known.</summary>
    public void Add(long more, long failed)
    {
        Interlocked.Add(ref runs, more);
        Interlocked.Add(ref failures, failed);
    }

    /// <summary>Counts things given up.</summary>
    public void Drop(long count = 1) => Interlocked.Add(ref dropped, count);
}
