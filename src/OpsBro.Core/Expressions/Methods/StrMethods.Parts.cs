using System.Text;

namespace OpsBro.Core.Expressions;

/// <summary>The methods of str that cut, join and replace.</summary>
static partial class StrMethods
{
    static void AddParts(MethodTable.Adder add)
    {
        Add(add, "strip(chars=None, /)", a => Strip(a, left: true, right: true));
        Add(add, "lstrip(chars=None, /)", a => Strip(a, left: true, right: false));
        Add(add, "rstrip(chars=None, /)", a => Strip(a, left: false, right: true));
        Add(add, "replace(old, new, count=-1, /)", Replace);
        Add(add, "removeprefix(prefix, /)", a =>
            a.Self.AsString.StartsWith(a.Text(0), StringComparison.Ordinal) ? a.Self.AsString[a.Text(0).Length..] : a.Self.AsString);
        Add(add, "removesuffix(suffix, /)", a =>
            a.Self.AsString.EndsWith(a.Text(0), StringComparison.Ordinal) ? a.Self.AsString[..^a.Text(0).Length] : a.Self.AsString);
        Add(add, "join(iterable, /)", a => Join(a.Self.AsString, a.Items(0)));
        add(ValueKind.String, "split(sep=None, maxsplit=-1)", a => Split(a, fromEnd: false));
        add(ValueKind.String, "rsplit(sep=None, maxsplit=-1)", a => Split(a, fromEnd: true));
        add(ValueKind.String, "splitlines(keepends=False)", a => SplitLines(a.Self.AsString, a.Flag(0)));
        add(ValueKind.String, "partition(sep, /)", a => Partition(a, fromEnd: false));
        add(ValueKind.String, "rpartition(sep, /)", a => Partition(a, fromEnd: true));
    }

    static string Strip(Arguments a, bool left, bool right)
    {
        var text = a.Self.AsString;
        if (a[0].Kind == ValueKind.None) return PythonText.Strip(text, left, right);
        var unwanted = a.Text(0).EnumerateRunes().ToHashSet();
        var (first, last) = (0, text.Length);
        while (left && first < last && Rune.GetRuneAt(text, first) is var rune && unwanted.Contains(rune)) first += rune.Utf16SequenceLength;
        while (right && last > first && RuneBefore(text, last) is var rune && unwanted.Contains(rune)) last -= rune.Utf16SequenceLength;
        return text[first..last];
    }

    static Rune RuneBefore(string text, int end) => Rune.GetRuneAt(text, char.IsLowSurrogate(text[end - 1]) && end > 1 ? end - 2 : end - 1);

    static string Replace(Arguments a)
    {
        var (text, old, with, count) = (a.Self.AsString, a.Text(0), a.Text(1), a.Int(2));
        if (count < 0) count = long.MaxValue;
        var replaced = new StringBuilder();
        var from = 0;
        if (old.Length == 0)
        {
            // between all characters, and at both ends
            foreach (var rune in text.EnumerateRunes())
            {
                if (count-- <= 0) break;
                replaced.Append(with).Append(rune);
                from += rune.Utf16SequenceLength;
                Limits.CheckText(replaced.Length);
            }
            if (from == text.Length && count > 0) replaced.Append(with);
        }
        else
        {
            while (count-- > 0 && text.IndexOf(old, from, StringComparison.Ordinal) is var at and >= 0)
            {
                replaced.Append(text, from, at - from).Append(with);
                from = at + old.Length;
                Limits.CheckText(replaced.Length);
            }
        }
        replaced.Append(text, from, text.Length - from);
        Limits.CheckText(replaced.Length);
        return replaced.ToString();
    }

    /// <summary>str.join.</summary>
    public static string Join(string separator, List<Value> items)
    {
        var joined = new StringBuilder();
        for (var i = 0; i < items.Count; i++)
        {
            if (items[i].Kind != ValueKind.String)
            {
                throw new ExpressionException(ErrorKind.Type,
                    $"sequence item {i}: expected str instance, {items[i].TypeName} found; write [str(x) for x in …]");
            }
            if (i > 0) joined.Append(separator);
            joined.Append(items[i].AsString);
            Limits.CheckText(joined.Length);
        }
        return joined.ToString();
    }

