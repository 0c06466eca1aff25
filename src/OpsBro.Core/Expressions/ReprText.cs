using System.Globalization;
using System.Text;

namespace OpsBro.Core.Expressions;

/// <summary>Writes values the way Python's repr() does.</summary>
static class ReprText
{
    /// <summary>Appends the repr of a value.</summary>
    public static void Append(StringBuilder text, Value value)
    {
        Limits.CheckText(text.Length);
        switch (value.Kind)
        {
            case ValueKind.String:
                AppendQuoted(text, value.AsString, onlyAscii: false);
                break;
            case ValueKind.List:
                text.Append('[');
                AppendItems(text, value.AsList);
                text.Append(']');
                break;
            case ValueKind.Tuple:
                text.Append('(');
                AppendItems(text, value.AsList);
                text.Append(value.AsList.Count == 1 ? ",)" : ")");
                break;
            case ValueKind.Dict:
                AppendDict(text, value.AsDict);
                break;
            case ValueKind.Set when value.AsDict.Count == 0:
                text.Append("set()");
                break;
            case ValueKind.Set:
                text.Append('{');
                AppendItems(text, [.. value.AsDict.Keys]);
                text.Append('}');
                break;
            default:
                text.Append(value.Repr());
                break;
        }
    }

    static void AppendItems(StringBuilder text, List<Value> items)
    {
        for (var i = 0; i < items.Count; i++)
        {
            if (i > 0) text.Append(", ");
            Append(text, items[i]);
        }
    }

    static void AppendDict(StringBuilder text, DictValue dict)
    {
        text.Append('{');
        var first = true;
        foreach (var (key, value) in dict.Entries)
        {
            if (!first) text.Append(", ");
            first = false;
            Append(text, key);
            text.Append(": ");
            Append(text, value);
        }
        text.Append('}');
    }

    /// <summary>Appends a text in quotes; <paramref name="onlyAscii"/> is Python's ascii().</summary>
    public static void AppendQuoted(StringBuilder text, string content, bool onlyAscii)
    {
        var quote = content.Contains('\'') && !content.Contains('"') ? '"' : '\'';
        text.Append(quote);
        foreach (var rune in content.EnumerateRunes())
        {
            switch (rune.Value)
            {
                case '\\': text.Append(@"\\"); break;
                case '\n': text.Append(@"\n"); break;
                case '\r': text.Append(@"\r"); break;
                case '\t': text.Append(@"\t"); break;
                default:
                    if (rune.Value == quote) text.Append('\\').Append(quote);
                    else if (rune.Value is >= ' ' and < 0x7f || (!onlyAscii && rune.Value > 0x7f && IsPrintable(rune))) text.Append(rune);
                    else AppendEscape(text, rune.Value);
                    break;
            }
        }
        text.Append(quote);
        Limits.CheckText(text.Length);
    }

    /// <summary>Appends \x, \u or \U and the number of a character.</summary>
    public static void AppendEscape(StringBuilder text, int rune)
    {
        var culture = CultureInfo.InvariantCulture;
        if (rune <= 0xff) text.Append(culture, $"\\x{rune:x2}");
        else if (rune <= 0xffff) text.Append(culture, $"\\u{rune:x4}");
        else text.Append(culture, $"\\U{rune:x8}");
    }

    /// <summary>Python's str.isprintable() of one character.</summary>
    public static bool IsPrintable(Rune rune) => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.SpaceSeparator);
}
