using System.Text;
using System.Text.RegularExpressions;
using OpsBro.Core.TimeSeries;

namespace OpsBro.Metrics.Exporters;

/// <summary>
/// Which series a sink gets: those that one pattern of <c>include</c> takes (all, when there is none) and none of <c>exclude</c>.
/// </summary>
/// <remarks>
/// <code>
/// pattern = glob | tag
/// glob    = on the name before its tags, the whole of it: "*" and "?" within one dotted part, "**" over any number of parts,
///           "[a-c]", "{x,y}"
/// tag     = key "=" value | key "!=" value | key "=~" regex | key "!=~" regex    as in seriesByTag; the key "name" is the name
/// </code>
/// Judged once for each series, not for each point: <see cref="SeriesCache{T}"/>.
/// </remarks>
/// <param name="includes">Conditions of what goes; none for all.</param>
/// <param name="excludes">Conditions of what does not.</param>
internal sealed class NameFilter(Func<SeriesName, bool>[] includes, Func<SeriesName, bool>[] excludes)
{
    /// <summary>Most patterns of one list.</summary>
    public const int MaxPatterns = 256;

    /// <summary>Everything goes.</summary>
    public static readonly NameFilter All = new([], []);

    /// <summary>True when the series goes.</summary>
    public bool Takes(SeriesName series)
    {
        var isIncluded = includes.Length == 0;
        foreach (var include in includes) isIncluded |= include(series);
        if (!isIncluded) return false;
        foreach (var exclude in excludes)
            if (exclude(series)) return false;
        return true;
    }

    /// <summary>Makes conditions of patterns.</summary>
    /// <param name="patterns">As the operator wrote them.</param>
    /// <param name="complain">Hears of each that is none.</param>
    public static Func<SeriesName, bool>[] Compile(IReadOnlyList<string> patterns, Action<string> complain)
    {
        if (patterns.Count > MaxPatterns) complain($"there are {patterns.Count} patterns; write at most {MaxPatterns}");
        var all = new List<Func<SeriesName, bool>>();
        foreach (var pattern in patterns.Take(MaxPatterns))
        {
            try
            {
                all.Add(pattern.Contains('=') && TagExpression.Parse(pattern) is { } tag ? OnTag(tag) : OnName(pattern));
            }
            catch (Exception e) when (e is ArgumentException or NotSupportedException)
            {
                complain($"\"{pattern}\" is no pattern ({e.Message.TrimEnd('.')})");
            }
        }
        return [.. all];
    }

    static Func<SeriesName, bool> OnTag(TagExpression tag)
    {
        var value = tag.Value;
        switch (tag.Operator)
        {
            case TagOperator.Equal: return series => series.Tag(tag.Tag) == value;
            case TagOperator.NotEqual: return series => series.Tag(tag.Tag) != value;
            default:
                var regex = Linear($"^(?:{value})");
                var wanted = tag.Operator == TagOperator.Match;
                return series => regex.IsMatch(series.Tag(tag.Tag)) == wanted;
        }
    }

    static Func<SeriesName, bool> OnName(string glob)
    {
        if (glob.AsSpan().IndexOfAny("*?[{") < 0) return series => series.Name == glob;
        var regex = Linear(ToRegex(glob));
        return series => regex.IsMatch(series.Name);
    }

    /// <summary>No pattern of an operator may cost more than the length of a name.</summary>
    static Regex Linear(string pattern) => new(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Singleline);

    static string ToRegex(string glob)
    {
        var text = new StringBuilder("^");
        var depth = 0;
        for (var i = 0; i < glob.Length; i++)
        {
            var c = glob[i];
            switch (c)
            {
                case '*' when i + 1 < glob.Length && glob[i + 1] == '*':
                    text.Append(".*");
                    i++;
                    break;
                case '*':
                    text.Append("[^.]*");
                    break;
                case '?':
                    text.Append("[^.]");
                    break;
                case '[':
                    var close = glob.IndexOf(']', i + 1);
                    if (close <= i + 1) throw new ArgumentException("a [ without its ]");
                    var set = glob[(i + 1)..close].Replace("\\", @"\\").Replace("[", @"\[");
                    text.Append('[').Append(set[0] == '!' ? '^' + set[1..] : set[0] == '^' ? '\\' + set : set).Append(']');
                    i = close;
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
                default:
                    text.Append(Regex.Escape(c.ToString()));
                    break;
            }
        }
        if (depth > 0) throw new ArgumentException("a { without its }");
        return text.Append(@"\z").ToString();
    }
}
