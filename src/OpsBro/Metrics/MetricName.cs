using System.Text;
using System.Text.Unicode;

namespace OpsBro.Metrics;

/// <summary>
/// The rules for names:
/// <code>
/// name = part *("." part) *(";" tag "=" value)
/// </code>
/// UTF-8, at most <see cref="MaxBytes"/>; no spaces or control characters; a part has no character of a pattern (<c>* ? [ ] { }</c>);
/// a tag has no <c>; ! ^ =</c>, a value no <c>;</c> and no <c>~</c> at its start; no tag twice. Canonical: no empty parts, tags in order.
/// </summary>
internal static class MetricName
{
    /// <summary>Longest name.</summary>
    public const int MaxBytes = 512;

    /// <summary>Most tags of one name.</summary>
    const int MaxTags = 64;

    /// <summary>Writes the canonical form of a name, which is not longer than it.</summary>
    /// <returns>Its length; 0 when it is no name.</returns>
    public static int Canonical(ReadOnlySpan<byte> name, Span<byte> into)
    {
        if (name.IsEmpty || name.Length > MaxBytes || !Utf8.IsValid(name)) return 0;
        foreach (var c in name)
            if (c is <= (byte)' ' or 0x7f) return 0;
        var end = name.IndexOf((byte)';');
        var path = end < 0 ? name : name[..end];
        if (path.IndexOfAny("*?[]{}"u8) >= 0) return 0;
        var length = 0;
        foreach (var range in path.Split((byte)'.'))
        {
            var part = path[range];
            if (part.IsEmpty) continue;
            if (length > 0) into[length++] = (byte)'.';
            part.CopyTo(into[length..]);
            length += part.Length;
        }
        if (length == 0 || end < 0) return length;
        return Tags(name, end, into, length);
    }

    static int Tags(ReadOnlySpan<byte> name, int from, Span<byte> into, int length)
    {
        Span<(int Start, int Equal, int End)> tags = stackalloc (int, int, int)[MaxTags];
        var count = 0;
        for (var start = from + 1; start <= name.Length;)
        {
            var end = name[start..].IndexOf((byte)';') is var next and >= 0 ? start + next : name.Length;
            var equal = name[start..end].IndexOf((byte)'=');
            if (equal < 1 || count == MaxTags || start + equal + 1 == end || name[start + equal + 1] == '~') return 0;
            if (name.Slice(start, equal).IndexOfAny("!^"u8) >= 0) return 0;
            var tag = (start, start + equal, end);
            var i = count++;
            for (; i > 0; i--)
            {
                var order = name[tags[i - 1].Start..tags[i - 1].Equal].SequenceCompareTo(name.Slice(start, equal));
                if (order == 0) return 0;
                if (order < 0) break;
                tags[i] = tags[i - 1];
            }
            tags[i] = tag;
            start = end + 1;
        }
        foreach (var (start, _, end) in tags[..count])
        {
            into[length++] = (byte)';';
            name[start..end].CopyTo(into[length..]);
            length += end - start;
        }
        return length;
    }

    /// <summary>One part of a name from any text: what a part cannot have becomes an underscore; dots too.</summary>
    public static string Part(string text) => text.Length == 0 ? "_" : Path(text.Replace('.', '_'));

    /// <summary>A dotted name from any text: what a name cannot have becomes an underscore.</summary>
    public static string Path(string text) => string.Create(text.Length, text, (span, source) =>
    {
        for (var i = 0; i < span.Length; i++)
        {
            var c = source[i];
            span[i] = c <= ' ' || c == 0x7f || char.IsWhiteSpace(c) || char.IsSurrogate(c) || c is ';' or '*' or '?' or '[' or ']' or '{' or '}' ? '_' : c;
        }
    });

    /// <summary>For messages: the name, or as much of it as can be read.</summary>
    public static string Readable(ReadOnlySpan<byte> name)
    {
        const int Shown = 120;
        var text = Encoding.UTF8.GetString(name.Length > Shown ? name[..Shown] : name);
        return string.Concat(text.Select(c => char.IsControl(c) ? '?' : c)) + (name.Length > Shown ? "…" : "");
    }
}
