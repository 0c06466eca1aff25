using System.CommandLine;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpsBro.Api;
using OpsBro.Cli;

namespace OpsBro.Agent;

/// <summary>The agent itself: <c>agent info|stop|print|wait-initialized|log</c>, <c>/v1/agent/…</c>.</summary>
internal sealed class AgentComponent : IComponent
{
    /// <summary>How often a follower of the log is given new lines.</summary>
    static readonly TimeSpan followStep = TimeSpan.FromMilliseconds(200);

    static readonly string[] levels = ["debug", "info", "warning", "error"];

    /// <inheritdoc/>
    public string Name => "agent";

    /// <inheritdoc/>
    public void AddTo(IServiceCollection services, AgentOptions options) =>
        services.AddSingleton<AgentInfo>().AddHostedService<Housekeeping>();

    /// <inheritdoc/>
    public void MapTo(ApiRoutes api, IServiceProvider services)
    {
        var info = services.GetRequiredService<AgentInfo>();
        var log = services.GetRequiredService<AgentLog>();
        var lifetime = services.GetRequiredService<IHostApplicationLifetime>();
        api.Get("/v1/agent/info", "The agent and its host at one glance.", AgentJson.Default.InfoView, _ => info.Now());
        ApiParameter part = ("part", "only this component", Kind.NameOf(() => Parts(log), "agent"));
        ApiParameter level = ("level", "only this level and above", Kind.OneOf(levels).ElseFirst);
        api.Get("/v1/agent/log", "The last lines of the log.", AgentJson.Default.LogLineArray,
            context => Lines(log, context, 0), part, level);
        api.Raw("GET", "/v1/agent/log/follow", "New lines of the log as they come, one text line each.", Right.Read,
            context => Follow(log, context), isLegacy: false, part, level, ("tail", "the lines in memory first", Kind.Flag)).Endless();
        api.Change("POST", "/v1/agent/stop", "Stop the agent.", ApiJson.Default.DoneView, context =>
        {
            // after the answer is out
            context.Response.OnCompleted(() => Task.Run(lifetime.StopApplication));
            return Task.FromResult(new DoneView(true, "stopping"));
        });
        api.Legacy("/agent/state", "initializing, ok or stopped.", ApiJson.Default.String, _ => info.Now().State);
        api.Legacy("/agent/name", "The host's name.", ApiJson.Default.String, _ => info.Now().Name);
        api.Legacy("/agent/uuid", "The agent's id.", ApiJson.Default.String, _ => info.Now().Uuid);
        api.Legacy("/agent/info", "The agent at one glance.", AgentJson.Default.LegacyInfoView, _ => Legacy(info.Now()));
        api.Legacy("/log/parts/", "The parts of the log.", ApiJson.Default.StringArray,
            _ => [.. Parts(log)]);
    }

    static IEnumerable<string> Parts(AgentLog log) => log.After(0).Select(line => line.Part).Distinct().Order(StringComparer.Ordinal);

    static LogLine[] Lines(AgentLog log, HttpContext context, long after)
    {
        var part = context.Query("part");
        var least = Array.IndexOf(levels, context.Query("level") ?? levels[0]);
        return [.. log.After(after).Where(line => (part is null || line.Part == part) && Array.IndexOf(levels, line.Level) >= least)];
    }

    static async Task Follow(AgentLog log, HttpContext context)
    {
        context.Response.ContentType = "text/plain; charset=utf-8";
        if (HttpMethods.IsHead(context.Request.Method)) return;
        var last = !context.QueryFlag("tail") && log.After(0) is [.., var newest] ? newest.Sequence : 0;
        while (!context.RequestAborted.IsCancellationRequested)
        {
            foreach (var line in Lines(log, context, last))
            {
                await context.Response.WriteAsync(line + "\n", context.RequestAborted);
                last = line.Sequence;
            }
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await Task.Delay(followStep, context.RequestAborted);
        }
    }

    static LegacyInfoView Legacy(InfoView info)
    {
        var (id, version, _) = AgentInfo.Distribution(new Platform.HostFiles());
        return new LegacyInfoView(
            info.State, info.Pid, info.Name, info.DisplayName, HttpOptions.DefaultPort, info.LocalAddress, info.LocalAddress,
            Path.Join(info.DataDirectory, "opsbro.sock"), info.Zone, false, info.Uuid, info.Threads, info.Version, info.Groups,
            info.Collectors, info.Checks, info.CpuPercent, info.MemoryBytes / (1024 * 1024), true, id, version);
    }

    /// <inheritdoc/>
    public IEnumerable<Command> Verbs(ApiClient api, Terminal terminal) =>
    [
        Verb.Noun("agent", "The agent itself: start, stop, look at it.",
            InfoVerb(api, terminal), StopVerb(api, terminal), PrintVerb(api, terminal), WaitVerb(api, terminal), LogVerb(api, terminal),
            Config.ConfigVerbs.Reload(api, terminal), Config.ConfigVerbs.Modules(api, terminal), Config.ParametersVerbs.Create(api, terminal),
            Gossip.Keys.KeyVerbs.Keygen(terminal)),
        InfoVerb(api, terminal),
    ];

