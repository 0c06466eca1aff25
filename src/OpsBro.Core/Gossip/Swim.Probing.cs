using OpsBro.Core.Wire;

namespace OpsBro.Core.Gossip;

/// <summary>A node that is being asked whether it is there.</summary>
sealed class Probe
{
    /// <summary>Who; null: this probe is free.</summary>
    public SwimNode? Target { get; set; }

    /// <summary>What the ack repeats.</summary>
    public uint SeqNo { get; set; }

    /// <summary>When it was asked, on the engine's clock.</summary>
    public TimeSpan Sent { get; set; }

    /// <summary>When others are asked to ask it, on the steady clock; never: they were.</summary>
    public TimeSpan AsksOthers { get; set; }

    /// <summary>When it is over, on the steady clock.</summary>
    public TimeSpan Ends { get; set; }

    /// <summary>Peers that will say so when it does not answer them, and have not yet.</summary>
    public int NacksMissing { get; set; }

    /// <summary>Such peers were asked at all.</summary>
    public bool ExpectsNacks { get; set; }
}

/// <summary>The failure detector: each round a node is pinged, then by way of others and by stream, then suspected.</summary>
public sealed partial class Swim
{
    readonly Probe[] probes = [.. Enumerable.Range(0, GossipLimits.MaxProbes).Select(_ => new Probe())];
    TimeSpan nextProbe = never;
    int round;       // nodes of the live list before this index were probed in this round
    uint sequence;

    /// <summary>
    /// Begins the next probe, if one is free. While we are not well it is one at a time, as others do; a node that is well does not let
    /// a dead one hold up its round.
    /// </summary>
    void BeginProbe(TimeSpan now)
    {
        if (now < nextProbe) return;
        nextProbe = now - nextProbe < profile.ProbeInterval ? nextProbe + profile.ProbeInterval : now + profile.ProbeInterval;
        var busy = 0;
        Probe? free = null;
        foreach (var probe in probes)
        {
            if (probe.Target is null) free = probe;
            else busy++;
        }
        if (free is null || (busy > 0 && Health > 0) || busy >= live.Count) return;
        SwimNode target;
        do target = NextOfRound();
        while (IsProbed(target));
        Counters.Probes++;
        var timeout = ProbeTimeout(target);
        (free.Target, free.SeqNo, free.Sent) = (target, ++sequence, now);
        (free.NacksMissing, free.ExpectsNacks) = (0, false);
        free.AsksOthers = Steady(now) + timeout;
        // the others get as long as they would if the target were slow
        free.Ends = free.AsksOthers + profile.ProbeInterval * (Health + 1) - profile.ProbeTimeout;
        SendProbe(target, free.SeqNo);
    }

    bool IsProbed(SwimNode node)
    {
        foreach (var probe in probes)
            if (probe.Target == node) return true;
        return false;
    }

    void SendProbe(SwimNode target, uint seqNo)
    {
        WritePing(target, seqNo);
        if (target.State == NodeStatus.Alive)
        {
            Send(target.Address, scratch.Written);
            return;
        }
        // whoever is accused hears it at once, and can refute it (Lifeguard's buddy system)
        parcel.Clear();
        parcel.TryAdd(scratch.Written);
        scratch.Clear();
        WriteAccusation(target);
        parcel.TryAdd(scratch.Written);
        Fill();
        SendBare(target.Address, parcel.Written, target.Versions.HasCrc);
    }

    /// <summary>
    /// The live list is mixed as the round goes on (Fisher-Yates, a step at a time), so each node comes once in a round in a new order and
    /// new ones, which stand at the end, in this one. Nothing here grows with the nodes.
    /// </summary>
    SwimNode NextOfRound()
    {
        if (round >= live.Count) round = 0;
        var drawn = round + chance.Below(live.Count - round);
        Swap(round, drawn);
        return live[round++];
    }

    /// <summary>A node is about to leave the live list; the last one will take its place, so that must be behind the round.</summary>
    void LeaveRound(SwimNode node)
    {
        foreach (var probe in probes)
            if (probe.Target == node) probe.Target = null;
        if (node.Index >= round) return;
        round--;
        Swap(node.Index, round);
    }

    void Swap(int one, int other)
    {
        (live[one], live[other]) = (live[other], live[one]);
        live[one].Index = one;
        live[other].Index = other;
    }

