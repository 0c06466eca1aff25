using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;

namespace OpsBro.Gossip;

/// <summary>A member of one of our pools changed: published on a <see cref="Feed{T}"/>.</summary>
/// <param name="At">Wall clock, UTC.</param>
/// <param name="Zone">The pool's zone.</param>
/// <param name="Change">How.</param>
/// <param name="Before">Its status before.</param>
/// <param name="Member">The member as it is now.</param>
/// <param name="Cause">Why, for people.</param>
internal sealed record MemberChanged(
    DateTimeOffset At, string Zone, MemberChange Change, MemberStatus Before, Member Member, string Cause);

/// <summary>A member is suspected, or no longer: published on a <see cref="Feed{T}"/>. Its status is alive meanwhile.</summary>
/// <param name="At">Wall clock, UTC.</param>
/// <param name="Zone">The pool's zone.</param>
/// <param name="Name">The member.</param>
/// <param name="IsSuspected">False when it was cleared of it.</param>
/// <param name="Cause">Why, for people.</param>
internal sealed record MemberSuspected(DateTimeOffset At, string Zone, string Name, bool IsSuspected, string Cause);

/// <summary>An event of a user arrived, our own too: published on a <see cref="Feed{T}"/>, each once.</summary>
/// <param name="At">Wall clock, UTC, of its arrival here.</param>
/// <param name="Zone">The pool's zone.</param>
/// <param name="LTime">Its Lamport time.</param>
/// <param name="Name">Its name.</param>
/// <param name="Payload">What comes with it.</param>
/// <param name="Coalesce">Of several with this name, the last is enough.</param>
internal sealed record UserEventArrived(DateTimeOffset At, string Zone, ulong LTime, string Name, Bytes Payload, bool Coalesce);

/// <summary>
/// A query that is for us arrived: published on a <see cref="Feed{T}"/>. Who knows the answer gives it with
/// <see cref="GossipPool.Respond"/> before the deadline.
/// </summary>
/// <param name="Pool">Where to answer.</param>
/// <param name="Key">What to answer with.</param>
/// <param name="Query">The question.</param>
/// <param name="Deadline">On <see cref="Platform.Monotonic"/>'s clock.</param>
internal sealed record QueryArrived(GossipPool Pool, ulong Key, Query Query, TimeSpan Deadline);