    static Value Split(Arguments a, bool fromEnd)
    {
        var most = a.Int(1) is var count && count < 0 ? long.MaxValue : count;
        var text = a.Self.AsString;
        List<string> parts;
        if (a[0].Kind == ValueKind.None)
        {
            parts = fromEnd ? WordsFromEnd(text, most) : Words(text, most);
        }
        else
        {
            var separator = a.Text(0);
            if (separator.Length == 0) throw a.Fail("empty separator");
            parts = fromEnd ? PartsFromEnd(text, separator, most) : Parts(text, separator, most);
        }
        return Value.ListOf([.. parts.Select(Value.Of)]);
    }

    static void AddPart(List<string> parts, string part)
    {
        parts.Add(part);
        Limits.CheckItems(parts.Count);
    }

    static List<string> Parts(string text, string separator, long most)
    {
        var parts = new List<string>();
        var from = 0;
        while (most-- > 0 && text.IndexOf(separator, from, StringComparison.Ordinal) is var at and >= 0)
        {
            AddPart(parts, text[from..at]);
            from = at + separator.Length;
        }
        AddPart(parts, text[from..]);
        return parts;
    }

    static List<string> PartsFromEnd(string text, string separator, long most)
    {
        var parts = new List<string>();
        var to = text.Length;
        while (most-- > 0 && text.AsSpan(0, to).LastIndexOf(separator) is var at and >= 0)
        {
            AddPart(parts, text[(at + separator.Length)..to]);
            to = at;
        }
        AddPart(parts, text[..to]);
        parts.Reverse();
        return parts;
    }

    static List<string> Words(string text, long most)
    {
        var parts = new List<string>();
        var at = 0;
        while (true)
        {
            while (at < text.Length && PythonText.IsSpace(text[at])) at++;
            if (at == text.Length) return parts;
            var first = at;
            if (most-- <= 0)
            {
                AddPart(parts, text[first..]);
                return parts;
            }
            while (at < text.Length && !PythonText.IsSpace(text[at])) at++;
            AddPart(parts, text[first..at]);
        }
    }

    static List<string> WordsFromEnd(string text, long most)
    {
        var parts = new List<string>();
        var at = text.Length;
        while (true)
        {
            while (at > 0 && PythonText.IsSpace(text[at - 1])) at--;
            if (at == 0) break;
            var last = at;
            if (most-- <= 0)
            {
                AddPart(parts, text[..last]);
                break;
            }
            while (at > 0 && !PythonText.IsSpace(text[at - 1])) at--;
            AddPart(parts, text[at..last]);
        }
        parts.Reverse();
        return parts;
    }

    static Value SplitLines(string text, bool keepEnds)
    {
        var lines = new List<Value>();
        for (var at = 0; at < text.Length;)
        {
            var first = at;
            while (at < text.Length && !PythonText.IsLineEnd(text[at])) at++;
            var end = at;
            if (at < text.Length) at += text[at] == '\r' && at + 1 < text.Length && text[at + 1] == '\n' ? 2 : 1;
            lines.Add(Value.Of(text[first..(keepEnds ? at : end)]));
            Limits.CheckItems(lines.Count);
        }
        return Value.ListOf(lines);
    }

    static Value Partition(Arguments a, bool fromEnd)
    {
        var (text, separator) = (a.Self.AsString, a.Text(0));
        if (separator.Length == 0) throw a.Fail("empty separator");
        var at = fromEnd ? text.LastIndexOf(separator, StringComparison.Ordinal) : text.IndexOf(separator, StringComparison.Ordinal);
        string[] parts = at >= 0 ? [text[..at], separator, text[(at + separator.Length)..]]
            : fromEnd ? ["", "", text] : [text, "", ""];
        return Value.TupleOf([.. parts.Select(Value.Of)]);
    }
}
