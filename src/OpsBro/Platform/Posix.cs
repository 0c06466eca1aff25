using System.Runtime.InteropServices;

namespace OpsBro.Platform;

/// <summary>Calls of the C library that .NET has no name for.</summary>
internal static partial class Posix
{
    /// <summary>geteuid(2).</summary>
    public static uint EffectiveUser => geteuid();

    /// <summary>getegid(2).</summary>
    public static uint EffectiveGroup => getegid();

    /// <summary>Leaves the terminal: a session of its own (setsid(2)).</summary>
    /// <returns>False when this process leads a group already.</returns>
    public static bool LeaveTerminal() => setsid() > 0;

    [LibraryImport("libc")]
    private static partial uint geteuid();

    [LibraryImport("libc")]
    private static partial uint getegid();

    [LibraryImport("libc")]
    private static partial int setsid();
}
