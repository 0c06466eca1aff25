namespace OpsBro.Core.Gossip;

/// <summary>
/// What event handlers and RPC streams are told, in Serf's words. Exactly one of the three is there: members, an event of a user, or a
/// query.
/// </summary>
/// <param name="Word">member-join, member-leave, member-failed, member-update, member-reap, user or query.</param>
public sealed record GossipEvent(string Word)
{
    /// <summary>The event of a user.</summary>
    public const string UserWord = "user";

    /// <summary>A query to this node.</summary>
    public const string QueryWord = "query";

    /// <summary>The members that changed in the same way; empty otherwise.</summary>
    public IReadOnlyList<Member> Members { get; init; } = [];

    /// <summary>The event of a user.</summary>
    public EventNews? User { get; init; }

    /// <summary>The query.</summary>
    public QueryNews? Query { get; init; }

    /// <summary>Name of the event or query; empty for members.</summary>
    public string Name => User?.Name ?? Query?.Query.Name ?? "";

    /// <summary>Members that changed in one way.</summary>
    public static GossipEvent Of(MemberChange change, IReadOnlyList<Member> members) => new(WordOf(change)) { Members = members };

    /// <summary>The event of a user.</summary>
    public static GossipEvent Of(EventNews user) => new(UserWord) { User = user };

    /// <summary>A query.</summary>
    public static GossipEvent Of(QueryNews query) => new(QueryWord) { Query = query };

    /// <summary>Serf's word for a change of a member.</summary>
    public static string WordOf(MemberChange change) => change switch
    {
        MemberChange.Join => "member-join",
        MemberChange.Leave => "member-leave",
        MemberChange.Failed => "member-failed",
        MemberChange.Update => "member-update",
        _ => "member-reap",
    };
}
