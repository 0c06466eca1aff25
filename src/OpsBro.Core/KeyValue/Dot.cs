namespace OpsBro.Core.KeyValue;

/// <summary>Names one write: no two writes of the cluster have the same.</summary>
/// <param name="Writer">The store's id (48 bits) and the number of its start (16 bits).</param>
/// <param name="Sequence">Number of the write within the partition, from 1 at each start.</param>
public readonly record struct Dot(ulong Writer, long Sequence)
{
    /// <summary>64 well mixed bits of it, for sums that compare sets.</summary>
    public ulong Hash => Mix(Writer ^ Mix((ulong)Sequence));

    /// <summary>Spreads bits (the finalizer of SplitMix64).</summary>
    public static ulong Mix(ulong bits)
    {
        bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9;
        bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb;
        return bits ^ (bits >> 31);
    }
}

/// <summary>
/// What a write of a key replaced, directly or not: the highest sequence of each writer, for this key alone. That is enough because a
/// writer's later write of a key replaces its earlier ones.
/// </summary>
public static class Context
{
    /// <summary>Nothing was replaced.</summary>
    public static readonly Dot[] None = [];

    /// <summary>A write was replaced.</summary>
    public static bool Covers(Dot[] context, in Dot dot)
    {
        foreach (var have in context)
            if (have.Writer == dot.Writer) return have.Sequence >= dot.Sequence;
        return false;
    }

    /// <summary>
    /// A context that covers the records and what they replaced. At most <see cref="KeyValueLimits.MaxContext"/> writers are kept, those of
    /// the newest records first: what falls out can at worst come back as a conflict.
    /// </summary>
    public static Dot[] After(KeyRecord? winner, KeyRecord[] losers)
    {
        if (winner is null) return None;
        if (losers.Length == 0 && IsOnlyWriter(winner)) return [winner.Dot];
        var all = new List<Dot>(winner.Context.Length + 1 + losers.Length);
        Add(all, winner.Dot);
        foreach (var loser in losers) Add(all, loser.Dot);
        foreach (var dot in winner.Context) Add(all, dot);
        foreach (var loser in losers)
            foreach (var dot in loser.Context) Add(all, dot);
        if (all.Count > KeyValueLimits.MaxContext) all.RemoveRange(KeyValueLimits.MaxContext, all.Count - KeyValueLimits.MaxContext);
        return [.. all];
    }

    static bool IsOnlyWriter(KeyRecord winner)
    {
        foreach (var dot in winner.Context)
            if (dot.Writer != winner.Dot.Writer) return false;
        return true;
    }

    static void Add(List<Dot> all, in Dot dot)
    {
        for (var i = 0; i < all.Count; i++)
        {
            if (all[i].Writer != dot.Writer) continue;
            if (all[i].Sequence < dot.Sequence) all[i] = dot;
            return;
        }
        all.Add(dot);
    }
}
