using OpsBro.Core.Wire;

namespace OpsBro.Core.Gossip;

/// <summary>How a member is, in Serf's words.</summary>
public enum MemberStatus : byte
{
    /// <summary>Not known.</summary>
    None = 0,

    /// <summary>It is there.</summary>
    Alive = 1,

    /// <summary>It said that it will go.</summary>
    Leaving = 2,

    /// <summary>It went, and said so.</summary>
    Left = 3,

    /// <summary>It went without a word.</summary>
    Failed = 4,
}

/// <summary>A member as others may see it: an immutable picture.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Address">Where it listens.</param>
/// <param name="Tags">Its tags, in its own order.</param>
/// <param name="Status">How it is.</param>
/// <param name="Suspected">It did not answer and has not refuted it yet; its status is still alive.</param>
/// <param name="Since">When its status changed last, on the engine's clock.</param>
/// <param name="Incarnation">Its incarnation.</param>
/// <param name="StatusTime">Lamport time of its status.</param>
/// <param name="Versions">The protocols it speaks.</param>
/// <param name="RoundTrip">Estimated from the coordinates, or measured; null when nothing is known.</param>
public sealed record Member(
    string Name, PeerAddress Address, IReadOnlyList<KeyValuePair<string, string>> Tags, MemberStatus Status, bool Suspected,
    TimeSpan Since, uint Incarnation, ulong StatusTime, ProtocolVersions Versions, TimeSpan? RoundTrip)
{
    /// <summary>The value of a tag; null when it has none of that name.</summary>
    public string? Tag(string name)
    {
        foreach (var tag in Tags)
            if (tag.Key == name) return tag.Value;
        return null;
    }
}

/// <summary>What changed about a member; the words are Serf's events.</summary>
public enum MemberChange
{
    /// <summary>It joined, or is back.</summary>
    Join,

    /// <summary>It left, and said so.</summary>
    Leave,

    /// <summary>It failed.</summary>
    Failed,

    /// <summary>Its tags or address are others.</summary>
    Update,

    /// <summary>It was forgotten.</summary>
    Reap,
}

/// <summary>Something that happened in the cluster.</summary>
public abstract record GossipNews;

/// <summary>A member changed.</summary>
/// <param name="Change">How.</param>
/// <param name="Member">The member as it is now; as it was, when it was forgotten.</param>
/// <param name="Cause">Why, for people: <c>no ack, suspected by alpha, confirmed by beta</c>.</param>
public sealed record MemberNews(MemberChange Change, Member Member, string Cause) : GossipNews;

/// <summary>A line of the history that is not a change of status: a suspicion, a refutation, a refused rumour.</summary>
/// <param name="Node">About whom.</param>
/// <param name="From">Who says so.</param>
/// <param name="Kind">One word: suspect, refute, conflict, ….</param>
/// <param name="Text">Why, for people.</param>
public sealed record HistoryNews(string Node, string From, string Kind, string Text) : GossipNews;

/// <summary>An event of a user arrived (our own too), once.</summary>
/// <param name="LTime">Its Lamport time.</param>
/// <param name="Name">Its name.</param>
/// <param name="Payload">What comes with it.</param>
/// <param name="Coalesce">Of several with this name, the last is enough.</param>
public sealed record EventNews(ulong LTime, string Name, Bytes Payload, bool Coalesce) : GossipNews;

/// <summary>A query that is for us arrived (our own too); answer with <c>Respond</c> before the deadline.</summary>
/// <param name="Key">Number to answer with.</param>
/// <param name="Query">The question.</param>
/// <param name="Deadline">On the engine's clock.</param>
public sealed record QueryNews(ulong Key, Query Query, TimeSpan Deadline) : GossipNews;

/// <summary>Something of a query that we asked: an ack, an answer, or its end.</summary>
/// <param name="Id">What <c>Ask</c> returned.</param>
/// <param name="Kind">What.</param>
/// <param name="From">Who; empty at the end.</param>
/// <param name="Payload">The answer.</param>
public sealed record AnswerNews(ulong Id, AnswerKind Kind, string From, Bytes Payload) : GossipNews;

/// <summary>What came back.</summary>
public enum AnswerKind
{
    /// <summary>The node has the query.</summary>
    Ack,

    /// <summary>Its answer.</summary>
    Response,

    /// <summary>The time is over.</summary>
    Done,
}

/// <summary>A push/pull that we asked for (<c>Join</c>) ended.</summary>
/// <param name="Address">With whom.</param>
/// <param name="Error">Why it failed; empty when it did not.</param>
public sealed record JoinNews(PeerAddress Address, string Error) : GossipNews;

/// <summary>
/// Two nodes claim our name. <paramref name="MustStop"/>: the others voted for the other one.
/// </summary>
/// <param name="Name">The name.</param>
/// <param name="Mine">Our address, or that of the member we know.</param>
/// <param name="Theirs">The other one's.</param>
/// <param name="IsSelf">It is our own name.</param>
/// <param name="MustStop">The vote went against us.</param>
public sealed record ConflictNews(string Name, PeerAddress Mine, PeerAddress Theirs, bool IsSelf, bool MustStop) : GossipNews;

/// <summary>The keyring was changed by a key query: save it.</summary>
public sealed record KeyringNews : GossipNews;

/// <summary>Our incarnation was raised: save it before it is sent.</summary>
/// <param name="Incarnation">The new one.</param>
public sealed record IncarnationNews(uint Incarnation) : GossipNews;

/// <summary>We left: all was said, the pool can be closed.</summary>
public sealed record LeftNews : GossipNews;

/// <summary>A ping that <c>Ping</c> asked for ended.</summary>
/// <param name="Id">What <c>Ping</c> returned.</param>
/// <param name="Node">Who was asked.</param>
/// <param name="RoundTrip">How long it took; null when no answer came.</param>
public sealed record PingNews(ulong Id, string Node, TimeSpan? RoundTrip) : GossipNews;

/// <summary>What a query about keys came to. It failed unless all nodes answered and none had an error.</summary>
/// <param name="Id">What <c>AskKeys</c> returned.</param>
/// <param name="Command">What was asked for.</param>
/// <param name="Nodes">Members that should have answered, ourselves included.</param>
/// <param name="Answered">Members that did.</param>
/// <param name="Errors">Members that could not do it, or gave an answer that makes no sense.</param>
/// <param name="Keys">Keys in base64 with the number of members that have each; only of a list.</param>
/// <param name="PrimaryKeys">The same of the primary keys; older nodes do not say theirs.</param>
/// <param name="Messages">What members say, by name; each error is one of these.</param>
/// <param name="From">Who answered.</param>
public sealed record KeysNews(
    ulong Id, KeyCommand Command, int Nodes, int Answered, int Errors, IReadOnlyDictionary<string, int> Keys,
    IReadOnlyDictionary<string, int> PrimaryKeys, IReadOnlyDictionary<string, string> Messages,
    IReadOnlyCollection<string> From) : GossipNews;

/// <summary>A command about keys that all nodes carry out.</summary>
public enum KeyCommand
{
    /// <summary>Accept a further key.</summary>
    Install,

    /// <summary>Encrypt with a key that is installed.</summary>
    Use,

    /// <summary>Accept a key no longer; not the primary one.</summary>
    Remove,

    /// <summary>Say which keys there are.</summary>
    List,
}
