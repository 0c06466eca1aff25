using OpsBro.Core.Wire;

namespace OpsBro.Core.Gossip;

/// <summary>What is told about nodes, and how often.</summary>
public sealed partial class Swim
{
    TimeSpan lastGossip = -TimeSpan.FromDays(1);
    TimeSpan nextGossip = never;
    uint listener;           // whose turn it is

    /// <summary>Times that a rumour is sent: grows with the logarithm of the nodes.</summary>
    public int RetransmitLimit => profile.RetransmitMult * (int)Math.Ceiling(Math.Log10(EstimatedNodes + 1));

    /// <summary>No rumour of ours about members waits to be sent; alone, we have nobody to tell.</summary>
    public bool AllRumoursSent => rumours.Count == 0 || !HasListeners;

    bool HasListeners => live.Count + fresh.Count > 0;

    /// <summary>
    /// A round begins soon after a rumour came, but never sooner than an interval after the last; the little while lets rumours that came
    /// together leave together. Without rumours there are no rounds.
    /// </summary>
    void ArmGossip(TimeSpan now)
    {
        var hasRumours = HasListeners && (rumours.Count > 0 || user.HasRumours);
        if (!hasRumours) nextGossip = never;
        else if (nextGossip == never)
        {
            var soon = now + chance.Within(profile.GossipInterval / GossipLimits.GatheringDivisor);
            nextGossip = lastGossip + profile.GossipInterval > soon ? lastGossip + profile.GossipInterval : soon;
        }
    }

    void Gossip(TimeSpan now)
    {
        if (now < nextGossip) return;
        (lastGossip, nextGossip) = (now, never);
        clock = now;
        // from anywhere, then one after the other: of the times that a rumour is sent, none is for a node that just had it
        if (listener == 0) listener = (uint)chance.Next() | 1;
        var listeners = live.Count + fresh.Count;
        var count = 0;
        for (var tries = Math.Min(listeners, GossipLimits.MaxDraws + profile.GossipNodes); tries > 0 && count < profile.GossipNodes; tries--)
        {
            var at = (int)(listener++ % (uint)listeners);
            var node = at < live.Count ? live[at] : fresh[at - live.Count];
            if (node.State == NodeStatus.Left) continue;
            count++;
            parcel.Clear();
            Fill();
            if (parcel.IsEmpty) return;
            SendBare(node.Address, parcel.Written, node.Versions.HasCrc);
        }
    }

    /// <summary>Bytes of the largest message of Serf that a datagram carries as a rumour.</summary>
    public int LargestUserRumour => writer.Budget - Compound.HeaderSize - Compound.PartOverhead - 1;

    void TellAlive(SwimNode node)
    {
        scratch.Clear();
        WriteAlive(node);
        Tell(node.Name);
    }

    void TellSuspect(SwimNode node, string from)
    {
        scratch.Clear();
        new Suspect(node.Incarnation, node.Name, from).Write(scratch);
        Tell(node.Name);
    }

    void TellDead(SwimNode node, string from)
    {
        scratch.Clear();
        new Dead(node.Incarnation, node.Name, from).Write(scratch);
        Tell(node.Name);
    }

    void Tell(string about)
    {
        var fits = scratch.Written.Length + Compound.HeaderSize + Compound.PartOverhead <= writer.Budget;
        if (!fits || rumours.Count == GossipLimits.MaxQueue) Counters.DroppedRumours++;
        if (fits) rumours.Add(scratch.Written, about);   // else it would wait for ever: only a push/pull carries it
    }

    /// <summary>What <see cref="Wire.Alive"/> writes, straight from a node.</summary>
    void WriteAlive(SwimNode node)
    {
        var fields = new MsgPackWriter(scratch);
        fields.Type((byte)MessageType.Alive);
        fields.Map(6);
        WriteFacts(fields, node, "Node"u8, state: null);
    }

    static void WriteFacts(MsgPackWriter fields, SwimNode node, ReadOnlySpan<byte> nameField, NodeStatus? state)
    {
        Span<byte> address = stackalloc byte[16];
        fields.Raw("Addr"u8);
        fields.Raw(address[..node.Address.Write(address)]);
        fields.Field("Incarnation"u8, node.Incarnation);
        fields.Field("Meta"u8, node.Meta);
        fields.Field(nameField, node.Name);
        fields.Field("Port"u8, node.Address.Port);
        if (state is { } number) fields.Field("State"u8, (ulong)number);
        fields.Raw("Vsn"u8);
        var (min, max, cur, delegateMin, delegateMax, delegateCur) = node.Versions;
        if (node.Versions == default) fields.Nil();   // it never said; fewer than six bytes crash memberlist 0.2, none do not
        else fields.Raw([min, max, cur, delegateMin, delegateMax, delegateCur]);
    }
}
