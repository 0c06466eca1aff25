using System.Diagnostics;

namespace OpsBro.Platform;

/// <summary>Time that only goes forward, for intervals, deadlines and staleness. Its zero means nothing; compare two readings.</summary>
internal static class Monotonic
{
    /// <summary>The present moment.</summary>
    public static TimeSpan Now => Stopwatch.GetElapsedTime(0);
}
