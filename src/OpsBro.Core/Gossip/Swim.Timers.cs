using OpsBro.Core.Wire;

namespace OpsBro.Core.Gossip;

public sealed partial class Swim
{
    /// <summary>Local health: 0 is well, up to <see cref="GossipLimits.AwarenessMaxMultiplier"/> less one.</summary>
    public int Health { get; private set; }

    /// <summary>No rumour of ours about members waits to be sent.</summary>
    public bool AllRumoursSent => rumours.Count == 0;

    /// <summary>
    /// Does what is due and says when it must be called again at the latest. Call it after whatever else was called, too, for that may have
    /// made something due; it costs little when nothing is.
    /// </summary>
    public TimeSpan Tick(TimeSpan now) => now + profile.ProbeInterval;

    /// <summary>
    /// We were late by so much (a timer, a collection of garbage, a stopped process): we are not well, and what others did not answer in
    /// this time is not held against them. <see cref="Tick"/> and <see cref="Receive"/> find out by themselves when they are called late.
    /// </summary>
    public void Late(TimeSpan by, TimeSpan now)
    {
    }

    /// <summary>Says goodbye: we stay up and answer, until <see cref="AllRumoursSent"/> and a while after.</summary>
    public void Leave(TimeSpan now)
    {
    }

    /// <summary>Tells our new tags, with the next incarnation.</summary>
    public void SetMeta(Bytes meta, TimeSpan now)
    {
    }

    /// <summary>Pings a node once; <see cref="PingNews"/> tells how it went. The number is that of the news.</summary>
    public ulong Ping(SwimNode node, TimeSpan now) => 0;


    void LeaveRound(SwimNode node) => _ = node;
}
