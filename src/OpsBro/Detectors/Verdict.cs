namespace OpsBro.Detectors;

/// <summary>Whether a rule found the collector data that it asked for.</summary>
internal enum DataState
{
    /// <summary>All of it.</summary>
    Complete,
    /// <summary>A collector has not run yet: asking again soon helps.</summary>
    NotYet,
    /// <summary>A collector has run and has no such value, or its data is stale.</summary>
    Absent,
}

/// <summary>What one evaluation of a rule said.</summary>
/// <param name="IsTrue">True when the rule holds.</param>
/// <param name="Groups">The groups it gives; empty unless <paramref name="IsTrue"/>.</param>
/// <param name="Facts">The values it read.</param>
/// <param name="Data">Whether it found the data it asked for, also when a default stood in.</param>
/// <param name="Problem">Why it could not be evaluated, with file, line and column; empty when it could.</param>
internal sealed record Verdict(
    bool IsTrue, IReadOnlyList<string> Groups, IReadOnlyList<GroupFact> Facts, DataState Data = DataState.Complete, string Problem = "")
{
    /// <summary>The rule does not hold.</summary>
    public static readonly Verdict False = new(false, [], []);

    /// <summary>The rule could not be evaluated.</summary>
    public static Verdict Failed(string problem, DataState data = DataState.Complete) => new(false, [], [], data, problem);
}
