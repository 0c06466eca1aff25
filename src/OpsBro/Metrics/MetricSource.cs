namespace OpsBro.Metrics;

/// <summary>Why a number was not taken.</summary>
internal enum Refusal
{
    /// <summary>The source reached its limit of series.</summary>
    TooManySeries,
    /// <summary>The name is empty, too long, or has a character that no name may have.</summary>
    BadName,
    /// <summary>The time is older than the longest retention, or in the future.</summary>
    BadTime,
    /// <summary>The value is NaN or infinite.</summary>
    BadValue,
}

/// <summary>Who brings numbers: statsd, graphite, collectors, checks, … with what became of them.</summary>
/// <param name="name">Its name in configuration, routes and tables.</param>
internal sealed class MetricSource(string name)
{
    /// <summary>Milliseconds between two refused names that are remembered: a flood of them must not cost more.</summary>
    const long SampleEvery = 1_000;

    readonly long[] refused = new long[Enum.GetValues<Refusal>().Length];
    readonly string[] lastRefused = new string[Enum.GetValues<Refusal>().Length];
    readonly long[] sampledAt = new long[Enum.GetValues<Refusal>().Length];
    long accepted;
    int series;

    /// <summary>Its name in configuration, routes and tables.</summary>
    public string Name => name;

    /// <summary>Numbers taken since start.</summary>
    public long Accepted => Volatile.Read(ref accepted);

    /// <summary>Series that it was the first to bring.</summary>
    public int Series => Volatile.Read(ref series);

    /// <summary>Numbers refused since start, for one reason.</summary>
    public long Refused(Refusal reason) => Volatile.Read(ref refused[(int)reason]);

    /// <summary>One of the last names that were refused for a reason; empty when there was none.</summary>
    public string LastRefused(Refusal reason) => Volatile.Read(ref lastRefused[(int)reason]) ?? "";

    /// <summary>Counts one that was taken.</summary>
    public void Accept() => Accept(1);

    /// <summary>Counts some that were taken.</summary>
    public void Accept(long count) => Interlocked.Add(ref accepted, count);

    /// <summary>Counts a series that is new, or with -1 one that is gone.</summary>
    public void CountSeries(int change) => Interlocked.Add(ref series, change);

    /// <summary>Counts one that was refused; always false.</summary>
    public bool Refuse(Refusal reason)
    {
        Interlocked.Increment(ref refused[(int)reason]);
        return false;
    }

    /// <summary>Counts one that was refused, and remembers its name now and then; always false.</summary>
    public bool Refuse(Refusal reason, ReadOnlySpan<byte> metric)
    {
        var now = Environment.TickCount64;
        ref var last = ref sampledAt[(int)reason];
        if (now - Volatile.Read(ref last) >= SampleEvery || lastRefused[(int)reason] is null)
        {
            Volatile.Write(ref last, now);
            Volatile.Write(ref lastRefused[(int)reason], MetricName.Readable(metric));
        }
        return Refuse(reason);
    }
}