    /// <summary>Three round trips when they are known, but not less than a busy machine may take.</summary>
    TimeSpan ProbeTimeout(SwimNode target)
    {
        if (target.RoundTrip is not { } roundTrip) return profile.ProbeTimeout;
        var wanted = GossipLimits.ProbeRoundTrips * roundTrip;
        var least = GossipLimits.MinProbeTimeout < profile.ProbeTimeout ? GossipLimits.MinProbeTimeout : profile.ProbeTimeout;
        return wanted < least ? least : wanted > profile.ProbeTimeout ? profile.ProbeTimeout : wanted;
    }

    void ContinueProbes(TimeSpan now)
    {
        foreach (var probe in probes)
        {
            if (probe.Target is not { } target) continue;
            if (probe.AsksOthers <= Steady(now)) AskOthers(probe, target, now);
            if (probe.Ends > Steady(now)) continue;
            probe.Target = null;
            Counters.FailedProbes++;
            ChangeHealth(probe.ExpectsNacks ? probe.NacksMissing : +1);
            Suspect(target, target.Incarnation, Self.Name, now);
        }
    }

    void AskOthers(Probe probe, SwimNode target, TimeSpan now)
    {
        probe.AsksOthers = never;
        Counters.IndirectProbes++;
        foreach (var peer in RandomAlive(profile.IndirectChecks, target))
        {
            scratch.Clear();
            new IndirectPing(probe.SeqNo, target.Address.Addr, target.Address.Port, target.Name, peer.Versions.HasNack,
                Self.Address.Addr, Self.Address.Port, Self.Name).Write(scratch);
            Send(peer.Address, scratch.Written);
            if (!peer.Versions.HasNack) continue;
            probe.ExpectsNacks = true;
            probe.NacksMissing++;
        }
        if (!target.Versions.HasStreamPing) return;
        WritePing(target, probe.SeqNo);
        Dial(new Dialed(DialKind.Ping, target.Address, target) { SeqNo = probe.SeqNo }, scratch.Written, expectsAnswer: true,
            probe.Ends - Steady(now));
    }

    void Answered(in AckView ack)
    {
        foreach (var probe in probes)
        {
            if (probe.Target is not { } target || probe.SeqNo != ack.SeqNo) continue;
            // one that comes by way of another tells nothing of the way between us
            var isDirect = probe.AsksOthers != never || sender == target.Address;
            Succeeded(probe);
            if (isDirect) Measured(target, clock - probe.Sent, ack.Payload);
            return;
        }
        PingAnswered(ack);
    }

    void StreamProbeAnswered(SwimNode node, uint seqNo)
    {
        foreach (var probe in probes)
        {
            if (probe.Target != node || probe.SeqNo != seqNo) continue;
            Counters.StreamProbes++;
            Succeeded(probe);
            output.Happened(new HistoryNews(node.Name, Self.Name, "udp", "it answers on TCP but not on UDP"));
        }
    }

    void Succeeded(Probe probe)
    {
        if (probe.Target!.Suspicion is not null) GiveTime(probe.Target);
        probe.Target = null;
        HeardAnswer(clock);
        ChangeHealth(-1);
    }

    void Measured(SwimNode node, TimeSpan roundTrip, ReadOnlySpan<byte> payload)
    {
        var seconds = (float)roundTrip.TotalSeconds;
        var old = node.SmoothedSeconds;
        // up fast and down slowly: nearer to the slowest answers than to their mean
        var share = old == 0 ? 1 : seconds > old ? GossipLimits.RoundTripRise : GossipLimits.RoundTripFall;
        node.SmoothedSeconds = old + share * (seconds - old);
        user.PingDone(node, roundTrip, payload, clock);
    }

    void NotAnswered(uint seqNo)
    {
        foreach (var probe in probes)
            if (probe.Target is not null && probe.SeqNo == seqNo && probe.NacksMissing > 0)
            {
                probe.NacksMissing--;
                HeardAnswer(clock);
            }
    }

    void WritePing(SwimNode target, uint seqNo)
    {
        Span<byte> address = stackalloc byte[16];
        scratch.Clear();
        var fields = new MsgPackWriter(scratch);
        fields.Type((byte)MessageType.Ping);
        fields.Map(5);
        fields.Field("Node"u8, target.Name);
        fields.Field("SeqNo"u8, seqNo);
        fields.Raw("SourceAddr"u8);
        fields.Raw(address[..Self.Address.Write(address)]);
        fields.Raw("SourceNode"u8);
        fields.Raw(ownName);
        fields.Field("SourcePort"u8, Self.Address.Port);
    }
}
