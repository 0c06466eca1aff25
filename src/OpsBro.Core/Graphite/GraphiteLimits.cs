namespace OpsBro.Core.Graphite;

/// <summary>How much one request to the target language may cost. What exceeds it is refused with a sentence.</summary>
public static class GraphiteLimits
{
    /// <summary>Longest target, in characters.</summary>
    public const int TargetLength = 65_536;

    /// <summary>Deepest nesting of calls, in the text and while it is worked out.</summary>
    public const int Depth = 64;

    /// <summary>Most calls, paths and arguments in one target.</summary>
    public const int Nodes = 10_000;

    /// <summary>Most series that a request may fetch, and that a call may answer.</summary>
    public const int Series = 20_000;

    /// <summary>Most points that a request may fetch: 160 MB.</summary>
    public const long FetchedPoints = 20_000_000;

    /// <summary>Most points that the functions of a request may compute.</summary>
    public const long ComputedPoints = 400_000_000;

    /// <summary>Most calls that a request may make. Functions that look further back evaluate their argument twice.</summary>
    public const int Calls = 20_000;

    /// <summary>Most points of one computed series, such as <c>constantLine</c> or <c>randomWalk</c>.</summary>
    public const int PointsOfOneSeries = 2_000_000;

    /// <summary>Longest name of a result, in characters.</summary>
    public const int NameLength = 1_000_000;

    /// <summary>Longest time that a regular expression that may backtrack may take on one name; long enough for its first use on a busy host.</summary>
    public static readonly TimeSpan PatternTime = TimeSpan.FromSeconds(2);
}
