using OpsBro.Core.Wire;

namespace OpsBro.Core.Gossip;

/// <summary>Leaving: the intent, then the word of our own death, then the time that both need to spread.</summary>
sealed partial class Serf
{
    LeavePhase leaving;
    TimeSpan phaseEnds;

    /// <summary>How far our leave has come.</summary>
    enum LeavePhase
    {
        /// <summary>We stay.</summary>
        Not,

        /// <summary>The intent goes round: that we leave, and do not fail.</summary>
        Intent,

        /// <summary>The goodbye goes round, and the intent once more.</summary>
        Goodbye,

        /// <summary>All was said; we still answer for a while.</summary>
        Linger,

        /// <summary>We left.</summary>
        Over,
    }

    /// <summary>We said that we will go.</summary>
    public bool IsLeaving => leaving != LeavePhase.Not;

    /// <summary>Begins to leave; <see cref="LeftNews"/> is its end.</summary>
    public void Leave(TimeSpan now)
    {
        if (IsLeaving) return;
        leaving = LeavePhase.Intent;
        phaseEnds = now;
        SayLeaving(now);
        if (HasOthers) phaseEnds = now + GossipLimits.BroadcastTimeout;
    }

    void SayLeaving(TimeSpan now)
    {
        var intent = new LeaveIntent(clock.Next(), settings.Name, false);
        Take(intent, now);
        if (HasOthers) intents.Add(Encode(intent), LeaveName);   // else nobody is there to be told
    }

    const string LeaveName = "leave";

    TimeSpan TickLeave(TimeSpan now)
    {
        if (leaving == LeavePhase.Intent && (now >= phaseEnds || !HasOthers || !intents.Has(LeaveName)))
        {
            swim.Leave(now);
            Gone(swim.Self, "it said goodbye", now);
            // Once more, and newer. Serf's agents hand the time of the first on as that of a join (their state tells no leaving ones), and whoever
            // heard it so takes the first itself for old: to him we fail with the goodbye. The second one makes him say that we left.
            SayLeaving(now);
            (leaving, phaseEnds) = (LeavePhase.Goodbye, now + (HasOthers ? GossipLimits.BroadcastTimeout : TimeSpan.Zero));
        }
        if (leaving == LeavePhase.Goodbye && (now >= phaseEnds || !HasOthers || (swim.AllRumoursSent && !intents.Has(LeaveName))))
            (leaving, phaseEnds) = (LeavePhase.Linger, now + (HasOthers ? GossipLimits.LeavePropagateDelay : TimeSpan.Zero));
        if (leaving == LeavePhase.Linger && now >= phaseEnds)
        {
            leaving = LeavePhase.Over;
            output.Happened(new LeftNews());
        }
        return leaving switch
        {
            LeavePhase.Not or LeavePhase.Over => TimeSpan.MaxValue,
            LeavePhase.Linger => phaseEnds,
            _ => Earlier(phaseEnds, now + settings.Profile.GossipInterval),   // rumours are sent in rounds
        };
    }
}
