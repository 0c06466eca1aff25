using System.Text;
using OpsBro.Core.Wire;

namespace OpsBro.Core.Gossip;

/// <summary>Two nodes with one name: the members vote who keeps it.</summary>
sealed partial class Serf
{
    /// <summary>A conflict about a name is told, and voted on, once in so long: each rumour about it is one more.</summary>
    public static readonly TimeSpan ConflictPause = TimeSpan.FromSeconds(30);

    const string ConflictQuery = "conflict";

    const int MaxConflicts = 256;

    readonly Dictionary<string, TimeSpan> conflicts = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public void Conflict(SwimNode known, Alive other, TimeSpan now)
    {
        if (conflicts.TryGetValue(known.Name, out var told) && now - told < ConflictPause) return;
        if (conflicts.Count >= MaxConflicts) conflicts.Clear();
        conflicts[known.Name] = now;
        var theirs = PeerAddress.Of(other.Addr.Span, other.Port);
        var isSelf = known == swim.Self;
        output.Happened(new ConflictNews(known.Name, known.Address, theirs, isSelf, MustStop: false));
        if (isSelf && leaving == LeavePhase.Not) Vote(theirs, now);
    }

    /// <summary>
    /// Asks the members whom they take for us. The majority of those that answer decides. When nobody does, we stay: a node that is cut off
    /// has no reason to stop. (Serf stops then.)
    /// </summary>
    void Vote(PeerAddress theirs, TimeSpan now)
    {
        var (votes, forUs) = (0, 0);
        var open = new Asked
        {
            OnResponse = response =>
            {
                var payload = response.Payload.Span;
                if (response.From == settings.Name) return;
                if (payload.Length == 0 || payload[0] != (byte)SerfType.ConflictResponse) return;
                if (ConflictResponse.TryRead(payload[1..]) is not { } view || view.Name != settings.Name) return;
                votes++;
                if (PeerAddress.Of(view.Addr.Span, view.Port) == swim.Self.Address) forUs++;
            },
            OnEnd = _ =>
            {
                if (votes > 0 && forUs < votes / 2 + 1)
                    output.Happened(new ConflictNews(settings.Name, swim.Self.Address, theirs, IsSelf: true, MustStop: true));
            },
        };
        Ask(new QueryRequest(InternalPrefix + ConflictQuery, Encoding.UTF8.GetBytes(settings.Name)), open, now, out _);
    }

    /// <summary>Says whom we take for the node that asks; one that asks about our own name is not to be told by us.</summary>
    void AnswerConflict(Query query, TimeSpan now)
    {
        var name = Encoding.UTF8.GetString(query.Payload.Span);
        if (name == settings.Name || Find(name) is not { } node) return;
        var view = new ConflictResponse(
            node.Name, node.Address.Addr, node.Address.Port, TagsOf(node), (int)node.Status, node.Versions);
        Answer(query, Encoded(view), now);
    }
}
