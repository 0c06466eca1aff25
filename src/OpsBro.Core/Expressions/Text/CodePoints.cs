using System.Text;

namespace OpsBro.Core.Expressions;

/// <summary>Python counts characters, .NET counts UTF-16 units: what differs is beyond U+FFFF only.</summary>
static class CodePoints
{
    /// <summary>True when the text has characters of two UTF-16 units.</summary>
    public static bool HasWide(string text) => text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') >= 0;

    static readonly string[] ascii = [.. Enumerable.Range(0, 128).Select(i => ((char)i).ToString())];

    /// <summary>Text of one character; the ASCII ones are made once.</summary>
    public static string Text(Rune rune) => rune.IsAscii ? ascii[rune.Value] : rune.ToString();

    /// <summary>Length in characters.</summary>
    public static int Count(string text)
    {
        if (!HasWide(text)) return text.Length;
        var count = 0;
        foreach (var _ in text.EnumerateRunes()) count++;
        return count;
    }

    /// <summary>The characters as numbers.</summary>
    public static int[] Of(string text)
    {
        var points = new List<int>(text.Length);
        foreach (var rune in text.EnumerateRunes()) points.Add(rune.Value);
        return [.. points];
    }

    /// <summary>Text of characters.</summary>
    public static string Text(ReadOnlySpan<int> points)
    {
        var text = new StringBuilder(points.Length);
        foreach (var point in points) text.Append(new Rune(point));
        return text.ToString();
    }

    /// <summary>The offset in UTF-16 units of a character.</summary>
    public static int OffsetOf(string text, int index)
    {
        if (!HasWide(text)) return index;
        var offset = 0;
        for (var i = 0; i < index; i++) offset += offset + 1 < text.Length && char.IsSurrogatePair(text[offset], text[offset + 1]) ? 2 : 1;
        return offset;
    }

    /// <summary>The index in characters of an offset in UTF-16 units.</summary>
    public static int IndexOf(string text, int offset)
    {
        if (!HasWide(text)) return offset;
        var index = 0;
        for (var i = 0; i < offset; i++)
            if (!char.IsLowSurrogate(text[i])) index++;
        return index;
    }

    /// <summary>Order by code points: wide characters come after all others, which UTF-16 units would not give.</summary>
    public static int Compare(string a, string b)
    {
        var common = a.AsSpan().CommonPrefixLength(b);
        if (common == a.Length || common == b.Length) return a.Length.CompareTo(b.Length);
        var (x, y) = (a[common], b[common]);
        var (xWide, yWide) = (char.IsSurrogate(x), char.IsSurrogate(y));
        return xWide != yWide ? (xWide ? 1 : -1) : x.CompareTo(y);
    }
}
