using OpsBro.Platform;

namespace OpsBro.Collectors.Linux;

/// <summary>
/// How fast the CPUs run, and whether heat slows them. Source: cpufreq and thermal_throttle below /sys/devices/system/cpu, see
/// Documentation/admin-guide/pm/cpufreq.rst. Virtual machines mostly have neither.
/// </summary>
internal sealed class CpuFrequency : ICollector
{
    const string Directory = "/sys/devices/system/cpu";

    /// <summary>Most CPUs read: each answer may wake the CPU it is about.</summary>
    public const int MaxCpus = 256;

    readonly CounterMemory memory = new(width: 1);

    /// <inheritdoc/>
    public string Name => "cpufrequency";

    /// <inheritdoc/>
    public string Summary => "Frequency of the CPUs and how often heat slowed them, from /sys/devices/system/cpu.";

    /// <inheritdoc/>
    public TimeSpan Interval => TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    public IReadOnlyList<KeyDoc> Keys { get; } =
    [
        new("mean_mhz", "MHz", "Mean of all CPUs at this moment."),
        new("slowest_mhz", "MHz", "The slowest CPU."),
        new("fastest_mhz", "MHz", "The fastest CPU."),
        new("limit_mhz", "MHz", "The fastest that is allowed."),
        new("governor", "", "What chooses the frequency: performance, powersave, schedutil and so on (of the first CPU)."),
        new("throttles/s", "1/s", "Times a core was slowed by heat, all cores; Intel only, from the second run on."),
    ];

    /// <inheritdoc/>
    public Outcome Collect(CollectorRun run)
    {
        var (sum, count, slowest, fastest, throttles) = (0.0, 0, double.MaxValue, 0.0, -1L);
        foreach (var cpu in run.Host.List(Directory).Where(IsCpu).Take(MaxCpus))
        {
            if (run.Host.TryReadLong($"{Directory}/{cpu}/thermal_throttle/core_throttle_count", out var slowed))
                throttles = Math.Max(0, throttles) + Math.Clamp(slowed, 0, int.MaxValue);
            if (!run.Host.TryReadLong($"{Directory}/{cpu}/cpufreq/scaling_cur_freq", out var kiloHertz) || kiloHertz <= 0) continue;
            var megaHertz = kiloHertz / 1000.0;
            (sum, count) = (sum + megaHertz, count + 1);
            (slowest, fastest) = (Math.Min(slowest, megaHertz), Math.Max(fastest, megaHertz));
        }
        if (count == 0 && throttles < 0) return Outcome.None("the kernel does not set the frequency of the CPUs here (no cpufreq)");
        if (count > 0) WriteFrequencies(run, sum / count, slowest, fastest);
        if (throttles >= 0) WriteThrottles(run, throttles);
        return Outcome.Ok;
    }

    static bool IsCpu(string name) =>
        name.StartsWith("cpu", StringComparison.Ordinal) && name.Length > 3 && name.AsSpan(3).IndexOfAnyExceptInRange('0', '9') < 0;

    static void WriteFrequencies(CollectorRun run, double mean, double slowest, double fastest)
    {
        run.Data.Set("mean_mhz", mean);
        run.Data.Set("slowest_mhz", slowest);
        run.Data.Set("fastest_mhz", fastest);
        if (run.Host.TryReadLong($"{Directory}/cpu0/cpufreq/scaling_max_freq", out var limit)) run.Data.Set("limit_mhz", limit / 1000.0);
        if (run.Host.ReadText($"{Directory}/cpu0/cpufreq/scaling_governor") is { Length: > 0 } governor) run.Data.Set("governor", governor);
    }

    void WriteThrottles(CollectorRun run, long throttles)
    {
        memory.Start(run.Now);
        var all = memory.Of("all"u8)!;
        all.Now[0] = throttles;
        if (all.HasDifference) run.Data.Set("throttles/s", all.Rate(0));
    }
}
