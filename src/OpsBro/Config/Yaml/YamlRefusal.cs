using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace OpsBro.Config.Yaml;

/// <summary>Turns the parser's words into the operator's: what stands there, and what to write.</summary>
internal static class YamlRefusal
{
    static readonly string[] flowTrouble = ["a flow", "expected node content"];

    static readonly (string Theirs, string Ours)[] words =
    [
        ("invalid tab as indentation", "a tab indents this line; write spaces"),
        ("cannot start any token", "a value cannot begin with {0}; put it in quotes"),
        ("found unknown escape character", "in \"double quotes\" a backslash must be doubled; or use 'single quotes'"),
        ("while scanning a quoted scalar", "a quote is opened here and not closed"),
        ("found invalid mapping", "a second \": \" stands here; put the value in quotes, or mend the indentation"),
        ("mapping values are not allowed", "a second \": \" stands here; put the value in quotes, or mend the indentation"),
        ("expected '-' indicator", "this line is neither an item (\"- …\") of the list above nor outside of it; mend the indentation"),
        ("could not find expected ':'", "a \":\" is missing after the key"),
        ("simple key", "a \":\" is missing after the key"),
        ("document end", "the text goes on after its end; is a bracket closed twice?"),
        ("document start", "the text goes on after its end; write \"---\" between documents"),
        ("incompatible yaml", "only YAML 1.1 and 1.2 are read"),
        ("expected node content", "a value is missing here, or a bracket closes that was not opened"),
        ("expected token", "this cannot stand here; put the value in quotes"),
        ("ends in the middle", "the text ends in the middle of a list or map"),
        ("expected key", "this does not fit the keys above; mend the indentation, or put the whole value in quotes"),
    ];

    /// <summary>The problem that an exception of the parser stands for.</summary>
    /// <param name="file">Name for the place.</param>
    /// <param name="text">What was read.</param>
    /// <param name="line0">Lines of the file before <paramref name="text"/>.</param>
    /// <param name="shifts">See <see cref="YamlTabs"/>.</param>
    /// <param name="error">The parser's.</param>
    /// <param name="last">The last event before it: the place of an exception without one.</param>
    /// <param name="bracket">The innermost [ or { that is open.</param>
    public static Problem ProblemOf(
        string file, string text, int line0, int[] shifts, Exception error, ParsingEvent? last, ParsingEvent? bracket)
    {
        var isOpen = bracket is not null
            && (error is InvalidOperationException || flowTrouble.Any(words => error.Message.Contains(words, StringComparison.OrdinalIgnoreCase)));
        var mark = isOpen ? bracket!.Start : error is YamlException refusal ? refusal.Start : last?.Start ?? Mark.Empty;
        var source = LineOf(text, (int)Math.Max(1, mark.Line));
        var at = (int)Math.Max(1, mark.Column) - 1;
        var (line, column) = PlaceOf(mark, line0, shifts);
        if (BeginsWithBrace(source))
            return new Problem(file, line, column, "a value that begins with { is read as a map; put the rule in quotes");
        if (!isOpen) return new Problem(file, line, column, Translate(error.Message, source, at));
        return new Problem(file, line, column, bracket is SequenceStart
            ? "a list is opened with [ here and not closed with ], or a comma is missing"
            : "a map is opened with { here and not closed with }, or a comma is missing");
    }

    /// <summary>A parser's place as line and column of the file.</summary>
    public static (int Line, int Column) PlaceOf(Mark mark, int line0, int[] shifts)
    {
        var line = line0 + (int)Math.Max(1, mark.Line);
        var shift = line <= shifts.Length ? shifts[line - 1] : 0;
        return (line, Math.Max(1, (int)mark.Column - shift));
    }

    static string Translate(string message, ReadOnlySpan<char> source, int at)
    {
        foreach (var (theirs, ours) in words)
            if (message.Contains(theirs, StringComparison.OrdinalIgnoreCase))
                return ours.Replace("{0}", at < source.Length ? source[at].ToString() : "that");
        return $"this is not YAML: {message.ReplaceLineEndings(" ")}";
    }

    /// <summary>True for <c>key: {collector.x} &lt; 5</c> and <c>key: {{collector.x}} …</c> without quotes: the commonest slip.</summary>
    static bool BeginsWithBrace(ReadOnlySpan<char> source)
    {
        var colon = source.IndexOf(": ");
        if (colon < 0) return false;
        var value = source[(colon + 2)..].TrimStart();
        return value.StartsWith("{{") || (value.StartsWith("{") && value.Contains('}') && !value.TrimEnd().EndsWith("}"));
    }

    static ReadOnlySpan<char> LineOf(string text, int line)
    {
        foreach (var candidate in text.AsSpan().EnumerateLines())
            if (--line == 0) return candidate;
        return [];
    }
}
