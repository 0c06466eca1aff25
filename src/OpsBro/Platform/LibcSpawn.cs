using System.Runtime.InteropServices;

namespace OpsBro.Platform;

/// <summary>The calls of libc that start and end a process group: posix_spawn(3), poll(2), pidfd_open(2), waitpid(2), kill(2).</summary>
internal static unsafe partial class LibcSpawn
{
    /// <summary>Room for <c>posix_spawnattr_t</c> and <c>posix_spawn_file_actions_t</c>: glibc needs 336 and 80 bytes, musl less.</summary>
    public const int OpaqueBytes = 512;

    /// <summary>Flags of <c>posix_spawnattr_setflags</c>.</summary>
    public const short SetSignalDefaults = 0x04, SetSignalMask = 0x08, SetSession = 0x80;

    /// <summary><c>O_CLOEXEC</c>, <c>O_RDONLY</c> of Linux.</summary>
    public const int CloseOnExec = 0x80000, ReadOnly = 0;

    /// <summary>Events of poll(2).</summary>
    public const short PollIn = 1;

    /// <summary>Signals.</summary>
    public const int SigKill = 9, SigTerm = 15;

    /// <summary>errno values that are told apart.</summary>
    public const int NoEntry = 2, Interrupted = 4, ExecFormat = 8, NoChild = 10, NoAccess = 13;

    /// <summary>Number of <c>pidfd_open</c>: the same on every architecture, since Linux 5.3.</summary>
    public const long PidfdOpen = 434;

    /// <summary><c>X_OK</c> of access(2).</summary>
    public const int MayExecute = 1;

    /// <summary><c>WNOHANG</c>.</summary>
    public const int NoHang = 1;

    /// <summary><c>struct pollfd</c>.</summary>
    public struct Poll
    {
        /// <summary>What is watched; a negative one is skipped.</summary>
        public int Descriptor;
        /// <summary>What is waited for.</summary>
        public short Events;
        /// <summary>What came.</summary>
        public short Came;
    }

    [LibraryImport("libc")]
    public static partial int posix_spawn(int* pid, byte* path, void* actions, void* attributes, byte** arguments, byte** environment);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_init(void* attributes);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_setflags(void* attributes, short flags);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_setsigdefault(void* attributes, void* signals);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_setsigmask(void* attributes, void* signals);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_destroy(void* attributes);

    [LibraryImport("libc")]
    public static partial int posix_spawn_file_actions_init(void* actions);

    [LibraryImport("libc")]
    public static partial int posix_spawn_file_actions_addopen(void* actions, int descriptor, byte* path, int flags, uint mode);

    [LibraryImport("libc")]
    public static partial int posix_spawn_file_actions_adddup2(void* actions, int descriptor, int to);

    /// <summary>Since glibc 2.29 and musl 1.1.24.</summary>
    [LibraryImport("libc")]
    public static partial int posix_spawn_file_actions_addchdir_np(void* actions, byte* path);

    /// <summary>Since glibc 2.34; without it only descriptors that are close-on-exec, thus all of .NET's, are closed.</summary>
    [LibraryImport("libc")]
    public static partial int posix_spawn_file_actions_addclosefrom_np(void* actions, int from);

    [LibraryImport("libc")]
    public static partial int posix_spawn_file_actions_destroy(void* actions);

    [LibraryImport("libc")]
    public static partial int sigfillset(void* signals);

    [LibraryImport("libc")]
    public static partial int sigemptyset(void* signals);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int pipe2(int* ends, int flags);

    /// <summary>A file without a name; since glibc 2.27. <paramref name="flags"/>: 1 is close-on-exec.</summary>
    [LibraryImport("libc", SetLastError = true)]
    public static partial int memfd_create(byte* name, uint flags);

    [LibraryImport("libc")]
    public static partial int close(int descriptor);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint pwrite(int descriptor, void* buffer, nint length, long offset);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint read(int descriptor, void* buffer, nint length);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int poll(Poll* polls, nuint count, int timeoutMilliseconds);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int waitpid(int pid, int* status, int options);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int kill(int pid, int signal);

    [LibraryImport("libc")]
    public static partial int getpgid(int pid);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int access(string path, int mode);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    public static partial long pidfd_open(long number, int pid, uint flags);
}
