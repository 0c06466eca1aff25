using Microsoft.Win32.SafeHandles;

namespace OpsBro.Platform;

/// <summary>
/// The host's files below a root: <c>/</c> on a host, a directory of recorded files in tests. Reading allocates nothing once a file is
/// known: handles of /proc and /sys are kept and re-read from the start with pread(2), into one buffer. Not thread-safe: one per collector.
/// </summary>
/// <param name="root">Directory that stands for <c>/</c>.</param>
internal sealed class HostFiles(string root = "/") : IDisposable
{
    /// <summary>Largest file read, in bytes. /proc/net/tcp of a busy host is the largest that counts.</summary>
    public const int MaxBytes = 16 * 1024 * 1024;

    /// <summary>Most handles kept open; beyond it the file is opened each time.</summary>
    public const int MaxKept = 256;

    /// <summary>First size of the buffer, in bytes; it grows to the largest file read.</summary>
    const int FirstBuffer = 4096;

    readonly Dictionary<string, SafeFileHandle> kept = [];
    byte[] buffer = new byte[FirstBuffer];
    volatile string lastSource = "";

    /// <summary>What was read or is being read: where a stuck collector waits. Safe from any thread.</summary>
    public string LastSource => lastSource;

    /// <summary>Notes a source that is read without this type: a mount, a socket.</summary>
    public void About(string source) => lastSource = source;

    /// <summary>The path on this machine of a path on the host.</summary>
    public string PathOf(string path) => root == "/" ? path : Path.Join(root, path);

    /// <summary>True when a file or directory is there.</summary>
    public bool Exists(string path)
    {
        lastSource = path;
        return Path.Exists(PathOf(path));
    }

    /// <summary>Reads a whole file into the shared buffer. The span is valid until the next read.</summary>
    /// <exception cref="IOException">The file is missing, too large or not readable.</exception>
    public ReadOnlySpan<byte> Read(string path)
    {
        lastSource = path;
        if (kept.TryGetValue(path, out var handle)) return ReadKept(handle, path);
        try
        {
            handle = File.OpenHandle(PathOf(path), options: FileOptions.None);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException($"{path} is not readable by this user", e);
        }
        if (kept.Count < MaxKept && IsKeepable(path))
        {
            kept[path] = handle;
            return ReadKept(handle, path);
        }
        using (handle) return ReadAll(handle, path);
    }

    /// <summary>A handle that fails once is opened anew the next time: what it stood for may be gone.</summary>
    ReadOnlySpan<byte> ReadKept(SafeFileHandle handle, string path)
    {
        try
        {
            return ReadAll(handle, path);
        }
        catch (IOException)
        {
            kept.Remove(path);
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Reads a whole file; false when it cannot be read. What is not kept open is read without objects and exceptions.</summary>
    public bool TryRead(string path, out ReadOnlySpan<byte> content)
    {
        content = default;
        lastSource = path;
        if (!IsKeepable(path) && OperatingSystem.IsLinux()) return TryReadOpened(RawFile.Open(PathOf(path)), out content);
        try
        {
            if (!kept.ContainsKey(path) && !File.Exists(PathOf(path))) return false;
            content = Read(path);
            return true;
        }
        catch (IOException)
        {
            return false;   // the caller asked for "when it can be read"
        }
    }

    /// <summary>Reads <c>/proc/PID/FILE</c>, without garbage; false when the process is gone or hides it.</summary>
    public bool TryReadProcess(int pid, ReadOnlySpan<byte> file, out ReadOnlySpan<byte> content) =>
        TryReadOpened(RawFile.OpenOfProcess(root, pid, file), out content);

    /// <summary>An integer alone in a file, as most files of /sys; false when it cannot be read or is something else.</summary>
    public bool TryReadLong(string path, out long number)
    {
        number = 0;
        return TryRead(path, out var content) && KernelText.TryLong(KernelText.Trim(content), out number);
    }

    /// <summary>What a symbolic link holds; null when it is none or cannot be read.</summary>
    public string? LinkOf(string path)
    {
        try
        {
            return new FileInfo(PathOf(path)).LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;   // gone between listing and reading, or of another user
        }
    }

    /// <summary>The text of a small file without the line end; null when it cannot be read.</summary>
    public string? ReadText(string path) =>
        TryRead(path, out var content) ? System.Text.Encoding.UTF8.GetString(content).TrimEnd() : null;

    /// <summary>Names of the entries of a directory, sorted; empty when there is none.</summary>
    public string[] List(string directory)
    {
        lastSource = directory;
        try
        {
            return [.. Directory.EnumerateFileSystemEntries(PathOf(directory)).Select(p => Path.GetFileName(p)!).Order(StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>/proc/1234/stat goes away with its process and /sys files of a device with the device: only the fixed ones are kept.</summary>
    static bool IsKeepable(string path) =>
        path.StartsWith("/proc/", StringComparison.Ordinal) && path.Length > 6 && !char.IsAsciiDigit(path[6]);

    bool TryReadOpened(int file, out ReadOnlySpan<byte> content)
    {
        content = default;
        if (file < 0) return false;
        var length = 0;
        while (true)
        {
            var read = RawFile.Read(file, buffer.AsSpan(length));
            length += Math.Max(0, read);
            if (read > 0 && length == buffer.Length && length < MaxBytes) Array.Resize(ref buffer, buffer.Length * 2);
            else if (read <= 0 || length == buffer.Length)
            {
                RawFile.Close(file);
                content = buffer.AsSpan(0, length);
                return read == 0;
            }
        }
    }

    ReadOnlySpan<byte> ReadAll(SafeFileHandle handle, string path)
    {
        var length = 0;
        while (true)
        {
            var read = RandomAccess.Read(handle, buffer.AsSpan(length), length);
            if (read == 0) return buffer.AsSpan(0, length);
            length += read;
            if (length < buffer.Length) continue;
            if (length >= MaxBytes) throw new IOException($"{path} is larger than {MaxBytes} bytes");
            Array.Resize(ref buffer, buffer.Length * 2);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var handle in kept.Values) handle.Dispose();
        kept.Clear();
    }
}
