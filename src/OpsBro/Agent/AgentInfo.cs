using System.Globalization;
using OpsBro.Checks;
using OpsBro.Collectors;
using OpsBro.Config;
using OpsBro.Detectors;
using OpsBro.Gossip;
using OpsBro.Platform;

namespace OpsBro.Agent;

/// <summary>Puts together what <c>agent info</c> shows.</summary>
internal sealed class AgentInfo(
    AgentState self, Readiness readiness, AgentLog log, ConfigStore config, Groups groups, CollectorStore collectors, CheckLoop checks,
    Storage.Database database, ClusterSummary cluster, IEnumerable<IListener> listeners)
{
    /// <summary>Lines of <c>--show-logs</c>.</summary>
    public const int MaxProblemLines = 20;

    /// <summary>The picture of now.</summary>
    public InfoView Now()
    {
        var current = config.Current;
        var cpu = Environment.CpuUsage.TotalTime;
        var age = Monotonic.Now - self.Began;
        return new InfoView
        {
            Name = self.Identity.Name,
            DisplayName = current.Agent["display_name"]?.Text ?? "",
            Uuid = self.Identity.Uuid,
            Version = Product.Version,
            State = readiness.State,
            WaitingFor = readiness.Waiting,
            Pid = Environment.ProcessId,
            StartedAt = self.StartedAt,
            System = Distribution(new HostFiles()).Pretty,
            Zone = current.Agent["node-zone"]?.Text ?? "internet",
            LocalAddress = Identity.LocalAddress().ToString(),
            ConfigDirectory = self.Options.ConfigDirectory,
            DataDirectory = self.Options.DataDirectory,
            Listens = self.Addresses,
            Listeners = listeners.Select(l => (l.Section, l.Listens)).Where(l => l.Listens.Count > 0).ToDictionary(),
            Groups = [.. groups.Current.Select(group => group.Name)],
            Collectors = collectors.All.CountBy(snapshot => snapshot.State.Word()).OrderByDescending(count => count.Value)
                .ToDictionary(count => count.Key, count => count.Value),
            Checks = checks.Counts,
            Cluster = cluster.Now(),
            Problems = [.. Problems()],
            MemoryBytes = Environment.WorkingSet,
            CpuSeconds = Math.Round(cpu.TotalSeconds, 3),
            CpuPercent = Math.Round(100 * cpu / age, 2),
            Threads = ThreadCount(new HostFiles()),
            Errors = log.Errors,
            Warnings = log.Warnings,
            LastProblemLines = [.. log.After(0).Where(line => line.Level is "error" or "warning").TakeLast(MaxProblemLines)],
        };
    }

    /// <summary>Every problem, one line each.</summary>
    IEnumerable<string> Problems()
    {
        foreach (var problem in config.Problems.Concat(self.Problems).Distinct()) yield return problem.ToString();
        foreach (var snapshot in collectors.All.Where(s => s.State is CollectorState.Error or CollectorState.Quarantined))
            yield return $"collector {snapshot.Name}: {snapshot.Problem}";
        foreach (var problem in cluster.Problems) yield return problem;
        if (database.Problem.Length > 0) yield return database.Problem;
        if (log.IsFileBroken) yield return $"{self.Options.LogDirectory}: the log cannot be written; free some space, or check the rights";
    }

    static int ThreadCount(HostFiles host) =>
        host.ReadText("/proc/self/status")?.Split('\n').FirstOrDefault(line => line.StartsWith("Threads:", StringComparison.Ordinal)) is { } line
        && int.TryParse(line.AsSpan("Threads:".Length), NumberStyles.Integer, CultureInfo.InvariantCulture, out var count) ? count : 0;

    /// <summary>Name and version of the distribution, from os-release(5).</summary>
    public static (string Id, string Version, string Pretty) Distribution(HostFiles host)
    {
        var text = host.ReadText("/etc/os-release") ?? host.ReadText("/usr/lib/os-release") ?? "";
        var values = text.Split('\n').Select(line => line.Split('=', 2)).Where(pair => pair.Length == 2)
            .GroupBy(pair => pair[0]).ToDictionary(pairs => pairs.Key, pairs => pairs.Last()[1].Trim('"', '\'', ' '));
        var id = values.GetValueOrDefault("ID", "linux");
        return (id, values.GetValueOrDefault("VERSION_ID", ""), values.GetValueOrDefault("PRETTY_NAME", id));
    }
}
