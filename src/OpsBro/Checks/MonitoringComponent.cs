using System.CommandLine;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using OpsBro.Agent;
using OpsBro.Api;
using OpsBro.Cli;
using OpsBro.Collectors;
using OpsBro.Config;
using OpsBro.Core.Checks;
using OpsBro.Core.Expressions;
using OpsBro.Storage;

namespace OpsBro.Checks;

/// <summary>Judges the host: <c>monitoring state|list|history|wait-ok|run</c>, <c>/v1/checks</c>, <c>/monitoring/…</c>.</summary>
internal sealed class MonitoringComponent : IComponent
{
    /// <summary>Changes that one answer gives unless asked for more.</summary>
    const int DefaultHistory = 100;

    /// <inheritdoc/>
    public string Name => "monitoring";

    /// <inheritdoc/>
    public void AddTo(IServiceCollection services, AgentOptions options)
    {
        services.TryAddSingleton(s => new Feed<Sample>("samples", s.GetRequiredService<Telemetry>()));
        services.AddSingleton(s => new Feed<CheckChanged>("checks", s.GetRequiredService<Telemetry>()));
        services.AddSingleton<StoredStandings>();
        services.AddSingleton<CheckLoop>();
        services.AddHostedService(s => s.GetRequiredService<CheckLoop>());
        services.AddSingleton<IConfigChecker>(s => new CheckConfigChecker("check", s.GetRequiredService<FunctionTable>()));
        services.AddSingleton<IConfigChecker>(s => new CheckConfigChecker("service", s.GetRequiredService<FunctionTable>()));
    }

    /// <inheritdoc/>
    public void MapTo(ApiRoutes api, IServiceProvider services)
    {
        var loop = services.GetRequiredService<CheckLoop>();
        var history = services.GetRequiredService<HistoryLog>();
        var clock = services.GetRequiredService<TimeProvider>();
        ApiParameter name = ("name", "a check, by id or name", Kind.NameOf(() => Ids(loop, isService: false), "linux/load")),
            pack = ("pack", "its pack", Kind.NameOf(() => OfPacks(loop).Select(id => id.Pack), "linux")),
            inPack = ("name", "its name in the pack", Kind.NameOf(() => OfPacks(loop).Select(id => id.Name), "load"));
        const string busy = "It does not run here, or runs now.", several = "Several checks have this name: write an id.";
        api.Get("/v1/checks", "The checks that run on this agent, with their states.", ChecksJson.Default.CheckViewArray,
            context => [.. Sorted(loop, context.QueryFlag("all")).Select(CheckView.Of)],
            ("all", "those of other groups as well", Kind.Flag));
        api.Get("/v1/checks/history", "Changes of the checks' states, newest first.", ChecksJson.Default.CheckChangeViewArray,
            context => [.. History(context, loop, history, clock).Select(CheckChangeView.Of)],
            ("name", "only this check, by id or name", name.Kind), ("limit", "how many at most", Kind.Number(1..HistoryLog.MaxRead, DefaultHistory)),
            ("since", "only the last while", Kind.Duration));
        api.Get("/v1/checks/{**name}", "One check, by id or name.", ChecksJson.Default.CheckView,
            context => CheckView.Of(Find(loop, Decoded(context.Part("name")))), name);
        api.Change("POST", "/v1/checks/{name}/run", "Run one check now and answer with its result; a slash in an id is written %2F.",
            ChecksJson.Default.CheckView, context => RunNow(loop, context, Decoded(context.Part("name"))), name)
            .Fails(409, busy);
        api.Change("POST", "/v1/checks/{pack}/{name}/run", "Run one check of a pack now and answer with its result.",
            ChecksJson.Default.CheckView,
            context => RunNow(loop, context, $"{Decoded(context.Part("pack"))}/{Decoded(context.Part("name"))}"), pack, inPack)
            .Fails(409, busy);
        MapLegacy(api, loop, history, services, (name, several));
    }

