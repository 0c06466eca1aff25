using OpsBro.Platform;

namespace OpsBro.Collectors.Linux;

/// <summary>
/// Whether the clock is kept right, and how far off it may be. Source: the kernel's clock discipline (adjtimex(2)), which chronyd,
/// ntpd, systemd-timesyncd and linuxptp all steer; and which of them runs here.
/// </summary>
/// <param name="readClock">Asks the kernel; null where it cannot be asked.</param>
internal sealed class TimeSync(Func<ClockDiscipline?> readClock) : ICollector
{
    static readonly (string Path, string Daemon)[] Daemons =
    [
        ("/run/chrony/chronyd.pid", "chrony"), ("/run/chronyd.pid", "chrony"), ("/var/run/chrony/chronyd.pid", "chrony"),
        ("/run/ntpd.pid", "ntpd"), ("/var/run/ntpd.pid", "ntpd"), ("/run/openntpd.pid", "openntpd"),
        ("/run/systemd/timesync", "systemd-timesyncd"),
    ];

    /// <summary>Asks this machine.</summary>
    public TimeSync() : this(ClockDiscipline.Read)
    {
    }

    /// <inheritdoc/>
    public string Name => "timesync";

    /// <inheritdoc/>
    public string Summary => "Whether the clock is synchronised and how far off it may be, from adjtimex.";

    /// <inheritdoc/>
    public TimeSpan Interval => TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    public IReadOnlyList<KeyDoc> Keys { get; } =
    [
        new("synchronized", "", "True while a daemon keeps the clock right."),
        new("offset_ms", "ms", "Correction that the kernel is still making. Daemons that slew the clock themselves (chrony) "
            + "leave it at 0."),
        new("estimated_error_ms", "ms", "How far off the clock probably is, as the daemon told the kernel."),
        new("max_error_ms", "ms", "How far off it is at most; grows by half a millisecond each second without a correction."),
        new("frequency_ppm", "ppm", "By how much the host's oscillator is corrected."),
        new("tai_offset", "s", "Leap seconds: TAI less UTC; 0 when no daemon told it."),
        new("daemon", "", "chrony, ntpd, openntpd, systemd-timesyncd, or empty."),
    ];

    /// <inheritdoc/>
    public Outcome Collect(CollectorRun run)
    {
        if (readClock() is not { } clock) return Outcome.None("the kernel does not answer adjtimex");
        run.Data.Set("synchronized", clock.IsSynchronized);
        run.Data.Set("offset_ms", clock.Offset.TotalMilliseconds);
        run.Data.Set("estimated_error_ms", clock.EstimatedError.TotalMilliseconds);
        run.Data.Set("max_error_ms", clock.MaxError.TotalMilliseconds);
        run.Data.Set("frequency_ppm", clock.FrequencyPpm);
        run.Data.Set("tai_offset", clock.TaiOffset);
        run.Data.Set("daemon", Daemons.FirstOrDefault(d => run.Host.Exists(d.Path)).Daemon ?? "");
        return Outcome.Ok;
    }
}
