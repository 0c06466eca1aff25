using System.Runtime.InteropServices;
using System.Text;
using static OpsBro.Platform.LibcSpawn;

namespace OpsBro.Platform;

/// <summary>A program that runs.</summary>
/// <param name="Pid">Its number, which is also that of its group and session.</param>
/// <param name="Output">Reading end of its stdout.</param>
/// <param name="Errors">Reading end of its stderr; -1 when it is mixed into stdout.</param>
/// <param name="Handle">pidfd; -1 where the kernel has none.</param>
internal readonly record struct Spawned(int Pid, int Output, int Errors, int Handle);

/// <summary>
/// Starts a program as leader of a new session: stdin from /dev/null or from memory, stdout and stderr into pipes, no other descriptor, no blocked or
/// ignored signal, only the environment given.
/// </summary>
internal static unsafe class Spawn
{
    /// <summary>Arguments and environment together, in bytes: below Linux' own limit of 128 KiB for one argument.</summary>
    const int MaxStrings = 128 * 1024;

    static readonly bool canCloseFrom = HasFunction("posix_spawn_file_actions_addclosefrom_np");
    static readonly bool canChangeDirectory = HasFunction("posix_spawn_file_actions_addchdir_np");
    static readonly byte* devNull = Utf8("/dev/null");
    static readonly byte* inputName = Utf8("input");

    static bool HasFunction(string name) =>
        NativeLibrary.TryLoad("libc", typeof(Spawn).Assembly, null, out var libc) && NativeLibrary.TryGetExport(libc, name, out _)
        || NativeLibrary.TryLoad("libc.so.6", out libc) && NativeLibrary.TryGetExport(libc, name, out _);

    static byte* Utf8(string text) => (byte*)Marshal.StringToCoTaskMemUTF8(text);

    /// <summary>Starts it; null, with the reason in the operator's words, when that fails.</summary>
    public static Spawned? Start(ProgramStart start, out string problem)
    {
        problem = "";
        if (start.Arguments.Count == 0 || start.Arguments[0].Length == 0)
        {
            problem = "there is no program to start: the command is empty";
            return null;
        }
        if (Find(start) is not { } path)
        {
            problem = $"no program \"{start.Arguments[0]}\" in PATH ({PathOf(start)})";
            return null;
        }
        var bytes = Size(path) + Size(start.Directory);
        foreach (var text in start.Arguments) bytes += Size(text);
        foreach (var text in start.Environment) bytes += Size(text);
        if (bytes > MaxStrings)
        {
            problem = $"arguments and environment of {path} are {bytes} bytes; at most {MaxStrings} can be given";
            return null;
        }
        var memory = (byte*)NativeMemory.Alloc((nuint)(bytes + ((start.Arguments.Count + start.Environment.Count + 2) * sizeof(byte*))));
        try
        {
            var arguments = (byte**)memory;
            var environment = arguments + start.Arguments.Count + 1;
            var free = (byte*)(environment + start.Environment.Count + 1);
            var program = Put(path, ref free);
            var directory = Put(start.Directory, ref free);
            PutAll(start.Arguments, arguments, ref free);
            PutAll(start.Environment, environment, ref free);
            return Start(start, path, program, directory, arguments, environment, out problem);
        }
        finally
        {
            NativeMemory.Free(memory);
        }
    }

