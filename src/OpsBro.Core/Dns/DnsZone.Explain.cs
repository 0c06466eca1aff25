namespace OpsBro.Core.Dns;

/// <summary>What a name is, and who is behind it or is left out.</summary>
/// <param name="Place">What the name is: elsewhere, missing, between, apex or found.</param>
/// <param name="Nodes">Everyone who has the name, nearest first, and why one is not in the answer.</param>
public sealed record DnsExplanation(string Place, IReadOnlyList<(DnsNode Node, DnsOmission Reason)> Nodes);

/// <summary>Explains answers to people.</summary>
public sealed partial class DnsZone
{
    /// <summary>Why a name has the answers that it has; null for a name that cannot be written.</summary>
    public DnsExplanation? Explain(string name)
    {
        if (DnsNames.Wire(DnsNames.Lower(name)) is not { } wire) return null;
        var starts = new List<byte>();
        for (var at = 0; wire[at] > 0; at += wire[at] + 1) starts.Add((byte)at);
        var found = Find(wire, starts.ToArray());
        var nodes = new List<(DnsNode, DnsOmission)>();
        foreach (var (node, reason) in found.Set?.Candidates ?? [])
        {
            var (filter, isOk) = (found.Filter, true);
            if (node < 0) continue;
            // with everything ok is asked of those that have the name, the rest is the name
            if (ReferenceEquals(filter.Second, okBits)) (filter, isOk) = (filter with { Second = null }, DnsFilter.Bit(okBits, node));
            if (filter.Has(node)) nodes.Add((Nodes[node], reason == DnsOmission.None && !isOk ? DnsOmission.NotOk : reason));
        }
        return new DnsExplanation(found.Place.ToString().ToLowerInvariant(), nodes);
    }
}
