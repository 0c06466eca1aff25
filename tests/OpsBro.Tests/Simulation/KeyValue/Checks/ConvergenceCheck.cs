using OpsBro.Core.KeyValue;

namespace OpsBro.Tests.Simulation.KeyValue;

/// <summary>Guarantee 3: after healing and quiet all copies are equal, nobody else holds anything, everybody is settled and agrees on who holds what.</summary>
static class ConvergenceCheck
{
    const long MarginMilliseconds = 5_000;

    /// <summary>What does not hold at the end.</summary>
    public static IEnumerable<Fault> Faults(FinalState final)
    {
        foreach (var holding in final.Holdings)
            if (!holding.IsSettled) yield return new Fault("", $"{holding.Node} is not settled");
        foreach (var key in final.Holdings.SelectMany(h => h.Entries.Keys).Distinct().Order(StringComparer.Ordinal))
        {
            if (IsVanishing(final, key)) continue;
            var owners = final.Holdings[0].OwnersOf(key);
            foreach (var holding in final.Holdings)
            {
                if (!holding.OwnersOf(key).SequenceEqual(owners))
                    yield return new Fault(key, $"{holding.Node} sees it on {string.Join(", ", holding.OwnersOf(key))}, "
                        + $"{final.Holdings[0].Node} on {string.Join(", ", owners)}");
                var has = holding.Entries.TryGetValue(key, out var entry);
                if (owners.Count > 0 && has != owners.Contains(holding.Node))
                    yield return new Fault(key, has ? $"{holding.Node} holds it and is not one of {string.Join(", ", owners)}" : $"{holding.Node} has no copy");
                else if (has && owners.Count > 0 && final.Entry(key) is { } first && !Same(first, entry!))
                    yield return new Fault(key, $"{owners[0]} has {Attempt.Show(first)}, {holding.Node} has {Attempt.Show(entry)}");
            }
        }
    }

    /// <summary>Its time is over by one clock and not by another, perhaps.</summary>
    static bool IsVanishing(FinalState final, string key) => final.Holdings.Any(h => h.Entries.TryGetValue(key, out var entry) && entry.ExpiresAt > 0
        && final.Holdings.Any(other => Math.Abs(entry.ExpiresAt - other.Wall) < MarginMilliseconds));

    static bool Same(KeyValueEntry one, KeyValueEntry other) =>
        (one.Key, one.Version, one.Writer, one.ExpiresAt, one.IsDeleted, one.Size, one.Conflicts.Count)
            == (other.Key, other.Version, other.Writer, other.ExpiresAt, other.IsDeleted, other.Size, other.Conflicts.Count)
        && one.Value.Span.SequenceEqual(other.Value.Span) && one.Conflicts.Zip(other.Conflicts).All(pair => Same(pair.First, pair.Second));
}