    static Spawned? Start(
        ProgramStart start, string path, byte* program, byte* directory, byte** arguments, byte** environment, out string problem)
    {
        var ends = stackalloc int[] { -1, -1, -1, -1 };
        if (pipe2(ends, CloseOnExec) != 0 || (start.KeepsErrorsApart && pipe2(ends + 2, CloseOnExec) != 0))
        {
            problem = $"cannot make a pipe: {Marshal.GetLastPInvokeErrorMessage()}";
            for (var i = 0; i < 4; i++) if (ends[i] >= 0) close(ends[i]);
            return null;
        }
        var input = start.Input.IsEmpty ? -1 : InMemory(start.Input.Span);
        if (input < 0 && !start.Input.IsEmpty)
        {
            problem = $"cannot keep {start.Input.Length} bytes of input in memory: {Marshal.GetLastPInvokeErrorMessage()}";
            for (var i = 0; i < 4; i++) if (ends[i] >= 0) close(ends[i]);
            return null;
        }
        var attributes = stackalloc byte[OpaqueBytes];
        var actions = stackalloc byte[OpaqueBytes];
        var signals = stackalloc byte[OpaqueBytes];
        posix_spawnattr_init(attributes);
        posix_spawn_file_actions_init(actions);
        sigemptyset(signals);
        posix_spawnattr_setsigmask(attributes, signals);
        sigfillset(signals);
        posix_spawnattr_setsigdefault(attributes, signals);
        posix_spawnattr_setflags(attributes, SetSession | SetSignalDefaults | SetSignalMask);
        if (input >= 0) posix_spawn_file_actions_adddup2(actions, input, 0);
        else posix_spawn_file_actions_addopen(actions, 0, devNull, ReadOnly, 0);
        posix_spawn_file_actions_adddup2(actions, ends[1], 1);
        posix_spawn_file_actions_adddup2(actions, start.KeepsErrorsApart ? ends[3] : ends[1], 2);
        if (canChangeDirectory) posix_spawn_file_actions_addchdir_np(actions, directory);
        if (canCloseFrom) posix_spawn_file_actions_addclosefrom_np(actions, 3);
        int pid;
        var error = posix_spawn(&pid, program, actions, attributes, arguments, environment);
        posix_spawn_file_actions_destroy(actions);
        posix_spawnattr_destroy(attributes);
        close(ends[1]);
        if (ends[3] >= 0) close(ends[3]);
        if (input >= 0) close(input);
        if (error == 0)
        {
            problem = "";
            return new Spawned(pid, ends[0], ends[2], (int)pidfd_open(PidfdOpen, pid, 0));
        }
        close(ends[0]);
        if (ends[2] >= 0) close(ends[2]);
        problem = Explain(error, path, start.Directory);
        return null;
    }

    /// <summary>
    /// A file without a name that holds the bytes, to be read from its start; -1 when there is no memory. Unlike a pipe it takes all
    /// at once, whether the program reads or not.
    /// </summary>
    static int InMemory(ReadOnlySpan<byte> bytes)
    {
        var file = memfd_create(inputName, 1);
        if (file < 0) return -1;
        fixed (byte* start = bytes)
        {
            for (var at = 0; at < bytes.Length;)
            {
                var written = pwrite(file, start + at, bytes.Length - at, at);
                if (written <= 0)
                {
                    close(file);
                    return -1;
                }
                at += (int)written;
            }
        }
        return file;
    }

    static string Explain(int error, string path, string directory)
    {
        if (!Directory.Exists(directory)) return $"{directory} is not a directory: {path} cannot be started there";
        return error switch
        {
            NoEntry when !File.Exists(path) => $"{path} does not exist",
            NoEntry => $"{path} names an interpreter in its first line that does not exist",
            NoAccess when Directory.Exists(path) => $"{path} is a directory, not a program",
            NoAccess => $"{path} may not be executed by this user; look at its mode with ls -l",
            ExecFormat => $"{path} is neither a binary of this machine nor a script that starts with #!",
            _ => $"{path} cannot be started: {Marshal.GetPInvokeErrorMessage(error)}",
        };
    }

    /// <summary>The file to start: the name itself when it has a slash, else the first one in PATH that may be executed.</summary>
    static string? Find(ProgramStart start)
    {
        var name = start.Arguments[0];
        if (name.Contains('/')) return name;
        foreach (var directory in PathOf(start).Split(':', StringSplitOptions.RemoveEmptyEntries))
        {
            var path = Path.Join(directory, name);
            if (File.Exists(path) && access(path, MayExecute) == 0) return path;
        }
        return null;
    }

    static string PathOf(ProgramStart start)
    {
        foreach (var entry in start.Environment)
            if (entry.StartsWith("PATH=", StringComparison.Ordinal)) return entry["PATH=".Length..];
        return ProgramStart.DefaultPath;
    }

    static int Size(string text) => Encoding.UTF8.GetByteCount(text) + 1;

    /// <summary>Copies a text with its closing zero; a zero inside would cut an argument, so it becomes a space.</summary>
    static byte* Put(string text, ref byte* free)
    {
        var place = free;
        var written = Encoding.UTF8.GetBytes(text, new Span<byte>(free, Size(text)));
        new Span<byte>(free, written).Replace((byte)0, (byte)' ');
        free[written] = 0;
        free += written + 1;
        return place;
    }

    static void PutAll(IReadOnlyList<string> texts, byte** pointers, ref byte* free)
    {
        for (var i = 0; i < texts.Count; i++) pointers[i] = Put(texts[i], ref free);
        pointers[texts.Count] = null;
    }
}
