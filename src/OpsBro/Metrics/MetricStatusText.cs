using System.Globalization;
using OpsBro.Cli;
using OpsBro.Config;

namespace OpsBro.Metrics;

/// <summary>How the store does, for a person.</summary>
internal static class MetricStatusText
{
    const int Kilo = 1024;

    static readonly string[] units = ["B", "KiB", "MiB", "GiB", "TiB"];

    /// <summary>Prints it.</summary>
    public static void Print(this MetricStatus status, Terminal terminal)
    {
        terminal.Section("store");
        terminal.Field("Series", Text($"{status.Series} of {status.MaxSeries}"));
        terminal.Field("Numbers", Text($"{status.Accepted} since start, {status.PointsPerSecond} a second; {status.RecentPoints} in no chunk yet"));
        terminal.Field("Memory", Size(status.MemoryBytes));
        terminal.Field("Disk", $"{Size(status.DiskBytes)}; the store may have {Size(status.MaxDisk)}");
        terminal.Field("Journal", Size(status.JournalBytes));
        if (status.Lost > 0) terminal.Line(Tone.Warning, Text($"lost: {status.Lost} numbers; a disk refused for too long, or a file was damaged"));
        if (status.Damaged > 0) terminal.Line(Tone.Warning, Text($"damaged: {status.Damaged} chunks; look at the disk"));
        foreach (var problem in status.Problems) terminal.Line(Tone.Warning, problem);
        terminal.Section("tiers");
        terminal.Table(["STEP", "KEPT", "BYTES", "OLDEST"], status.Tiers.Select(t => (string[])
            [Durations.Text(TimeSpan.FromSeconds(t.Step)), Durations.Text(TimeSpan.FromSeconds(t.Keep)), Size(t.Bytes), Time(t.Oldest)]));
        if (status.Offenders.Count == 0) return;
        terminal.Section("most new series since start");
        terminal.Table(["NAMES BEGIN WITH", "SERIES"], status.Offenders.Select(o => (string[])[Terminal.OneLine(o.Prefix), Text($"{o.Count}")]));
    }

    /// <summary>Bytes in the largest unit of which there is a whole one.</summary>
    public static string Size(long bytes)
    {
        var (size, unit) = ((double)bytes, 0);
        for (; size >= Kilo && unit < units.Length - 1; unit++) size /= Kilo;
        return unit == 0 ? Text($"{bytes} B") : Text($"{size:0.#} {units[unit]}");
    }

    static string Time(long? seconds) => seconds is { } at
        ? DateTimeOffset.FromUnixTimeSeconds(at).UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture)
        : "-";

    static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
