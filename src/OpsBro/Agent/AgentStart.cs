using System.CommandLine;
using System.Diagnostics;
using OpsBro.Api;
using OpsBro.Cli;
using OpsBro.Platform;

namespace OpsBro.Agent;

/// <summary><c>opsbro agent start</c>: the one verb that is the agent rather than asks it.</summary>
internal static class AgentStart
{
    /// <summary>Longest wait for a detached agent to answer.</summary>
    public static readonly TimeSpan DaemonPatience = TimeSpan.FromSeconds(30);

    /// <summary>The verb.</summary>
    public static Command Verb(IReadOnlyList<IComponent> components, Terminal terminal)
    {
        var daemon = new Option<bool>("--daemon") { Description = "Detach from the terminal; return when the agent answers." };
        var oneShot = new Option<bool>("--one-shot") { Description = "Look at the host once, then stop." };
        var detached = new Option<bool>("--detached") { Hidden = true };
        var autoDetect = new Option<bool>("--auto-detect") { Description = "Find and join the cluster on the local networks (gossip detect)." };
        return Cli.Verb.Acting("start", "Run the agent (in the foreground, unless --daemon).", async (args, cancel) =>
        {
            Posix.KeepFilesFromOthers();
            var options = AgentPlaces.WithSocket(CommandLine.OptionsOf(args)) with { AutoDetect = args.GetValue(autoDetect) };
            if (args.GetValue(daemon) && args.GetValue(oneShot))
                throw new CliError(2, "--daemon keeps the agent running and --one-shot ends it: write one of them");
            if (args.GetValue(daemon)) return await Detach(options, terminal, cancel);
            YoungGarbage.Limit();
            var isDetached = args.GetValue(detached);
            if (isDetached) Posix.LeaveTerminal();
            return await new AgentHost(options, components).Run(isDetached ? null : terminal, args.GetValue(oneShot));
        }, daemon, oneShot, autoDetect, detached);
    }

    static async Task<int> Detach(AgentOptions options, Terminal terminal, CancellationToken cancel)
    {
        Directory.CreateDirectory(options.LogDirectory);
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",   // an agent in the background keeps no mount busy
            ArgumentList = { "agent", "start", "--detached", "--config", options.ConfigDirectory, "--data", options.DataDirectory },
        };
        if (options.AutoDetect) start.ArgumentList.Add("--auto-detect");
        using var child = Process.Start(start) ?? throw new CliError(2, "the agent could not be started");
        var said = child.StandardError.ReadToEndAsync(cancel);
        var api = new ApiClient(() => new ApiAddress(options.Socket, new Uri("http://opsbro/"), null));
        var patience = Stopwatch.StartNew();
        while (patience.Elapsed < DaemonPatience)
        {
            if (child.HasExited) throw new CliError(2, $"the agent ended at once: {(await said).Trim().Replace("error: ", "")}");
            try
            {
                var info = await api.Get("/v1/agent/info", AgentJson.Default.InfoView, cancel);
                if (info.Pid == child.Id)
                {
                    terminal.Line($"the agent runs in the background (pid {child.Id}); \"opsbro agent stop\" stops it");
                    return 0;
                }
            }
            catch (CliError)
            {
                // not there yet
            }
            await Task.Delay(50, cancel);
        }
        throw new CliError(2, $"the agent (pid {child.Id}) does not answer after {DaemonPatience.TotalSeconds} s; see {options.LogDirectory}/agent.log");
    }
}
