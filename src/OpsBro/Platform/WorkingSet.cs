using System.Globalization;
using System.Runtime.InteropServices;

namespace OpsBro.Platform;

/// <summary>
/// Gives memory back that only the start needed. Most of a fresh agent's resident memory is code that ran once (the compiler, the reading
/// of the configuration, the building of services): pages of libraries that the kernel keeps in its cache anyway. They are unmapped here;
/// what is needed again comes back by a minor fault, without a disk.
/// </summary>
internal static partial class WorkingSet
{
    const int DontNeed = 4;       // MADV_DONTNEED, madvise(2)
    const int ArenaMax = -8;      // M_ARENA_MAX, mallopt(3)
    const int Arenas = 2;

    /// <summary>One mapping of a library, as /proc/self/smaps tells it.</summary>
    readonly record struct Mapping(nuint Start, nuint End, string Path);

    /// <summary>To be called first: the C library keeps a heap for each thread unless told otherwise.</summary>
    public static void LimitNativeHeaps() => mallopt(ArenaMax, Arenas);

    /// <summary>
    /// Collects and compacts the managed heap, trims the native one, and unmaps the clean pages of libraries.
    /// </summary>
    /// <param name="steadyFor">Only mappings that were there before and after this pause are touched: a library that is just being loaded
    /// may be mapped for a moment elsewhere, and that address could be given to something else.</param>
    /// <param name="cancel">Ends the pause.</param>
    public static async Task GiveBack(TimeSpan steadyFor, CancellationToken cancel)
    {
        var before = CleanLibraries();
        await Task.Delay(steadyFor, cancel);
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        malloc_trim(0);
        var now = CleanLibraries();
        now.IntersectWith(before);
        foreach (var mapping in now) madvise(mapping.Start, mapping.End - mapping.Start, DontNeed);
    }

    /// <summary>Mappings of libraries that were never written to: their pages are those of the file.</summary>
    static HashSet<Mapping> CleanLibraries()
    {
        var found = new HashSet<Mapping>();
        Mapping? current = null;
        try
        {
            foreach (var line in File.ReadLines("/proc/self/smaps"))
            {
                if (line.StartsWith("Anonymous:", StringComparison.Ordinal))
                {
                    if (current is { } clean && line.AsSpan(10).Trim().SequenceEqual("0 kB")) found.Add(clean);
                    current = null;
                }
                else if (line.Length > 0 && char.IsAsciiHexDigitLower(line[0]) && TryHead(line, out var mapping))
                {
                    current = mapping;
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            found.Clear();   // /proc is closed to us: everything stays as it is
        }
        return found;
    }

    /// <summary>Reads <c>7f…-7f… r-xp 00000000 fe:00 123 /path/to/libcoreclr.so</c>; false for what may be written or is no library.</summary>
    static bool TryHead(string line, out Mapping mapping)
    {
        mapping = default;
        var fields = line.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length < 6 || fields[1] is not ("r--p" or "r-xp")) return false;
        var path = fields[5];
        if (path[0] != '/' || !(path.EndsWith(".dll", StringComparison.Ordinal) || path.Contains(".so", StringComparison.Ordinal))) return false;
        var dash = fields[0].IndexOf('-');
        if (dash < 0
            || !nuint.TryParse(fields[0].AsSpan(0, dash), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var start)
            || !nuint.TryParse(fields[0].AsSpan(dash + 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var end)) return false;
        mapping = new Mapping(start, end, path);
        return true;
    }

    [LibraryImport("libc")]
    private static partial int madvise(nuint start, nuint length, int advice);

    [LibraryImport("libc")]
    private static partial int malloc_trim(nuint pad);

    [LibraryImport("libc")]
    private static partial int mallopt(int parameter, int value);
}
