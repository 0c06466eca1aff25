namespace OpsBro.Core.Graphite;

/// <summary>A target that cannot be answered: one sentence for whoever wrote it, with the way out where there is one.</summary>
public sealed class GraphiteException(string message, int column = 0) : Exception(message)
{
    /// <summary>Where in the target, counted from 1; 0 when it is no matter of one place.</summary>
    public int Column { get; } = column;

    /// <summary>True when it is understood and costs more than a request may.</summary>
    public bool IsTooMuch { get; init; }
}
