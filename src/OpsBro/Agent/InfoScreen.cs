using System.Globalization;
using OpsBro.Cli;

namespace OpsBro.Agent;

/// <summary>Prints <c>opsbro agent info</c>.</summary>
internal static class InfoScreen
{
    /// <summary>Prints the screen.</summary>
    public static void Print(Terminal terminal, InfoView info, bool showLogs)
    {
        terminal.Section("agent");
        terminal.Field("Name", info.DisplayName.Length > 0 ? $"{info.Name} [{info.DisplayName}]" : info.Name);
        terminal.Field("State", terminal.State(info.State) + (info.WaitingFor.Length > 0 ? $" (waits for {string.Join(", ", info.WaitingFor)})" : ""));
        terminal.Field("System", info.System);
        terminal.Field("Version", info.Version);
        terminal.Field("UUID", info.Uuid);
        terminal.Field("Started", string.Create(CultureInfo.InvariantCulture, $"{info.StartedAt:yyyy-MM-dd HH:mm:ss}Z (pid {info.Pid})"));
        terminal.Field("Local address", info.LocalAddress);
        foreach (var address in info.Listens) terminal.Field("API", address);
        foreach (var (section, places) in info.Listeners) terminal.Field("Listens", $"{section} on {string.Join(", ", places)}");
        terminal.Field("Configuration", info.ConfigDirectory);
        terminal.Field("Data", info.DataDirectory);
        terminal.Field("Memory", $"{info.MemoryBytes / (1024 * 1024)} MB");
        terminal.Field("CPU", string.Create(CultureInfo.InvariantCulture, $"{info.CpuPercent}% of one core since start"));
        terminal.More("opsbro agent modules state");

        terminal.Section("cluster");
        terminal.Field("Gossip", terminal.State(info.Cluster.State));
        terminal.Field("Name", info.Cluster.Name);
        terminal.Field("Zone", info.Cluster.IsProxy ? $"{info.Zone} (proxy node)" : info.Zone);
        if (info.Cluster.Above.Length > 0) terminal.Field("Zone above", info.Cluster.Above);
        if (info.Cluster.Address.Length > 0)
        {
            terminal.Field("Address", info.Cluster.Listens == info.Cluster.Address
                ? $"{info.Cluster.Address} (UDP and TCP)"
                : $"{info.Cluster.Address} (UDP and TCP; listens on {info.Cluster.Listens})");
        }
        terminal.Field("Detection", info.Cluster.DetectPort > 0 ? $"UDP port {info.Cluster.DetectPort}" : "off");
        if (info.Cluster.Rpc.Length > 0) terminal.Field("Serf RPC", info.Cluster.Rpc);
        terminal.Field("Members", StartScreen.Counts(info.Cluster.Members));
        terminal.Field("Encryption", info.Cluster.Encrypted ? $"AES-GCM, key {info.Cluster.KeyFingerprint}" : "none (opsbro agent keygen makes a key)");
        terminal.Field("Health", info.Cluster.Health == 0 ? "well" : $"{info.Cluster.Health} of 7: this node itself is slow or badly connected");
        terminal.More("opsbro gossip members");

        terminal.Section("automatic detection");
        terminal.Field("Groups", info.Groups.Length == 0 ? "none" : string.Join(", ", info.Groups));
        terminal.More("opsbro detectors state --why");

        terminal.Section("metrology");
        terminal.Field("Collectors", StartScreen.Counts(info.Collectors));
        terminal.More("opsbro collectors state");

        terminal.Section("monitoring");
        terminal.Field("Checks", StartScreen.Counts(info.Checks));
        terminal.More("opsbro monitoring state");

        Problems(terminal, info, showLogs);
    }

    static void Problems(Terminal terminal, InfoView info, bool showLogs)
    {
        if (info.Problems.Length > 0)
        {
            terminal.Section("problems");
            foreach (var problem in info.Problems) terminal.Line($" {terminal.Paint(Tone.Warning, problem)}");
        }
        terminal.Section("log");
        terminal.Field("Logged", $"{info.Errors} errors, {info.Warnings} warnings since start");
        if (showLogs)
            foreach (var line in info.LastProblemLines) terminal.Line($" {line}");
        else if (info.Errors + info.Warnings > 0)
            terminal.More("opsbro agent info --show-logs");
    }
}