    static Command InfoVerb(ApiClient api, Terminal terminal)
    {
        var showLogs = new Option<bool>("--show-logs") { Description = "Also the last warnings and errors." };
        return Verb.Reading("info", "The agent and its host at one glance.", async (args, cancel) =>
        {
            var info = await api.Get("/v1/agent/info", AgentJson.Default.InfoView, cancel);
            if (terminal.Json) terminal.PrintJson(info, AgentJson.Default.InfoView);
            else InfoScreen.Print(terminal, info, args.GetValue(showLogs));
            return 0;
        }, showLogs);
    }

    static Command StopVerb(ApiClient api, Terminal terminal) =>
        Verb.Waiting("stop", "Stop the agent and wait until it has ended.", async (args, cancel) =>
        {
            var info = await api.Get("/v1/agent/info", AgentJson.Default.InfoView, cancel);
            await api.Change("POST", "/v1/agent/stop", ApiJson.Default.DoneView, cancel);
            return await terminal.WaitUntil($"the agent (pid {info.Pid})", _ =>
            {
                var isGone = !Directory.Exists($"/proc/{info.Pid}");
                return Task.FromResult((isGone, isGone ? "stopped" : "stopping"));
            }, Verb.TimeoutOf(args), cancel);
        });

    static Command PrintVerb(ApiClient api, Terminal terminal)
    {
        var what = Verb.OneOf("what", "name, uuid, version, state, pid, zone, local-addr, public-addr, groups, config or data.",
            "name", "uuid", "version", "state", "pid", "zone", "local-addr", "public-addr", "groups", "config", "data");
        return Verb.Reading("print", "Print one fact, for scripts.", async (args, cancel) =>
        {
            var info = await api.Get("/v1/agent/info", AgentJson.Default.InfoView, cancel);
            var word = args.GetValue(what)!;
            var value = word switch
            {
                "name" => info.Name,
                "uuid" => info.Uuid,
                "version" => info.Version,
                "state" => info.State,
                "pid" => info.Pid.ToString(CultureInfo.InvariantCulture),
                "zone" => info.Zone,
                "groups" => string.Join(',', info.Groups),
                "config" => info.ConfigDirectory,
                "data" => info.DataDirectory,
                _ => info.LocalAddress,
            };
            if (terminal.Json) terminal.PrintJson(new Dictionary<string, string> { [word.Replace('-', '_')] = value }, ApiJson.Default.DictionaryStringString);
            else terminal.Line(value);
            return 0;
        }, what);
    }

    static Command WaitVerb(ApiClient api, Terminal terminal) =>
        Verb.Waiting("wait-initialized", "Wait until the agent has seen its host once; exit 0, or 2 when it takes too long.", (args, cancel) =>
            terminal.WaitUntil("the agent", async token =>
            {
                var info = await api.Get("/v1/agent/info", AgentJson.Default.InfoView, token);
                return (info.State == "ok", info.State);
            }, Verb.TimeoutOf(args), cancel));

    static Command LogVerb(ApiClient api, Terminal terminal)
    {
        var part = Verb.Name("part", "Only this component.", async cancel => await Parts(api, cancel), isOptional: true);
        var level = Verb.OptionOf("--level", "This level and above.", "debug", "info", "warning", "error");
        string Filter(ParseResult args) =>
            (args.GetValue(part) is { } p ? $"&part={Uri.EscapeDataString(p)}" : "") + (args.GetValue(level) is { } l ? $"&level={l}" : "");
        // a part that is silent so far and one that is misspelt look the same
        async Task NoteSilence(ParseResult args, CancellationToken cancel)
        {
            if (args.GetValue(part) is not { } wanted || await Parts(api, cancel) is var known && known.Contains(wanted)) return;
            terminal.Note($"{wanted} has said nothing so far{Config.Spelling.Hint(wanted, known)}; see opsbro agent log list");
        }
        return Verb.Noun("log", "The agent's log.",
            Verb.Reading("list", "The parts that have said something.", async (_, cancel) =>
            {
                var parts = await Parts(api, cancel);
                if (terminal.Json) terminal.PrintJson(parts, ApiJson.Default.StringArray);
                else foreach (var name in parts) terminal.Line(name);
                return 0;
            }),
            Verb.Reading("show", "The last lines.", async (args, cancel) =>
            {
                var lines = await api.Get("/v1/agent/log?" + Filter(args), AgentJson.Default.LogLineArray, cancel);
                if (terminal.Json) terminal.PrintJson(lines, AgentJson.Default.LogLineArray);
                else if (lines.Length == 0) await NoteSilence(args, cancel);
                else foreach (var line in lines) terminal.Line(line.ToString());
                return 0;
            }, part, level),
            Verb.Acting("follow", "New lines as they come, until Ctrl-C.", async (args, cancel) =>
            {
                await NoteSilence(args, cancel);
                await foreach (var line in api.Lines("/v1/agent/log/follow?" + Filter(args), cancel)) terminal.Line(line);
                return 0;
            }, part, level));
    }

    static async Task<string[]> Parts(ApiClient api, CancellationToken cancel) =>
        await api.Get("/log/parts/", ApiJson.Default.StringArray, cancel);
}
