namespace OpsBro.Collectors.Linux;

/// <summary>What disks there are: vendor, model, size. Source: /sys/block, see Documentation/ABI/stable/sysfs-block.</summary>
internal sealed class BlockDevice : ICollector
{
    /// <summary>Most disks written.</summary>
    public const int MaxDisks = 512;

    /// <inheritdoc/>
    public string Name => "blockdevice";

    /// <inheritdoc/>
    public string Summary => "Vendor, model, size and kind of each disk, from /sys/block.";

    /// <inheritdoc/>
    public TimeSpan Interval => TimeSpan.FromSeconds(60);

    /// <inheritdoc/>
    public IReadOnlyList<KeyDoc> Keys { get; } =
    [
        new("<device>.vendor", "", "Vendor; empty where the device has none (virtio, nvme)."),
        new("<device>.model", "", "Model."),
        new("<device>.size", "512 bytes", "Size in sectors of 512 bytes, as a text: the original's."),
        new("<device>.size_bytes", "bytes", "Size."),
        new("<device>.serial", "", "Serial number, when this user may read it."),
        new("<device>.rotational", "", "True for a disk that turns, as the kernel believes; virtual disks often say so."),
        new("<device>.removable", "", "True for a disk that can be taken out."),
        new("<device>.read_only", "", "True when it cannot be written: also what the kernel does to a failing disk."),
        new("<device>.scheduler", "", "I/O scheduler in use."),
    ];

    /// <inheritdoc/>
    public Outcome Collect(CollectorRun run)
    {
        var host = run.Host;
        foreach (var device in host.List("/sys/block").Where(IsMeasured).Take(MaxDisks))
        {
            var directory = $"/sys/block/{device}";
            if (!host.TryReadLong($"{directory}/size", out var sectors) || sectors <= 0) continue;
            var disk = run.Data.Section(device.Replace('!', '/'));   // sysfs writes cciss/c0d0 so
            disk.Set("vendor", host.ReadText($"{directory}/device/vendor") ?? "");
            disk.Set("model", host.ReadText($"{directory}/device/model") ?? "");
            disk.Set("size", $"{sectors}");
            disk.Set("size_bytes", (double)sectors * IoStats.SectorBytes < long.MaxValue ? sectors * IoStats.SectorBytes : long.MaxValue);
            if ((host.ReadText($"{directory}/device/serial") ?? host.ReadText($"{directory}/serial")) is { Length: > 0 } serial)
                disk.Set("serial", serial.Trim());
            if (host.TryReadLong($"{directory}/queue/rotational", out var rotational)) disk.Set("rotational", rotational != 0);
            if (host.TryReadLong($"{directory}/removable", out var removable)) disk.Set("removable", removable != 0);
            if (host.TryReadLong($"{directory}/ro", out var readOnly)) disk.Set("read_only", readOnly != 0);
            if (SchedulerOf(host.ReadText($"{directory}/queue/scheduler")) is { } scheduler) disk.Set("scheduler", scheduler);
        }
        return run.Data.IsEmpty ? Outcome.None("there is no disk in /sys/block") : Outcome.Ok;
    }

    static bool IsMeasured(string device) => !device.StartsWith("dm-", StringComparison.Ordinal)
        && !device.StartsWith("ram", StringComparison.Ordinal) && !device.StartsWith("loop", StringComparison.Ordinal);

    /// <summary>The scheduler in brackets: <c>[mq-deadline] kyber none</c>; the only word when there is one.</summary>
    internal static string? SchedulerOf(string? text)
    {
        if (text is null or "") return null;
        var start = text.IndexOf('[');
        var end = text.IndexOf(']');
        return start >= 0 && end > start ? text[(start + 1)..end] : text.Contains(' ') ? null : text;
    }
}
