using System.Runtime.InteropServices;
using System.Text;

namespace OpsBro.Evaluator;

/// <summary>
/// Users and groups as the C library sees them: /etc/passwd and whatever nsswitch.conf(5) adds. See getpwnam_r(3), getgrnam_r(3).
/// </summary>
internal static unsafe partial class UserDatabase
{
    /// <summary>Bytes for one record; a group with thousands of members is cut off by ERANGE and then not found.</summary>
    const int RecordBytes = 256 * 1024;

    const int MaxName = 256;

    /// <summary>The number of a user; null when there is none.</summary>
    public static uint? IdOf(string name) => Find(name, (text, buffer) =>
    {
        User user;
        User* found;
        return getpwnam_r((byte*)text, &user, (byte*)buffer, RecordBytes, &found) == 0 && found != null ? user.Id : null;
    });

    /// <summary>The name of a user; null when there is none.</summary>
    public static string? NameOf(uint id) => Named(buffer =>
    {
        User user;
        User* found;
        return getpwuid_r(id, &user, (byte*)buffer, RecordBytes, &found) == 0 && found != null ? user.Name : 0;
    });

    /// <summary>The number of a group; null when there is none.</summary>
    public static uint? GroupIdOf(string name) => Find(name, (text, buffer) =>
    {
        Group group;
        Group* found;
        return getgrnam_r((byte*)text, &group, (byte*)buffer, RecordBytes, &found) == 0 && found != null ? group.Id : null;
    });

    /// <summary>The name of a group; null when there is none.</summary>
    public static string? GroupNameOf(uint id) => Named(buffer =>
    {
        Group group;
        Group* found;
        return getgrgid_r(id, &group, (byte*)buffer, RecordBytes, &found) == 0 && found != null ? group.Name : 0;
    });

    static uint? Find(string name, Func<nint, nint, uint?> ask)
    {
        if (name.Length is 0 or > MaxName || name.Contains('\0')) return null;
        var text = Marshal.StringToCoTaskMemUTF8(name);
        var buffer = Marshal.AllocHGlobal(RecordBytes);
        try
        {
            return ask(text, buffer);
        }
        finally
        {
            Marshal.FreeHGlobal(buffer);
            Marshal.FreeCoTaskMem(text);
        }
    }

    static string? Named(Func<nint, nint> ask)
    {
        var buffer = Marshal.AllocHGlobal(RecordBytes);
        try
        {
            var name = ask(buffer);
            return name == 0 ? null : Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated((byte*)name));
        }
        finally
        {
            Marshal.FreeHGlobal(buffer);
        }
    }

    /// <summary>struct passwd of glibc and musl.</summary>
    [StructLayout(LayoutKind.Sequential)]
    struct User
    {
        public nint Name, Password;
        public uint Id, GroupId;
        public nint Comment, Home, Shell;
    }

    /// <summary>struct group of glibc and musl.</summary>
    [StructLayout(LayoutKind.Sequential)]
    struct Group
    {
        public nint Name, Password;
        public uint Id;
        public nint Members;
    }

    [LibraryImport("libc")]
    private static partial int getpwnam_r(byte* name, User* user, byte* buffer, nuint size, User** found);

    [LibraryImport("libc")]
    private static partial int getpwuid_r(uint id, User* user, byte* buffer, nuint size, User** found);

    [LibraryImport("libc")]
    private static partial int getgrnam_r(byte* name, Group* group, byte* buffer, nuint size, Group** found);

    [LibraryImport("libc")]
    private static partial int getgrgid_r(uint id, Group* group, byte* buffer, nuint size, Group** found);
}
