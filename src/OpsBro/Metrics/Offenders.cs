using System.Text;

namespace OpsBro.Metrics;

/// <summary>Which names bring most new series, refused ones included: the beginnings of names with how many. Not safe for many threads.</summary>
internal sealed class Offenders
{
    /// <summary>Beginnings that are counted at most: beyond it the smallest makes room.</summary>
    const int MaxPrefixes = 256;

    /// <summary>Longest beginning.</summary>
    const int MaxPrefix = 128;

    readonly Dictionary<string, long> counts = [];

    /// <summary>Counts a series that is new, or would be if there were room.</summary>
    public void Count(ReadOnlySpan<byte> name)
    {
        var prefix = MetricName.Prefix(name);
        if (prefix.Length > MaxPrefix) prefix = prefix[..MaxPrefix];
        Span<char> text = stackalloc char[MaxPrefix];
        text = text[..Encoding.UTF8.GetChars(prefix, text)];
        var known = counts.GetAlternateLookup<ReadOnlySpan<char>>();
        if (known.TryGetValue(text, out var count) || counts.Count < MaxPrefixes)
        {
            known[text] = count + 1;
            return;
        }
        // as the space-saving algorithm has it: the newcomer inherits, so that one who comes often is never missed
        var least = counts.MinBy(c => c.Value);
        counts.Remove(least.Key);
        known[text] = least.Value + 1;
    }

    /// <summary>The first of them.</summary>
    public IReadOnlyList<(string Prefix, long Count)> Top(int most) =>
        [.. counts.OrderByDescending(c => c.Value).ThenBy(c => c.Key, StringComparer.Ordinal).Take(most).Select(c => (c.Key, c.Value))];
}
