using OpsBro.Core.Wire;

namespace OpsBro.Core.Gossip;

/// <summary>Pings beside the probes: answered, asked for by an operator, passed on for others, and sent to the dead.</summary>
public sealed partial class Swim
{
    // all have the same timeout, so the oldest is the next one to end
    readonly Queue<PendingPing> pending = [];
    readonly Dictionary<uint, PendingPing> pendingBySeqNo = [];
    TimeSpan nextDeadPing = never;
    int dead;   // of all nodes known

    /// <summary>
    /// Pings a node once; <see cref="PingNews"/> tells how it went, with the number that this gives. 0: too many pings are under way.
    /// </summary>
    public ulong Ping(SwimNode node, TimeSpan now)
    {
        if (!TryAwait(new PendingPing(PingKind.Asked, ++sequence, node, now))) return 0;
        clock = now;
        WritePing(node, sequence);
        Send(node.Address, scratch.Written);
        return sequence;
    }

    /// <summary>
    /// Answers at once. The ack goes where the ping says only when a member lives there, else back to where it came from: nobody can make us
    /// send packets to a third party.
    /// </summary>
    void Answer(in PingView ping)
    {
        if (!ping.Node.IsEmpty && !ping.Node.SequenceEqual(ownName))
        {
            Counters.Misdirected++;   // meant for whoever had this address before a restart
            return;
        }
        var asker = Find(ping.SourceNode);
        scratch.Clear();
        var fields = new MsgPackWriter(scratch);
        fields.Type((byte)MessageType.Ack);
        fields.Map(2);
        fields.Raw("Payload"u8);
        var payload = user.AckPayload(asker);
        if (payload.IsEmpty) fields.Nil();
        else fields.Raw(payload);
        fields.Field("SeqNo"u8, ping.SeqNo);
        var to = ReplyTo(PeerAddress.Of(ping.SourceAddr, ping.SourcePort), asker);
        Send(to, scratch.Written);
        // it pings us, so it is alive, and does not know what we hold of it
        if (asker is { State: NodeStatus.Dead } && asker.Address == to) Accuse(asker, to, clock);
    }

    PeerAddress ReplyTo(PeerAddress source, SwimNode? asker) =>
        source.IsReachable && asker is not null && asker.Address == source ? source : sender;

    /// <summary>Pings another for a member. Only members may ask, and only for members: we are no tool to scan a network.</summary>
    void PingFor(IndirectPing request)
    {
        var asker = request.SourceNode.Length > 0 ? known.Find(request.SourceNode) : null;
        var source = PeerAddress.Of(request.SourceAddr.Span, request.SourcePort);
        var target = PeerAddress.Of(request.Target.Span, request.Port == 0 ? Self.Address.Port : request.Port);
        var node = known.Find(request.Node);
        // old nodes do not say who they are: then their target must be a member
        var isFromMember = asker is not null && (source.IsNone || asker.Address == source || asker.Address == sender);
        if (!target.IsReachable || node == Self || (!isFromMember && node?.Address != target))
        {
            Counters.Misdirected++;
            return;
        }
        var ping = new PendingPing(PingKind.ForAnother, ++sequence, null, clock)
        {
            ReplyTo = ReplyTo(source, asker),
            TheirSeqNo = request.SeqNo,
            WantsNack = request.Nack,
        };
        if (!TryAwait(ping)) return;
        scratch.Clear();
        new Ping(request.Node, ping.SeqNo, Self.Address.Addr, Self.Address.Port, Self.Name).Write(scratch);
        Send(target, scratch.Written);
    }

    bool TryAwait(PendingPing ping)
    {
        if (pendingBySeqNo.Count >= GossipLimits.MaxPings)
        {
            Counters.RefusedRequests++;
            return false;
        }
        pending.Enqueue(ping);
        pendingBySeqNo[ping.SeqNo] = ping;
        return true;
    }

    void PingAnswered(in AckView ack)
    {
        if (!pendingBySeqNo.Remove(ack.SeqNo, out var ping)) return;   // too late, or for a probe that another answered first
        HeardAnswer(clock);
        switch (ping.Kind)
        {
            case PingKind.Asked:
                Measured(ping.Node!, clock - ping.Sent, ack.Payload);
                output.Happened(new PingNews(ping.SeqNo, ping.Node!.Name, clock - ping.Sent));
                break;
            case PingKind.ForAnother:
                scratch.Clear();
                new Ack(ping.TheirSeqNo, default).Write(scratch);
                Send(ping.ReplyTo, scratch.Written);
                break;
            case PingKind.LastCall when ping.Node!.Suspicion is not null:
                GiveTime(ping.Node);
                break;
            case PingKind.OfDead when ping.Node!.State == NodeStatus.Dead:
                // it is there again, and so may be all that was behind the same broken link
                PushPull(ping.Node.Address, isJoin: false);
                break;
        }
    }

    void EndPings(TimeSpan now)
    {
        while (pending.TryPeek(out var ping) && (ping.Sent + profile.ProbeTimeout <= now || !pendingBySeqNo.ContainsKey(ping.SeqNo)))
        {
            pending.Dequeue();
            if (!pendingBySeqNo.Remove(ping.SeqNo)) continue;   // answered
            if (ping.Kind == PingKind.Asked) output.Happened(new PingNews(ping.SeqNo, ping.Node!.Name, null));
            if (ping.Kind != PingKind.ForAnother || !ping.WantsNack) continue;
            scratch.Clear();
            new Nack(ping.TheirSeqNo).Write(scratch);
            Send(ping.ReplyTo, scratch.Written);
        }
    }

    /// <summary>Now and then asks a dead node whether it is back, and tells it that it was held dead: a split network heals by this.</summary>
    void PingDead(TimeSpan now)
    {
        if (now < nextDeadPing) return;
        nextDeadPing = now + GossipLimits.DeadPingInterval * (0.75 + chance.Fraction() / 2);
        for (var tries = 0; tries < GossipLimits.MaxDraws; tries++)
        {
            var at = chance.Below(fresh.Count + buried.Count);
            var node = at < fresh.Count ? fresh[at] : buried[at - fresh.Count];
            if (node.State != NodeStatus.Dead) continue;
            if (TryAwait(new PendingPing(PingKind.OfDead, ++sequence, node, now))) SendProbe(node, sequence);
            return;
        }
    }

    enum PingKind
    {
        Asked,
        ForAnother,
        OfDead,
        LastCall,
    }

    sealed record PendingPing(PingKind Kind, uint SeqNo, SwimNode? Node, TimeSpan Sent)
    {
        public PeerAddress ReplyTo { get; init; }
        public uint TheirSeqNo { get; init; }
        public bool WantsNack { get; init; }
    }
}
