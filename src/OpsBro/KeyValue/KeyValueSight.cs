using OpsBro.Core.Gossip;
using OpsBro.Core.KeyValue;
using OpsBro.Core.NodeState;
using OpsBro.Detectors;
using OpsBro.Gossip;
using OpsBro.NodeState;
using OpsBro.Platform;

namespace OpsBro.KeyValue;

/// <summary>The members of group <c>kv</c> in the own zone, as gossip and NodeState tell of them. Called by one task at a time.</summary>
/// <param name="cluster">The pools.</param>
/// <param name="book">What the nodes say of themselves.</param>
/// <param name="groups">The own groups.</param>
internal sealed class KeyValueSight(Cluster cluster, NodeBook book, Groups groups)
{
    /// <summary>The name of the fact by which the engines tell each other how they are.</summary>
    public const string Fact = "kv";

    /// <summary>
    /// A node that is alive and not in the group counts as one that left after so long: an agent that starts does not know its groups yet.
    /// </summary>
    public static readonly TimeSpan OutAfter = TimeSpan.FromSeconds(30);

    /// <summary>A member that does not say what it is, is no longer waited for.</summary>
    public static readonly TimeSpan SilentAfter = TimeSpan.FromSeconds(15);

    const string OpsBroTag = "ob";

    readonly Dictionary<string, TimeSpan> outside = [], silent = [];
    readonly TimeSpan began = Monotonic.Now;

    /// <summary>What was seen.</summary>
    /// <param name="Members">For the engine.</param>
    /// <param name="Silent">Members of whom nobody knows yet whether they are in the group.</param>
    internal sealed record View(IReadOnlyList<KeyValueMember> Members, int Silent);

    /// <summary>Looks; null while it cannot be known whether this node itself is a member.</summary>
    /// <param name="isSettled">The detectors have made their first round.</param>
    /// <param name="announcement">What the own engine says of itself.</param>
    /// <param name="engine">The members that the engine knows: who left is of interest only for them.</param>
    public async Task<View?> Look(bool isSettled, string announcement, IReadOnlyCollection<string> engine)
    {
        var now = Monotonic.Now;
        var isMember = groups.Has(KeyValueOptions.Group);
        if (!isMember && !isSettled && now - began < OutAfter) return null;
        var members = new List<KeyValueMember>();
        if (isMember) members.Add(new KeyValueMember(cluster.Name, cluster.Parts.Uuid, MemberStanding.Alive, announcement));
        if (cluster.Own is not { } pool) return new View(members, 0);
        GossipPool.Picture picture;
        try
        {
            picture = await pool.Members();
        }
        catch (PoolClosedException)
        {
            return new View(members, 0);   // it closed meanwhile: the next look meets another one, or none
        }
        var (waiting, zone) = (0, pool.Settings.Zone);
        foreach (var member in picture.Members)
        {
            if (member.Name == pool.Settings.Name || MemberViews.ZoneOf(zone, member) != zone) continue;
            var known = book.Find(zone, member.Name);
            if (known?.Fact(KnownNode.Uuid) is not { Length: > 0 } uuid)
            {
                if (member.Status == MemberStatus.Alive && member.Tag(OpsBroTag) is not null && IsYoung(silent, member.Name, now, SilentAfter)) waiting++;
                continue;
            }
            silent.Remove(member.Name);
            var standing = member.Status switch
            {
                MemberStatus.Alive => MemberStanding.Alive,
                MemberStatus.Failed => MemberStanding.Failed,
                _ => MemberStanding.Left,
            };
            if (known.Map[NodeKeys.Group + KeyValueOptions.Group] is null)
            {
                // one that failed is what it was; one that is alive may not know its groups yet
                if (!engine.Contains(member.Name)) continue;
                if (standing != MemberStanding.Alive || IsYoung(outside, uuid, now, OutAfter)) continue;
                standing = MemberStanding.Left;
            }
            else
            {
                outside.Remove(uuid);
            }
            members.Add(new KeyValueMember(member.Name, uuid, standing, known.Fact(Fact)));
        }
        return new View(members, waiting);
    }

    static bool IsYoung(Dictionary<string, TimeSpan> since, string name, TimeSpan now, TimeSpan patience)
    {
        if (!since.TryGetValue(name, out var first)) since[name] = first = now;
        return now - first < patience;
    }

    /// <summary>Whether something that a node says may change the view.</summary>
    public static bool Matters(NodeChanged change)
    {
        if (change.Change != NodeChange.Said) return true;
        foreach (var key in (string[])[NodeKeys.Group + KeyValueOptions.Group, NodeKeys.Fact + Fact, NodeKeys.Fact + KnownNode.Uuid])
            if (change.Before[key] != change.After[key]) return true;
        return false;
    }
}
