using OpsBro.Core.Wire;

namespace OpsBro.Core.Gossip;

/// <summary>What is said about ourselves: refuted with a higher incarnation; accusations sent back to who needs them.</summary>
public sealed partial class Swim
{
    TimeSpan toldMyself = -TimeSpan.FromDays(1);
    Allowance replies = new(GossipLimits.MaxReplies);

    /// <summary>Local health: 0 is well, up to <see cref="GossipLimits.AwarenessMaxMultiplier"/> less one.</summary>
    public int Health { get; private set; }

    /// <summary>Says goodbye. We stay up and answer, at least until <see cref="AllRumoursSent"/> and a second after.</summary>
    public void Leave(TimeSpan now)
    {
        if (IsLeaving) return;
        (Self.State, Self.Since) = (NodeStatus.Left, now);
        TellDead(Self, Self.Name);
    }

    /// <summary>Tells new tags, with the next incarnation; those we have already are not told again.</summary>
    public void SetMeta(Bytes meta, TimeSpan now)
    {
        if (IsLeaving || meta == Self.Meta || !TryRaise(Self.Incarnation)) return;
        Self.Facts = FactsOf(Self.Name, Self.Address, meta.Span, Self.Versions);
        TellAlive(Self);
        user.Updated(Self, now);
    }

    /// <summary>Somebody holds us for less alive than we are, or for another: we say it again, louder.</summary>
    void Refute(uint accused, string from, string text, bool isLoud, TimeSpan now)
    {
        if (!TryRaise(Math.Max(accused, Self.Incarnation))) return;
        Counters.Refutations++;
        ChangeHealth(+1);
        TellAlive(Self);
        output.Happened(new HistoryNews(Self.Name, from, "refute", text));
        if (isLoud) TellMyself(now);
    }

    /// <summary>
    /// Tells the members of a small cluster straight away that we are there: of the few times that a rumour is sent among them none may hit
    /// one of them, and that one would hold us dead until it asks.
    /// </summary>
    void TellMyself(TimeSpan now)
    {
        if (live.Count > GossipLimits.MaxToldDirectly || IsLeaving || now - toldMyself < profile.ProbeInterval) return;
        toldMyself = now;
        scratch.Clear();
        WriteAlive(Self);
        foreach (var node in live) SendBare(node.Address, scratch.Written, node.Versions.HasCrc);
    }

    /// <summary>Our incarnation becomes one more than a number; it is saved before anybody hears it.</summary>
    bool TryRaise(uint above)
    {
        if (above == uint.MaxValue) return false;
        Self.Incarnation = above + 1;
        output.Happened(new IncarnationNews(Self.Incarnation));
        return true;
    }

    /// <summary>
    /// Tells a node straight away that we hold it dead or suspect, so that it can refute. Else a node that began anew with a low incarnation
    /// would stay invisible for long: its rumours lose against the old ones, of which it may never hear (memberlist#311).
    /// </summary>
    void Accuse(SwimNode node, PeerAddress to, TimeSpan now)
    {
        if (!replies.Take(now)) return;
        scratch.Clear();
        WriteAccusation(node);
        SendBare(to, scratch.Written, node.Versions.HasCrc);
    }

    /// <summary>
    /// Tells whoever sent us an accusation, which we have refuted by now, that we are well. The rumour may miss it; and an accusation of
    /// an old incarnation would not be refuted at all, so that who never heard of the new one would hold us dead in the end.
    /// </summary>
    void Reassure(uint accused)
    {
        if (IsLeaving || accused >= Self.Incarnation || !replies.Take(clock)) return;
        scratch.Clear();
        WriteAlive(Self);
        SendBare(sender, scratch.Written, checksum: false);
    }

    void WriteAccusation(SwimNode node)
    {
        if (node.State == NodeStatus.Suspect) new Suspect(node.Incarnation, node.Name, Self.Name).Write(scratch);
        else new Dead(node.Incarnation, node.Name, node.State == NodeStatus.Left ? node.Name : Self.Name).Write(scratch);
    }

    void ChangeHealth(int by) => Health = Math.Clamp(Health + by, 0, GossipLimits.AwarenessMaxMultiplier - 1);
}
