using System.Runtime.InteropServices;
using System.Text;

namespace OpsBro.Platform;

/// <summary>Room of one mounted file system, as statvfs(3) tells it.</summary>
/// <param name="Total">Bytes in all.</param>
/// <param name="Free">Bytes free, those kept for root included.</param>
/// <param name="Available">Bytes free for everyone.</param>
/// <param name="Inodes">Inodes in all; 0 where the file system has no fixed number.</param>
/// <param name="InodesFree">Inodes free.</param>
/// <param name="IsReadOnly">True when nothing can be written.</param>
/// <param name="Error">Why there is no answer, for instance <c>EACCES</c>; empty when there is one.</param>
internal readonly partial record struct FileSystemSpace(
    long Total, long Free, long Available, long Inodes, long InodesFree, bool IsReadOnly, string Error)
{
    const int NoEntry = 2, NoAccess = 13, ReadOnlyFlag = 1;

    /// <summary>Asks for the room at a path. May hang for ever when a server behind it is gone.</summary>
    public static unsafe FileSystemSpace Of(string path)
    {
        Span<byte> name = stackalloc byte[Encoding.UTF8.GetMaxByteCount(path.Length) + 1];
        name[Encoding.UTF8.GetBytes(path, name)] = 0;
        StatVfs raw = default;
        int result;
        fixed (byte* start = name) result = statvfs(start, &raw);
        if (result == 0) return Of(raw);
        var error = Marshal.GetLastPInvokeError() switch
        {
            NoEntry => "it is not there",
            NoAccess => "this user may not look at it",
            var number => Marshal.GetPInvokeErrorMessage(number),
        };
        return new FileSystemSpace(0, 0, 0, 0, 0, false, error);
    }

    static FileSystemSpace Of(in StatVfs raw)
    {
        var size = raw.FragmentSize > 0 ? raw.FragmentSize : raw.BlockSize;
        return new FileSystemSpace(
            Bytes(raw.Blocks, size), Bytes(raw.BlocksFree, size), Bytes(raw.BlocksAvailable, size),
            Whole(raw.Files), Whole(raw.FilesFree), (raw.Flags & ReadOnlyFlag) != 0, "");
    }

    static long Bytes(ulong blocks, ulong size) => Whole((UInt128)blocks * size);

    static long Whole(UInt128 number) => number > long.MaxValue ? long.MaxValue : (long)number;

    [LibraryImport("libc", SetLastError = true)]
    internal static unsafe partial int statvfs(byte* path, StatVfs* answer);

    /// <summary>struct statvfs of 64-bit Linux, glibc and musl; the tail is room to spare.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 256)]
    internal struct StatVfs
    {
        public ulong BlockSize, FragmentSize, Blocks, BlocksFree, BlocksAvailable, Files, FilesFree, FilesAvailable, Id, Flags, NameMax;
    }
}
