namespace OpsBro.Core.KeyValue;

/// <summary>
/// Versions: Unix milliseconds times 1024 and a counter, never twice and never back, though the wall clock may jump (Kulkarni and others,
/// "Logical Physical Clocks").
/// </summary>
public sealed class HybridClock
{
    /// <summary>Versions within one millisecond.</summary>
    const int PerMillisecond = 1024;

    /// <summary>Highest version that was given out or seen.</summary>
    public long Last { get; internal set; }

    /// <summary>The lowest version of a millisecond.</summary>
    public static long Of(long unixMilliseconds) => Math.Max(unixMilliseconds, 0) * PerMillisecond;

    /// <summary>The millisecond of a version.</summary>
    public static long UnixMilliseconds(long version) => version / PerMillisecond;

    /// <summary>A version above all that were given out and seen.</summary>
    public long Next(long unixMilliseconds) => Last = Math.Max(Of(unixMilliseconds), Last + 1);

    /// <summary>Takes note of another node's version, unless it is too far ahead.</summary>
    /// <returns>Whether it is near enough to be believed.</returns>
    public bool Observe(long version, long unixMilliseconds)
    {
        if (version < 0 || version > Of(unixMilliseconds) + Of((long)KeyValueLimits.MaxAhead.TotalMilliseconds)) return version <= Last && version >= 0;
        if (version > Last) Last = version;
        return true;
    }
}
