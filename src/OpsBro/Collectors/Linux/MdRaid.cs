namespace OpsBro.Collectors.Linux;

/// <summary>
/// Software RAID: whether each array has all its disks, and how far a rebuild is. Source: /sys/block/md*/md, see
/// Documentation/admin-guide/md.rst.
/// </summary>
internal sealed class MdRaid : ICollector
{
    /// <summary>Most arrays read.</summary>
    public const int MaxArrays = 128;

    /// <inheritdoc/>
    public string Name => "mdraid";

    /// <inheritdoc/>
    public string Summary => "State of each software RAID array, from /sys/block/md*/md.";

    /// <inheritdoc/>
    public TimeSpan Interval => TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    public IReadOnlyList<KeyDoc> Keys { get; } =
    [
        new("<array>.level", "", "raid0, raid1, raid5, raid6, raid10, linear or container."),
        new("<array>.state", "", "clean, active, readonly, inactive and so on."),
        new("<array>.disks", "", "Disks the array should have."),
        new("<array>.degraded", "", "Disks it lacks; 0 is good. Not there for raid0 and linear, which cannot lack one."),
        new("<array>.healthy", "", "False when it lacks a disk or is inactive."),
        new("<array>.sync_action", "", "idle, resync, recover, check, repair, reshape or frozen."),
        new("<array>.sync_pct", "%", "How far the sync action is; only while one runs."),
        new("<array>.mismatches", "", "Sectors that differed in the last check."),
    ];

    /// <inheritdoc/>
    public Outcome Collect(CollectorRun run)
    {
        var host = run.Host;
        foreach (var name in host.List("/sys/block").Where(d => d.StartsWith("md", StringComparison.Ordinal)).Take(MaxArrays))
        {
            var directory = $"/sys/block/{name}/md";
            if (host.ReadText($"{directory}/array_state") is not { } state) continue;
            var array = run.Data.Section(name);
            array.Set("level", host.ReadText($"{directory}/level") ?? "");
            array.Set("state", state);
            if (host.ReadText($"{directory}/raid_disks") is { } disks && LeadingLong(disks) is { } count) array.Set("disks", count);
            var hasDegraded = host.TryReadLong($"{directory}/degraded", out var degraded);
            if (hasDegraded) array.Set("degraded", degraded);
            array.Set("healthy", degraded == 0 && state is not ("inactive" or "clear" or "broken"));
            if (host.ReadText($"{directory}/sync_action") is { } action) array.Set("sync_action", action);
            if (ShareOf(host.ReadText($"{directory}/sync_completed")) is { } share) array.Set("sync_pct", share);
            if (host.TryReadLong($"{directory}/mismatch_cnt", out var mismatches)) array.Set("mismatches", mismatches);
        }
        return run.Data.IsEmpty ? Outcome.None("there is no software RAID (no /sys/block/md*)") : Outcome.Ok;
    }

    /// <summary>The share of <c>812031 / 9123120</c>, in percent; null for <c>none</c>, <c>delayed</c> and anything else.</summary>
    internal static double? ShareOf(string? text) =>
        text?.Split(" / ") is [var done, var all] && long.TryParse(done, out var part) && long.TryParse(all, out var whole) && whole > 0
            ? 100.0 * part / whole
            : null;

    /// <summary>While an array is reshaped raid_disks reads <c>5 (4)</c>: new and old.</summary>
    static long? LeadingLong(string text) => long.TryParse(text.Split(' ')[0], out var number) ? number : null;
}
