using System.Globalization;
using OpsBro.Config;
using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;

namespace OpsBro.Gossip;

/// <summary>Every constant of the protocol with its name: <c>gossip tuning</c>. Page: serf-wire.md A12.</summary>
internal static class Tuning
{
    /// <summary>The table.</summary>
    public static TuningView[] All { get; } =
    [
        Of("ProbeInterval", p => Text(p.ProbeInterval), "time between two probes"),
        Of("ProbeTimeout", p => Text(p.ProbeTimeout), "a probe asks others after this time; less when round trips are known to be short"),
        Same("MinProbeTimeout", Text(GossipLimits.MinProbeTimeout), "the least of it"),
        Same("MaxProbes", Text(GossipLimits.MaxProbes), "probes under way at once"),
        Of("IndirectChecks", p => Text(p.IndirectChecks), "peers asked to probe for us"),
        Of("SuspicionMult", p => Text(p.SuspicionMult), "probe intervals times log10 of the members until a confirmed suspect is failed"),
        Of("SuspicionMaxTimeoutMult", p => Text(p.SuspicionMaxTimeoutMult), "times that, when nobody confirms"),
        Of("RetransmitMult", p => Text(p.RetransmitMult), "times log10 of the members that a rumour is sent"),
        Of("GossipInterval", p => Text(p.GossipInterval), "time between two rounds of rumours"),
        Of("GossipNodes", p => Text(p.GossipNodes), "members that a round goes to"),
        Of("GossipToTheDeadTime", p => Text(p.GossipToTheDeadTime), "a failed member is still told rumours for so long"),
        Of("PushPullInterval", p => Text(p.PushPullInterval), "time between two exchanges of the whole state, up to 32 members"),
        Of("TCPTimeout", p => Text(p.StreamTimeout), "longest time of a stream"),
        Same("AwarenessMaxMultiplier", Text(GossipLimits.AwarenessMaxMultiplier), "scores of local health"),
        Same("UDPBufferSize", Text(WireLimits.PacketBudget), "bytes of a datagram sent"),
        Same("MetaMaxSize", Text(Tags.MaxMetaSent), "bytes of all tags"),
        Same("PushPullMaxSize", Text(WireLimits.MaxStream), "bytes of the whole state, or of a message on a stream"),
        Same("DecompressedMaxSize", Text(WireLimits.MaxInflatedStream), "bytes that it may grow to when it was compressed"),
        Same("MaxConcurrentPushPull", Text(GossipStreams.MaxInbound), "streams that may come in at once"),
        Same("HandoffQueueDepth", "0", "datagrams that wait between the socket and the engine: it takes each at once; memberlist: 1024"),
        Same("DeadNodeReclaimTime", "0s", "a failed member's name is free for another address after this time"),
        Same("ReconnectInterval", Text(GossipLimits.ReconnectInterval), "failed members and seeds are tried again after this time; Serf: 30s"),
        Same("ReconnectTimeout", Text(GossipLimits.ReconnectTimeout), "a failed member is forgotten after this time"),
        Same("RetryJoin", Text(GossipLimits.ReconnectInterval), "seeds that are no members are tried again after this time; Serf: 30s"),
        Same("TombstoneTimeout", Text(GossipLimits.TombstoneTimeout), "a member that left is forgotten after this time"),
        Same("FlapTimeout", Text(GossipLimits.FlapTimeout), "a failed member that is back sooner is counted under flaps"),
        Same("ReapInterval", Text(GossipLimits.ReapInterval), "time between two looks for members to forget"),
        Same("RecentIntentTimeout", Text(GossipLimits.RecentIntentTimeout), "an intent about a member not known yet is kept so long"),
        Same("BroadcastTimeout", Text(GossipLimits.BroadcastTimeout), "longest wait until a goodbye has been sent"),
        Same("LeavePropagateDelay", Text(GossipLimits.LeavePropagateDelay), "a leaving node stays up so long after it"),
        Same("EventBuffer", Text(GossipLimits.EventBuffer), "slots of past events, and of past queries"),
        Same("UserEventSizeLimit", Text(GossipLimits.UserEventSize), "bytes of an event: name and payload"),
        Same("QuerySizeLimit", Text(GossipLimits.QuerySize), "bytes of a query"),
        Same("QueryResponseSizeLimit", Text(GossipLimits.QuerySize), "bytes of an answer"),
        Same("QueryTimeoutMult", Text(GossipLimits.QueryTimeoutMult), "gossip intervals times log10 of the members that answers are taken"),
        Same("MaxQueueDepth", Text(GossipLimits.MaxQueue), "rumours of one kind that wait"),
        Same("QueueDepthWarning", Text(GossipLimits.MaxQueue), "what exceeds it is dropped and counted as dropped_rumours; Serf warns at 128"),
        Same("CoalescePeriod", Text(EventCoalescer.Window), "handlers are told changes of members and events together after at most this time"),
        Same("QuiescentPeriod", Text(EventCoalescer.Quiet), "and after so long without another one"),
        Same("LeaveTimeout", Text(GossipPool.LeavePatience), "a clean stop waits at most so long for its goodbye; Serf: 3s"),
        Same("MaxNodes", Text(GossipLimits.MaxNodes), "members known at most"),
        Same("ReplayWindow", Text(GossipLimits.ReplayWindow), "a datagram seen within this time is a replay"),
        Same("MaxLamportJump", Text((long)GossipLimits.MaxLamportJump), "a Lamport time that is ahead by more is not believed"),
    ];

    static TuningView Of(string name, Func<GossipProfile, string> value, string meaning) =>
        new(name, value(GossipProfile.Lan), value(GossipProfile.Wan), value(GossipProfile.Local), meaning);

    static TuningView Same(string name, string value, string meaning) => new(name, value, value, value, meaning);

    static string Text(TimeSpan time) => Durations.Text(time);

    static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
