namespace OpsBro.Collectors.Linux;

/// <summary>
/// Errors that ECC memory corrected or could not correct, counted since boot. Source: /sys/devices/system/edac/mc, see
/// Documentation/admin-guide/ras.rst.
/// </summary>
internal sealed class Edac : ICollector
{
    const string Directory = "/sys/devices/system/edac/mc";

    /// <summary>Most memory controllers read.</summary>
    public const int MaxControllers = 128;

    /// <inheritdoc/>
    public string Name => "edac";

    /// <inheritdoc/>
    public string Summary => "Corrected and uncorrected errors of ECC memory, from /sys/devices/system/edac.";

    /// <inheritdoc/>
    public TimeSpan Interval => TimeSpan.FromSeconds(60);

    /// <inheritdoc/>
    public IReadOnlyList<KeyDoc> Keys { get; } =
    [
        new("corrected", "", "Errors corrected since boot, all controllers: a count that grows announces a dying module."),
        new("uncorrected", "", "Errors not corrected since boot: data was lost."),
        new("controllers.<controller>.name", "", "The controller's driver."),
        new("controllers.<controller>.corrected", "", "Errors corrected by one controller."),
        new("controllers.<controller>.uncorrected", "", "Errors it could not correct."),
    ];

    /// <inheritdoc/>
    public Outcome Collect(CollectorRun run)
    {
        var (corrected, uncorrected) = (0L, 0L);
        foreach (var name in run.Host.List(Directory).Take(MaxControllers))
        {
            if (!run.Host.TryReadLong($"{Directory}/{name}/ce_count", out var fixedErrors)) continue;
            run.Host.TryReadLong($"{Directory}/{name}/ue_count", out var lostErrors);
            var controller = run.Data.Section("controllers").Section(name);
            controller.Set("name", run.Host.ReadText($"{Directory}/{name}/mc_name") ?? "");
            controller.Set("corrected", fixedErrors);
            controller.Set("uncorrected", lostErrors);
            corrected += Math.Clamp(fixedErrors, 0, int.MaxValue);
            uncorrected += Math.Clamp(lostErrors, 0, int.MaxValue);
        }
        if (run.Data.IsEmpty) return Outcome.None("no driver reports errors of ECC memory here (no /sys/devices/system/edac/mc)");
        run.Data.Set("corrected", corrected);
        run.Data.Set("uncorrected", uncorrected);
        return Outcome.Ok;
    }
}
