using System.Text;

namespace OpsBro.Gossip;

/// <summary>Small files of the data directory: replaced as a whole, readable by the agent alone.</summary>
internal static class StateFile
{
    /// <summary>Largest one read, in bytes.</summary>
    public const int MaxBytes = 64 * 1024 * 1024;

    const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>The contents; null when there is no such file.</summary>
    /// <exception cref="IOException">It cannot be read, or is larger than <see cref="MaxBytes"/>.</exception>
    /// <exception cref="UnauthorizedAccessException">The agent may not.</exception>
    public static byte[]? Read(string path)
    {
        if (!File.Exists(path)) return null;
        if (new FileInfo(path).Length is var length && length > MaxBytes) throw new IOException($"{path} has {length} bytes; {MaxBytes} is the most");
        return File.ReadAllBytes(path);
    }

    /// <summary>Writes another file beside it, to the disk, and puts it in its place.</summary>
    /// <exception cref="IOException">The disk is full, or read-only.</exception>
    /// <exception cref="UnauthorizedAccessException">The agent may not.</exception>
    public static void Replace(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var next = path + ".new";
        File.Delete(next);   // one that a crash left has perhaps another mode
        using (var stream = Open(next, FileMode.CreateNew))
        {
            stream.Write(Encoding.UTF8.GetBytes(text));
            stream.Flush(flushToDisk: true);
        }
        File.Move(next, path, overwrite: true);
    }

    /// <summary>Adds to its end.</summary>
    /// <exception cref="IOException">The disk is full, or read-only.</exception>
    /// <exception cref="UnauthorizedAccessException">The agent may not.</exception>
    public static long Append(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var stream = Open(path, FileMode.Append);
        stream.Write(Encoding.UTF8.GetBytes(text));
        return stream.CanSeek ? stream.Position : 0;   // a pipe or a device, put there by an operator
    }

    /// <summary>Puts a broken file aside, so that nobody trips over it twice; returns where it is now.</summary>
    public static string Quarantine(string path)
    {
        var aside = path + ".bad";
        try
        {
            File.Move(path, aside, overwrite: true);
            return aside;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return path;   // a read-only disk: it stays, and is found broken again at the next start
        }
    }

    static FileStream Open(string path, FileMode mode) => new(path, new FileStreamOptions
    {
        Mode = mode,
        Access = FileAccess.Write,
        Share = FileShare.Read,
        BufferSize = 0,
        UnixCreateMode = OwnerOnly,
    });
}
