using OpsBro.Core.Wire;

namespace OpsBro.Core.Gossip;

/// <summary>Push/pull: two nodes tell each other all they know, at a join and now and then.</summary>
public sealed partial class Swim
{
    long arrivals;   // nodes that were new or back, so far
    int catchUps;    // exchanges that are to come soon
    TimeSpan nextCatchUp = never;

    /// <summary>Time between two exchanges of the whole state: longer the more nodes there are, for each carries all of them.</summary>
    public TimeSpan PushPullInterval => EstimatedNodes <= GossipLimits.PushPullScaleFrom
        ? profile.PushPullInterval
        : profile.PushPullInterval * (Math.Ceiling(Math.Log2(EstimatedNodes) - Math.Log2(GossipLimits.PushPullScaleFrom)) + 1);

    void PushPullInTurn(TimeSpan now)
    {
        if (now < nextPushPull && now < nextCatchUp) return;
        if (now >= nextPushPull) nextPushPull = now + PushPullInterval;
        nextCatchUp = never;
        foreach (var peer in RandomAlive(1)) PushPull(peer.Address, isJoin: false);
    }

    /// <summary>
    /// A state that brought nodes which we did not know: rumours do not reach us all, for when many join at once they are more than what
    /// packets carry. So the next exchanges, with others, come soon, until some bring nothing new. (One who joins is new by himself and says
    /// nothing about our rumours.)
    /// </summary>
    void CatchUp(bool wasNews, TimeSpan now)
    {
        if (wasNews) catchUps = GossipLimits.CatchUps;
        else if (catchUps > 0) catchUps--;
        if (catchUps > 0 && nextCatchUp == never) nextCatchUp = now + GossipLimits.CatchUpInterval * (0.5 + chance.Fraction());
    }

    bool PushPull(PeerAddress with, bool isJoin) =>
        Dial(new Dialed(isJoin ? DialKind.Join : DialKind.PushPull, with, null), WriteState(isJoin), expectsAnswer: true,
            profile.StreamTimeout);

    /// <summary>What <see cref="Wire.PushPull"/> writes, straight from the nodes. Those that are gone for long are left out.</summary>
    ReadOnlySpan<byte> WriteState(bool isJoin)
    {
        scratch.Clear();
        user.WriteState(scratch, isJoin);
        var usersPart = scratch.Written.ToArray();
        var state = new SpanWriter(GossipLimits.TypicalNodeState * EstimatedNodes + usersPart.Length);
        var fields = new MsgPackWriter(state);
        fields.Type((byte)MessageType.PushPull);
        fields.Map(3);
        fields.Field("Join"u8, isJoin);
        fields.Field("Nodes"u8, EstimatedNodes);
        fields.Field("UserStateLen"u8, usersPart.Length);
        Write(fields, Self);
        foreach (var node in live) Write(fields, node);
        foreach (var node in fresh) Write(fields, node);
        usersPart.CopyTo(state.GetSpan(usersPart.Length));
        state.Advance(usersPart.Length);
        return state.Written;

        static void Write(MsgPackWriter fields, SwimNode node)
        {
            fields.Map(7);
            WriteFacts(fields, node, "Name"u8, node.State);
        }
    }

    /// <summary>Takes in a peer's whole state: first all of it is looked at, then all is taken, or nothing. Gives why not.</summary>
    string Merge(PeerAddress from, ReadOnlySpan<byte> body, TimeSpan now)
    {
        var problem = Look(body);
        if (problem.Length > 0)
        {
            Counters.FailedPushPulls++;
            return problem;
        }
        Counters.PushPulls++;
        var before = arrivals;
        var state = new PushPullReader(body);
        known.Reserve(Math.Min(state.Nodes, GossipLimits.MaxNodes));
        while (state.TryNext(out var node)) Merge(node, now);
        if (state.TryUserState(out var usersPart) && !usersPart.IsEmpty) user.MergeState(from, usersPart, state.Join, now);
        if (!state.Join) CatchUp(arrivals != before, now);
        return "";
    }

    void Merge(in NodeView node, TimeSpan now)
    {
        switch ((NodeStatus)node.State)
        {
            case NodeStatus.Alive:
                Alive(node, isMerge: true, now);
                break;
            case NodeStatus.Left:
                Dead(node.Incarnation, node.Name, node.Name, now);
                break;
            case NodeStatus.Suspect or NodeStatus.Dead:
                // another's word that it is dead is not enough: it may refute
                Suspect(node.Incarnation, node.Name, Self.Name, now);
                break;
            default:
                Counters.Malformed++;
                break;
        }
    }

    /// <summary>
    /// All of it can be read, and all nodes alive, theirs and ours, speak a protocol that all understand. Nodes that do not say what they
    /// speak are passed over.
    /// </summary>
    string Look(ReadOnlySpan<byte> body)
    {
        var range = new VersionRange();
        var state = new PushPullReader(body);
        while (state.TryNext(out var node))
            if (node.State == (int)NodeStatus.Alive && ProtocolVersions.TryRead(node.Vsn, out var versions)) range.Add(versions);
        if (!state.Ok || !state.TryUserState(out _))
        {
            Counters.Malformed++;
            return "the state cannot be read";
        }
        range.Add(Self.Versions);
        foreach (var node in live)
            if (node.State == NodeStatus.Alive && node.Versions != default) range.Add(node.Versions);
        state = new PushPullReader(body);
        while (state.TryNext(out var node))
            if (ProtocolVersions.TryRead(node.Vsn, out var versions) && !range.Allows(versions))
                return $"{WireText.Decode(node.Name)} speaks protocols {versions.ProtocolCur} and {versions.DelegateCur}, which not all understand";
        foreach (var node in live)
            if (node.Versions != default && !range.Allows(node.Versions))
                return $"{node.Name} speaks protocols {node.Versions.ProtocolCur} and {node.Versions.DelegateCur}, which not all understand";
        return "";
    }

    /// <summary>What all of some nodes understand.</summary>
    struct VersionRange()
    {
        byte protocolLeast;
        byte protocolMost = byte.MaxValue;
        byte delegateLeast;
        byte delegateMost = byte.MaxValue;

        public void Add(ProtocolVersions versions)
        {
            protocolLeast = Math.Max(protocolLeast, versions.ProtocolMin);
            protocolMost = Math.Min(protocolMost, versions.ProtocolMax);
            delegateLeast = Math.Max(delegateLeast, versions.DelegateMin);
            delegateMost = Math.Min(delegateMost, versions.DelegateMax);
        }

        public readonly bool Allows(ProtocolVersions versions) =>
            versions.ProtocolCur >= protocolLeast && versions.ProtocolCur <= protocolMost
            && versions.DelegateCur >= delegateLeast && versions.DelegateCur <= delegateMost;
    }
}
