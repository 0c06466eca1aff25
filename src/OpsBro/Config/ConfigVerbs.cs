using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using OpsBro.Cli;

namespace OpsBro.Config;

/// <summary>The <c>config</c> noun, and <c>agent reload</c>. What only looks at files works without an agent.</summary>
internal static class ConfigVerbs
{
    /// <summary><c>config show [--origin] [KEY]</c>.</summary>
    public static Command Show(ApiClient api, Terminal terminal)
    {
        var origin = new Option<bool>("--origin") { Description = "Also the file, line and column each value comes from." };
        var key = new Argument<string?>("key")
        {
            Description = "Only this key and what is below it, for instance http, packs.linux or check.linux/cpu.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        return Verb.Reading("show", "Every effective value of settings, parameters and objects.", async (args, cancel) =>
        {
            var wanted = args.GetValue(key);
            var view = await OfflineReading.Read(args, terminal,
                () => api.Get("/v1/config" + (wanted is null ? "" : "?key=" + Uri.EscapeDataString(wanted)), ConfigJson.Default.ConfigView, cancel),
                (configuration, options) => ConfigViewBuilder.View(configuration, options.ConfigDirectory, wanted));
            if (view.Entries.Length == 0 && wanted is not null)
                throw new CliError(2, $"nothing is set under \"{wanted}\"; see opsbro config show");
            if (terminal.Json) terminal.PrintJson(view, ConfigJson.Default.ConfigView);
            else if (args.GetValue(origin))
                terminal.Table(["KEY", "VALUE", "FROM"], view.Entries.Select(e => new[] { e.Key, e.Value, terminal.Paint(Tone.Dim, e.Origin) }));
            else foreach (var entry in view.Entries) terminal.Line($"{entry.Key} = {entry.Value}");
            return 0;
        }, key, origin);
    }

    /// <summary>
    /// <c>config check [DIR]</c>: reads the files in this process, binds every object and prints every problem. Exit 0, or 1 when
    /// something must be mended.
    /// </summary>
    public static Command Check(IReadOnlyList<IComponent> components, Terminal terminal)
    {
        var directory = new Argument<string?>("dir")
        {
            Description = "The directory to check instead of --config.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        return Verb.Reading("check", "Check every file without an agent; exit 1 when something must be mended.", (args, _) =>
        {
            var options = CommandLine.OptionsOf(args);
            if (args.GetValue(directory) is { } other) options = options with { ConfigDirectory = Path.GetFullPath(other) };
            if (!Directory.Exists(options.ConfigDirectory))
                throw new CliError(1, $"there is no directory {options.ConfigDirectory}; give another one");
            var configuration = ConfigLoader.Load(options);
            using var services = Services(components, options, configuration);
            var problems = ConfigCheck.ProblemsOf(configuration, services.GetServices<IConfigChecker>());
            Print(terminal, configuration, problems);
            return Task.FromResult(problems.Exists(p => !p.IsWarning) ? 1 : 0);
        }, directory);
    }

    static void Print(Terminal terminal, Configuration configuration, List<Problem> problems)
    {
        if (terminal.Json)
        {
            terminal.PrintJson([.. problems.Select(ProblemEntry.Of)], ConfigJson.Default.ProblemEntryArray);
            return;
        }
        foreach (var problem in problems) terminal.Line(problem.IsWarning ? Tone.Warning : Tone.Plain, problem.ToString());
        var errors = problems.Count(p => !p.IsWarning);
        terminal.Line(errors > 0 ? Tone.Bad : Tone.Good,
            $"{Count(configuration.Files.Count, "file")}, {Count(configuration.Objects.Count, "object")}, "
            + $"{Count(errors, "problem")}, {Count(problems.Count - errors, "warning")}");
    }

    static string Count(int count, string what) => $"{count} {what}{(count == 1 ? "" : "s")}";

    /// <summary>The services that the checkers of the slices ask for; none of their loops is started.</summary>
    static ServiceProvider Services(IReadOnlyList<IComponent> components, AgentOptions options, Configuration configuration)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton(options).AddSingleton(new ConfigStore(configuration)).AddSingleton<Telemetry>()
            .AddSingleton<Agent.Readiness>().AddSingleton(TimeProvider.System);
        foreach (var component in components) component.AddTo(services, options);
        return services.BuildServiceProvider();
    }

    /// <summary><c>agent reload</c>.</summary>
    public static Command Reload(ApiClient api, Terminal terminal) =>
        Verb.Reading("reload", "Read the files again and take over what changed.", async (_, cancel) =>
        {
            var view = await api.Change("POST", "/v1/agent/reload", ConfigJson.Default.ReloadView, cancel);
            if (terminal.Json) terminal.PrintJson(view, ConfigJson.Default.ReloadView);
            else Print(terminal, view);
            return view.Problems.Any(problem => !problem.Warning) ? 2 : 0;
        });

    /// <summary>Says in a few lines what a reload did.</summary>
    public static void Print(Terminal terminal, ReloadView view)
    {
        foreach (var problem in view.Problems) terminal.Line(Tone.Warning, problem.Text);
        foreach (var section in view.RestartNeeded) terminal.Line(Tone.Warning, $"{section} counts after a restart of the agent");
        terminal.Line($"reloaded: {Count(view.Added, "object")} added, {view.Changed} changed, {view.Removed} removed"
            + (view.SettingsChanged ? ", settings changed" : ""));
    }

    /// <summary><c>agent modules state</c>.</summary>
    public static Command Modules(ApiClient api, Terminal terminal)
    {
        var all = new Option<bool>("--all") { Description = "Also each check, detector and collector that runs." };
        return Verb.Noun("modules", "Objects of the configuration and what runs them.",
            Verb.Reading("state", "Which objects run, which are off, and which no part of this release runs yet.", async (args, cancel) =>
            {
                var modules = await api.Get("/v1/modules", ConfigJson.Default.ModuleViewArray, cancel);
                if (terminal.Json)
                {
                    terminal.PrintJson(modules, ConfigJson.Default.ModuleViewArray);
                    return 0;
                }
                foreach (var kind in modules.GroupBy(m => m.Kind))
                    terminal.Line($"{kind.Key}: " + string.Join(", ", kind.GroupBy(m => m.State).Select(s => $"{s.Count()} {s.Key}")));
                var shown = modules.Where(m => args.GetValue(all) || m.State != "started").ToList();
                if (shown.Count == 0) return 0;
                terminal.Line();
                terminal.Table(["KIND", "NAME", "STATE", "FROM"],
                    shown.Select(m => new[] { m.Kind, m.Id, m.State, terminal.Paint(Tone.Dim, $"{m.File}:{m.Line}") }));
                return 0;
            }, all));
    }
}
