using System.Collections;

namespace OpsBro.Core.Graphite;

/// <summary>The tags of a series in the order in which they were set. Never changed: a change gives new tags.</summary>
public sealed class SeriesTags : IReadOnlyList<KeyValuePair<string, string>>
{
    readonly KeyValuePair<string, string>[] pairs;

    SeriesTags(KeyValuePair<string, string>[] pairs) => this.pairs = pairs;

    /// <summary>No tags.</summary>
    public static readonly SeriesTags None = new([]);

    /// <summary>The tags that a name holds: <c>name;tag=value</c>; the part before the first semicolon is the tag <c>name</c>.</summary>
    public static SeriesTags OfName(string name)
    {
        var semicolon = name.IndexOf(';', StringComparison.Ordinal);
        if (semicolon < 1 || IsCall(name)) return new([new("name", name)]);
        List<KeyValuePair<string, string>> tags = [];
        foreach (var part in name[(semicolon + 1)..].Split(';'))
        {
            var equal = part.IndexOf('=', StringComparison.Ordinal);
            if (equal < 1) return new([new("name", name)]);
            tags.RemoveAll(t => t.Key == part[..equal]);
            tags.Add(new(part[..equal], part[(equal + 1)..]));
        }
        tags.RemoveAll(t => t.Key == "name");
        tags.Add(new("name", name[..semicolon]));
        return new([.. tags]);
    }

    /// <summary>Whether a name looks like <c>function(…)</c>.</summary>
    static bool IsCall(string name)
    {
        if (!name.EndsWith(')')) return false;
        var parenthesis = name.IndexOf('(', StringComparison.Ordinal);
        return parenthesis > 0 && parenthesis < name.Length - 2 && name.AsSpan(0, parenthesis).IndexOfAnyExceptInRange('A', 'z') < 0
            && name.AsSpan(0, parenthesis).IndexOfAnyInRange('[', '`') < 0;
    }

    /// <summary>How many.</summary>
    public int Count => pairs.Length;

    /// <summary>One, by position.</summary>
    public KeyValuePair<string, string> this[int index] => pairs[index];

    /// <summary>The value of a tag; null when it is not there.</summary>
    public string? this[string tag]
    {
        get
        {
            foreach (var pair in pairs)
                if (pair.Key == tag) return pair.Value;
            return null;
        }
    }

    /// <summary>These tags and one more, or with another value.</summary>
    public SeriesTags With(string tag, string value)
    {
        var index = Array.FindIndex(pairs, p => p.Key == tag);
        if (index < 0) return new([.. pairs, new(tag, value)]);
        var copy = pairs.ToArray();
        copy[index] = new(tag, value);
        return new(copy);
    }

    /// <summary>These tags without one.</summary>
    public SeriesTags Without(string tag) => this[tag] is null ? this : new([.. pairs.Where(p => p.Key != tag)]);

    /// <summary>The tags that both have with the same value.</summary>
    public SeriesTags Common(SeriesTags other) =>
        ReferenceEquals(this, other) ? this : new([.. pairs.Where(p => other[p.Key] == p.Value)]);

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, string>> GetEnumerator() => pairs.AsEnumerable().GetEnumerator();

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
