using System.Text;

namespace OpsBro.Platform;

/// <summary>One mounted file system that holds data.</summary>
/// <param name="Point">Where it is mounted.</param>
/// <param name="Type">For instance <c>ext4</c> or <c>nfs4</c>.</param>
/// <param name="Device">What is mounted, for instance <c>/dev/vda1</c> or <c>server:/export</c>.</param>
internal sealed record Mount(string Point, string Type, string Device);

/// <summary>Reads the mounts of this host. Source: proc_pid_mountinfo(5).</summary>
internal static class Mounts
{
    /// <summary>Most mounts taken: a host of containers has thousands, of which few hold data of its own.</summary>
    public const int Most = 1000;

    /// <summary>
    /// File systems without room of their own: the kernel's, memory, images that are always full, and views of others.
    /// autofs is among them because asking it would mount.
    /// </summary>
    static readonly HashSet<string> pseudo = new(StringComparer.Ordinal)
    {
        "autofs", "binder", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "cramfs", "debugfs", "devpts", "devtmpfs", "efivarfs",
        "erofs", "fuse.gvfsd-fuse", "fuse.lxcfs", "fuse.portal", "fuse.snapfuse", "fusectl", "hugetlbfs", "iso9660", "mqueue", "nsfs",
        "overlay", "proc", "pstore", "ramfs", "rootfs", "rpc_pipefs", "securityfs", "selinuxfs", "smackfs", "squashfs", "sysfs", "tmpfs",
        "tracefs", "udev", "udf", "aufs", "nfsd", "none", "shiftfs", "fuse.rofiles-fuse", "xenfs", "vboxsf",
    };

    /// <summary>
    /// The file systems that hold data, each once: of a file system mounted at several places (bind mounts) the shortest place. The root is
    /// there whatever its type, for in a container it is an overlay.
    /// Grammar of a line: <c>id parent major:minor root point options [tags…] - type device super-options</c>, with blanks written as \040.
    /// </summary>
    public static List<Mount> Parse(ReadOnlySpan<byte> text)
    {
        var found = new Dictionary<string, Mount>(StringComparer.Ordinal);
        var lines = new LineReader(text);
        while (found.Count < Most && lines.TryNext(out var line))
        {
            if (Read(line) is not var (identity, mount)) continue;
            if (pseudo.Contains(mount.Type) && mount.Point != "/") continue;
            // a later mount on the same place hides the one before
            foreach (var (other, hidden) in found)
                if (hidden.Point == mount.Point) found.Remove(other);
            if (!found.TryGetValue(identity, out var known) || mount.Point.Length < known.Point.Length) found[identity] = mount;
        }
        return [.. found.Values.OrderBy(mount => mount.Point, StringComparer.Ordinal)];
    }

    static (string Identity, Mount Mount)? Read(ReadOnlySpan<byte> line)
    {
        var dash = line.IndexOf(" - "u8);
        if (dash < 0) return null;
        var left = new FieldReader(line[..dash]);
        var right = new FieldReader(line[(dash + 3)..]);
        if (!left.TrySkip(2) || !left.TryNext(out ReadOnlySpan<byte> number) || !left.TryNext(out ReadOnlySpan<byte> root)
            || !left.TryNext(out ReadOnlySpan<byte> point) || !right.TryNext(out ReadOnlySpan<byte> type)
            || !right.TryNext(out ReadOnlySpan<byte> device)) return null;
        var kind = Text(type);
        // subvolumes of btrfs have one number, but are different places to an operator
        var identity = kind == "btrfs" ? $"{Text(number)} {Text(root)}" : Text(number);
        return (identity, new Mount(Text(point), kind, Text(device)));
    }

    /// <summary>A field with its octal escapes (blank, tab, line feed, backslash) undone.</summary>
    static string Text(ReadOnlySpan<byte> field)
    {
        if (field.IndexOf((byte)'\\') < 0) return Encoding.UTF8.GetString(field);
        Span<byte> plain = new byte[field.Length];
        var length = 0;
        for (var i = 0; i < field.Length; i++)
        {
            var isEscape = field[i] == '\\' && i + 3 < field.Length && field[(i + 1)..(i + 4)].IndexOfAnyExceptInRange((byte)'0', (byte)'7') < 0;
            plain[length++] = isEscape ? (byte)((field[i + 1] - '0') << 6 | (field[i + 2] - '0') << 3 | (field[i + 3] - '0')) : field[i];
            if (isEscape) i += 3;
        }
        return Encoding.UTF8.GetString(plain[..length]);
    }
}
