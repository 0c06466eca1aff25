using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using OpsBro.Core.KeyValue;
using OpsBro.Platform;

namespace OpsBro.KeyValue;

/// <summary>
/// One file of the log: records are appended, never changed. Room for them is filled with zeros ahead, so that a flush need not write the
/// size too.
/// </summary>
internal sealed class KeyLogFile : IDisposable
{
    /// <summary>Room that is made at once.</summary>
    public const int Step = 1 << 20;

    const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    static readonly byte[] zeros = new byte[64 * 1024];

    readonly FileStream stream;
    readonly SafeFileHandle handle;
    readonly ulong id;
    readonly Action<SafeHandle> flush;

    KeyLogFile(FileStream stream, ulong id, long end, Action<SafeHandle> flush)
    {
        (this.stream, this.id, End, this.flush) = (stream, id, end, flush);
        handle = stream.SafeFileHandle;
        Identity = FileIdentity.Of(handle);
        Reserved = RandomAccess.GetLength(handle);
    }

    /// <summary>Which file it is: the name may come to be another one's.</summary>
    public FileIdentity Identity { get; }

    /// <summary>Where the next record goes.</summary>
    public long End { get; private set; }

    /// <summary>Bytes of the file.</summary>
    public long Reserved { get; private set; }

    /// <summary>Makes an empty one; what is there is lost.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    /// <exception cref="UnauthorizedAccessException">The directory does.</exception>
    public static KeyLogFile Make(string path, Action<SafeHandle> flush)
    {
        var id = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))) | 1;
        var header = new byte[KeyLogFormat.FileHeader];
        KeyLogFormat.WriteHeader(header, id);
        File.Delete(path);
        var stream = Open(path, FileMode.CreateNew);
        try
        {
            RandomAccess.Write(stream.SafeFileHandle, header, 0);
            return new KeyLogFile(stream, id, header.Length, flush);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Opens one that was read, to go on at its end. What stands behind it is no record, and goes.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    /// <exception cref="UnauthorizedAccessException">The file does.</exception>
    public static KeyLogFile GoOn(string path, in KeyLogReader.Found found, Action<SafeHandle> flush)
    {
        var stream = Open(path, FileMode.Open);
        try
        {
            if (File.GetUnixFileMode(stream.SafeFileHandle) != OwnerOnly) File.SetUnixFileMode(stream.SafeFileHandle, OwnerOnly);
            if (found.IsTorn) stream.SetLength(found.End);
            flush(stream.SafeFileHandle);   // who wrote it may have been killed before it did: what is read is told as stored
            return new KeyLogFile(stream, found.Id, found.End, flush);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    static FileStream Open(string path, FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = FileShare.Read, BufferSize = 0 };
        if (mode == FileMode.CreateNew) options.UnixCreateMode = OwnerOnly;
        return new FileStream(path, options);
    }

    /// <summary>Makes room for a record. When it cannot, nothing has changed, and it may be tried again.</summary>
    /// <exception cref="IOException">The disk is full, or refuses.</exception>
    public void Reserve(int bytes)
    {
        if (End + bytes <= Reserved) return;
        for (var until = End + bytes + Step; Reserved < until;)
        {
            var part = zeros.AsSpan(0, (int)Math.Min(zeros.Length, until - Reserved));
            RandomAccess.Write(handle, part, Reserved);
            Reserved += part.Length;
        }
    }

    /// <summary>Writes a record; it is not on the platter before <see cref="Flush"/>.</summary>
    /// <exception cref="IOException">The disk refuses: the file can take nothing more.</exception>
    public void Append(KeyLogBatch batch)
    {
        RandomAccess.Write(handle, batch.Seal(id, End).Span, End);
        End += batch.Length;
        Reserved = Math.Max(Reserved, End);
    }

    /// <summary>Waits until the disk has it all.</summary>
    /// <exception cref="IOException">The disk refuses: the file can take nothing more.</exception>
    public void Flush() => flush(handle);

    /// <inheritdoc/>
    public void Dispose() => stream.Dispose();
}
