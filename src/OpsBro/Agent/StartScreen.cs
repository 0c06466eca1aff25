using Microsoft.Extensions.DependencyInjection;
using OpsBro.Cli;

namespace OpsBro.Agent;

/// <summary>What an agent in the foreground says once it has seen its host.</summary>
internal static class StartScreen
{
    /// <summary>Problems shown; <c>agent info</c> has them all.</summary>
    public const int MaxProblems = 5;

    /// <summary>Prints the few lines.</summary>
    public static void Print(Terminal terminal, IServiceProvider services)
    {
        var info = services.GetRequiredService<AgentInfo>().Now();
        terminal.Line(Tone.Title, $"opsbro {info.Version} runs on {info.Name} ({info.System}), pid {info.Pid}");
        terminal.Field("Groups", info.Groups.Length == 0 ? "none" : string.Join(", ", info.Groups));
        terminal.Field("Collectors", Counts(info.Collectors));
        terminal.Field("Checks", Counts(info.Checks));
        foreach (var address in info.Listens) terminal.Field("API", address);
        terminal.Field("Configuration", info.ConfigDirectory);
        foreach (var problem in info.Problems.Take(MaxProblems)) terminal.Line(Tone.Warning, $" problem: {problem}");
        if (info.Problems.Length > MaxProblems) terminal.Line(Tone.Warning, $" and {info.Problems.Length - MaxProblems} problems more");
        var place = Environment.GetEnvironmentVariable("OPSBRO_DATA") is null && info.DataDirectory is not "/var/lib/opsbro"
            ? $" --data {info.DataDirectory}" : "";
        terminal.Line($" Ask it with \"opsbro{place} agent info\"; Ctrl-C stops it.");
    }

    /// <summary>For instance <c>14 ok, 2 not-eligible</c>; what is not there is left out.</summary>
    public static string Counts(IReadOnlyDictionary<string, int> counts) =>
        counts.Values.Sum() == 0 ? "none" : string.Join(", ", counts.Where(c => c.Value > 0).Select(c => $"{c.Value} {c.Key}"));
}
