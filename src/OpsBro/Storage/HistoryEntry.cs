namespace OpsBro.Storage;

/// <summary>One change worth remembering: of a check, a group, a collector.</summary>
/// <param name="At">When, UTC.</param>
/// <param name="Kind">The noun: <c>check</c>, <c>group</c>, <c>collector</c>.</param>
/// <param name="Name">Which one.</param>
/// <param name="From">The state before; empty when there was none.</param>
/// <param name="To">The state now.</param>
/// <param name="Text">The output or reason, cut at <see cref="MaxText"/> characters.</param>
internal sealed record HistoryEntry(DateTimeOffset At, string Kind, string Name, string From, string To, string Text)
{
    /// <summary>Longest text kept.</summary>
    public const int MaxText = 4096;
}
