using OpsBro.Core.Wire;

namespace OpsBro.Core.Gossip;

/// <summary>Join and leave intents, ordered by Lamport time.</summary>
sealed partial class Serf
{
    /// <summary>An intent so far behind our clock is an old recording.</summary>
    public const ulong MaxIntentLag = 1ul << 14;

    readonly Dictionary<string, Intent> buffered = new(StringComparer.Ordinal);

    /// <summary>Makes the others believe that a node left, in case it failed; one that is there will refute it.</summary>
    public string? ForceLeave(string name, bool prune, TimeSpan now)
    {
        if (Find(name) is not { } node) return $"no member is named \"{name}\"; see the members for the names";
        if (node == swim.Self) return $"\"{name}\" is this node; let it leave instead";
        var intent = new LeaveIntent(clock.Next(), name, prune);
        Take(intent, now);
        if (HasOthers) intents.Add(Encode(intent));
        return null;
    }

    /// <summary>Says that we are there: after a join, and when somebody says that we left.</summary>
    void SayJoined(TimeSpan now)
    {
        var intent = new JoinIntent(clock.Time, settings.Name);
        clock.Witness(intent.LTime);
        Take(intent, now);
        if (HasOthers) intents.Add(Encode(intent));
    }

    /// <summary>True when it is news: it is to be passed on.</summary>
    bool Take(JoinIntent intent, TimeSpan now, bool isMerge = false)
    {
        if (!Plausible(intent.LTime, isMerge)) return false;
        if (Find(intent.Node) is not { } node) return Buffer(intent.Node, intent.LTime, isLeave: false, now);
        if (intent.LTime <= node.StatusTime) return false;
        node.StatusTime = intent.LTime;
        if (node.Status == MemberStatus.Leaving && (node != swim.Self || leaving == LeavePhase.Not)) Set(node, MemberStatus.Alive, now);
        return true;
    }

    /// <summary>True when it is news: it is to be passed on.</summary>
    bool Take(LeaveIntent intent, TimeSpan now, bool isMerge = false)
    {
        if (!Plausible(intent.LTime, isMerge)) return false;
        if (Find(intent.Node) is not { } node) return Buffer(intent.Node, intent.LTime, isLeave: true, now);
        if (intent.LTime <= node.StatusTime) return false;
        if (node == swim.Self && leaving == LeavePhase.Not)
        {
            output.Happened(new HistoryNews(node.Name, "", "refute", "somebody said that we left"));
            SayJoined(now);
            return false;
        }
        node.StatusTime = intent.LTime;   // whatever the status: else two nodes pass it to and fro for ever
        switch (node.Status)
        {
            case MemberStatus.Alive:
                Set(node, MemberStatus.Leaving, now);
                if (intent.Prune && node != swim.Self) (toPrune ??= new(ReferenceEqualityComparer.Instance)).Add(node);
                break;
            case MemberStatus.Leaving when intent.Prune && node != swim.Self:
                (toPrune ??= new(ReferenceEqualityComparer.Instance)).Add(node);
                break;
            case MemberStatus.Failed:
                Set(node, MemberStatus.Left, now);
                Tell(MemberChange.Leave, node, "it had failed, and was made to leave");
                break;
        }
        if (intent.Prune && node.Status is MemberStatus.Left && node != swim.Self) Erase(node, "pruned", now);
        return true;
    }

    /// <summary>The time is neither poison nor an old recording; the clock has seen it.</summary>
    bool Plausible(ulong time, bool isMerge)
    {
        // what a peer's whole state says may be old, but not newer than its clock, which is merged already (and one for a leave)
        if (isMerge ? time > clock.Time : !clock.Believes(time) || time + MaxIntentLag < clock.Time)
        {
            Counters.RefusedJumps++;
            return false;
        }
        clock.Witness(time);
        return true;
    }

    bool Buffer(string name, ulong time, bool isLeave, TimeSpan now)
    {
        if (buffered.TryGetValue(name, out var known))
        {
            if (known.LTime >= time) return false;
        }
        else if (buffered.Count >= GossipLimits.MaxQueue)
        {
            Counters.DroppedRumours++;
            return false;
        }
        buffered[name] = new Intent(time, isLeave, now);
        return true;
    }

    Intent? TakeBuffered(string name) => buffered.Remove(name, out var intent) ? intent : null;

    void ForgetIntents(TimeSpan now)
    {
        List<string>? old = null;
        foreach (var (name, intent) in buffered)
            if (now - intent.At > GossipLimits.RecentIntentTimeout) (old ??= []).Add(name);
        foreach (var name in old ?? []) buffered.Remove(name);
    }

    /// <summary>What was said of a node that we do not know yet.</summary>
    readonly record struct Intent(ulong LTime, bool IsLeave, TimeSpan At);
}
