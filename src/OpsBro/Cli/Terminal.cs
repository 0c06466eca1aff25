using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Win32.SafeHandles;

namespace OpsBro.Cli;

/// <summary>Meaning of a colour; the terminal picks it.</summary>
internal enum Tone
{
    /// <summary>As the terminal is.</summary>
    Plain,
    /// <summary>Good.</summary>
    Good,
    /// <summary>Look at it.</summary>
    Warning,
    /// <summary>Broken.</summary>
    Bad,
    /// <summary>Not known.</summary>
    Unknown,
    /// <summary>Less important.</summary>
    Dim,
    /// <summary>A heading.</summary>
    Title,
}

/// <summary>
/// What the verbs print on. On a terminal: colours, sections, spinner. Into a pipe: the same words, no colour, no padding.
/// Data goes to stdout, messages and progress to stderr.
/// </summary>
internal sealed class Terminal
{
    readonly TextWriter output, errors;

    /// <summary>The process's own terminal.</summary>
    public Terminal(bool noColour = false) : this(
        Writer(1, Console.IsOutputRedirected), Writer(2, Console.IsErrorRedirected), !Console.IsOutputRedirected,
        !noColour && WantsColour(!Console.IsOutputRedirected))
    {
    }

    /// <summary>
    /// On a terminal the descriptor itself: Console would first send the codes that set up its keyboard, also when no colours are
    /// wanted. Into a file Console's stream, which writes where the file ends, whoever else writes there.
    /// </summary>
    static StreamWriter Writer(int descriptor, bool isRedirected)
    {
        Stream stream = isRedirected
            ? descriptor == 1 ? Console.OpenStandardOutput() : Console.OpenStandardError()
            : new FileStream(new SafeFileHandle(descriptor, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        return new StreamWriter(stream, new System.Text.UTF8Encoding(false)) { AutoFlush = true };
    }

    /// <summary>A terminal on any writers, for tests.</summary>
    public Terminal(TextWriter output, TextWriter errors, bool isInteractive, bool hasColour)
    {
        (this.output, this.errors) = (output, errors);
        IsInteractive = isInteractive;
        HasColour = hasColour;
        IsUtf8 = IsUtf8Locale();
    }

    /// <summary>Where help goes: what parses the command line would open the console otherwise.</summary>
    public TextWriter Output => output;

    /// <summary>True when a person looks at stdout.</summary>
    public bool IsInteractive { get; }

    /// <summary>True when colours are wanted: a terminal, no NO_COLOR, no TERM=dumb; or FORCE_COLOR.</summary>
    public bool HasColour { get; }

    /// <summary>False for LANG=C: signs are ASCII then.</summary>
    public bool IsUtf8 { get; init; }

    /// <summary>Width in columns; no limit into a pipe.</summary>
    public int Width => IsInteractive && Platform.Posix.TerminalColumns() is > 20 and var columns ? columns : int.MaxValue;

    /// <summary>True when the verb was called with <c>--json</c>.</summary>
    public bool Json { get; set; }

    static bool WantsColour(bool isTerminal) =>
        Environment.GetEnvironmentVariable("NO_COLOR") is not { Length: > 0 }
        && Environment.GetEnvironmentVariable("TERM") != "dumb"
        && (isTerminal || Environment.GetEnvironmentVariable("FORCE_COLOR") is { Length: > 0 }
                       || Environment.GetEnvironmentVariable("CLICOLOR_FORCE") == "1");

    static bool IsUtf8Locale()
    {
        foreach (var name in new[] { "LC_ALL", "LC_CTYPE", "LANG" })
            if (Environment.GetEnvironmentVariable(name) is { Length: > 0 } locale)
                return locale.Contains("UTF-8", StringComparison.OrdinalIgnoreCase) || locale.Contains("utf8", StringComparison.OrdinalIgnoreCase);
        return false;
    }

    /// <summary>The text in the tone's colour, when there are colours.</summary>
    public string Paint(Tone tone, string text)
    {
        if (!HasColour || tone == Tone.Plain || text.Length == 0) return text;
        var code = tone switch
        {
            Tone.Good => "32",
            Tone.Warning => "33",
            Tone.Bad => "31",
            Tone.Unknown => "35",
            Tone.Dim => "90",
            _ => "1;36",
        };
        return $"\e[{code}m{text}\e[0m";
    }

    /// <summary>The sign and word of a state, for instance <c>√ OK</c>; the word alone into a pipe.</summary>
    public string State(string state)
    {
        var (tone, sign, ascii) = state.ToLowerInvariant() switch
        {
            "ok" or "alive" or "started" or "compliant" or "running" => (Tone.Good, "√", "+"),
            "warning" or "suspect" or "leaving" or "pending" => (Tone.Warning, "‼", "!"),
            "critical" or "error" or "dead" or "failed" or "broken" or "conflict" or "quarantined" => (Tone.Bad, "Х", "x"),
            "unknown" => (Tone.Unknown, "?", "?"),
            _ => (Tone.Dim, "-", "-"),
        };
        var word = state.ToUpperInvariant();
        return IsInteractive ? Paint(tone, $"{(IsUtf8 ? sign : ascii)} {word}") : Paint(tone, word);
    }

    /// <summary>Prints a line.</summary>
    public void Line(string text = "") => output.WriteLine(IsUtf8 ? text : Ascii(text));

    /// <summary>Writes bytes as they are.</summary>
    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        output.Flush();
        if (output is StreamWriter stream) stream.BaseStream.Write(bytes);
        else output.Write(System.Text.Encoding.UTF8.GetString(bytes));
    }

    /// <summary>A text of others for the terminal: it does not move the cursor, nor end the line.</summary>
    public static string OneLine(string text) => string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));

    /// <summary>Prints a line in a tone.</summary>
    public void Line(Tone tone, string text) => Line(Paint(tone, text));

    /// <summary>The signs of this program's own messages, for a locale that has no others; names and outputs stay as they are.</summary>
    static string Ascii(string text) => text.Replace("…", "...").Replace("→", "->").Replace("⏎", "\\n");

    /// <summary>Prints a section's head, with the rule across the terminal when a person looks.</summary>
    public void Section(string title)
    {
        if (!IsInteractive)
        {
            Line($"{title}:");
            return;
        }
        var rule = new string(IsUtf8 ? '─' : '-', 12);
        Line(Tone.Title, $"{rule} {title} {rule}");
    }

    /// <summary>Prints <c>Name: value</c>, aligned on a terminal.</summary>
    public void Field(string name, string value) => Line(IsInteractive ? $" {(name + ":").PadRight(20)} {value}" : $"{name}: {value}");

    /// <summary>Prints where to read more; nothing into a pipe.</summary>
    public void More(string command)
    {
        if (IsInteractive) Line(Tone.Dim, $"   {(IsUtf8 ? "└ More →" : "More:")}          {command}");
    }

    /// <summary>Prints a table: aligned columns on a terminal, single tabs between columns into a pipe.</summary>
    public void Table(IReadOnlyList<string> heads, IEnumerable<IReadOnlyList<string>> rows)
    {
        if (!IsInteractive)
        {
            Line(string.Join('\t', heads));
            foreach (var row in rows) Line(string.Join('\t', row));
            return;
        }
        // no column is ever squeezed: a long row wraps where the terminal does, and every word of it can be read
        var lines = rows.ToList();
        var widths = heads.Select((head, i) => lines.Where(row => i < row.Count).Select(row => VisibleLength(row[i])).Append(head.Length).Max()).ToArray();
        Line(Aligned([.. heads.Select(head => Paint(Tone.Title, head))], widths));
        foreach (var row in lines) Line(Aligned(row, widths));
    }

    /// <summary>Cells padded to their columns, two spaces between; the last one is not padded.</summary>
    static string Aligned(IReadOnlyList<string> cells, int[] widths) => string.Concat(cells.Select((cell, i) =>
        i == cells.Count - 1 ? cell : cell + new string(' ', widths[i] - VisibleLength(cell) + 2)));

    /// <summary>Length without the escape codes of colours.</summary>
    public static int VisibleLength(string cell)
    {
        var length = 0;
        for (var i = 0; i < cell.Length; i++)
        {
            if (cell[i] == '\e' && cell.IndexOf('m', i) is >= 0 and var end) i = end;
            else length++;
        }
        return length;
    }

    /// <summary>Prints an answer of the API as JSON, indented, in the same shape.</summary>
    public void PrintJson<T>(T value, JsonTypeInfo<T> shape)
    {
        var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions
        { Indented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            JsonSerializer.Serialize(writer, value, shape);
        output.WriteLine(System.Text.Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length));
    }

    /// <summary>Prints a message beside the data: on stderr.</summary>
    public void Note(string text)
    {
        try
        {
            errors.WriteLine(IsUtf8 ? text : Ascii(text));
        }
        catch (IOException)
        {
            // stderr is a file on a full disk, or nobody reads it: the exit code still tells
        }
    }

    /// <summary>
    /// Asks again and again until the answer is yes or the time is over, with a spinner on a terminal.
    /// </summary>
    /// <param name="what">What is waited for, for instance <c>check cpu</c>.</param>
    /// <param name="ask">Asks once: done or not, and the state in a word.</param>
    /// <param name="timeout">How long to try.</param>
    /// <param name="cancel">Ctrl-C.</param>
    /// <returns>Exit code: 0 done, 2 not in time.</returns>
    public async Task<int> WaitUntil(
        string what, Func<CancellationToken, Task<(bool Done, string State)>> ask, TimeSpan timeout, CancellationToken cancel)
    {
        const int stepMilliseconds = 200;
        var frames = IsUtf8 ? "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏" : "|/-\\";
        var started = System.Diagnostics.Stopwatch.StartNew();
        var state = "unknown";
        for (var i = 0; ; i++)
        {
            try
            {
                (var done, state) = await ask(cancel);
                if (done)
                {
                    if (IsInteractive) errors.Write("\r\e[K");
                    Line($"{what} is {state}");
                    return 0;
                }
            }
            catch (CliError e) when (e.ExitCode == 1)
            {
                state = "out of reach";
            }
            if (started.Elapsed >= timeout) break;
            if (IsInteractive)
                errors.Write($"\r\e[K{frames[i % frames.Length]} {what} is {state} ({started.Elapsed.TotalSeconds:0}/{timeout.TotalSeconds:0} s)");
            await Task.Delay(stepMilliseconds, cancel);
        }
        if (IsInteractive) errors.Write("\r\e[K");
        Note($"{what} is {state} after {timeout.TotalSeconds:0} s");
        return 2;
    }
}
