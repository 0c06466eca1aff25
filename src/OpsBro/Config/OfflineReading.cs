using System.CommandLine;
using OpsBro.Cli;

namespace OpsBro.Config;

/// <summary>Reading verbs that ask the agent, and the files when no agent runs here.</summary>
internal static class OfflineReading
{
    /// <summary>The agent's answer; without an agent on this host what the files say, with a note.</summary>
    /// <exception cref="CliError">The agent was named with --addr and does not answer, or refuses.</exception>
    public static async Task<T> Read<T>(
        ParseResult args, Terminal terminal, Func<Task<T>> ask, Func<Configuration, AgentOptions, T> read)
    {
        try
        {
            return await ask();
        }
        catch (CliError e) when (e.ExitCode == 1 && CommandLine.IsLocal(args))
        {
            terminal.Note("no agent runs here; this is what the files say");
            var options = CommandLine.OptionsOf(args);
            return read(ConfigLoader.Load(options), options);
        }
    }

    /// <summary>After a file was changed: asks the agent to take it over, if one runs.</summary>
    public static async Task Apply(ApiClient api, Terminal terminal, CancellationToken cancel)
    {
        try
        {
            ConfigVerbs.Print(terminal, await api.Change("POST", "/v1/agent/reload", ConfigJson.Default.ReloadView, cancel));
        }
        catch (CliError e) when (e.ExitCode == 1)
        {
            terminal.Note("no agent runs here; it counts when one starts");
        }
    }
}
