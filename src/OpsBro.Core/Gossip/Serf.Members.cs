using OpsBro.Core.Wire;

namespace OpsBro.Core.Gossip;

/// <summary>The members as Serf sees them: what Swim tells of nodes, and when one is forgotten.</summary>
sealed partial class Serf
{
    readonly HashSet<SwimNode> gone = new(ReferenceEqualityComparer.Instance);   // failed and left
    HashSet<SwimNode>? toPrune;
    TimeSpan nextReap = TimeSpan.MaxValue;
    int alive;

    /// <summary>Members, those that failed and left included, and we.</summary>
    public int Count { get; private set; }

    /// <summary>Somebody is there to be told something.</summary>
    bool HasOthers => swim.Live.Count > 0;

    /// <summary>Pictures of all members.</summary>
    public IReadOnlyList<Member> Members()
    {
        var members = new List<Member>(Count);
        foreach (var node in swim.Nodes)
            if (node.Status != MemberStatus.None) members.Add(Picture(node));
        return members;
    }

    /// <summary>A member's picture; null when there is none of that name.</summary>
    public Member? Member(string name) => Find(name) is { } node ? Picture(node) : null;

    /// <summary>A picture of a node as it is.</summary>
    public Member Picture(SwimNode node) => new(
        node.Name, node.Address, TagsOf(node), node.Status, node.State == NodeStatus.Suspect, node.StatusSince, node.Incarnation,
        node.StatusTime, node.Versions, RoundTripTo(node));

    SwimNode? Find(string name) => swim.Find(name) is { Status: not MemberStatus.None } node ? node : null;

    static IReadOnlyList<KeyValuePair<string, string>> TagsOf(SwimNode node) =>
        node.Facts.Tags ??= Tags.TryRead(node.Meta.Span) ?? [];

    /// <summary>As <see cref="Swim.Assume"/>; nobody is told.</summary>
    internal void Assume(SwimNode node, TimeSpan now)
    {
        membershipVersion++;
        node.StatusTime = 1;
        Set(node, MemberStatus.Alive, now);
    }

    /// <inheritdoc/>
    public void Joined(SwimNode node, string cause, TimeSpan now)
    {
        gone.Remove(node);
        toPrune?.Remove(node);
        membershipVersion++;
        var isNew = node.Status == MemberStatus.None;
        if (node.Status == MemberStatus.Failed && now - node.StatusSince < GossipLimits.FlapTimeout) Counters.Flaps++;
        Set(node, MemberStatus.Alive, now);
        if (isNew)
        {
            node.StatusTime = 0;
            if (TakeBuffered(node.Name) is { } intent)
            {
                node.StatusTime = intent.LTime;
                if (intent.IsLeave) Set(node, MemberStatus.Leaving, now);
            }
        }
        Tell(MemberChange.Join, node, cause);
    }

    /// <inheritdoc/>
    public void Gone(SwimNode node, string cause, TimeSpan now)
    {
        if (node.Status is not (MemberStatus.Alive or MemberStatus.Leaving)) return;
        membershipVersion++;
        var left = node.Status == MemberStatus.Leaving || node.State == NodeStatus.Left;
        Set(node, left ? MemberStatus.Left : MemberStatus.Failed, now);
        if (node != swim.Self) gone.Add(node);
        Tell(left ? MemberChange.Leave : MemberChange.Failed, node, cause);
        if (toPrune?.Remove(node) == true) Erase(node, "pruned", now);
    }

    /// <inheritdoc/>
    public void Updated(SwimNode node, TimeSpan now)
    {
        if (node.Status == MemberStatus.None) return;
        membershipVersion++;
        Tell(MemberChange.Update, node, "");
    }

    /// <summary>Forgets what is gone for long, and intents about those who never came.</summary>
    TimeSpan TickReap(TimeSpan now)
    {
        if (gone.Count == 0 && buffered.Count == 0) return nextReap = TimeSpan.MaxValue;
        if (nextReap == TimeSpan.MaxValue) nextReap = now + GossipLimits.ReapInterval;
        if (now < nextReap) return nextReap;
        nextReap = now + GossipLimits.ReapInterval;
        ForgetIntents(now);
        List<SwimNode>? old = null;
        foreach (var node in gone)
            if (now - node.StatusSince > Keep(node.Status)) (old ??= []).Add(node);
        foreach (var node in old ?? [])
        {
            if (node.Status != MemberStatus.None) Erase(node, $"{Word(node.Status)} for {Keep(node.Status).TotalHours:0} hours", now);
            else if (gone.Remove(node)) swim.Forget(node);
        }
        return nextReap;
    }

    static TimeSpan Keep(MemberStatus status) => status switch
    {
        MemberStatus.Left => GossipLimits.TombstoneTimeout,
        MemberStatus.None => GossipLimits.RecentIntentTimeout,
        _ => GossipLimits.ReconnectTimeout,
    };

    /// <summary>Nobody sees it any more; Swim keeps its incarnation for a while, or the next old rumour would bring it back.</summary>
    void Erase(SwimNode node, string cause, TimeSpan now)
    {
        gone.Add(node);
        toPrune?.Remove(node);
        measured.Remove(node);
        membershipVersion++;
        var picture = Picture(node);
        Set(node, MemberStatus.None, now);
        output.Happened(new MemberNews(MemberChange.Reap, picture, cause));
    }

    void Set(SwimNode node, MemberStatus status, TimeSpan now)
    {
        if (node.Status == status) return;
        Count += (status == MemberStatus.None ? 0 : 1) - (node.Status == MemberStatus.None ? 0 : 1);
        alive += (status == MemberStatus.Alive ? 1 : 0) - (node.Status == MemberStatus.Alive ? 1 : 0);
        (node.Status, node.StatusSince) = (status, now);
    }

    void Tell(MemberChange change, SwimNode node, string cause) => output.Happened(new MemberNews(change, Picture(node), cause));

    static string Word(MemberStatus status) => status switch
    {
        MemberStatus.Alive => "alive",
        MemberStatus.Leaving => "leaving",
        MemberStatus.Left => "left",
        MemberStatus.Failed => "failed",
        _ => "none",
    };
}
