using OpsBro.Core.Checks;

namespace OpsBro.Checks;

/// <summary>Something about a check changed: <c>Feed&lt;CheckChanged&gt;</c>, for handlers, exports and events.</summary>
/// <param name="Definition">The check.</param>
/// <param name="Transition">What changed. People are told of hard transitions, and not while it flaps.</param>
/// <param name="Standing">Where the check stands now.</param>
/// <param name="At">When, UTC.</param>
internal sealed record CheckChanged(CheckDefinition Definition, CheckTransition Transition, CheckStanding Standing, DateTimeOffset At);
