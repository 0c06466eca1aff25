using System.Text.RegularExpressions;
using OpsBro.Core.Expressions;

namespace OpsBro.Collectors.Declared.Formats;

/// <summary>
/// Named groups of regular expressions. Each named group of a pattern's first match is a key. A pattern with a group
/// named <c>key</c> is applied to every match, and its other groups come below that key's text. The engine cannot
/// backtrack: time is linear in the answer.
/// </summary>
internal static class RegexText
{
    /// <summary>The group that names a section.</summary>
    public const string KeyGroup = "key";

    /// <summary>Most patterns of one collector.</summary>
    public const int MaxPatterns = 50;

    /// <summary>Longest pattern, in characters.</summary>
    public const int MaxPattern = 1000;

    /// <summary>
    /// Makes a pattern ready: <c>^</c> and <c>$</c> are those of lines; Python's <c>(?P&lt;name&gt;…)</c> is
    /// understood.
    /// </summary>
    /// <exception cref="ArgumentException">It is not a regular expression of this engine, or has no named
    /// group.</exception>
    public static Regex Compile(string pattern)
    {
        if (pattern.Length > MaxPattern) throw new ArgumentException($"a pattern of more than {MaxPattern} characters");
        Regex regex;
        try
        {
            regex = new Regex(
                pattern.Replace("(?P<", "(?<"),
                RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Multiline);
        }
        catch (NotSupportedException)
        {
            throw new ArgumentException(
                "look-around, back-references and atomic groups are not there: write the pattern without");
        }
        if (!regex.GetGroupNames().Any(IsNamed))
            throw new ArgumentException("no named group; write for instance (?<connections>\\d+)");
        return regex;
    }

    /// <summary>Applies every pattern.</summary>
    /// <exception cref="FormatException">No pattern matches, or a limit is exceeded.</exception>
    public static DictValue Read(string text, IReadOnlyList<Regex> patterns)
    {
        var tree = new FormatTree();
        foreach (var pattern in patterns)
        {
            var isRepeated = pattern.GroupNumberFromName(KeyGroup) >= 0;
            for (var match = pattern.Match(text); match.Success; match = isRepeated ? match.NextMatch() : Match.Empty)
                Add(tree, match, isRepeated);
        }
        if (tree.Root.Count == 0)
            throw FormatTree.At(1, 1, $"no pattern matches; the answer begins with \"{FormatTree.Shown(text)}\"");
        return tree.Root;
    }

    static void Add(FormatTree tree, Match match, bool isRepeated)
    {
        foreach (var group in match.Groups.Cast<Group>())
        {
            if (!group.Success || !IsNamed(group.Name) || (isRepeated && group.Name == KeyGroup)) continue;
            ReadOnlySpan<string> path = isRepeated ? [match.Groups[KeyGroup].Value, group.Name] : [group.Name];
            tree.Set(path, FormatTree.Typed(group.ValueSpan), 1, 1);
        }
    }

    static bool IsNamed(string group) => !char.IsAsciiDigit(group[0]);
}
