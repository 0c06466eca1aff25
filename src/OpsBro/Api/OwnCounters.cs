using System.Globalization;
using System.Text;

namespace OpsBro.Api;

/// <summary>
/// <c>/metrics</c>: the agent's own counters in the Prometheus text format 0.0.4. One family for each counter of <see cref="Meter"/>, with
/// the labels <c>component</c> and <c>name</c>.
/// </summary>
internal static class OwnCounters
{
    /// <summary>The page.</summary>
    public static StringBuilder Text(Telemetry telemetry, DateTimeOffset started, string state)
    {
        var text = new StringBuilder();
        Head(text, "opsbro_build_info", "gauge", "The running version.");
        text.Append(CultureInfo.InvariantCulture, $"opsbro_build_info{{version=\"{Escape(Product.Version)}\"}} 1\n");
        Head(text, "opsbro_ready", "gauge", "1 once every loop has made its first round.");
        text.Append(state == "ok" ? "opsbro_ready 1\n" : "opsbro_ready 0\n");
        Head(text, "process_start_time_seconds", "gauge", "Start, in seconds since 1970.");
        text.Append(CultureInfo.InvariantCulture, $"process_start_time_seconds {started.ToUnixTimeMilliseconds() / 1e3}\n");
        Head(text, "process_cpu_seconds_total", "counter", "CPU time of the agent, user and system.");
        text.Append(CultureInfo.InvariantCulture, $"process_cpu_seconds_total {Environment.CpuUsage.TotalTime.TotalSeconds}\n");
        Head(text, "process_resident_memory_bytes", "gauge", "Resident memory of the agent.");
        text.Append(CultureInfo.InvariantCulture, $"process_resident_memory_bytes {Environment.WorkingSet}\n");
        Head(text, "opsbro_gc_heap_bytes", "gauge", "Managed heap.");
        text.Append(CultureInfo.InvariantCulture, $"opsbro_gc_heap_bytes {GC.GetTotalMemory(false)}\n");
        var meters = telemetry.All.ToArray();
        Family(text, meters, "opsbro_runs_total", "Runs that ended, good or bad.", m => m.Runs);
        Family(text, meters, "opsbro_failures_total", "Runs that failed.", m => m.Failures);
        Family(text, meters, "opsbro_run_seconds_total", "Wall time of all runs.", m => m.Time.TotalSeconds);
        Family(text, meters, "opsbro_dropped_total", "Things given up because a limit was reached.", m => m.Dropped);
        return text;
    }

    /// <summary>The two lines before a family.</summary>
    public static void Head(StringBuilder text, string name, string type, string help) => text.Append($"# HELP {name} {help}\n# TYPE {name} {type}\n");

    static void Family(StringBuilder text, Meter[] meters, string name, string help, Func<Meter, double> value)
    {
        Head(text, name, "counter", help);
        foreach (var meter in meters)
            text.Append(CultureInfo.InvariantCulture,
                $"{name}{{component=\"{Escape(meter.Component)}\",name=\"{Escape(meter.Name)}\"}} {value(meter)}\n");
    }

    /// <summary>A label value: backslash, quote and line end are escaped.</summary>
    public static string Escape(string text) => text.Replace("\\", @"\\").Replace("\"", "\\\"").Replace("\n", "\\n");
}
