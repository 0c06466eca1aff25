using System.Globalization;
using OpsBro.Config;

namespace OpsBro.Gossip.Keys;

/// <summary>What the decision to replace a key by itself is made of.</summary>
internal sealed record RotationFacts
{
    /// <summary>Age at which it is due; null: never by itself.</summary>
    public required TimeSpan? Limit { get; init; }
    /// <summary>The operator wrote <c>key_rotation</c>.</summary>
    public required bool IsAsked { get; init; }
    /// <summary>How long this node has encrypted with it.</summary>
    public required TimeSpan Age { get; init; }
    /// <summary>Packets that this node encrypted with it.</summary>
    public required long Sealed { get; init; }
    /// <summary>Members that are alive, this one too.</summary>
    public required int Alive { get; init; }
    /// <summary>Most members alive at once since it is in use.</summary>
    public required int Most { get; init; }
    /// <summary>Names of members that failed or are suspect.</summary>
    public required IReadOnlyList<string> Down { get; init; }
    /// <summary>Names of members that are plain Serf agents.</summary>
    public required IReadOnlyList<string> Plain { get; init; }
    /// <summary>Place of this node among those that may act, by id: 0 acts first.</summary>
    public required int Rank { get; init; }
}

/// <summary>What was decided.</summary>
/// <param name="IsDue">This node must replace the key now.</param>
/// <param name="Text">Why, or what it waits for, for people.</param>
/// <param name="IsForced">Members that are down no longer stop it.</param>
internal sealed record RotationVerdict(bool IsDue, string Text, bool IsForced = false);

/// <summary>
/// Decides whether this node replaces the cluster's key now. One member acts: each waits a step longer than the one before it in the order
/// of ids, and by then the key is new. Without I/O and clock.
/// </summary>
internal static class RotationRule
{
    /// <summary>Packets under one key, of all members together: a random nonce of 96 bits allows 2^32 (NIST SP 800-38D, 8.3); half is left.</summary>
    public const long MostPackets = 1L << 31;

    /// <summary>Members that may act in turn; those behind wait as long as the last of these.</summary>
    public const int MaxRank = 24;

    /// <summary>Age, in limits, from which members that are down no longer stop it.</summary>
    public const int FarOver = 2;

    /// <summary>How much longer each waits than the one before it.</summary>
    public static TimeSpan Step(TimeSpan limit) => TimeSpan.FromTicks(Math.Min(limit.Ticks / 10, TimeSpan.TicksPerHour));

    /// <summary>Decides.</summary>
    public static RotationVerdict Decide(RotationFacts facts)
    {
        if (facts.Limit is not { } limit) return new(false, "off (gossip.key_rotation)");
        if (facts.Alive <= 1) return new(false, "waits for other members: a node alone would lock itself out");
        if (facts.Plain.Count > 0 && !facts.IsAsked)
        {
            return new(false, $"waits: {KeyRound.Named(facts.Plain)} are plain Serf agents, and forget a new key at their next start unless they have a "
                + "keyring file; write gossip.key_rotation when they do");
        }
        var wait = Step(limit) * Math.Min(facts.Rank, MaxRank);
        // all members send about as much as this one
        var isWorn = facts.Sealed >= MostPackets / facts.Alive;
        if (!isWorn && facts.Age < limit + wait)
            return new(false, $"in {Durations.Text(Whole(limit + wait - facts.Age))}");
        var why = isWorn
            ? string.Create(CultureInfo.InvariantCulture, $"about {facts.Sealed * (double)facts.Alive:0.##E+0} packets were sent with it")
            : $"it is {Durations.Text(Whole(facts.Age))} old";
        if (facts.Age >= FarOver * limit + wait) return new(true, why, IsForced: true);
        if (facts.Down.Count > 0)
            return new(false, $"due ({why}), and waits for {KeyRound.Named(facts.Down)}: without an answer they would miss the new key");
        if (facts.Alive * 2 <= facts.Most)
            return new(false, $"due ({why}), and waits: {facts.Alive} of {facts.Most} members are here, the others may be cut off");
        return new(true, why);
    }

    /// <summary>In the unit that people count such a time in, rounded up: 30 days, not 2591986 seconds.</summary>
    static TimeSpan Whole(TimeSpan time)
    {
        var unit = time.TotalDays >= 2 ? TimeSpan.FromDays(1) : time.TotalHours >= 2 ? TimeSpan.FromHours(1)
            : time.TotalMinutes >= 2 ? TimeSpan.FromMinutes(1) : TimeSpan.FromSeconds(1);
        return unit * Math.Ceiling(time / unit);
    }
}
