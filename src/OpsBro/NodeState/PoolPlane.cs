using System.Collections.Concurrent;
using OpsBro.Core.Gossip;
using OpsBro.Core.NodeState;
using OpsBro.Core.Wire;
using OpsBro.Gossip;

namespace OpsBro.NodeState;

/// <summary>A member of a pool as NodeState needs it.</summary>
/// <param name="Zone">Its own zone, which for a proxy of another zone is not the pool's.</param>
/// <param name="Address">Where the gossip knows it.</param>
/// <param name="IsPeer">It is there and speaks NodeState.</param>
/// <param name="IsProxy">It speaks for its zone.</param>
/// <param name="Value">What a proxy tells of it.</param>
internal sealed record PoolMember(string Zone, PeerAddress Address, bool IsPeer, bool IsProxy, MemberValue Value);

/// <summary>
/// NodeState's end in one pool. On the pool's thread it only puts down what came; <see cref="NodeStateLoop"/> fetches it. Of a member that
/// changes several times before that, the last state counts, so the list is never longer than the pool.
/// </summary>
/// <param name="loop">Who fetches.</param>
/// <param name="pool">The pool.</param>
/// <param name="index">0 for that of our own zone, 1 for that of the zone above.</param>
internal sealed class PoolPlane(NodeStateLoop loop, GossipPool pool, int index) : IPoolPlane
{
    readonly ConcurrentDictionary<string, (Member Member, bool IsForgotten)> changed = new(StringComparer.Ordinal);

    /// <summary>The pool.</summary>
    public GossipPool Pool => pool;

    /// <summary>0 for that of our own zone, 1 for that of the zone above.</summary>
    public int Index => index;

    /// <summary>The pool has closed.</summary>
    public volatile bool HasEnded;

    /// <summary>The members that speak NodeState, or did. Used by the loop alone.</summary>
    public Dictionary<string, PoolMember> Members { get; } = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public void Start(GossipEngine engine, TimeSpan now)
    {
        foreach (var member in engine.Members()) changed[member.Name] = (member, false);
        loop.Opened(this);
    }

    /// <inheritdoc/>
    public void Received(PeerAddress from, ReadOnlySpan<byte> body, TimeSpan now) => loop.Received(this, body);

    /// <inheritdoc/>
    public void Changed(MemberNews news, TimeSpan now)
    {
        changed[news.Member.Name] = (news.Member, news.Change == MemberChange.Reap);
        loop.Wake();
    }

    /// <inheritdoc/>
    public TimeSpan Tick(TimeSpan now) => TimeSpan.MaxValue;   // the engine's clock is the loop's

    /// <inheritdoc/>
    public void Ended()
    {
        HasEnded = true;
        loop.Wake();
    }

    /// <summary>Tells an engine what changed in the pool; true when something did.</summary>
    public bool Take(NodeStateEngine engine, DateTimeOffset utc, TimeSpan now)
    {
        var any = false;
        foreach (var name in changed.Keys)
        {
            if (!changed.TryRemove(name, out var news)) continue;
            any |= Take(engine, news.Member, news.IsForgotten, utc, now);
        }
        return any;
    }

    bool Take(NodeStateEngine engine, Member member, bool isForgotten, DateTimeOffset utc, TimeSpan now)
    {
        var before = Members.GetValueOrDefault(member.Name);
        var after = isForgotten ? null : Of(member, before, utc, now);
        if (after == before) return false;
        if ((after ?? before) is { } known) loop.Hide(known.Zone, member.Name, isForgotten);
        if (after is not null) Members[member.Name] = after;   // first: the engine's news ask whether we know it
        if (before is { IsPeer: true } && (after is not { IsPeer: true } || after.Zone != before.Zone))
            engine.PeerGone(member.Name, before.Zone, now, index);
        if (after is { IsPeer: true } && (before is not { IsPeer: true } || after.Zone != before.Zone || after.Address != before.Address))
            engine.PeerUp(member.Name, after.Address, after.Zone, now, index);
        if (after is null) Members.Remove(member.Name);
        return true;
    }

    /// <summary>A plain Serf agent is none of ours: it has no state, and is never sent one.</summary>
    PoolMember? Of(Member member, PoolMember? before, DateTimeOffset utc, TimeSpan now)
    {
        if (member.Tag("ob") is null) return null;
        var zone = member.Tag("zn") is { Length: > 0 } said ? said : pool.Settings.Zone;
        var state = member.Status switch
        {
            MemberStatus.Alive or MemberStatus.Leaving => "alive",
            MemberStatus.Left => "left",
            _ => "failed",
        };
        // the same state began when it began, however the two clocks moved
        var value = before is not null && before.Value.State == state ? before.Value : new MemberValue(state, utc - (now - member.Since));
        return new PoolMember(zone, member.Address, state == "alive", member.Tag("px") == "1", value);
    }

    /// <summary>Introduces all to a new engine.</summary>
    public void Introduce(NodeStateEngine engine, TimeSpan now)
    {
        foreach (var (name, member) in Members)
            if (member.IsPeer) engine.PeerUp(name, member.Address, member.Zone, now, index);
    }

    /// <summary>The pool is closed: nobody of it can be reached any more.</summary>
    public void Close(NodeStateEngine engine, TimeSpan now)
    {
        foreach (var (name, member) in Members)
            if (member.IsPeer) engine.PeerGone(name, member.Zone, now, index);
        Members.Clear();
    }

    /// <summary>Sends a message on the pool's thread; false when it is closed or too busy, and the rounds repair what is lost.</summary>
    public bool Send(PeerAddress to, Bytes body) => pool.Send(to, body);
}
