using System.CommandLine;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using OpsBro.Api;
using OpsBro.Cli;
using OpsBro.Config;

namespace OpsBro.Detectors;

/// <summary>
/// Finds out what the host is: rules on an interval give the agent its groups. Verbs <c>detectors …</c>, routes <c>/v1/groups</c> and
/// <c>/v1/detectors</c>.
/// </summary>
internal sealed class DetectorsComponent : IComponent
{
    /// <summary>Changes that the history gives unless told otherwise.</summary>
    public const int DefaultLimit = 100;

    /// <inheritdoc/>
    public string Name => "detectors";

    /// <inheritdoc/>
    public void AddTo(IServiceCollection services, AgentOptions options)
    {
        services.AddSingleton(provider =>
        {
            // the operator's own groups are there before any rule: nothing has to wait for them
            var groups = new Groups(new Feed<GroupChanged>("groups", provider.GetRequiredService<Telemetry>()));
            var agent = provider.GetRequiredService<ConfigStore>().Current.Agent;
            groups.Publish(OwnGroups.Of(agent, []), provider.GetRequiredService<TimeProvider>().GetUtcNow());
            return groups;
        });
        services.AddSingleton<GroupHistory>().AddSingleton<DetectorLoop>().AddSingleton<DryRun>();
        services.AddSingleton<IConfigChecker, DetectorChecker>();
        services.AddHostedService(provider => provider.GetRequiredService<DetectorLoop>());
    }

    /// <inheritdoc/>
    public void MapTo(ApiRoutes api, IServiceProvider services)
    {
        var groups = services.GetRequiredService<Groups>();
        var loop = services.GetRequiredService<DetectorLoop>();
        var history = services.GetRequiredService<GroupHistory>();
        var dryRun = services.GetRequiredService<DryRun>();
        var json = DetectorsJson.Default;
        api.Get("/v1/groups", "The groups of this agent, with who gave each and why.", json.GroupJsonArray,
            _ => [.. groups.Current.Select(GroupJson.Of)]);
        api.Get("/v1/detectors", "The detectors: rule, state, groups given now.", json.DetectorJsonArray,
            _ => Detectors(loop.Current));
        api.Get("/v1/detectors/history", "Groups that came and went, newest first.", json.GroupChangeJsonArray,
            context => History(history, context), ("group", "only this group", Kind.NameOf(() => groups.Current.Select(g => g.Name), "linux")),
            ("limit", "how many at most", Kind.Number(1..Storage.HistoryLog.MaxRead, DefaultLimit)), ("since", "only the last while", Kind.Duration));
        ApiParameter name = ("name", "a detector; may have slashes",
            Kind.NameOf(() => loop.Current.States.Select(s => s.Rule?.Name).OfType<string>().Order(StringComparer.Ordinal), "linux"));
        const string busy = "As many dry runs as may are under way.";
        api.Change("POST", "/v1/detectors/run", "Dry run of every detector: what would match.", json.RunJsonArray,
            _ => dryRun.Run(null)).Fails(503, busy);
        api.Change("POST", "/v1/detectors/run/{**name}", "Dry run of one detector.", json.RunJsonArray,
            context => dryRun.Run(Uri.UnescapeDataString(context.Part("name"))), name).Fails(503, busy);

        api.Legacy("/agent/detectors", "The detectors.", json.LegacyDetectorJsonArray, _ => LegacyDetectors(loop.Current));
        api.Legacy("/agent/detectors/state", "The names of the groups.", json.StringArray,
            _ => [.. groups.Current.Select(g => g.Name)]);
        api.Legacy("/agent/detectors/history", "Groups that came and went.", json.LegacyHistoryJsonArray,
            _ => LegacyHistory(history));
        // rules may ask the network: not for everyone who can read
        api.Raw("GET", "/agent/detectors/run", "Dry run of every detector.", Right.Write,
            context => LegacyRun(dryRun, context, null), isLegacy: true).Gives(json.DictionaryStringLegacyRunJson).Fails(503, busy);
        api.Raw("GET", "/agent/detectors/run/{**name}", "Dry run of one detector.", Right.Write,
                context => LegacyRun(dryRun, context, Uri.UnescapeDataString(context.Part("name"))), isLegacy: true, name)
            .Gives(json.DictionaryStringLegacyRunJson).Fails(503, busy);
    }

    static DetectorJson[] Detectors(DetectorLoop.Board board) =>
        [.. board.States.Select(s => DetectorJson.Of(s, board)).OrderBy(d => d.Name, StringComparer.Ordinal)];

    static GroupChangeJson[] History(GroupHistory history, HttpContext context)
    {
        DateTimeOffset? since = context.Query("since") is null
            ? null
            : DateTimeOffset.UtcNow - context.QueryDuration("since", default);
        var limit = context.QueryNumber("limit");
        return [.. history.Read(context.Query("group"), limit, since).Select(GroupChangeJson.Of)];
    }

    static LegacyDetectorJson[] LegacyDetectors(DetectorLoop.Board board) =>
    [
        .. from state in board.States
           where state.Rule is not null
           let rule = state.Rule
           select new LegacyDetectorJson(
               rule.Name, rule.GroupTexts, rule.Text, Durations.Text(rule.Interval), rule.IfGroup, rule.Notes, rule.Pack?.Name ?? "",
               rule.Pack?.Level ?? "", state.Word == DetectorWord.True),
    ];

    static LegacyHistoryJson[] LegacyHistory(GroupHistory history) =>
    [
        .. history.Read(null, DefaultLimit, null).GroupBy(e => e.At.ToUnixTimeSeconds()).OrderBy(g => g.Key)
            .Select(g => new LegacyHistoryJson(g.Key, [.. g.Reverse().Select(e => new LegacyChangeJson($"group-{e.To}", e.Name))])),
    ];

    static async Task LegacyRun(DryRun dryRun, HttpContext context, string? name)
    {
        var runs = await dryRun.Run(name);
        var answer = new Dictionary<string, LegacyRunJson>();
        foreach (var run in runs) answer[run.Name] = new LegacyRunJson(run.Matched, run.Groups, run.NewGroups);
        await ApiRoutes.Write(context, answer, DetectorsJson.Default.DictionaryStringLegacyRunJson);
    }

    /// <inheritdoc/>
    public IEnumerable<Command> Verbs(ApiClient api, Terminal terminal) => DetectorVerbs.All(api, terminal);
}
