using System.Globalization;
using System.Text;

namespace OpsBro.Core.Graphite;

/// <summary>
/// Reads a target. The grammar is what graphite-web 1.1.8 takes:
/// <code>
/// expression := (template | call | path) ( "|" call )*
/// call       := name "(" [ argument ("," argument)* ] ")"        named arguments, name "=" argument, come last
/// argument   := true | false | none | inf | number | 'text' | "text" | expression
/// template   := "template" "(" (call | path) [ "," value ("," value)* ] ")"     values all by position or all by name
/// path       := elements parted by "."; an element is characters, \ and a sign, and {x,y}
/// </code>
/// A number is followed by a comma, a parenthesis or the end; otherwise it is a path. Texts have no escapes: backslashes stay.
/// Unlike there, what follows a whole expression is an error, not ignored.
/// </summary>
public sealed class TargetParser
{
    const string Signs = "(){},.'\"\\|";
    readonly string text;
    int at, depth, nodes, pipes;

    TargetParser(string text) => this.text = text;

    /// <summary>Reads one.</summary>
    /// <exception cref="GraphiteException">It is no target; the message says where and what was expected.</exception>
    public static Node Parse(string target)
    {
        if (target.Length > GraphiteLimits.TargetLength)
            throw new GraphiteException($"the target has {target.Length} characters; at most {GraphiteLimits.TargetLength} are read");
        var parser = new TargetParser(target);
        var node = parser.Expression();
        parser.SkipSpace();
        if (parser.at < target.Length) throw parser.Expected("the end of the target, or \"|\" and a call");
        return node;
    }

    /// <summary>Reads the target that a text begins with; what follows does not matter: for names of series.</summary>
    internal static Node ParsePrefix(string name)
    {
        try
        {
            return new TargetParser(name).Expression();
        }
        catch (GraphiteException)
        {
            return new TargetParser(name).Path(); // such as the "foo" of "foo(bar baz)"
        }
    }

    Node Expression()
    {
        Deeper();
        SkipSpace();
        var start = at;
        var node = Template() ?? Call() ?? (Node)Path();
        while (TryPipe())
        {
            SkipSpace();
            var call = Call() ?? throw Expected("a call of a function after \"|\"");
            node = call with { Arguments = [node, .. call.Arguments], Column = start + 1 };
            if (++pipes + depth > GraphiteLimits.Depth) throw TooDeep(); // a pipe nests as a call does
        }
        depth--;
        return node;
    }

    bool TryPipe()
    {
        SkipSpace();
        if (at >= text.Length || text[at] != '|') return false;
        at++;
        return true;
    }

    TemplateNode? Template()
    {
        var start = at;
        if (!text.AsSpan(at).StartsWith("template")) return null;
        at += "template".Length;
        SkipSpace();
        if (!TrySkip('('))
        {
            at = start;
            return null;
        }
        Deeper();
        SkipSpace();
        var inner = Call() ?? (Node)Path();
        List<KeyValuePair<string, Value>> values = [];
        bool? isNamed = null;
        while (TryAfterSpace(','))
        {
            SkipSpace();
            var name = NameBeforeEqual();
            if (isNamed is { } before && before != name is not null)
                throw Expected(before ? "name=value: the other values have names" : "a value without a name: the other values have none");
            isNamed = name is not null;
            SkipSpace();
            values.Add(KeyValuePair.Create(name ?? (values.Count + 1).ToString(CultureInfo.InvariantCulture),
                Number() ?? Quoted() ?? throw Expected("a number or a quoted text")));
            CountNode();
        }
        if (!TryAfterSpace(')')) throw Expected("\",\" or \")\" of template(");
        depth--;
        return new TemplateNode(inner, values, start + 1);
    }

    CallNode? Call()
    {
        var start = at;
        var name = Name();
        var afterName = at;
        SkipSpace();
        if (name.Length == 0 || !TrySkip('('))
        {
            at = start;
            return null;
        }
        CountNode();
        List<Node> arguments = [];
        List<KeyValuePair<string, Node>> named = [];
        if (!TryAfterSpace(')'))
        {
            do
            {
                SkipSpace();
                var argumentName = NameBeforeEqual();
                if (argumentName is not null) named.Add(KeyValuePair.Create(argumentName, Argument()));
                else if (named.Count > 0) throw Expected("name=value: arguments without a name come first");
                else arguments.Add(Argument());
            }
            while (TryAfterSpace(','));
            if (!TryAfterSpace(')')) throw Expected($"\",\" or the \")\" of {name}(");
        }
        return new CallNode(name, arguments, named, text[start..at], start + 1);
    }

    Node Argument()
    {
        SkipSpace();
        CountNode();
        var column = at + 1;
        var value = Keyword() ?? Number() ?? Quoted();
        return value is null ? Expression() : new ConstantNode(value, column);
    }

    Value? Keyword()
    {
        var length = 0;
        while (at + length < text.Length && (char.IsAsciiLetterOrDigit(text[at + length]) || text[at + length] is '_' or '$')) length++;
        Value? value = text.Substring(at, length).ToLowerInvariant() switch
        {
            "true" => Value.Of(true),
            "false" => Value.Of(false),
            "none" => NothingValue.Instance,
            "inf" => Value.Of(double.PositiveInfinity),
            _ => null,
        };
        if (value is null || !EndsArgument(at + length)) return null;
        at += length;
        return value;
    }

