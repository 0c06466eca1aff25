using System.Globalization;
using System.Text;

namespace OpsBro.Core.Expressions;

/// <summary>
/// <c>text.format(…)</c> (docs.python.org/3.11/library/string.html#formatstrings):
/// <code>"{" [name ("[" key "]")*] ["!" (r|s|a)] [":" spec] "}"</code>
/// There are no attributes: <c>{0.x}</c> is an error, whatever the value is.
/// </summary>
sealed class StrFormat
{
    /// <summary>Depth of fields in formats of fields, as in Python.</summary>
    const int MaxDepth = 2;

    readonly Arguments arguments;
    int automatic;
    bool? isAutomatic;

    StrFormat(Arguments arguments) => this.arguments = arguments;

    /// <summary>Formats.</summary>
    public static string Format(string format, Arguments arguments) => new StrFormat(arguments).Run(format, MaxDepth);

    static ExpressionException Bad(string message) => new(ErrorKind.Value, message);

    string Run(string format, int depth)
    {
        if (depth == 0) throw Bad("Max string recursion exceeded");
        var text = new StringBuilder(format.Length);
        for (var i = 0; i < format.Length; i++)
        {
            var c = format[i];
            if (c is '{' or '}' && i + 1 < format.Length && format[i + 1] == c)
            {
                text.Append(c);
                i++;
            }
            else if (c == '}')
            {
                throw Bad("Single '}' encountered in format string");
            }
            else if (c == '{')
            {
                if (i + 1 == format.Length) throw Bad("Single '{' encountered in format string");
                var end = End(format, i + 1);
                text.Append(Field(format[(i + 1)..end], depth));
                i = end;
            }
            else
            {
                text.Append(c);
            }
            Limits.CheckText(text.Length);
        }
        return text.ToString();
    }

    /// <summary>The brace that closes the field; those in it come in pairs.</summary>
    static int End(string format, int start)
    {
        var depth = 1;
        var inKey = false;
        var inName = true;
        for (var i = start; i < format.Length; i++)
        {
            var c = format[i];
            if (inName && c == '[') inKey = true;
            else if (inName && c == ']') inKey = false;
            else if (inKey) continue;
            else if (inName && c is ':' or '!') inName = false;
            else if (c == '{' && inName) throw Bad("unexpected '{' in field name");
            else if (c == '{') depth++;
            else if (c == '}' && --depth == 0) return i;
        }
        throw Bad("expected '}' before end of string");
    }

    string Field(string field, int depth)
    {
        var end = NameEnd(field);
        var name = field[..end];
        var conversion = '\0';
        if (end < field.Length && field[end] == '!')
        {
            if (end + 1 == field.Length) throw Bad("unmatched '{' in format spec");
            conversion = field[end + 1];
            end += 2;
            if (end < field.Length && field[end] != ':') throw Bad("expected ':' after conversion specifier");
        }
        var value = Lookup(name);
        if (conversion is not ('\0' or 'r' or 's' or 'a')) throw Bad($"Unknown conversion specifier {conversion}");
        var spec = end < field.Length ? field[(end + 1)..] : "";
        if (spec.AsSpan().IndexOfAny('{', '}') >= 0) spec = Run(spec, depth - 1);
        return Formatting.Field(value, conversion, spec);
    }

    static int NameEnd(string field)
    {
        var inKey = false;
        for (var i = 0; i < field.Length; i++)
        {
            if (field[i] == '[') inKey = true;
            else if (field[i] == ']') inKey = false;
            else if (!inKey && field[i] is ':' or '!') return i;
        }
        return field.Length;
    }

    Value Lookup(string name)
    {
        var first = name.AsSpan().IndexOfAny('.', '[') is var at && at < 0 ? name : name[..at];
        var value = Named(first);
        for (var i = first.Length; i < name.Length;)
        {
            if (name[i] == '.')
                throw new ExpressionException(ErrorKind.Attribute, $"a format reaches no attributes: {{{name}}}; write {{{first}[key]}}");
            if (name[i] != '[') throw Bad("Only '.' or '[' may follow ']' in format field specifier");
            var close = name.IndexOf(']', i);
            if (close < 0) throw Bad("Missing ']' in format string");
            var key = name[(i + 1)..close];
            if (key.Length == 0) throw Bad("Empty attribute in format string");
            value = Subscripts.Item(value, Position(key) is { } index ? Value.Of(index) : Value.Of(key));
            i = close + 1;
        }
        return value;
    }

    static int? Position(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    Value Named(string name)
    {
        if (name.Length == 0 || Position(name) is not null)
        {
            if (isAutomatic == (name.Length > 0))
            {
                throw Bad(name.Length > 0
                    ? "cannot switch from automatic field numbering to manual field specification"
                    : "cannot switch from manual field specification to automatic field numbering");
            }
            isAutomatic = name.Length == 0;
            var index = Position(name) ?? automatic++;
            return index < arguments.Rest.Count
                ? arguments.Rest[index]
                : throw new ExpressionException(ErrorKind.Index, $"Replacement index {index} out of range for positional args tuple");
        }
        foreach (var (given, value) in arguments.Pairs)
            if (given == name) return value;
        throw new ExpressionException(ErrorKind.Key, $"format() has no argument {name}{Spelling.Hint(name, arguments.Pairs.Select(p => p.Name))}");
    }
}
