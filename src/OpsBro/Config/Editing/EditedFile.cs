using System.Runtime.InteropServices;
using System.Text;

namespace OpsBro.Config.Editing;

/// <summary>Puts an edited text in the place of a file at once: a reader sees the old or the new one, never half. Mode and owner stay.</summary>
internal static partial class EditedFile
{
    const int currentDirectory = -100, basicStats = 0x7ff, statxBytes = 256, uidOffset = 20, gidOffset = 24;

    /// <summary>The text of a file; empty when it is not there.</summary>
    public static string Read(string path) => File.Exists(path) ? File.ReadAllText(path) : "";

    /// <summary>Replaces the file, or makes it with its directories. A link is followed: its target is replaced.</summary>
    /// <exception cref="IOException">The directory or the disk refuses.</exception>
    public static void Write(string path, string text)
    {
        // asking where a link leads fails for a file that is not there yet
        var target = new FileInfo(path).LinkTarget is null ? path : File.ResolveLinkTarget(path, returnFinalTarget: true)!.FullName;
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        var temporary = target + ".opsbro-new";
        using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write))
        {
            stream.Write(Encoding.UTF8.GetBytes(text));
            stream.Flush(flushToDisk: true);
        }
        if (File.Exists(target))
        {
            KeepOwner(target, temporary);
            File.SetUnixFileMode(temporary, File.GetUnixFileMode(target));
        }
        File.Move(temporary, target, overwrite: true);
    }

    /// <summary>Only root may give a file away; anybody else owns what he may replace, or cannot help it.</summary>
    static void KeepOwner(string from, string to)
    {
        Span<byte> stats = stackalloc byte[statxBytes];
        if (statx(currentDirectory, from, 0, basicStats, stats) != 0) return;
        _ = chown(to, MemoryMarshal.Read<uint>(stats[uidOffset..]), MemoryMarshal.Read<uint>(stats[gidOffset..]));
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int statx(int directory, string path, int flags, uint mask, Span<byte> stats);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int chown(string path, uint uid, uint gid);
}
