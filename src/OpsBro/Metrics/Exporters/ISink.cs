namespace OpsBro.Metrics.Exporters;

/// <summary>What a sink did with the points it was given.</summary>
internal enum Answer
{
    /// <summary>It has them.</summary>
    Taken,
    /// <summary>It has seen them and does not want them; the same again would not help.</summary>
    Refused,
    /// <summary>They were too many at once.</summary>
    TooMany,
    /// <summary>It is not there, or busy: the same again later.</summary>
    Later,
}

/// <summary>The end of one try.</summary>
/// <param name="Answer">What the sink did.</param>
/// <param name="Reason">What it said, one line; empty when all is well.</param>
/// <param name="Points">What became of the points.</param>
/// <param name="Bytes">Bytes of the request.</param>
internal readonly record struct Delivery(Answer Answer, string Reason, Encoded Points, long Bytes)
{
    /// <summary>How long the sink asks to be left alone; zero when it does not say.</summary>
    public TimeSpan RetryAfter { get; init; }
}

/// <summary>One place that numbers go to. For one thread: calls block until the sink has answered or its time is over.</summary>
internal interface ISink : IDisposable
{
    /// <summary>Sends a part of a page.</summary>
    /// <param name="points">The page.</param>
    /// <param name="from">First point.</param>
    /// <param name="count">How many.</param>
    /// <param name="cancel">The agent stops and has no more time.</param>
    Delivery Send(IReadOnlyList<JournalPoint> points, int from, int count, CancellationToken cancel);
}

/// <summary>Makes sinks.</summary>
internal static class Sinks
{
    /// <summary>Longest reason kept of an answer, in characters.</summary>
    public const int MaxReason = 300;

    /// <summary>The one that the options describe.</summary>
    public static ISink Of(SinkOptions options) => options.Kind == SinkKind.Graphite ? new GraphiteSink(options) : new HttpSink(options);

    /// <summary>An answer's text as one line of bounded length.</summary>
    public static string OneLine(string text)
    {
        var line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= MaxReason ? line : line[..MaxReason] + "…";
    }
}
