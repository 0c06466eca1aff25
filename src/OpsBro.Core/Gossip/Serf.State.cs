using System.Buffers;
using OpsBro.Core.Wire;

namespace OpsBro.Core.Gossip;

/// <summary>Serf's part of a push/pull.</summary>
sealed partial class Serf
{
    /// <inheritdoc/>
    public void WriteState(IBufferWriter<byte> output, bool isJoin)
    {
        var left = new List<string>();
        var status = new List<KeyValuePair<string, ulong>>(Count);
        foreach (var node in swim.Nodes)
        {
            if (node.Status == MemberStatus.None) continue;
            // Who is about to leave is among those who left: else his time would be read as that of a join, and the leave with the same time, when
            // it comes, as an old one. A reader makes the time one more, so that he arrives at that of the leave, and at no newer one.
            var isLeaving = node.Status == MemberStatus.Leaving;
            status.Add(new(node.Name, isLeaving ? Math.Max(node.StatusTime, 1) - 1 : node.StatusTime));
            if (isLeaving || node.Status == MemberStatus.Left) left.Add(node.Name);
        }
        var ring = new List<EventSlot?>();   // an empty one spares the 515 bytes of Serf's nils
        foreach (var (time, items) in pastEvents.All()) ring.Add(new EventSlot(time, items));
        new SerfPushPull(clock.Time, status, left, eventClock.Time, ring, queryClock.Time).Write(output);
    }

    /// <inheritdoc/>
    public void MergeState(PeerAddress from, ReadOnlySpan<byte> state, bool isJoin, TimeSpan now)
    {
        if (state.IsEmpty) return;   // a bare memberlist peer has none
        if (state[0] != (byte)SerfType.PushPull || SerfPushPull.TryRead(state[1..]) is not { } peer)
        {
            Counters.Malformed++;
            return;
        }
        var believed = clock.Merge(from, peer.LTime, !hasMerged)
            & eventClock.Merge(from, peer.EventLTime, !hasMerged)
            & queryClock.Merge(from, peer.QueryLTime, !hasMerged);
        if (!believed) Counters.RefusedJumps++;
        hasMerged = true;
        MergeMembers(peer, now);
        if (joining.TryGetValue(from, out var ignoreOld) && ignoreOld && eventClock.Believes(peer.EventLTime))
            eventFloor = Math.Max(eventFloor, peer.EventLTime);
        MergeEvents(peer);
    }

    void MergeMembers(SerfPushPull peer, TimeSpan now)
    {
        var left = new HashSet<string>(peer.LeftMembers ?? [], StringComparer.Ordinal);
        if (left.Count > 0)
        {
            // those who left first, or the times of the others would make their leaves look old
            foreach (var (name, time) in peer.StatusLTimes)
            {
                if (!left.Contains(name)) continue;
                // the peer's time may be that of the join: the leave came after it. Not once more when we know it: it would grow for ever
                if (Find(name) is { Status: MemberStatus.Left } known) known.StatusTime = Math.Max(known.StatusTime, Bounded(time));
                else Take(new LeaveIntent(time + 1, name, false), now, isMerge: true);
            }
        }
        foreach (var (name, time) in peer.StatusLTimes)
            if (!left.Contains(name)) Take(new JoinIntent(time, name), now, isMerge: true);
    }

    ulong Bounded(ulong time) => time <= clock.Time ? time : 0;

    /// <summary>Serf sends its ring as it lies there: sorted by time, no event is taken for an old one because of another.</summary>
    void MergeEvents(SerfPushPull peer)
    {
        foreach (var slot in (peer.Events ?? []).OfType<EventSlot>().OrderBy(slot => slot.LTime))
        {
            if (slot.LTime >= eventClock.Time)
            {
                Counters.RefusedJumps++;
                continue;
            }
            foreach (var past in slot.Events ?? []) Deliver(new UserEvent(slot.LTime, past.Name, past.Payload, false));
        }
    }
}
