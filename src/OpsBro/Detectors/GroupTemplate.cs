using System.Text.RegularExpressions;
using OpsBro.Core.Expressions;

namespace OpsBro.Detectors;

/// <summary>
/// A text of <c>groups</c>: plain, or with <c>{{…}}</c> parts. A comma makes two groups; a part whose value is a list, or text with
/// commas, makes one group for each item; a part that is empty or None makes none. Blanks in a value become dashes.
/// </summary>
/// <remarks>
/// template = group *( "," group )
/// group    = *( literal / "{{" ( reference [ "||" default ] / expression ) "}}" / "{" reference "}" )
/// </remarks>
internal sealed partial class GroupTemplate
{
    /// <summary>Most groups that one text may make.</summary>
    public const int MaxGroups = 256;

    readonly List<List<Part>> groups = [];

    /// <summary>The groups that the text makes whatever the data.</summary>
    public IEnumerable<string> PlainGroups =>
        groups.Where(parts => parts.All(p => p.Expression is null)).Select(parts => string.Concat(parts.Select(p => p.Literal)));

    /// <summary>Reads and compiles the text.</summary>
    /// <exception cref="ExpressionException">A part does not compile; the position is that in the whole text.</exception>
    public static GroupTemplate Compile(string text, FunctionTable functions)
    {
        var template = new GroupTemplate();
        var parts = new List<Part>();
        var end = 0;
        while (TryFind(text, end, out var start, out var after))
        {
            template.AddLiteral(ref parts, text[end..start]);
            end = after;
            parts.Add(new Part("", CompilePart(text[start..end], start, functions), start));
        }
        template.AddLiteral(ref parts, text[end..]);
        if (parts.Count > 0) template.groups.Add(parts);
        return template;
    }

    /// <summary>Finds the next part in braces. Double braces may hold double ones: an expression with references.</summary>
    static bool TryFind(string text, int from, out int start, out int after)
    {
        (start, after) = (from, from);
        var match = Opening().Match(text, from);
        if (!match.Success) return false;
        (start, after) = (match.Index, match.Index + match.Length);
        if (!match.ValueSpan.SequenceEqual("{{")) return true;
        for (var depth = 1; depth > 0; after += 2)
        {
            var next = text.AsSpan(after).IndexOfAny("{}");
            if (next < 0 || after + next + 1 >= text.Length)
                throw new ExpressionException(ErrorKind.Syntax, "the part that begins here has no closing }}", start);
            after += next;
            if (text[after + 1] != text[after]) after--;   // a single brace: go on behind it
            else depth += text[after] == '{' ? 1 : -1;
        }
        return true;
    }

    /// <summary>The groups that the text makes now.</summary>
    /// <exception cref="ExpressionException">A part has no value, or one that cannot be a group.</exception>
    public IEnumerable<string> Groups(IReferences references) => groups.SelectMany(parts => Groups(parts, references));

    static List<string> Groups(List<Part> parts, IReferences references)
    {
        List<string> made = [""];
        foreach (var part in parts)
        {
            var items = part.Expression is null ? [part.Literal] : Items(part, references);
            if (made.Count * items.Count > MaxGroups)
                throw new ExpressionException(ErrorKind.Limit, $"the text makes more than {MaxGroups} groups", part.Offset);
            made = [.. made.SelectMany(_ => items, (start, item) => start + item)];
        }
        foreach (var group in made)
            if (GroupName.Problem(group) is { } problem) throw new ExpressionException(ErrorKind.Value, problem, parts[0].Offset);
        return made;
    }

    static List<string> Items(Part part, IReferences references)
    {
        Value value;
        try
        {
            value = part.Expression!.Evaluate(references);
        }
        catch (ExpressionException e)
        {
            throw Shifted(e, part.Offset + part.Indent);
        }
        if (value.Kind == ValueKind.Dict)
            throw new ExpressionException(ErrorKind.Type, "a dict cannot be a group; name one of its keys", part.Offset);
        IEnumerable<Value> values = value.Kind is ValueKind.List or ValueKind.Tuple ? value.AsList : [value];
        return [.. values.Where(v => v.Kind != ValueKind.None)
            .SelectMany(v => v.Str().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            .Select(text => Blanks().Replace(text, "-"))];
    }

    static (Expression, int Indent) CompilePart(string text, int offset, FunctionTable functions)
    {
        var inner = text.StartsWith("{{", StringComparison.Ordinal) ? text[2..^2] : text[1..^1];
        var isReference = RuleReferences.Roots.Any(root => inner.TrimStart().StartsWith($"{root}.", StringComparison.Ordinal));
        try
        {
            return isReference ? (Expression.Compile(text, functions), 0) : (Expression.Compile(inner, functions), 2);
        }
        catch (ExpressionException e)
        {
            throw Shifted(e, offset + (isReference ? 0 : 2));
        }
    }

    static ExpressionException Shifted(ExpressionException e, int by) => new(e.Kind, e.Message, Math.Max(0, e.Position) + by);

    void AddLiteral(ref List<Part> parts, string literal)
    {
        var pieces = literal.Split(',');
        for (var i = 0; i < pieces.Length; i++)
        {
            if (i > 0)
            {
                if (parts.Count > 0) groups.Add(parts);
                parts = [];
            }
            var piece = pieces[i].Trim();
            if (piece.Length > 0) parts.Add(new Part(piece, default, 0));
        }
    }

    [GeneratedRegex(@"\{\{|\{(?:collector|parameters|configuration)\.[^{}]*\}")]
    private static partial Regex Opening();

    [GeneratedRegex(@"[\s\p{Cc}]+")]
    private static partial Regex Blanks();

    /// <summary>A literal, or an expression with the place where it stands.</summary>
    readonly record struct Part(string Literal, (Expression? Expression, int Indent) Compiled, int Offset)
    {
        public Expression? Expression => Compiled.Expression;

        public int Indent => Compiled.Indent;
    }
}
