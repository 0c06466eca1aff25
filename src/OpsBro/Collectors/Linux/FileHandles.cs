using OpsBro.Platform;

namespace OpsBro.Collectors.Linux;

/// <summary>
/// Open files and inodes of the whole host, against the kernel's limit. Source: /proc/sys/fs/file-nr and inode-nr, see
/// proc_sys_fs(5).
/// </summary>
internal sealed class FileHandles : ICollector
{
    /// <inheritdoc/>
    public string Name => "filehandles";

    /// <inheritdoc/>
    public string Summary => "Open files of the host against their limit, from /proc/sys/fs/file-nr.";

    /// <inheritdoc/>
    public IReadOnlyList<KeyDoc> Keys { get; } =
    [
        new("allocated", "", "Files open on the whole host."),
        new("max", "", "The kernel's limit (fs.file-max)."),
        new("pct_used", "%", "Share of the limit in use."),
        new("inodes", "", "Inodes the kernel holds in memory."),
        new("inodes_free", "", "Those of them that nothing uses."),
    ];

    /// <inheritdoc/>
    public Outcome Collect(CollectorRun run)
    {
        if (!run.Host.TryRead("/proc/sys/fs/file-nr", out var files)) return Outcome.None("there is no /proc/sys/fs/file-nr");
        Span<long> numbers = stackalloc long[3];
        if (new FieldReader(KernelText.Trim(files)).Fill(numbers) < 3)
            throw new FormatException("/proc/sys/fs/file-nr does not hold three integers");
        run.Data.Set("allocated", numbers[0]);
        run.Data.Set("max", numbers[2]);
        run.Data.Set("pct_used", numbers[2] > 0 ? 100.0 * numbers[0] / numbers[2] : 0);
        if (!run.Host.TryRead("/proc/sys/fs/inode-nr", out var inodes)) return Outcome.Ok;
        if (new FieldReader(KernelText.Trim(inodes)).Fill(numbers[..2]) < 2) return Outcome.Ok;
        run.Data.Set("inodes", numbers[0]);
        run.Data.Set("inodes_free", numbers[1]);
        return Outcome.Ok;
    }
}
