using OpsBro.Core.Checks;
using OpsBro.NodeState;

namespace OpsBro.Gossip;

/// <summary>Makes the record of a node as the original showed it: in its routes, and in each message of its websocket.</summary>
internal sealed class LegacyNodes(NodeBook book, Cluster cluster)
{
    /// <summary>The record of a member with what it says of itself.</summary>
    /// <param name="member">The member.</param>
    /// <param name="newer">What it said last, when the book may not have it yet; null for what the book has.</param>
    public LegacyNode Of(MemberView member, KnownNode? newer = null)
    {
        var state = LegacyGossip.Word(member.State);
        var known = newer ?? book.Find(member.Zone, member.Name);
        return new LegacyNode(IdOf(member, known), member.Name, member.DisplayName, member.Address, member.Port, state, member.Incarnation, member.Zone,
            member.IsProxy, newer is null ? member.Groups : [.. newer.Groups.Select(g => g.Name)],
            (known?.Services ?? []).ToDictionary(s => s.Id, s => s.Value.State.Word()),
            (known?.Checks ?? []).ToDictionary(c => c.Id, c => StateOf(c.Value.State)), $"gossip::{state}");
    }

    /// <summary>The state of a check in its record.</summary>
    public static LegacyCheckState StateOf(CheckState state) => new(state.LegacyId());

    /// <summary>Of others that said nothing yet the beginning is known; a plain Serf agent has a name only.</summary>
    string IdOf(MemberView member, KnownNode? known) => member.IsSelf ? cluster.Parts.Uuid
        : known?.Fact(KnownNode.Uuid) is { Length: > 0 } uuid ? uuid
        : member.Id.Length > 0 ? member.Id : member.Name;
}
