namespace OpsBro.Checks;

/// <summary>
/// Cuts a command line into arguments as a POSIX shell would (quotes and backslashes of "Shell Command Language", 2.2), without a shell:
/// nothing is expanded but macros. What only a shell can do (pipes, redirections, several commands) is refused.
/// </summary>
internal static class ShellWords
{
    /// <summary>Most arguments of one command.</summary>
    public const int MaxWords = 512;

    /// <summary>Cuts a line.</summary>
    /// <param name="line">The command line.</param>
    /// <param name="problem">What is wrong; empty when nothing is.</param>
    /// <param name="position">Where, as an offset in the line.</param>
    public static IReadOnlyList<MacroText> Split(string line, out string problem, out int position)
    {
        var words = new List<MacroText>();
        MacroText? word = null;
        var quote = '\0';
        (problem, position) = ("", 0);
        for (var i = 0; i < line.Length;)
        {
            var c = line[i];
            switch (quote, c)
            {
                case (_, '$') when !IsCommandSubstitution(line, i) || quote == '\'':
                    (word ??= new MacroText()).TakeDollar(line, ref i);
                    continue;
                case ('\0', '\'' or '"'):
                    word ??= new MacroText();
                    (quote, position) = (c, i);
                    break;
                case ('\'', '\'') or ('"', '"'):
                    quote = '\0';
                    break;
                case ('\0', '\\') when i + 1 < line.Length:
                    (word ??= new MacroText()).Append(line[++i]);
                    break;
                case ('"', '\\') when i + 1 < line.Length && line[i + 1] is '"' or '\\' or '$' or '`':
                    word!.Append(line[++i]);
                    break;
                case ('\0', ' ' or '\t' or '\n'):
                    if (word is not null) words.Add(word);
                    word = null;
                    break;
                case ('\0', '|' or '>' or '<' or ';' or '&' or '`') or ('"', '`') or (not '\'', '$'):
                    problem = $"\"{c}\" needs a shell, and scripts run without one; "
                              + "write script: [\"/bin/sh\", \"-c\", \"…\"], or quote it";
                    position = i;
                    return [];
                default:
                    (word ??= new MacroText()).Append(c);
                    break;
            }
            i++;
        }
        if (quote != '\0')
        {
            problem = $"the quote {quote} is not closed";
            return [];
        }
        if (word is not null) words.Add(word);
        position = 0;
        if (words.Count > MaxWords) problem = $"the command has {words.Count} arguments; at most {MaxWords} are taken";
        return words;
    }

    static bool IsCommandSubstitution(string line, int i) => i + 1 < line.Length && line[i + 1] == '(';
}
