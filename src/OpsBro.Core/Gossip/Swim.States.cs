using OpsBro.Core.Wire;

namespace OpsBro.Core.Gossip;

/// <summary>The state machine: alive, suspect, dead and left, by incarnation (serf-wire.md A10).</summary>
public sealed partial class Swim
{
    readonly PriorityQueue<SwimNode, TimeSpan> suspicions = new();   // by when they are due, steady clock; stale ones are passed over
    Allowance lastCalls = new(GossipLimits.MaxLastCalls);
    readonly Queue<(SwimNode Node, TimeSpan Since)> burials = [];

    /// <summary>A node is said to be alive, by itself at first; in a push/pull by a peer that holds it alive.</summary>
    void Alive(in NodeView said, bool isMerge, TimeSpan now)
    {
        var address = PeerAddress.Of(said.Addr, said.Port);
        if (said.Name.IsEmpty || !address.IsReachable || !TryVersions(said.Vsn, out var versions))
        {
            Counters.Malformed++;
            return;
        }
        var node = Find(said.Name);
        if (node is null)
        {
            if (IsBeyond(said.Incarnation, GossipLimits.MaxNewIncarnation)) return;
            if (known.Count >= GossipLimits.MaxNodes)
            {
                Counters.RefusedNodes++;
                return;
            }
            node = new SwimNode(FactsOf(WireText.Decode(said.Name), address, said.Meta, versions)) { Incarnation = said.Incarnation };
            known.Add(node);
            BecomeAlive(node, node.Facts, said.Incarnation, isMerge ? "a peer knows it" : "it is new", now);
            return;
        }
        if (node == Self && IsLeaving) return;   // we know better
        // a node that is gone may come back elsewhere; one that is there has its name for itself
        if (address != node.Address && node.IsLive)
        {
            Conflict(node, said, address, now);
            return;
        }
        if (IsJump(said.Incarnation, node.Incarnation)) return;
        if (node == Self)
        {
            var same = Self.Facts.Says(address, said.Meta, versions);
            if (said.Incarnation > Self.Incarnation || (said.Incarnation == Self.Incarnation && !same))
                Refute(said.Incarnation, "", "another incarnation of us is about", isLoud: true, now);
            return;
        }
        // A peer that holds a node alive which we hold dead for long is right: we were cut off. A datagram may be an old one; and one that
        // said goodbye comes back with its own word only.
        var isBack = isMerge && node is { Rank: SwimRank.Buried, State: NodeStatus.Dead } && said.Incarnation == node.Incarnation;
        if (said.Incarnation <= node.Incarnation && !isBack)
        {
            if (!node.IsLive || (node.State == NodeStatus.Suspect && said.Incarnation < node.Incarnation)) Accuse(node, address, now);
            return;
        }
        var facts = node.Facts.Says(address, said.Meta, versions) ? node.Facts : FactsOf(node.Name, address, said.Meta, versions);
        BecomeAlive(node, facts, said.Incarnation, isMerge ? "a peer says that it is back" : "it is back", now);
    }

    void BecomeAlive(SwimNode node, NodeFacts facts, uint incarnation, string cause, TimeSpan now)
    {
        var (before, isOther) = (node.State, facts != node.Facts);
        node.Suspicion = null;
        node.Facts = facts;
        node.Incarnation = incarnation;
        node.State = NodeStatus.Alive;
        if (before != NodeStatus.Alive) node.Since = now;
        TellAlive(node);
        if (before is NodeStatus.Dead or NodeStatus.Left)
        {
            if (before == NodeStatus.Dead && node.Rank != SwimRank.None) dead--;
            Move(node, SwimRank.Live);
            arrivals++;
            user.Joined(node, cause, now);
            return;
        }
        if (before == NodeStatus.Suspect) output.Happened(new HistoryNews(node.Name, node.Name, "refute", "it says that it is alive"));
        if (isOther) user.Updated(node, now);
    }

    /// <summary>A node did not answer somebody.</summary>
    void Suspect(uint incarnation, ReadOnlySpan<byte> name, string from, TimeSpan now)
    {
        if (Find(name) is { } node) Suspect(node, incarnation, from, now);
    }

    void Suspect(SwimNode node, uint incarnation, string from, TimeSpan now)
    {
        if (incarnation < node.Incarnation || IsJump(incarnation, node.Incarnation)) return;
        if (node.Suspicion is { } running && incarnation == node.Incarnation)
        {
            if (!running.Confirm(from)) return;   // who repeats what was said would start a storm
            suspicions.Enqueue(node, running.Due);
            TellSuspect(node, from);
            output.Happened(new HistoryNews(node.Name, from, "confirm", $"{from} suspects it, too"));
            return;
        }
        if (!node.IsLive) return;
        if (node == Self)
        {
            Refute(incarnation, from, $"{from} suspects us", isLoud: false, now);
            return;
        }
        // of a higher incarnation: it refuted what we heard before and we missed it, so this is no confirmation but begins anew
        Counters.Suspicions++;
        node.Incarnation = incarnation;
        (node.State, node.Since) = (NodeStatus.Suspect, now);
        TellSuspect(node, from);
        var suspicion = Suspicion.Of(from, profile, EstimatedNodes, Steady(now));
        node.Suspicion = suspicion;
        if (suspicions.Count > GossipLimits.StaleTimersFactor * (live.Count + GossipLimits.StaleTimersFactor)) DropStaleTimers();
        suspicions.Enqueue(node, suspicion.Due);
        output.Happened(new HistoryNews(node.Name, from, "suspect", from == Self.Name ? "it did not answer us" : $"{from} suspects it"));
    }

