using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;

namespace OpsBro.Agent;

/// <summary>One line of the log.</summary>
/// <param name="Sequence">Counts up from 1 since the agent started.</param>
/// <param name="At">When, UTC.</param>
/// <param name="Level">debug, info, warning or error.</param>
/// <param name="Part">The component.</param>
/// <param name="Text">What happened.</param>
internal sealed record LogLine(long Sequence, DateTimeOffset At, string Level, string Part, string Text)
{
    /// <summary>As it stands in the file.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{At:yyyy-MM-dd'T'HH:mm:ss.fff'Z'} {Level.ToUpperInvariant()} {Part}: {Text}");
}

/// <summary>
/// The agent's log: one file that is turned when it is full, the last lines in memory for <c>agent log</c> and <c>agent info --show-logs</c>,
/// warnings and errors also on stderr.
/// </summary>
internal sealed class AgentLog : ILoggerProvider
{
    /// <summary>A file is turned at this size, in bytes.</summary>
    public const long MaxFileBytes = 10 * 1024 * 1024;

    /// <summary>Old files kept beside the current one.</summary>
    public const int MaxOldFiles = 5;

    /// <summary>Lines kept in memory.</summary>
    public const int MaxLines = 1_000;

    /// <summary>Longest line, in characters; the rest is cut.</summary>
    public const int MaxLineLength = 8 * 1024;

    readonly Lock gate = new();
    readonly Queue<LogLine> lines = new();
    readonly string file;
    readonly TimeProvider clock;
    readonly TextWriter? console;
    FileStream? stream;
    long sequence;

    /// <summary>Opens the log.</summary>
    /// <param name="directory">Where the files are; made with least rights when missing.</param>
    /// <param name="clock">Wall clock.</param>
    /// <param name="console">Where warnings and errors are shown as well; null for nowhere.</param>
    public AgentLog(string directory, TimeProvider clock, TextWriter? console)
    {
        (this.clock, this.console) = (clock, console);
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            | UnixFileMode.GroupRead | UnixFileMode.GroupExecute);
        file = Path.Join(directory, "agent.log");
        Open();
    }

    /// <summary>Lines below this level are not kept.</summary>
    public LogLevel Level { get; set; } = LogLevel.Information;

    /// <summary>Errors since start.</summary>
    public long Errors { get; private set; }

    /// <summary>Warnings since start.</summary>
    public long Warnings { get; private set; }

    /// <summary>True when the file cannot be written; lines are still kept in memory.</summary>
    public bool IsFileBroken { get; private set; }

    /// <summary>The lines in memory after a sequence number, oldest first.</summary>
    public IReadOnlyList<LogLine> After(long last)
    {
        lock (gate) return [.. lines.Where(line => line.Sequence > last)];
    }

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new Part(this, PartOf(categoryName));

    /// <summary><c>OpsBro.Collectors.CollectorLoop</c> is the part <c>collectors</c>; anything else is <c>http</c> (the web server's own).</summary>
    static string PartOf(string category)
    {
        if (!category.StartsWith("OpsBro", StringComparison.Ordinal)) return "http";
        var words = category.Split('.');
        return words.Length > 2 ? words[1].ToLowerInvariant() : "agent";
    }

    void Write(LogLevel level, string part, string text)
    {
        if (text.Length > MaxLineLength) text = text[..MaxLineLength];
        text = text.ReplaceLineEndings(" | ");
        lock (gate)
        {
            var name = level switch { >= LogLevel.Error => "error", LogLevel.Warning => "warning", LogLevel.Information => "info", _ => "debug" };
            if (name == "error") Errors++;
            if (name == "warning") Warnings++;
            var line = new LogLine(++sequence, clock.GetUtcNow(), name, part, text);
            lines.Enqueue(line);
            if (lines.Count > MaxLines) lines.Dequeue();
            WriteFile(line);
            if (level >= LogLevel.Warning) Show(line);
        }
    }

    void Show(LogLine line)
    {
        try
        {
            console?.WriteLine(line);
        }
        catch (IOException)
        {
            // stderr is a file on a full disk: the line is in memory, and in the log if that has space
        }
    }

    void WriteFile(LogLine line)
    {
        try
        {
            if (stream?.Length > MaxFileBytes) Turn();
            if (stream is null) Open();
            stream!.Write(Encoding.UTF8.GetBytes(line + "\n"));
            stream.Flush();
            IsFileBroken = false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            IsFileBroken = true;   // disk full: the agent runs on and says so in agent info
        }
    }

    void Open() =>
        stream = new FileStream(file, new FileStreamOptions
        {
            Mode = FileMode.Append,
            Access = FileAccess.Write,
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead,
        });

    void Turn()
    {
        stream?.Dispose();
        stream = null;
        for (var i = MaxOldFiles; i > 0; i--)
        {
            var from = i == 1 ? file : $"{file}.{i - 1}";
            if (File.Exists(from)) File.Move(from, $"{file}.{i}", overwrite: true);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (gate)
        {
            stream?.Dispose();
            stream = null;
        }
    }

    sealed class Part(AgentLog log, string part) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= log.Level && (part != "http" || logLevel >= LogLevel.Warning);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel)) return;
            var text = formatter(state, exception);
            log.Write(logLevel, part, exception is null ? text : $"{text}: {exception}");
        }
    }
}
