using System.Text;

namespace OpsBro.Core.Expressions;

/// <summary>Texts, texts with fields, references and templates.</summary>
sealed partial class Parser
{
    /// <summary>Adjacent texts are one.</summary>
    Node Texts()
    {
        var position = current.Position;
        var parts = new FormattedParts();
        while (current.Kind == TokenKind.Text)
        {
            var token = current;
            Advance();
            var isRaw = token.Prefix.Contains('r');
            if (token.Prefix.Contains('f')) Fields(token.Start, token.Start + token.Text.Length, isRaw, parts, inSpec: false);
            else PlainText(token.Start, token.Start + token.Text.Length, isRaw, parts);
        }
        return parts.ToNode(position);
    }

    /// <summary>
    /// A text without prefix f: whole references are looked up in it, as the original did; in 2016 <c>'{collector.a.b}' == 'x'</c> was
    /// the only way to compare a text.
    /// </summary>
    void PlainText(int start, int end, bool isRaw, FormattedParts parts)
    {
        for (var i = start; i < end;)
        {
            var isDouble = i + 1 < end && rule[i + 1] == '{';
            if (IsKnownReference(rule, i, end, isDouble, out var inside, out var after))
            {
                parts.Add(rule[start..i], start, isRaw);
                parts.Add(ReferenceOf(inside, i));
                start = i = after;
            }
            else
            {
                i += rule[i] == '\\' && i + 1 < end ? 2 : 1;
            }
        }
        parts.Add(rule[start..end], start, isRaw);
    }

    static bool IsKnownReference(string text, int at, int end, bool isDouble, out Range inside, out int after)
    {
        (inside, after) = (default, at);
        if (text[at] != '{' || isDouble != (at + 1 < end && text[at + 1] == '{')) return false;
        if (!ReferenceSyntax.TryFind(text, at, end, mustClose: false, out inside, out after)) return false;
        var path = text.AsSpan(inside).TrimStart();
        foreach (var root in ReferenceSyntax.Roots)
            if (path.StartsWith(root) && path[root.Length] == '.') return true;
        return false;
    }

    /// <summary>The inside of a text with prefix f, or of a format spec, where <c>{{</c> has no meaning and <c>}</c> ends it.</summary>
    /// <returns>Where it ends.</returns>
    int Fields(int start, int end, bool isRaw, FormattedParts parts, bool inSpec)
    {
        var from = start;
        var i = start;
        for (; i < end; i++)
        {
            if (rule[i] == '\\' && !isRaw && i + 1 < end && rule[i + 1] is not ('{' or '}'))
            {
                i++;
            }
            else if (rule[i] == '}')
            {
                if (inSpec) break;
                if (i + 1 >= end || rule[i + 1] != '}') throw Error(i, "a single } stands in a text with prefix f; write }}");
                parts.Add(rule[from..(i + 1)], from, isRaw);
                from = ++i + 1;
            }
            else if (rule[i] == '{')
            {
                parts.Add(rule[from..i], from, isRaw);
                i = Field(i, end, isRaw, parts, inSpec);
                from = i + 1;
            }
        }
        parts.Add(rule[from..Math.Min(i, end)], from, isRaw);
        return i;
    }

    /// <summary>What begins with a brace: a reference, a literal brace or a field.</summary>
    /// <returns>Offset of its last character.</returns>
    int Field(int at, int end, bool isRaw, FormattedParts parts, bool inSpec)
    {
        if (IsKnownReference(rule, at, end, isDouble: true, out var inside, out var after))
        {
            parts.Add(ReferenceOf(inside, at));
            return after - 1;
        }
        var holdsReference = at + 2 < end && IsKnownReference(rule, at + 1, end, isDouble: true, out _, out _);
        if (!inSpec && !holdsReference && at + 1 < end && rule[at + 1] == '{')
        {
            parts.Add("{", at, isRaw: true);
            return at + 1;
        }
        if (IsKnownReference(rule, at, end, isDouble: false, out inside, out after)) return ReferenceField(at, inside, isRaw, parts);
        return ExpressionField(at, end, isRaw, parts);
    }

    /// <summary><c>{collector.a.b:.2f}</c>: the old form of a reference, with a format.</summary>
    int ReferenceField(int at, Range inside, bool isRaw, FormattedParts parts)
    {
        var (first, last) = (inside.Start.Value, inside.End.Value);
        var colon = rule.AsSpan(first..last).IndexOfAny(':', '!');
        var end = colon < 0 ? last : first + colon;
        return FieldEnd(ReferenceOf(first..end, at), end, last + 1, isRaw, parts);
    }

