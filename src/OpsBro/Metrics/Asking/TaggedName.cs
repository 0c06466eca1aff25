using System.Text.RegularExpressions;
using OpsBro.Api;

namespace OpsBro.Metrics.Asking;

/// <summary>A name with tags, <c>disk.used;dc=x;host=a</c>, in its parts.</summary>
/// <param name="Canonical">With the tags in order.</param>
/// <param name="Tags">The tags in order, the name itself as <c>name</c> among them.</param>
internal sealed record TaggedName(string Canonical, IReadOnlyDictionary<string, string> Tags)
{
    /// <summary>Reads one; null when a part is no <c>tag=value</c>.</summary>
    public static TaggedName? Parse(string text)
    {
        var parts = text.Split(';');
        if (parts[0].Length == 0) return null;
        var tags = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var part in parts.AsSpan(1))
        {
            var equal = part.IndexOf('=');
            if (equal < 1 || equal == part.Length - 1) return null;
            tags[part[..equal]] = part[(equal + 1)..];
        }
        var canonical = string.Concat([parts[0], .. tags.Where(tag => tag.Key != "name").Select(tag => $";{tag.Key}={tag.Value}")]);
        tags["name"] = parts[0];
        return new TaggedName(canonical, tags);
    }

    /// <summary>An expression that a caller wrote.</summary>
    /// <exception cref="ApiProblem">400 when it is none.</exception>
    public static Regex Pattern(string text)
    {
        try
        {
            // whoever asks writes it: without backtracking its time grows with the length of the text only
            return new Regex(text, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw ApiProblem.Bad($"\"{text}\" is no regular expression that can be used here: {e.Message}");
        }
    }
}
