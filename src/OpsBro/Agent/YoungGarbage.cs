using System.Text;
using OpsBro.Platform;

namespace OpsBro.Agent;

/// <summary>
/// The runtime lets as much young garbage lie as the processor's cache is large, 16 MB and more: an idle agent grows by so much. Only the
/// environment says otherwise, and the runtime reads it before any of our code runs: so the agent begins once more, as the same process.
/// </summary>
static class YoungGarbage
{
    /// <summary>What the runtime reads.</summary>
    public const string Variable = "DOTNET_GCgen0size";

    /// <summary>4 MiB, in hexadecimal as the runtime wants it.</summary>
    public const string Size = "400000";

    /// <summary>Begins this program again with the limit, unless the environment has one; comes back when that is so, or cannot be done.</summary>
    public static void Limit()
    {
        if (!OperatingSystem.IsLinux() || Environment.GetEnvironmentVariable(Variable) is not null) return;
        if (Environment.ProcessPath is not { } program) return;
        var arguments = Encoding.UTF8.GetString(File.ReadAllBytes("/proc/self/cmdline")).TrimEnd('\0').Split('\0');
        List<string> environment = [$"{Variable}={Size}"];
        foreach (System.Collections.DictionaryEntry entry in Environment.GetEnvironmentVariables()) environment.Add($"{entry.Key}={entry.Value}");
        Posix.Become(program, arguments, environment);
    }
}