    static IEnumerable<string> Ids(CheckLoop loop, bool isService) => Sorted(loop, withInactive: false).Where(c => c.Definition.IsService == isService)
        .Select(c => isService ? c.Definition.Source.Id : c.Definition.Id);

    static IEnumerable<(string Pack, string Name)> OfPacks(CheckLoop loop) =>
        Ids(loop, isService: false).Select(id => id.Split('/', 2)).Where(parts => parts.Length == 2).Select(parts => (parts[0], parts[1]));

    static void MapLegacy(ApiRoutes api, CheckLoop loop, HistoryLog history, IServiceProvider services,
        (ApiParameter Name, string Several) check)
    {
        var self = services.GetRequiredService<AgentState>();
        ApiParameter service = ("name", "a service, by id", Kind.NameOf(() => Ids(loop, isService: true), "web")),
            serviceName = ("name", "a service", Kind.NameOf(() => ServiceStates(loop, self).Keys, "web"));
        api.Legacy("/monitoring/state", "Checks and services with their states.", ChecksJson.Default.LegacyStateView,
            _ => new LegacyStateView(LegacyChecks(loop), LegacyServices(loop)));
        api.Legacy("/monitoring/state/{uuid}", "Checks and services of an agent: this one.", ChecksJson.Default.LegacyStateView,
            context => context.Part("uuid") is var uuid && uuid == self.Identity.Uuid
                ? new LegacyStateView(LegacyChecks(loop), LegacyServices(loop))
                : throw ApiProblem.NotFound("agent", uuid, "GET /agent/uuid", [self.Identity.Uuid]),
            ("uuid", "this agent's id", Kind.NameOf(() => [self.Identity.Uuid])));
        api.Legacy("/monitoring/checks", "Checks by id.", ChecksJson.Default.DictionaryStringLegacyCheckView, _ => LegacyChecks(loop));
        api.Legacy("/monitoring/checks/{**name}", "One check.", ChecksJson.Default.LegacyCheckView,
            context => LegacyCheckView.Of(Find(loop, Decoded(context.Part("name")))), check.Name).Fails(400, check.Several);
        api.Legacy("/monitoring/services", "Services by id.", ChecksJson.Default.DictionaryStringLegacyServiceView,
            _ => LegacyServices(loop));
        api.Legacy("/monitoring/services/{**name}", "One service.", ChecksJson.Default.LegacyServiceView,
            context => Named(LegacyServices(loop), Decoded(context.Part("name"))), service);
        api.Legacy("/monitoring/history/checks", "Changes of the checks' states, oldest first.",
            ChecksJson.Default.LegacyCheckChangesViewArray,
            _ => LegacyCheckChangesView.Of(history.Read("check", null, HistoryLog.MaxRead, null),
                id => loop.All.FirstOrDefault(c => c.Definition.Id == id)?.Definition.DisplayName ?? id));
        api.Legacy("/state/services", "Which agents have a service, and how it is there.",
            ChecksJson.Default.DictionaryStringLegacyServiceStateView,
            _ => ServiceStates(loop, self));
        api.Legacy("/state/services/{name}", "Which agents have one service, and how it is there.",
            ChecksJson.Default.LegacyServiceStateView,
            context => Named(ServiceStates(loop, self), Decoded(context.Part("name"))), serviceName);
    }

    static Dictionary<string, LegacyServiceStateView> ServiceStates(CheckLoop loop, AgentState self) => loop.All
        .Where(c => c.IsActive && c.Definition.IsService).GroupBy(c => c.Definition.Name).ToDictionary(g => g.Key, g =>
        {
            string[] me = [self.Identity.Uuid];
            var passes = g.All(c => c.Standing.State == CheckState.Ok);
            return new LegacyServiceStateView(me, passes ? me : [], passes ? [] : me);
        });

