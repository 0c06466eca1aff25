namespace OpsBro.Core.Expressions;

/// <summary>The methods of str that look for something.</summary>
static partial class StrMethods
{
    static void AddSearches(MethodTable.Adder add)
    {
        add(ValueKind.String, "find(sub, start=None, end=None, /)", a => Value.Of(Find(a, fromEnd: false)));
        add(ValueKind.String, "rfind(sub, start=None, end=None, /)", a => Value.Of(Find(a, fromEnd: true)));
        add(ValueKind.String, "index(sub, start=None, end=None, /)", a => Value.Of(Found(a, Find(a, fromEnd: false))));
        add(ValueKind.String, "rindex(sub, start=None, end=None, /)", a => Value.Of(Found(a, Find(a, fromEnd: true))));
        add(ValueKind.String, "count(sub, start=None, end=None, /)", a => Value.Of(Count(a)));
        AddTest(add, "startswith(prefix, start=None, end=None, /)", a => AnyAffix(a, (text, affix) => text.StartsWith(affix)));
        AddTest(add, "endswith(suffix, start=None, end=None, /)", a => AnyAffix(a, (text, affix) => text.EndsWith(affix)));
    }

    delegate bool AffixTest(ReadOnlySpan<char> text, ReadOnlySpan<char> affix);

    /// <summary>The part between start and end, in UTF-16 units; null when start is behind the end of the text.</summary>
    static (int First, int Last)? Window(Arguments a)
    {
        var text = a.Self.AsString;
        var length = CodePoints.Count(text);
        var first = Bound(a[1], 0, length);
        var last = Math.Min(length, Bound(a[2], length, length));
        if (first > last) return null;
        return (CodePoints.OffsetOf(text, first), CodePoints.OffsetOf(text, last));
    }

    static int Bound(Value value, int otherwise, int length)
    {
        if (value.Kind == ValueKind.None) return otherwise;
        if (!value.IsInt) throw new ExpressionException(ErrorKind.Type, "slice indices must be integers or None");
        var bound = value.Kind == ValueKind.BigInt ? (value.AsBigInt.Sign < 0 ? long.MinValue / 2 : long.MaxValue / 2) : value.AsInt;
        if (bound < 0) bound += length;
        return (int)Math.Clamp(bound, 0, length + 1L);
    }

    static long Find(Arguments a, bool fromEnd)
    {
        var text = a.Self.AsString;
        var sub = a.Text(0);
        if (Window(a) is not { } window) return -1;
        var part = text.AsSpan(window.First..window.Last);
        var at = fromEnd ? LastIndexOf(part, sub) : part.IndexOf(sub);
        return at < 0 ? -1 : CodePoints.IndexOf(text, window.First + at);
    }

    static int LastIndexOf(ReadOnlySpan<char> text, string sub) => sub.Length == 0 ? text.Length : text.LastIndexOf(sub);

    static long Found(Arguments a, long at) => at >= 0 ? at : throw a.Fail("substring not found");

    static long Count(Arguments a)
    {
        var text = a.Self.AsString;
        var sub = a.Text(0);
        if (Window(a) is not { } window) return 0;
        if (sub.Length == 0) return CodePoints.Count(text[window.First..window.Last]) + 1;
        return System.MemoryExtensions.Count(text.AsSpan(window.First..window.Last), sub);
    }

    static bool AnyAffix(Arguments a, AffixTest test)
    {
        var text = a.Self.AsString;
        var window = Window(a);
        if (a[0].Kind != ValueKind.Tuple) return One(a.Text(0));
        foreach (var affix in a[0].AsList)
        {
            if (affix.Kind != ValueKind.String)
                throw new ExpressionException(ErrorKind.Type, "a tuple for startswith() or endswith() must only hold str");
            if (One(affix.AsString)) return true;
        }
        return false;

        bool One(string affix) => window is { } part && test(text.AsSpan(part.First..part.Last), affix);
    }
}
