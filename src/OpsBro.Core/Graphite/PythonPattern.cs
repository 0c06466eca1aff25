using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace OpsBro.Core.Graphite;

/// <summary>A regular expression as Python's <c>re</c> reads it: named groups count like others, replacements write groups as \1 or \g&lt;name&gt;.</summary>
public sealed class PythonPattern
{
    readonly Regex regex;
    readonly Dictionary<string, int> names;

    PythonPattern(Regex regex, Dictionary<string, int> names) => (this.regex, this.names) = (regex, names);

    /// <summary>Reads one.</summary>
    /// <exception cref="GraphiteException">It is none.</exception>
    public static PythonPattern Compile(string pattern)
    {
        Dictionary<string, int> names = new(StringComparer.Ordinal);
        try
        {
            var text = Translate(pattern, names);
            return new PythonPattern(Linear(text) ?? new Regex(text, RegexOptions.CultureInvariant, GraphiteLimits.PatternTime), names);
        }
        catch (ArgumentException e)
        {
            throw new GraphiteException($"\"{pattern}\" is no regular expression: {e.Message.ReplaceLineEndings(" ")}");
        }
    }

    /// <summary>A regex that takes time in proportion to the text; null for what it cannot do, such as a group that is told again.</summary>
    static Regex? Linear(string text)
    {
        try
        {
            return new Regex(text, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
        }
        catch (NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>(?P&lt;name&gt;…) loses its name, which .NET would count after all other groups.</summary>
    static string Translate(string pattern, Dictionary<string, int> names)
    {
        var text = new StringBuilder(pattern.Length);
        var groups = 0;
        var isClass = false;
        for (var i = 0; i < pattern.Length; i++)
        {
            var rest = pattern.AsSpan(i);
            if (rest[0] == '\\' && rest.Length > 1)
            {
                text.Append(rest[1] == 'Z' && !isClass ? @"\z" : rest[..2]);
                i++;
            }
            else if (isClass)
            {
                isClass = rest[0] != ']';
                text.Append(rest[0] == '[' ? @"\[" : rest[..1]); // .NET would subtract a class
            }
            else if (rest[0] == '[')
            {
                isClass = true;
                text.Append('[');
                // a bracket that comes first is one of the class
                if (i + 1 < pattern.Length && pattern[i + 1] == '^') text.Append(pattern[++i]);
                if (i + 1 < pattern.Length && pattern[i + 1] == ']') text.Append('\\').Append(pattern[++i]);
            }
            else if (rest.StartsWith("(?P<") && rest.IndexOf('>') is > 4 and var end)
            {
                names[rest[4..end].ToString()] = ++groups;
                text.Append('(');
                i += end;
            }
            else if (rest.StartsWith("(?P=") && rest.IndexOf(')') is > 4 and var close && names.TryGetValue(rest[4..close].ToString(), out var number))
            {
                text.Append(CultureInfo.InvariantCulture, $@"(?:\{number})");
                i += close;
            }
            else
            {
                if (rest[0] == '(' && !rest.StartsWith("(?")) groups++;
                text.Append(rest[0]);
            }
        }
        return text.ToString();
    }

    /// <summary>Whether it is found anywhere in a text.</summary>
    public bool IsFoundIn(string text) => Bounded(() => regex.IsMatch(text));

    /// <summary>A text with all that is found replaced.</summary>
    public string Replace(string text, string replacement) => Bounded(() => regex.Replace(text, match => Expanded(match, replacement)));

    T Bounded<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (RegexMatchTimeoutException)
        {
            throw new GraphiteException($"the regular expression \"{regex}\" takes too long; write a simpler one");
        }
    }

    string Expanded(Match match, string replacement)
    {
        if (!replacement.Contains('\\')) return replacement;
        var text = new StringBuilder();
        for (var i = 0; i < replacement.Length; i++)
        {
            if (replacement[i] != '\\' || i + 1 == replacement.Length)
            {
                text.Append(replacement[i]);
                continue;
            }
            var sign = replacement[++i];
            if (char.IsAsciiDigit(sign))
            {
                var length = i + 1 < replacement.Length && char.IsAsciiDigit(replacement[i + 1]) ? 2 : 1;
                text.Append(Group(match, int.Parse(replacement.AsSpan(i, length), CultureInfo.InvariantCulture)));
                i += length - 1;
            }
            else if (sign == 'g' && i + 1 < replacement.Length && replacement[i + 1] == '<' && replacement.IndexOf('>', i) is > 0 and var end)
            {
                var name = replacement[(i + 2)..end];
                text.Append(Group(match, int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
                    : names.GetValueOrDefault(name, -1)));
                i = end;
            }
            else text.Append(Escaped(sign));
        }
        return text.ToString();
    }

    static string Escaped(char sign) => sign switch
    {
        'n' => "\n",
        't' => "\t",
        'r' => "\r",
        'f' => "\f",
        'v' => "\v",
        'a' => "\a",
        'b' => "\b",
        '\\' => "\\",
        _ => $"\\{sign}",
    };

    string Group(Match match, int number) => number >= 0 && number < match.Groups.Count
        ? match.Groups[number].Value
        : throw new GraphiteException($"the replacement names a group that \"{regex}\" does not have");
}
