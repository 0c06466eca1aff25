using System.Runtime.InteropServices;

namespace OpsBro.Platform;

/// <summary>Which file it is, whatever its names: its device and its inode. Source: statx(2).</summary>
/// <param name="Device">The file system's.</param>
/// <param name="Inode">The file's in it.</param>
internal readonly partial record struct FileIdentity(ulong Device, ulong Inode)
{
    /// <summary>struct statx is the same on every processor; the device is two numbers of 32 bits, taken as one.</summary>
    const int StatxBytes = 256, InodeAt = 32, DeviceAt = 136, CurrentDirectory = -100, OfDescriptor = 0x1000;

    const uint StatxInode = 0x100;

    /// <summary>Of what a path leads to, links followed; null when nothing is there that can be looked at.</summary>
    public static FileIdentity? Of(string path)
    {
        Span<byte> about = stackalloc byte[StatxBytes];
        return statx(CurrentDirectory, path, 0, StatxInode, about) == 0 ? Read(about) : null;
    }

    /// <summary>Of an open file, which may have no name any more.</summary>
    /// <exception cref="IOException">The kernel does not say.</exception>
    public static FileIdentity Of(SafeHandle file)
    {
        Span<byte> about = stackalloc byte[StatxBytes];
        return statx(file, "", OfDescriptor, StatxInode, about) == 0 ? Read(about) : throw new IOException($"statx: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    static FileIdentity Read(ReadOnlySpan<byte> about) => new(MemoryMarshal.Read<ulong>(about[DeviceAt..]), MemoryMarshal.Read<ulong>(about[InodeAt..]));

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int statx(int directory, string path, int flags, uint mask, Span<byte> about);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int statx(SafeHandle file, string path, int flags, uint mask, Span<byte> about);
}
