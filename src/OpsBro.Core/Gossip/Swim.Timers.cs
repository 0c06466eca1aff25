using OpsBro.Core.Wire;

namespace OpsBro.Core.Gossip;

/// <summary>What is due when, and this process's own lateness.</summary>
public sealed partial class Swim
{
    static readonly TimeSpan never = TimeSpan.MaxValue;

    TimeSpan due = never;       // what the last Tick said
    TimeSpan lost;              // time that we were late by, in all
    TimeSpan lostUntil;
    TimeSpan lastLate = -TimeSpan.FromDays(1);
    TimeSpan nextPushPull = never;

    /// <summary>
    /// Does what is due and says when it must be called again at the latest. Call it after whatever else was called, too, for that may have
    /// made something due; it costs little when nothing is. A node alone is not due at all.
    /// </summary>
    public TimeSpan Tick(TimeSpan now)
    {
        NoticeLateness(now);
        clock = now;
        Arm(now);
        Condemn(now);
        ContinueProbes(now);
        BeginProbe(now);
        EndPings(now);
        PingDead(now);
        PushPullInTurn(now);
        Bury(now);
        ArmGossip(now);
        Gossip(now);
        ArmGossip(now);
        return due = Next();
    }

    /// <summary>
    /// We were late by so much (a timer, a collection of garbage, a stopped process): we are not well, and what others did not answer in
    /// this time is not held against them. <see cref="Tick"/> and <see cref="Receive"/> find out by themselves when they are called late.
    /// </summary>
    public void Late(TimeSpan by, TimeSpan now)
    {
        if (by < GossipLimits.LateThreshold) return;
        Counters.Late++;
        if (by > Counters.MostLate) Counters.MostLate = by;
        // the same time may be reported twice, by our caller and by ourselves
        var since = now - by > lostUntil ? now - by : lostUntil;
        if (now > since) lost += now - since;
        lostUntil = now;
        if (now - lastLate < profile.ProbeInterval) return;   // one stop counts once
        lastLate = now;
        ChangeHealth(+1);
    }

    void NoticeLateness(TimeSpan now)
    {
        if (due == never || now - due < GossipLimits.LateThreshold) return;
        Late(now - due, now);
        due = now;
    }

    /// <summary>A clock that stood still while we did: what waits for others goes by it.</summary>
    TimeSpan Steady(TimeSpan now) => now - lost;

    /// <summary>Starts what peers make necessary, at a random moment so that nodes do not act at once, and stops it without them.</summary>
    void Arm(TimeSpan now)
    {
        if (live.Count == 0) nextProbe = nextPushPull = nextCatchUp = never;
        else
        {
            if (nextProbe == never) nextProbe = now + chance.Within(profile.ProbeInterval);
            if (nextPushPull == never) nextPushPull = now + chance.Within(PushPullInterval);
        }
        if (dead == 0) nextDeadPing = never;
        else if (nextDeadPing == never) nextDeadPing = now + GossipLimits.DeadPingInterval * (0.5 + chance.Fraction());
    }

    TimeSpan Next()
    {
        var next = Earlier(Earlier(nextProbe, nextGossip), Earlier(Earlier(nextPushPull, nextCatchUp), nextDeadPing));
        foreach (var probe in probes)
            if (probe.Target is not null) next = Earlier(next, Earlier(probe.AsksOthers, probe.Ends) + lost);
        if (pending.TryPeek(out var ping)) next = Earlier(next, ping.Sent + profile.ProbeTimeout);
        if (suspicions.TryPeek(out _, out var ends)) next = Earlier(next, ends + lost);
        if (burials.TryPeek(out var burial)) next = Earlier(next, burial.Since + profile.GossipToTheDeadTime);
        return next;
    }

    static TimeSpan Earlier(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