    static T Named<T>(Dictionary<string, T> services, string name) =>
        services.TryGetValue(name, out var one) ? one : throw ApiProblem.NotFound("service", name, "opsbro monitoring list", services.Keys);

    /// <inheritdoc/>
    public IEnumerable<Command> Verbs(ApiClient api, Terminal terminal) => [new MonitoringVerbs(api, terminal).Noun()];

    static IEnumerable<ScheduledCheck> Sorted(CheckLoop loop, bool withInactive) => loop.All
        .Where(c => c.IsActive || withInactive)
        .OrderBy(c => c.Definition.Source.Pack?.Name ?? "", StringComparer.Ordinal)
        .ThenBy(c => c.Definition.Id, StringComparer.Ordinal);

    static Dictionary<string, LegacyCheckView> LegacyChecks(CheckLoop loop) =>
        Sorted(loop, false).Where(c => !c.Definition.IsService).ToDictionary(c => c.Definition.Id, LegacyCheckView.Of);

    static Dictionary<string, LegacyServiceView> LegacyServices(CheckLoop loop) =>
        Sorted(loop, false).Where(c => c.Definition.IsService).ToDictionary(c => c.Definition.Source.Id, LegacyServiceView.Of);

    static string Decoded(string part) => Uri.UnescapeDataString(part);

    /// <summary>By id; else by the name or display name, which must be of one check only.</summary>
    static ScheduledCheck Find(CheckLoop loop, string name)
    {
        var all = loop.All;
        if (all.FirstOrDefault(c => c.Definition.Id == name) is { } exact) return exact;
        var named = all.Where(c => c.Definition.Name == name || c.Definition.DisplayName == name).ToList();
        if (named.Count > 1 && named.Count(c => c.IsActive) == 1) named = [.. named.Where(c => c.IsActive)];
        return named.Count switch
        {
            1 => named[0],
            0 => throw ApiProblem.NotFound("check", name, "opsbro monitoring list",
                all.SelectMany(c => new[] { c.Definition.Id, c.Definition.Name })),
            _ => throw ApiProblem.Bad(
                $"{named.Count} checks are named \"{name}\": write {string.Join(" or ", named.Select(c => c.Definition.Id))}"),
        };
    }

    static async Task<CheckView> RunNow(CheckLoop loop, HttpContext context, string name)
    {
        var check = Find(loop, name);
        await loop.RunNow(check, context.RequestAborted);
        return CheckView.Of(check);
    }

    static IReadOnlyList<HistoryEntry> History(HttpContext context, CheckLoop loop, HistoryLog history, TimeProvider clock)
    {
        var name = context.Query("name");
        // a check that is gone is still in the history, under its id
        var isKnown = name is not null && loop.All.Any(c => c.Definition.Name == name || c.Definition.DisplayName == name);
        var id = isKnown ? Find(loop, name!).Definition.Id : name;
        return history.Read("check", id, context.QueryNumber("limit"),
            context.Query("since") is null ? null : clock.GetUtcNow() - context.QueryDuration("since", TimeSpan.Zero));
    }
}

/// <summary>Finds what is wrong with checks without running them: for <c>config check</c>.</summary>
internal sealed class CheckConfigChecker(string kind, FunctionTable functions) : IConfigChecker
{
    /// <inheritdoc/>
    public string Kind => kind;

    ConfigNode agent = new(ConfigNodeKind.Map, "", 0, 0);

    /// <inheritdoc/>
    public void Check(ConfigObject one, List<Problem> problems)
    {
        var binder = new CheckBinder(functions, new CollectorStore(), () => agent, () => Checks.CheckSettings.Read(agent, []));
        if (binder.Bind(one, problems) is { } check) binder.AddMacroProblems(check, problems);
    }

    /// <inheritdoc/>
    public void CheckSettings(ConfigNode settings, List<Problem> problems)
    {
        agent = settings;
        if (kind == "check") Checks.CheckSettings.Read(settings, problems);
    }
}