    /// <summary>A node is dead; or it left, when it says so itself.</summary>
    void Dead(uint incarnation, ReadOnlySpan<byte> name, ReadOnlySpan<byte> from, TimeSpan now)
    {
        if (Find(name) is not { } node || incarnation < node.Incarnation || IsJump(incarnation, node.Incarnation)) return;
        if (node == Self)
        {
            if (!IsLeaving) Refute(incarnation, WireText.Decode(from), $"{WireText.Decode(from)} holds us dead", isLoud: true, now);
            return;
        }
        if (!node.IsLive)
        {
            // an old alive message must not bring it back (memberlist forgets this)
            node.Incarnation = incarnation;
            return;
        }
        node.Incarnation = incarnation;
        if (name.SequenceEqual(from)) BecomeGone(node, NodeStatus.Left, node.Name, "it said goodbye", now);
        else
        {
            var accuser = WireText.Decode(from);
            BecomeGone(node, NodeStatus.Dead, accuser, $"{accuser} says that it is dead", now);
        }
    }

    void BecomeGone(SwimNode node, NodeStatus state, string from, string cause, TimeSpan now, bool tell = true)
    {
        node.Suspicion = null;
        (node.State, node.Since) = (state, now);
        Move(node, SwimRank.Fresh);
        burials.Enqueue((node, now));
        if (state == NodeStatus.Dead)
        {
            dead++;
            Counters.Deaths++;
        }
        if (tell) TellDead(node, from);
        user.Gone(node, cause, now);
    }

    /// <summary>The suspicions that have run out, and those about to.</summary>
    void Condemn(TimeSpan now)
    {
        while (suspicions.TryPeek(out var node, out var at) && at <= Steady(now))
        {
            suspicions.Dequeue();
            if (node.Suspicion is not { } suspicion || suspicion.Due > Steady(now)) continue;   // refuted, or begun anew
            if (suspicion.Ends > Steady(now))
            {
                // its refutation may have missed us: whoever still suspects it asks it once more
                suspicion.CallsLeft--;
                suspicions.Enqueue(node, suspicion.Due);
                if (lastCalls.Take(now) && TryAwait(new PendingPing(PingKind.LastCall, ++sequence, node, now))) SendProbe(node, sequence);
                continue;
            }
            var isolated = IsIsolated(now);
            var waited = (Steady(now) - suspicion.Started).TotalSeconds;
            var others = suspicion.Accusers.Count == 1 ? "" : $", confirmed by {string.Join(", ", suspicion.Accusers.Skip(1))}";
            var alone = isolated ? ", and nobody else answers us" : "";
            BecomeGone(node, NodeStatus.Dead, Self.Name,
                string.Create(null, $"no answer for {waited:0.0} s, suspected by {suspicion.Accusers[0]}{others}{alone}"), now, tell: !isolated);
        }
    }

    /// <summary>Refuted suspicions leave their timers behind; a peer that suspects all day long must not fill our memory with them.</summary>
    void DropStaleTimers()
    {
        suspicions.Clear();
        foreach (var node in live)
            if (node.Suspicion is { } suspicion) suspicions.Enqueue(node, suspicion.Due);
    }

    /// <summary>Nodes that are gone for a while are told no rumours any more.</summary>
    void Bury(TimeSpan now)
    {
        while (burials.TryPeek(out var next) && next.Since + profile.GossipToTheDeadTime <= now)
        {
            burials.Dequeue();
            if (next.Node.Rank == SwimRank.Fresh && next.Node.Since == next.Since) Move(next.Node, SwimRank.Buried);
        }
    }

    void Conflict(SwimNode node, in NodeView said, PeerAddress address, TimeSpan now)
    {
        Counters.Conflicts++;
        var alive = new Alive(said.Incarnation, node.Name, address.Addr, said.Port, said.Meta.ToArray(), said.Vsn.ToArray());
        user.Conflict(node, alive, now);
    }

    /// <summary>
    /// An incarnation near the end of its range would poison a node for ever: nothing could top it. One beyond what newcomers believe would
    /// hide it from them. So far up it goes in small steps only.
    /// </summary>
    bool IsJump(uint incarnation, uint known) =>
        IsBeyond(incarnation, Math.Max(GossipLimits.MaxIncarnation, (ulong)known + GossipLimits.MaxIncarnationStep));

    bool IsBeyond(uint incarnation, ulong most)
    {
        if (incarnation <= most) return false;
        Counters.RefusedJumps++;
        return true;
    }

    /// <summary>Nothing is fine, too: then the node did not say; all else must be six bytes.</summary>
    static bool TryVersions(ReadOnlySpan<byte> vsn, out ProtocolVersions versions) =>
        ProtocolVersions.TryRead(vsn, out versions) || vsn.IsEmpty;
}
