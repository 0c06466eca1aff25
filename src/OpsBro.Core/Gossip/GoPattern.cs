using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace OpsBro.Core.Gossip;

/// <summary>
/// Expressions of Go's regexp (RE2 syntax, https://github.com/google/re2/wiki/Syntax) as .NET's. Both run in linear time: what needs
/// backtracking is refused by both. Where the two read the same text otherwise, it is rewritten: <c>\d \w \s</c> are ASCII in Go,
/// <c>$</c> is the very end, <c>(?P&lt;name&gt;…)</c>, <c>[[:alpha:]]</c>, <c>\Q…\E</c>, <c>\x{…}</c>, <c>\pL</c>, and <c>[</c> within a class.
/// </summary>
public static class GoPattern
{
    /// <summary>Longest expression that is tried, in characters.</summary>
    public const int MaxLength = 4_096;

    static readonly Dictionary<string, string> Posix = new(StringComparer.Ordinal)
    {
        ["alnum"] = "0-9A-Za-z",
        ["alpha"] = "A-Za-z",
        ["ascii"] = @"\x00-\x7F",
        ["blank"] = @"\t ",
        ["cntrl"] = @"\x00-\x1F\x7F",
        ["digit"] = "0-9",
        ["graph"] = "!-~",
        ["lower"] = "a-z",
        ["print"] = " -~",
        ["punct"] = @"!-/:-@\[-`{-~",
        ["space"] = @"\t\n\v\f\r ",
        ["upper"] = "A-Z",
        ["word"] = "0-9A-Za-z_",
        ["xdigit"] = "0-9A-Fa-f",
        ["^digit"] = NotDigit,
        ["^space"] = NotSpace,
        ["^word"] = NotWord,
    };

    const string NotDigit = @"\x00-/:-\uFFFF";
    const string NotSpace = @"\x00-\x08\x0E-\x1F!-\uFFFF";
    const string NotWord = @"\x00-/:-@\[-^`{-\uFFFF";

    /// <summary>The expression, to be looked for anywhere in a text; null when Go's regexp would refuse it too.</summary>
    public static Regex? TryCompile(string pattern)
    {
        if (pattern.Length > MaxLength) return null;
        try
        {
            return Rewrite(pattern) is { } rewritten
                ? new Regex(rewritten, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant)
                : null;
        }
        catch (ArgumentException)   // not an expression: the sender's fault, and only its query's
        {
            return null;
        }
        catch (NotSupportedException)   // it would need backtracking, or a machine too large
        {
            return null;
        }
    }

    static string? Rewrite(string pattern)
    {
        var output = new StringBuilder(pattern.Length + 16);
        var multiline = false;
        for (var i = 0; i < pattern.Length; i++)
        {
            switch (pattern[i])
            {
                case '\\':
                    if (!Escape(pattern, ref i, output, inClass: false)) return null;
                    break;
                case '[':
                    if (!Class(pattern, ref i, output)) return null;
                    break;
                case '(' when pattern.AsSpan(i).StartsWith("(?P<", StringComparison.Ordinal):
                    output.Append("(?<");
                    i += 3;
                    break;
                case '(' when pattern.AsSpan(i).StartsWith("(?", StringComparison.Ordinal):
                    // a name, or a look behind, which the compiler refuses; else flags
                    if (!pattern.AsSpan(i).StartsWith("(?<", StringComparison.Ordinal) && !Flags(pattern, i + 2, ref multiline)) return null;
                    output.Append('(');
                    break;
                case '$':
                    output.Append(multiline ? "$" : @"\z");
                    break;
                default:
                    output.Append(pattern[i]);
                    break;
            }
        }
        return output.ToString();
    }

    /// <summary>Go has the flags i, m, s and U; ours has no U, and others that Go refuses.</summary>
    static bool Flags(string pattern, int at, ref bool multiline)
    {
        var on = true;
        for (; at < pattern.Length && pattern[at] is not (':' or ')'); at++)
        {
            switch (pattern[at])
            {
                case '-': on = false; break;
                case 'm': multiline |= on; break;
                case 'i' or 's': break;
                default: return false;
            }
        }
        return true;
    }

    static bool Escape(string pattern, ref int i, StringBuilder output, bool inClass)
    {
        if (++i >= pattern.Length) return false;
        switch (pattern[i])
        {
            case 'd': output.Append(inClass ? "0-9" : "[0-9]"); return true;
            case 'w': output.Append(inClass ? "0-9A-Za-z_" : "[0-9A-Za-z_]"); return true;
            case 's': output.Append(inClass ? @"\t\n\f\r " : @"[\t\n\f\r ]"); return true;
            case 'D': output.Append(inClass ? NotDigit : "[^0-9]"); return true;
            case 'W': output.Append(inClass ? NotWord : "[^0-9A-Za-z_]"); return true;
            case 'S': output.Append(inClass ? @"\x00-\x08\x0B\x0E-\x1F!-\uFFFF" : @"[^\t\n\f\r ]"); return true;
            case 'Q' when !inClass:
                var end = pattern.IndexOf(@"\E", i + 1, StringComparison.Ordinal);
                var literal = end < 0 ? pattern[(i + 1)..] : pattern[(i + 1)..end];
                output.Append(Regex.Escape(literal).Replace("]", @"\]", StringComparison.Ordinal));
                i = end < 0 ? pattern.Length - 1 : end + 1;
                return true;
            case 'p' or 'P' when i + 1 < pattern.Length && pattern[i + 1] != '{':
                output.Append('\\').Append(pattern[i]).Append('{').Append(pattern[++i]).Append('}');
                return true;
            case 'x' when i + 1 < pattern.Length && pattern[i + 1] == '{':
                var close = pattern.IndexOf('}', i);
                if (close < 0 || !int.TryParse(pattern.AsSpan(i + 2, close - i - 2), NumberStyles.AllowHexSpecifier,
                    CultureInfo.InvariantCulture, out var code) || code > char.MaxValue) return false;
                output.Append(CultureInfo.InvariantCulture, $@"\u{code:X4}");
                i = close;
                return true;
            case 'Z' or 'G' or 'k' or 'c' or 'e' or 'u':   // .NET's alone
                return false;
            default:
                output.Append('\\').Append(pattern[i]);
                return true;
        }
    }

    static bool Class(string pattern, ref int i, StringBuilder output)
    {
        output.Append(pattern[i++]);
        if (i < pattern.Length && pattern[i] == '^') output.Append(pattern[i++]);
        for (var first = true; i < pattern.Length; i++, first = false)
        {
            switch (pattern[i])
            {
                case ']' when !first:
                    output.Append(']');
                    return true;
                case ']':
                    output.Append(@"\]");
                    break;
                case '[' when i + 1 < pattern.Length && pattern[i + 1] == ':':
                    var close = pattern.IndexOf(":]", i + 2, StringComparison.Ordinal);
                    if (close < 0 || !Posix.TryGetValue(pattern[(i + 2)..close], out var ranges)) return false;
                    output.Append(ranges);
                    i = close + 1;
                    break;
                case '[':
                    output.Append(@"\[");   // within a class .NET would take -[ as a subtraction
                    break;
                case '\\':
                    if (!Escape(pattern, ref i, output, inClass: true)) return false;
                    break;
                default:
                    output.Append(pattern[i]);
                    break;
            }
        }
        return false;
    }
}
