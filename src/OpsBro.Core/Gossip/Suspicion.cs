namespace OpsBro.Core.Gossip;

/// <summary>
/// A node is suspect for as long as this runs; then it is dead. It begins with the longest time and gets shorter with each other node that
/// says the same. Page: serf-wire.md A11.
/// </summary>
sealed class Suspicion
{
    readonly GossipProfile profile;
    readonly TimeSpan least;
    readonly TimeSpan longest;
    readonly int needed;
    readonly List<string> accusers;

    Suspicion(string from, GossipProfile profile, TimeSpan least, TimeSpan longest, int needed, TimeSpan now)
    {
        (this.profile, this.least, this.longest, this.needed, Started) = (profile, least, longest, needed, now);
        accusers = [from];
    }

    /// <summary>When it began, on the steady clock.</summary>
    public TimeSpan Started { get; private set; }

    /// <summary>When the node is dead, on the steady clock.</summary>
    public TimeSpan Ends => Started + Timeout(accusers.Count - 1, needed, least, longest);

    /// <summary>
    /// When something is to be done about it: the node is asked a few more times before the end, then it is dead. Steady clock.
    /// </summary>
    public TimeSpan Due => Ends - CallsLeft * profile.ProbeInterval;

    /// <summary>Times that the node will be asked yet.</summary>
    public int CallsLeft { get; set; } = GossipLimits.LastCalls;

    /// <summary>Who said so, the first one first.</summary>
    public IReadOnlyList<string> Accusers => accusers;

    /// <summary>Begins one among so many nodes.</summary>
    public static Suspicion Of(string from, GossipProfile profile, int nodes, TimeSpan now)
    {
        var needed = Confirmations(profile, nodes);
        var least = Least(profile, nodes);
        return new Suspicion(from, profile, least, needed < 1 ? least : least * profile.SuspicionMaxTimeoutMult, needed, now);
    }

    /// <summary>Begins anew, with those who accused it.</summary>
    public void Restart(TimeSpan now) => (Started, CallsLeft) = (now, GossipLimits.LastCalls);

    /// <summary>Another accuses it: false when that is nothing new, or enough did.</summary>
    public bool Confirm(string from)
    {
        if (accusers.Count > needed || accusers.Contains(from)) return false;
        accusers.Add(from);
        return true;
    }

    /// <summary>The shortest time among so many nodes.</summary>
    public static TimeSpan Least(GossipProfile profile, int nodes)
    {
        var scale = Math.Max(1, Math.Log10(Math.Max(1, nodes)));
        return profile.SuspicionMult * Math.Floor(1000 * scale) / 1000 * profile.ProbeInterval;
    }

    /// <summary>Confirmations that bring the time down to the shortest; 0 when there are too few nodes to give them.</summary>
    public static int Confirmations(GossipProfile profile, int nodes)
    {
        var needed = profile.SuspicionMult - 2;
        return nodes - 2 < needed ? 0 : needed;
    }

    /// <summary>The time after so many confirmations.</summary>
    public static TimeSpan Timeout(int confirmations, int needed, TimeSpan least, TimeSpan longest)
    {
        if (needed < 1) return least;
        var share = Math.Log(confirmations + 1) / Math.Log(needed + 1);
        var wanted = Math.Floor((longest - (longest - least) * share).TotalMilliseconds);
        return TimeSpan.FromMilliseconds(Math.Max(least.TotalMilliseconds, wanted));
    }
}
