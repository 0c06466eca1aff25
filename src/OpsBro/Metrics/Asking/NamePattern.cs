using System.Text;
using System.Text.RegularExpressions;
using OpsBro.Api;

namespace OpsBro.Metrics.Asking;

/// <summary>
/// A pattern of names as people type it for lists: <c>*</c>, <c>?</c>, <c>[a-c]</c> and <c>{x,y}</c> within one dotted part, and what
/// names a branch takes all that is below it: <c>web*</c> takes <c>web1.cpu.user</c>.
/// </summary>
internal sealed class NamePattern
{
    /// <summary>Longest pattern, in characters.</summary>
    public const int MaxLength = 4096;

    readonly Regex regex;

    NamePattern(Regex regex) => this.regex = regex;

    /// <summary>True when the name is one of them.</summary>
    public bool Matches(string name) => regex.IsMatch(name);

    /// <summary>Reads one; empty takes everything.</summary>
    /// <exception cref="ApiProblem">400 when a bracket is not closed, or it is too long.</exception>
    public static NamePattern Of(string pattern)
    {
        if (pattern.Length > MaxLength) throw ApiProblem.Bad($"the pattern has {pattern.Length} characters; at most {MaxLength}");
        var text = new StringBuilder("^");
        var depth = 0;
        for (var i = 0; i < pattern.Length; i++)
        {
            switch (pattern[i])
            {
                case '*':
                    text.Append("[^.]*");
                    break;
                case '?':
                    text.Append("[^.]");
                    break;
                case '{':
                    depth++;
                    text.Append("(?:");
                    break;
                case '}' when depth > 0:
                    depth--;
                    text.Append(')');
                    break;
                case ',' when depth > 0:
                    text.Append('|');
                    break;
                case '[' when pattern.IndexOf(']', i + 1) is > 0 and var end && end > i + 1:
                    var set = pattern[(i + 1)..end];
                    text.Append('[').Append(set[0] is '!' or '^' ? "^." : "");
                    foreach (var c in set[0] is '!' or '^' ? set[1..] : set) text.Append(c is '\\' or '[' or '^' ? $"\\{c}" : c);
                    text.Append(']');
                    i = end;
                    break;
                default:
                    text.Append(Regex.Escape(pattern[i].ToString()));
                    break;
            }
        }
        if (depth > 0) throw ApiProblem.Bad($"the pattern \"{pattern}\" has a {{ that is not closed");
        if (pattern.Length > 0) text.Append("(?:$|[.;])");
        try
        {
            // time linear in the name, whatever the pattern
            return new NamePattern(new Regex(text.ToString(), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant));
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw ApiProblem.Bad($"the pattern \"{pattern}\" is not understood; write for instance web*.cpu.{{user,system}}");
        }
    }
}
