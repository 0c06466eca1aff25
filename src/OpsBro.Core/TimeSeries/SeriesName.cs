using System.Text.Unicode;

namespace OpsBro.Core.TimeSeries;

/// <summary>
/// Names of series: UTF-8, dotted parts, then tags: <c>part *("." part) *(";" tag "=" value)</c>. In canonical form no part is empty and
/// the tags are sorted, each there once.
/// </summary>
public static class SeriesName
{
    /// <summary>Most bytes of a name, tags included.</summary>
    public const int MaxBytes = 1024;

    /// <summary>Most tags of a name.</summary>
    public const int MaxTags = 64;

    /// <summary>Most parts between dots.</summary>
    public const int MaxParts = 64;

    /// <summary>
    /// Writes the canonical form: empty parts go, tags are sorted as <c>tag=value</c>, of one tag twice the last counts, a tag called
    /// <c>name</c> goes. 0 when it is no name: too long, not UTF-8, with control characters, with too many parts or tags, a tag without
    /// <c>=</c> or with one of <c>!^</c>, an empty value or one that begins with <c>~</c>.
    /// </summary>
    /// <param name="name">The name as it came.</param>
    /// <param name="into">At least as long as the name.</param>
    public static int Canonicalize(ReadOnlySpan<byte> name, Span<byte> into)
    {
        if (name.Length is 0 or > MaxBytes || !Utf8.IsValid(name) || name.IndexOfAnyInRange((byte)0, (byte)31) >= 0 || name.Contains((byte)127)) return 0;
        var semicolon = name.IndexOf((byte)';');
        var length = WriteParts(semicolon < 0 ? name : name[..semicolon], into);
        return length == 0 || semicolon < 0 ? length : WriteTags(name, semicolon, into, length);
    }

    static int WriteParts(ReadOnlySpan<byte> dotted, Span<byte> into)
    {
        var (length, parts) = (0, 0);
        foreach (var range in dotted.Split((byte)'.'))
        {
            var part = dotted[range];
            if (part.IsEmpty) continue;
            if (++parts > MaxParts) return 0;
            if (length > 0) into[length++] = (byte)'.';
            part.CopyTo(into[length..]);
            length += part.Length;
        }
        return length;
    }

    static int WriteTags(ReadOnlySpan<byte> name, int semicolon, Span<byte> into, int length)
    {
        Span<Range> tags = stackalloc Range[MaxTags];
        var count = 0;
        for (var at = semicolon + 1; at <= name.Length;)
        {
            var end = name[at..].IndexOf((byte)';');
            end = end < 0 ? name.Length : at + end;
            var tag = name[at..end];
            var equal = tag.IndexOf((byte)'=');
            if (equal < 1 || equal == tag.Length - 1 || tag[..equal].IndexOfAny("!^"u8) >= 0 || tag[equal + 1] == (byte)'~') return 0;
            if (!tag[..equal].SequenceEqual("name"u8) && !TryInsert(name, tags, ref count, at..end, equal)) return 0;
            at = end + 1;
        }
        foreach (var range in tags[..count])
        {
            into[length++] = (byte)';';
            name[range].CopyTo(into[length..]);
            length += name[range].Length;
        }
        return length;
    }

    static bool TryInsert(ReadOnlySpan<byte> name, Span<Range> tags, ref int count, Range tag, int equal)
    {
        var text = name[tag];
        for (var i = 0; i < count; i++)
        {
            if (!name[tags[i]].StartsWith(text[..(equal + 1)])) continue;
            tags[(i + 1)..count].CopyTo(tags[i..]);
            count--;
            break;
        }
        if (count == tags.Length) return false;
        var place = count++;
        for (; place > 0 && name[tags[place - 1]].SequenceCompareTo(text) > 0; place--) tags[place] = tags[place - 1];
        tags[place] = tag;
        return true;
    }

    /// <summary>The part before the tags.</summary>
    public static ReadOnlySpan<byte> WithoutTags(ReadOnlySpan<byte> canonical)
    {
        var semicolon = canonical.IndexOf((byte)';');
        return semicolon < 0 ? canonical : canonical[..semicolon];
    }

    /// <summary>The value of a tag of a canonical name, of <c>name</c> the part before the tags; empty when it has no such tag.</summary>
    public static ReadOnlySpan<byte> TagValue(ReadOnlySpan<byte> canonical, ReadOnlySpan<byte> tag)
    {
        if (tag.SequenceEqual("name"u8)) return WithoutTags(canonical);
        var rest = canonical[WithoutTags(canonical).Length..];
        while (TryTakeTag(ref rest, out var found, out var value))
        {
            if (found.SequenceEqual(tag)) return value;
        }
        return [];
    }

    /// <summary>Takes the next tag off what follows the dotted part of a canonical name.</summary>
    public static bool TryTakeTag(scoped ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> tag, out ReadOnlySpan<byte> value)
    {
        tag = value = default;
        if (rest.IsEmpty) return false;
        rest = rest[1..];
        var end = rest.IndexOf((byte)';');
        var text = end < 0 ? rest : rest[..end];
        var equal = text.IndexOf((byte)'=');
        tag = text[..equal];
        value = text[(equal + 1)..];
        rest = rest[text.Length..];
        return true;
    }
}