    Value? Number()
    {
        var end = at;
        if (end < text.Length && text[end] == '-') end++;
        var digits = end;
        while (end < text.Length && char.IsAsciiDigit(text[end])) end++;
        if (end == digits) return null;
        var isInteger = true;
        if (end + 1 < text.Length && text[end] == '.' && char.IsAsciiDigit(text[end + 1]))
        {
            isInteger = false;
            end++;
            while (end < text.Length && char.IsAsciiDigit(text[end])) end++;
        }
        if (end < text.Length && text[end] is 'e' or 'E')
        {
            var exponent = end + 1;
            if (exponent < text.Length && text[exponent] == '-') exponent++;
            var first = exponent;
            while (exponent < text.Length && char.IsAsciiDigit(text[exponent])) exponent++;
            if (exponent > first) (isInteger, end) = (false, exponent);
        }
        if (!EndsArgument(end)) return null;
        var number = double.Parse(text.AsSpan(at, end - at), NumberStyles.Float, CultureInfo.InvariantCulture);
        at = end;
        return new NumberValue(number, isInteger);
    }

    bool EndsArgument(int position)
    {
        while (position < text.Length && char.IsWhiteSpace(text[position])) position++;
        return position >= text.Length || text[position] is ',' or ')';
    }

    Value? Quoted()
    {
        if (at >= text.Length || text[at] is not ('\'' or '"')) return null;
        var quote = text[at];
        var start = at + 1;
        for (var i = start; i < text.Length && text[i] is not ('\n' or '\r'); i++)
        {
            if (text[i] == '\\') i++; // a sign behind a backslash ends nothing; both stay in the text
            else if (text[i] == quote)
            {
                if (i + 1 < text.Length && text[i + 1] == quote) i++; // two quotes are one inside; both stay
                else
                {
                    at = i + 1;
                    return new TextValue(text[start..i]);
                }
            }
        }
        throw Expected($"the {quote} that ends this text");
    }

    string Name()
    {
        var start = at;
        if (at < text.Length && (char.IsAsciiLetter(text[at]) || text[at] == '_'))
            while (at < text.Length && (char.IsAsciiLetterOrDigit(text[at]) || text[at] == '_')) at++;
        return text[start..at];
    }

    string? NameBeforeEqual()
    {
        var start = at;
        var name = Name();
        SkipSpace();
        if (name.Length > 0 && TrySkip('=')) return name;
        at = start;
        return null;
    }

    PathNode Path()
    {
        var start = at;
        var path = new StringBuilder();
        Element(path);
        while (at < text.Length && text[at] == '.')
        {
            at++;
            path.Append('.');
            Element(path);
        }
        CountNode();
        return new PathNode(path.ToString(), start + 1);
    }

    void Element(StringBuilder path)
    {
        var start = at;
        while (at < text.Length)
        {
            if (text[at] == '{') Braces(path);
            else if (!TryCharacter(path)) break;
        }
        if (at == start) throw Expected("a part of a series name");
    }

    void Braces(StringBuilder path)
    {
        var start = at;
        at++;
        path.Append('{');
        while (true)
        {
            var element = at;
            while (TryCharacter(path))
            {
            }
            if (at == element) throw Expected("characters of a name inside the braces");
            if (at < text.Length && text[at] == ',')
            {
                at++;
                path.Append(',');
                continue;
            }
            if (at >= text.Length || text[at] != '}') throw Expected($"\",\" or the \"}}\" of the braces at column {start + 1}");
            at++;
            path.Append('}');
            return;
        }
    }

    bool TryCharacter(StringBuilder path)
    {
        if (at >= text.Length) return false;
        if (text[at] == '\\')
        {
            if (at + 1 >= text.Length || !(Signs.Contains(text[at + 1]) || text[at + 1] == '=')) throw Expected($"one of {Signs}= behind the backslash");
            path.Append(text[at + 1]);
            at += 2;
            return true;
        }
        if (Signs.Contains(text[at]) || char.IsWhiteSpace(text[at]) || char.IsControl(text[at])) return false;
        path.Append(text[at++]);
        return true;
    }

    bool TrySkip(char sign)
    {
        if (at >= text.Length || text[at] != sign) return false;
        at++;
        return true;
    }

    bool TryAfterSpace(char sign)
    {
        SkipSpace();
        return TrySkip(sign);
    }

    void SkipSpace()
    {
        while (at < text.Length && char.IsWhiteSpace(text[at])) at++;
    }

    void Deeper()
    {
        if (++depth > GraphiteLimits.Depth) throw TooDeep();
    }

    void CountNode()
    {
        if (++nodes > GraphiteLimits.Nodes) throw new GraphiteException($"more than {GraphiteLimits.Nodes} parts in one target; write several targets");
    }

    GraphiteException TooDeep() => new($"column {at + 1}: calls nest deeper than {GraphiteLimits.Depth}", at + 1);

    GraphiteException Expected(string what)
    {
        var found = at < text.Length ? $"\"{text[at]}\"" : "the end";
        return new($"column {at + 1}: {found}, where {what} was expected", at + 1);
    }
}
