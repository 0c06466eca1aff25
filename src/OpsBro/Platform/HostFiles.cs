using System.Globalization;
using System.IO.Enumeration;
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

    /// <summary>Most processes listed.</summary>
    public const int MaxProcesses = 65_536;

    /// <summary>Most open files of one process listed.</summary>
    public const int MaxOpenFiles = 16_384;

    // nothing is skipped: a look at attributes would cost a stat(2) for each entry
    static readonly EnumerationOptions AnyEntry = new() { AttributesToSkip = FileAttributes.None, IgnoreInaccessible = true };

    readonly Dictionary<string, SafeFileHandle> kept = [];
    readonly List<int> processes = [], openFiles = [];
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

    /// <summary>
    /// Reads the start of a file for as long as <paramref name="wantsMore"/> says so of what is read, which never ends inside what
    /// the kernel writes at once: /proc/net/tcp lists the few listening sockets before the many connections.
    /// </summary>
    public bool TryReadWhile(string path, Func<ReadOnlySpan<byte>, bool> wantsMore, out ReadOnlySpan<byte> content) =>
        TryReadOpened(RawFile.Open(PathOf(path)), out content, wantsMore);

    /// <summary>
    /// Numbers of the processes there are, rising, at most <see cref="MaxProcesses"/>. The list is valid until the next call.
    /// </summary>
    public IReadOnlyList<int> ProcessIds() => Numbers("/proc", MaxProcesses, processes);

    /// <summary>Open files of a process as numbers, at most <see cref="MaxOpenFiles"/>; none when it is gone or another user's. The list is
    /// valid until the next call.</summary>
    public IReadOnlyList<int> OpenFilesOf(int pid) => Numbers($"/proc/{pid}/fd", MaxOpenFiles, openFiles);

    List<int> Numbers(string directory, int limit, List<int> into)
    {
        into.Clear();
        try
        {
            var found = new FileSystemEnumerable<int>(
                PathOf(directory), static (ref e) => int.Parse(e.FileName, NumberStyles.None, CultureInfo.InvariantCulture), AnyEntry)
            {
                ShouldIncludePredicate = static (ref e) => int.TryParse(e.FileName, NumberStyles.None, CultureInfo.InvariantCulture, out _),
            };
            foreach (var number in found)
            {
                if (into.Count >= limit) break;
                into.Add(number);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            into.Clear();   // the process ended while its files were listed, or they are another user's
        }
        into.Sort();
        return into;
    }

    /// <summary>An integer alone in a file, as most files of /sys; false when it cannot be read or is something else.</summary>
    public bool TryReadLong(string path, out long number)
    {
        number = 0;
        return TryRead(path, out var content) && KernelText.TryLong(KernelText.Trim(content), out number);
    }

    /// <summary>What a symbolic link holds; false when it is none or cannot be read. The span is valid until the next read.</summary>
    public bool TryReadLink(string path, out ReadOnlySpan<byte> target)
    {
        var length = RawFile.ReadLink(PathOf(path), buffer);
        target = buffer.AsSpan(0, Math.Max(0, length));
        return length > 0;
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
            return Names(Directory.EnumerateFileSystemEntries(PathOf(directory)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Names of the directories in a directory, sorted; empty when there is none.</summary>
    public string[] ListDirectories(string directory)
    {
        try
        {
            return Names(Directory.EnumerateDirectories(PathOf(directory), "*", AnyEntry));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    static string[] Names(IEnumerable<string> paths) => [.. paths.Select(p => Path.GetFileName(p)!).Order(StringComparer.Ordinal)];

    /// <summary>
    /// /proc/1234/stat goes away with its process and /sys files of a device with the device: only the fixed ones are kept.
    /// </summary>
    static bool IsKeepable(string path) =>
        path.StartsWith("/proc/", StringComparison.Ordinal) && path.Length > 6 && !char.IsAsciiDigit(path[6]);

    bool TryReadOpened(int file, out ReadOnlySpan<byte> content, Func<ReadOnlySpan<byte>, bool>? wantsMore = null)
    {
        content = default;
        if (file < 0) return false;
        var length = 0;
        while (true)
        {
            var read = RawFile.Read(file, buffer.AsSpan(length));
            length += Math.Max(0, read);
            var hasEnough = read > 0 && wantsMore is not null && !wantsMore(buffer.AsSpan(0, length));
            if (read <= 0 || hasEnough || length >= MaxBytes)
            {
                RawFile.Close(file);
                content = buffer.AsSpan(0, length);
                return read == 0 || hasEnough;
            }
            if (length == buffer.Length) Array.Resize(ref buffer, buffer.Length * 2);
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
