using OpsBro.Core.Wire;

namespace OpsBro.Core.Gossip;

/// <summary>Ways back to members that failed and to seeds: tried for ever, so that a split cluster heals.</summary>
sealed partial class Serf
{
    const int MaxTries = 3;
    const int MaxJoins = 256;

    /// <summary>
    /// Of so many members alive for each that failed, all try it: in a large cluster few do, or all would fall upon one that comes back.
    /// The smaller part of a cluster that was cut in two always tries.
    /// </summary>
    const int TriersPerFailed = 10;

    readonly Dictionary<PeerAddress, bool> joining = [];   // to whom, and whether to leave out old events
    readonly HashSet<PeerAddress> retrying = [];           // in the background: nobody waits for the news
    IReadOnlyList<PeerAddress> seeds = [];
    long membershipVersion;
    long seedsVersion;         // of the members, when no seed was missing; less: nobody looked yet
    TimeSpan nextReconnect = TimeSpan.MaxValue;
    bool hasJoined;

    /// <summary>Joins whoever is at an address; <see cref="JoinNews"/> says how it went.</summary>
    public void Join(PeerAddress to, bool ignoreOldEvents, TimeSpan now)
    {
        if (joining.Count >= MaxJoins)
        {
            output.Happened(new JoinNews(to, $"{MaxJoins} joins are under way already"));
            return;
        }
        retrying.Remove(to);
        joining[to] = ignoreOldEvents;
        swim.Join(to, now);
    }

    /// <summary>Addresses that are tried as long as no member has them; new ones at once.</summary>
    public void Seeds(IReadOnlyList<PeerAddress> addresses)
    {
        if (addresses.SequenceEqual(seeds)) return;
        seeds = [.. addresses];
        seedsVersion = -1;
        nextReconnect = TimeSpan.MinValue;
    }

    /// <inheritdoc/>
    public void JoinEnded(PeerAddress to, string error, TimeSpan now)
    {
        var isQuiet = retrying.Remove(to);
        if (!joining.Remove(to)) return;
        if (error.Length == 0 && !isQuiet)
        {
            hasJoined = true;
            if (!IsLeaving) SayJoined(now);
        }
        if (!isQuiet) output.Happened(new JoinNews(to, error));
    }

    TimeSpan TickReturn(TimeSpan now)
    {
        if (IsLeaving) return TimeSpan.MaxValue;
        if (gone.Count == 0 && (seeds.Count == 0 || seedsVersion == membershipVersion)) return nextReconnect = TimeSpan.MaxValue;
        if (nextReconnect == TimeSpan.MaxValue) nextReconnect = Jittered(now);
        if (now < nextReconnect) return nextReconnect;
        nextReconnect = Jittered(now);
        foreach (var node in SomeFailed(MaxTries)) Try(node.Address, isQuiet: true, now);
        var missing = Missing();
        seedsVersion = missing.Count == 0 ? membershipVersion : -1;
        foreach (var seed in Some(missing, MaxTries)) Try(seed, isQuiet: false, now);
        return nextReconnect;
    }

    /// <summary>From three quarters of the time to all of it: nodes that lost one another at once do not try at once.</summary>
    TimeSpan Jittered(TimeSpan now) => now + GossipLimits.ReconnectInterval * 0.75 + chance.Within(GossipLimits.ReconnectInterval * 0.25);

    void Try(PeerAddress to, bool isQuiet, TimeSpan now)
    {
        if (joining.Count >= MaxJoins || joining.ContainsKey(to)) return;
        // a node that never met anybody wants no events from before its time
        joining[to] = !isQuiet && !hasJoined && settings.EventClock == 0;
        if (isQuiet) retrying.Add(to);
        swim.Join(to, now);
    }

    /// <summary>A few of those that failed; or none, when others will do it.</summary>
    List<SwimNode> SomeFailed(int most)
    {
        var failed = new List<SwimNode>();
        foreach (var node in gone)
            if (node.Status == MemberStatus.Failed) failed.Add(node);
        if (failed.Count == 0 || chance.Below(Math.Max(1, alive)) >= (long)failed.Count * TriersPerFailed) return [];
        return Some(failed, most);
    }

    List<T> Some<T>(List<T> some, int most)
    {
        chance.Shuffle(some);
        if (some.Count > most) some.RemoveRange(most, some.Count - most);
        return some;
    }

    List<PeerAddress> Missing()
    {
        if (seeds.Count == 0) return [];
        var members = new HashSet<PeerAddress> { swim.Self.Address };
        foreach (var node in swim.Live) members.Add(node.Address);
        return seeds.Where(seed => !members.Contains(seed)).Distinct().ToList();
    }
}
