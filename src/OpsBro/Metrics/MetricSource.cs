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
    readonly long[] refused = new long[Enum.GetValues<Refusal>().Length];
    long accepted;

    /// <summary>Its name in configuration, routes and tables.</summary>
    public string Name => name;

    /// <summary>Numbers taken since start.</summary>
    public long Accepted => Volatile.Read(ref accepted);

    /// <summary>Numbers refused since start, for one reason.</summary>
    public long Refused(Refusal reason) => Volatile.Read(ref refused[(int)reason]);

    /// <summary>Counts one that was taken.</summary>
    public void Accept() => Interlocked.Increment(ref accepted);

    /// <summary>Counts one that was refused; always false.</summary>
    public bool Refuse(Refusal reason)
    {
        Interlocked.Increment(ref refused[(int)reason]);
        return false;
    }
}
