using OpsBro.Core.Expressions;

namespace OpsBro.Collectors.Declared.Formats;

/// <summary>
/// Lines of <c>key SEPARATOR value</c>. Blanks around both are dropped, one pair of quotes around a value too. Empty
/// lines, lines that begin with <c>#</c> and lines without a separator (a title, say) are skipped; the last of equal
/// keys wins.
/// </summary>
internal static class KeyValueText
{
    /// <summary>The separator when the operator names none.</summary>
    public const string DefaultSeparator = "=";

    /// <summary>Reads every line. A blank as separator is any run of blanks.</summary>
    /// <exception cref="FormatException">No line has the separator, or a limit is exceeded.</exception>
    public static DictValue Read(string text, string separator)
    {
        var tree = new FormatTree();
        var number = 0;
        foreach (var range in text.AsSpan().Split('\n'))
        {
            number++;
            var line = text.AsSpan()[range].Trim();
            if (line.IsEmpty || line[0] == '#') continue;
            var at = separator == " " ? line.IndexOfAny(' ', '\t') : line.IndexOf(separator, StringComparison.Ordinal);
            if (at <= 0) continue;
            var key = line[..at].Trim();
            var value = line[(at + separator.Length)..].Trim();
            var isQuoted = value.Length >= 2 && value[0] is '"' or '\'' && value[^1] == value[0];
            var typed = isQuoted ? Value.Of(value[1..^1].ToString()) : FormatTree.Typed(value);
            tree.Set([key.ToString()], typed, number, 1);
        }
        if (tree.Root.Count == 0)
            throw FormatTree.At(1, 1,
                $"no line has the separator \"{separator}\"; the answer begins with \"{FormatTree.Shown(text)}\"");
        return tree.Root;
    }
}