    int ExpressionField(int at, int end, bool isRaw, FormattedParts parts)
    {
        var inner = new Parser(rule, at + 1, end, functions, scope, nesting);
        inner.Enter();
        if (inner.current.Kind == TokenKind.End || inner.Is("}")) throw Error(at, "the field has no expression");
        var value = inner.TestOrTuple();
        var stop = inner.current.Position;
        if (rule.AsSpan(at..Math.Min(stop, end)).Contains('\\')) throw Error(at, "a field of a text cannot hold a backslash");
        if (inner.Is("="))
        {
            // {x=} shows the expression as written and its repr
            inner.Advance();
            parts.Add(rule[(at + 1)..inner.current.Position], at + 1, isRaw: true);
            stop = inner.current.Position;
            if (inner.Is("}"))
            {
                parts.Add(new FormattedPart("", value, 'r', null));
                return stop;
            }
        }
        if (inner.current.Kind == TokenKind.End) throw Error(at, "the field that begins here has no closing }");
        return FieldEnd(value, stop, end, isRaw, parts);
    }

    /// <summary>Reads <c>[!r][:spec]}</c>.</summary>
    /// <returns>Offset of the closing brace.</returns>
    int FieldEnd(Node value, int at, int end, bool isRaw, FormattedParts parts)
    {
        var conversion = '\0';
        if (at + 1 < end && rule[at] == '!')
        {
            conversion = rule[at + 1];
            if (conversion is not ('r' or 's' or 'a')) throw Error(at, "after ! stands r, s or a");
            at += 2;
        }
        Node? spec = null;
        if (at < end && rule[at] == ':')
        {
            var inner = new FormattedParts();
            Enter();
            var begin = at + 1;
            at = Fields(begin, end, isRaw, inner, inSpec: true);
            nesting--;
            spec = inner.ToNode(begin);
        }
        if (at >= end || rule[at] != '}')
            throw Error(Math.Min(at, rule.Length - 1), "the field has no closing }, or something stands before it");
        parts.Add(new FormattedPart("", value, conversion, spec));
        return at;
    }

    /// <summary>The node of <c>path||default</c>.</summary>
    Node ReferenceOf(Range inside, int position)
    {
        var (start, end) = (inside.Start.Value, inside.End.Value);
        var bars = rule.AsSpan(start..end).IndexOf("||");
        var references = ReferenceSyntax.Parse(bars < 0 ? rule[start..end] : rule.Substring(start, bars), position);
        scope.References.AddRange(references);
        return new ReferenceNode(references, bars < 0 ? null : Default(start + bars + 2, end), position);
    }

    /// <summary>A default is an expression when it can be read as one, else the bare text.</summary>
    Node Default(int start, int end)
    {
        var text = rule[start..end].Trim();
        if (text.Length == 0) return new ConstantNode(Value.Of(""), start);
        var (seen, names, slots) = (scope.References.Count, scope.Names.Count, scope.Slots);
        try
        {
            var inner = new Parser(rule, start, end, functions, scope, nesting);
            inner.Enter();
            return inner.Whole();
        }
        catch (ExpressionException e) when (e.Kind != ErrorKind.Limit)
        {
            scope.References.RemoveRange(seen, scope.References.Count - seen);
            scope.Names.RemoveRange(names, scope.Names.Count - names);
            scope.Slots = slots;
            return new ConstantNode(Value.Of(text), start);
        }
    }

    /// <summary>Text with references in braces and expressions in double braces.</summary>
    Node Template()
    {
        var text = rule;
        var parts = new FormattedParts();
        var from = 0;
        for (var i = 0; i < text.Length;)
        {
            var isDouble = i + 1 < text.Length && text[i + 1] == '{';
            if (text[i] != '{')
            {
                i++;
            }
            else if (IsKnownReference(text, i, text.Length, isDouble, out var inside, out var after))
            {
                parts.Add(text[from..i], from, isRaw: true);
                parts.Add(ReferenceOf(inside, i));
                from = i = after;
            }
            else if (isDouble)
            {
                var close = text.IndexOf("}}", i, StringComparison.Ordinal);
                if (close < 0) throw Error(i, "the {{ here has no closing }}");
                parts.Add(text[from..i], from, isRaw: true);
                parts.Add(new FormattedPart("", new Parser(text, i + 2, close, functions, scope, 1).Whole(), '\0', null));
                from = i = close + 2;
            }
            else
            {
                i++;
            }
        }
        parts.Add(text[from..], from, isRaw: true);
        return parts.ToNode(0);
    }
}
