namespace OpsBro.Core.Gossip;

/// <summary>
/// A Lamport clock: it orders what many nodes say without a common time. It starts at 1. A time far ahead of it is not believed, or one
/// message could drive all clocks to their end. Page: serf-wire.md A14, cluster-design.md F4.12.
/// </summary>
struct LamportClock()
{
    /// <summary>No time is believed beyond this, whoever says so: there is always room to count on.</summary>
    public const ulong Most = 1ul << 48;

    /// <summary>The time of the next message.</summary>
    public ulong Time { get; private set; } = 1;

    /// <summary>The highest time seen or sent; 0 when there was none.</summary>
    public readonly ulong Seen => Time - 1;

    /// <summary>A message with this time may be taken in.</summary>
    public readonly bool Believes(ulong time) => time <= Time + GossipLimits.MaxLamportJump && time < Most;

    /// <summary>Takes note of a time that another said; <see cref="Believes"/> was asked before.</summary>
    public void Witness(ulong time)
    {
        if (time >= Time && time < Most) Time = time + 1;
    }

    /// <summary>The time of a message that we send; the clock moves on.</summary>
    public ulong Next() => Time++;
}

/// <summary>
/// A clock that peers' whole states move as well: a state may be far ahead of us only when two peers say so, or when it is the first state
/// that we ever saw (a new node knows nothing, so that it can be told nothing wrong that it would pass on: others clamp too).
/// </summary>
struct MergedClock()
{
    LamportClock clock = new();
    ulong claim;
    PeerAddress claimant;

    /// <inheritdoc cref="LamportClock.Time"/>
    public readonly ulong Time => clock.Time;

    /// <inheritdoc cref="LamportClock.Seen"/>
    public readonly ulong Seen => clock.Seen;

    /// <inheritdoc cref="LamportClock.Believes"/>
    public readonly bool Believes(ulong time) => clock.Believes(time);

    /// <inheritdoc cref="LamportClock.Witness"/>
    public void Witness(ulong time) => clock.Witness(time);

    /// <inheritdoc cref="LamportClock.Next"/>
    public ulong Next() => clock.Next();

    /// <summary>Takes note of the clock of a peer's state. False when it is too far ahead and no second peer has said so yet.</summary>
    public bool Merge(PeerAddress from, ulong time, bool isFirst)
    {
        if (time == 0) return true;
        var seen = time - 1;   // a clock is one ahead of what was seen
        if (seen >= LamportClock.Most) return false;
        if (!Believes(seen) && !isFirst)
        {
            var other = claimant;
            var said = Math.Min(claim, seen);
            (claim, claimant) = (seen, from.WithPort(0));
            if (other.IsNone || other == claimant || Believes(said)) return false;
            seen = said;
        }
        clock.Witness(seen);
        return true;
    }
}
