using YamlDotNet.Core;

namespace OpsBro.Config.Yaml;

/// <summary>What a file said.</summary>
/// <param name="Documents">The top of each YAML document in it; empty when it could not be read at all.</param>
/// <param name="Problems">What is wrong, in the order of the lines.</param>
/// <param name="IsReadable">False when the syntax is broken: the file says nothing then.</param>
internal sealed record YamlContent(IReadOnlyList<ConfigNode> Documents, IReadOnlyList<Problem> Problems, bool IsReadable);

/// <summary>
/// Reads YAML 1.2 text (https://yaml.org/spec/1.2.2/) into <see cref="ConfigNode"/>s, each with its place. Never throws.
/// Tabs at the begin of a line, which YAML forbids and editors write, are taken for the spaces they look like.
/// </summary>
internal static class YamlText
{
    /// <summary>Widths tried for a tab at the begin of a line; 0 stands for a tab that only follows the margin of what was copied.</summary>
    static readonly int[] tabWidths = [4, 8, 2, 0];

    /// <summary>Reads a text.</summary>
    /// <param name="file">Name for the places.</param>
    /// <param name="text">The whole file.</param>
    public static YamlContent Parse(string file, string text)
    {
        if (FindControlCharacter(file, text) is { } control) return new YamlContent([], [control], false);
        if (YamlTabs.FirstLineOf(text) is not { } tabbed) return ParseOnce(file, text, []);
        YamlContent? first = null;
        foreach (var width in tabWidths)
        {
            var expanded = YamlTabs.Expand(text, width, out var shifts);
            var content = ParseOnce(file, expanded, shifts);
            first ??= content;
            if (!content.IsReadable) continue;
            var note = new Problem(file, tabbed, 1, "a tab indents this line; it was read as spaces, write spaces") { IsWarning = true };
            return content with { Problems = [note, .. content.Problems] };
        }
        var hint = new Problem(file, tabbed, 1, "a tab indents this line and no tab width makes the file readable; write spaces");
        return first! with { Problems = [hint, .. first.Problems.Where(p => p.Line != tabbed)] };
    }

    static YamlContent ParseOnce(string file, string text, int[] shifts)
    {
        var problems = new List<Problem>();
        var reader = new YamlReader(file, shifts, problems);
        if (reader.TryRead(text, firstLine: 1, out var documents)) return new YamlContent(documents, InOrder(problems), true);
        FindMoreIn(file, text, shifts, problems);
        return new YamlContent([], InOrder(problems), false);
    }

    static List<Problem> InOrder(List<Problem> problems) =>
        [.. problems.OrderBy(p => p.Line).ThenBy(p => p.Column).DistinctBy(p => p.Line).Take(ConfigLimits.MaxProblemsPerFile)];

    /// <summary>
    /// A parser stops at the first broken line. Each top-level block after it is therefore read on its own, so that one look
    /// shows all that must be mended. A block alone may lack an anchor of another: such problems are left out.
    /// </summary>
    static void FindMoreIn(string file, string text, int[] shifts, List<Problem> problems)
    {
        var broken = problems[^1].Line;
        var lines = text.Split('\n');
        for (var start = 0; start < lines.Length;)
        {
            var end = start + 1;
            while (end < lines.Length && !IsTopLevelKey(lines[end])) end++;
            if (start + 1 > broken && IsTopLevelKey(lines[start]))
            {
                var found = new List<Problem>();
                new YamlReader(file, shifts, found) { IsPart = true }
                    .TryRead(string.Join('\n', lines[start..end]), firstLine: start + 1, out _);
                problems.AddRange(found);
                if (problems.Count >= ConfigLimits.MaxProblemsPerFile) return;
            }
            start = end;
        }
    }

    static bool IsTopLevelKey(string line) => line.Length > 0 && char.IsAsciiLetter(line[0]) && line.Contains(':');

    /// <summary>YamlDotNet ends the file at a NUL without a word; YAML forbids it and the other control characters.</summary>
    static Problem? FindControlCharacter(string file, string text)
    {
        var (line, start) = (1, 0);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '\n') (line, start) = (line + 1, i + 1);
            else if ((c < ' ' && c is not ('\t' or '\r')) || c == '\x7f')
                return new Problem(file, line, i - start + 1, $"the control character U+{(int)c:X4} stands here; is this a text file?");
        }
        return null;
    }

    /// <summary>The exceptions that YamlDotNet throws for text it does not like; the last four are slips of its scanner.</summary>
    public static bool IsRefusal(Exception e) =>
        e is YamlException or InvalidOperationException or ArgumentException or IndexOutOfRangeException or FormatException;
}
