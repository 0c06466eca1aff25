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

        /// <summary>The goodbye goes round.</summary>
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
        var intent = new LeaveIntent(clock.Next(), settings.Name, false);
        Take(intent, now);
        if (!HasOthers) return;   // nobody is there to be told
        intents.Add(Encode(intent), LeaveName);
        phaseEnds = now + GossipLimits.BroadcastTimeout;
    }

    const string LeaveName = "leave";

    TimeSpan TickLeave(TimeSpan now)
    {
        if (leaving == LeavePhase.Intent && (now >= phaseEnds || !intents.Has(LeaveName)))
        {
            swim.Leave(now);
            Gone(swim.Self, "it said goodbye", now);
            (leaving, phaseEnds) = (LeavePhase.Goodbye, now + (HasOthers ? GossipLimits.BroadcastTimeout : TimeSpan.Zero));
        }
        if (leaving == LeavePhase.Goodbye && (now >= phaseEnds || swim.AllRumoursSent))
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
