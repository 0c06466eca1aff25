using OpsBro.Platform;

namespace OpsBro.Collectors.Linux;

/// <summary>
/// Room and inodes of every mounted file system that holds data. Sources: proc_pid_mountinfo(5), statvfs(3). A mount that does not answer
/// (a file server that is gone) is left out, named under its key <c>problem</c>, and not asked again until it does.
/// </summary>
/// <param name="space">Asks for the room at a path.</param>
/// <param name="patience">How long a mount may take to answer.</param>
internal sealed class DiskUsage(Func<string, FileSystemSpace> space, TimeSpan patience) : ICollector
{
    /// <summary>A mount that takes longer than this is left out: three of them stay within the collector's deadline.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    const long Megabyte = 1024 * 1024;

    readonly PatientQuestions<FileSystemSpace> questions = new(space, patience);
    byte[] knownText = [];
    List<Mount> mounts = [];

    /// <summary>The collector of a real host.</summary>
    public DiskUsage() : this(FileSystemSpace.Of, Patience)
    {
    }

    /// <inheritdoc/>
    public string Name => "diskusage";

    /// <inheritdoc/>
    public string Summary => "Room and inodes of every mounted file system, from /proc/self/mountinfo and statvfs.";

    /// <inheritdoc/>
    public IReadOnlyList<KeyDoc> Keys { get; } =
    [
        new("<mount>.total", "MB", "Size."),
        new("<mount>.used", "MB", "Room that is taken."),
        new("<mount>.available", "MB", "Room that is left to everyone but root."),
        new("<mount>.pct_used", "%", "Share of the room that is taken, rounded up as df does."),
        new("<mount>.inodes_total", "", "Inodes; 0 where the file system has no fixed number (btrfs, vfat)."),
        new("<mount>.inodes_used", "", "Inodes that are taken."),
        new("<mount>.inodes_pct_used", "%", "Share of the inodes that is taken, rounded up."),
        new("<mount>.read_only", "", "True when nothing can be written: mounted so, or turned so after an error."),
        new("<mount>.type", "", "File system, for instance ext4 or nfs4."),
        new("<mount>.device", "", "What is mounted, for instance /dev/vda1 or server:/export."),
        new("<mount>.problem", "", "Only when the mount does not answer: why; the keys of room and inodes are missing then."),
    ];

    /// <inheritdoc/>
    public Outcome Collect(CollectorRun run)
    {
        if (!run.Host.TryRead("/proc/self/mountinfo", out var text)) return Outcome.None("there is no /proc/self/mountinfo");
        if (!text.SequenceEqual(knownText)) (knownText, mounts) = (text.ToArray(), Mounts.Parse(text));
        run.Host.About("statvfs of every mount");
        var answers = questions.Ask(mounts.Select(mount => mount.Point), run.UtcNow);
        var silent = questions.Silent;
        var problems = new List<string>();
        foreach (var mount in mounts)
        {
            if (answers.TryGetValue(mount.Point, out var answer) && answer.Error.Length == 0)
            {
                // without room of its own it is a view of something else
                if (answer.Total > 0) Write(run.Data.Section(mount.Point), mount, answer);
                continue;
            }
            var problem = answer.Error is { Length: > 0 } error ? error
                : silent.TryGetValue(mount.Point, out var since) ? $"has not answered since {since.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}"
                : "was not asked, because too many others do not answer";
            var section = run.Data.Section(mount.Point);
            section.Set("type", mount.Type);
            section.Set("device", mount.Device);
            section.Set("problem", problem);
            problems.Add($"{mount.Point} ({mount.Type} {mount.Device}): {problem}");
        }
        if (run.Data.IsEmpty) return Outcome.None("no mounted file system holds data");
        return problems.Count == 0 ? Outcome.Ok : Outcome.OkBut(string.Join("; ", problems));
    }

    static void Write(DataWriter data, Mount mount, FileSystemSpace space)
    {
        var used = Math.Max(0, space.Total - space.Free);
        var inodesUsed = Math.Max(0, space.Inodes - space.InodesFree);
        data.Set("total", space.Total / Megabyte);
        data.Set("used", used / Megabyte);
        data.Set("available", space.Available / Megabyte);
        data.Set("pct_used", RoundedUp(used, (double)used + space.Available));
        data.Set("inodes_total", space.Inodes);
        data.Set("inodes_used", inodesUsed);
        data.Set("inodes_pct_used", RoundedUp(inodesUsed, space.Inodes));
        data.Set("read_only", space.IsReadOnly);
        data.Set("type", mount.Type);
        data.Set("device", mount.Device);
    }

    static long RoundedUp(double part, double whole) => whole > 0 ? (long)Math.Ceiling(part * 100 / whole) : 0;
}
