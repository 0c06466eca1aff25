using System.Text;

namespace OpsBro.Platform;

/// <summary>What to start: a program with its arguments as they are, never a shell line.</summary>
/// <param name="Arguments">The program and its arguments. A program without a slash is looked for in the <c>PATH</c> of
/// <paramref name="Environment"/>.</param>
/// <param name="Environment">The whole environment as <c>NAME=value</c>; nothing of the agent's own is added.</param>
internal sealed record ProgramStart(IReadOnlyList<string> Arguments, IReadOnlyList<string> Environment)
{
    /// <summary>Output kept unless told otherwise, in bytes; the rest is read, counted and dropped.</summary>
    public const int DefaultMaxOutput = 64 * 1024;

    /// <summary>Where programs are looked for.</summary>
    public const string DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>What a program needs and no more: no proxy, locale or secret of whoever started the agent.</summary>
    public static readonly IReadOnlyList<string> CleanEnvironment =
        [$"PATH={DefaultPath}", "LANG=C.UTF-8", "LC_ALL=C.UTF-8", "HOME=/", "TERM=dumb", "SHELL=/bin/sh"];

    /// <summary>A program with a clean environment.</summary>
    public ProgramStart(params IReadOnlyList<string> arguments) : this(arguments, CleanEnvironment)
    {
    }

    /// <summary>What it reads from stdin; nothing unless given.</summary>
    public ReadOnlyMemory<byte> Input { get; init; }

    /// <summary>Working directory.</summary>
    public string Directory { get; init; } = "/";

    /// <summary>True: stderr has a pipe of its own and ends in <see cref="ProgramResult.Errors"/>; else it is mixed in.</summary>
    public bool KeepsErrorsApart { get; init; }

    /// <summary>Output kept, in bytes, for each of the two streams.</summary>
    public int MaxOutput { get; init; } = DefaultMaxOutput;
}

/// <summary>How a program ended.</summary>
internal enum ProgramEnd
{
    /// <summary>By itself; <see cref="ProgramResult.Code"/> is its exit code.</summary>
    Exited,
    /// <summary>By a signal; <see cref="ProgramResult.Code"/> is its number.</summary>
    Signalled,
    /// <summary>It was ended at its deadline, with everything in its process group.</summary>
    TimedOut,
    /// <summary>It never ran; <see cref="ProgramResult.Problem"/> says why.</summary>
    NotStarted,
}

/// <summary>What a program did.</summary>
/// <param name="End">How it ended.</param>
/// <param name="Code">Exit code, or number of the signal.</param>
/// <param name="OutputBytes">What it wrote, up to <see cref="ProgramStart.MaxOutput"/>.</param>
/// <param name="ErrorBytes">What it wrote to stderr, when that is kept apart.</param>
/// <param name="Dropped">Bytes written beyond the limits.</param>
/// <param name="Duration">From the start to its end.</param>
/// <param name="Problem">Empty, or why it is not a plain exit, in the operator's words.</param>
internal sealed record ProgramResult(
    ProgramEnd End, int Code, byte[] OutputBytes, byte[] ErrorBytes, long Dropped, TimeSpan Duration, string Problem)
{
    /// <summary>What it wrote, as text; bytes that are not UTF-8 become U+FFFD.</summary>
    public string Output => Encoding.UTF8.GetString(OutputBytes);

    /// <summary>What it wrote to stderr, as text, when that is kept apart.</summary>
    public string Errors => Encoding.UTF8.GetString(ErrorBytes);

    /// <summary>True when it ran to its end and said 0.</summary>
    public bool IsSuccess => End == ProgramEnd.Exited && Code == 0;
}
