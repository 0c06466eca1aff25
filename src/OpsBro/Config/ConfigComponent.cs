using System.CommandLine;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using OpsBro.Api;
using OpsBro.Cli;
using OpsBro.Config.Packs;

namespace OpsBro.Config;

/// <summary>The configuration: <c>config</c> and <c>packs</c>, <c>/v1/config</c>, <c>/v1/packs</c>, <c>/v1/modules</c>, reload.</summary>
internal sealed class ConfigComponent : IComponent
{
    /// <inheritdoc/>
    public string Name => "config";

    /// <inheritdoc/>
    public void AddTo(IServiceCollection services, AgentOptions options)
    {
        services.AddSingleton<ConfigReloader>();
        services.AddHostedService(provider => provider.GetRequiredService<ConfigReloader>());
    }

    /// <inheritdoc/>
    public void MapTo(ApiRoutes api, IServiceProvider services)
    {
        var store = services.GetRequiredService<ConfigStore>();
        var options = services.GetRequiredService<AgentOptions>();
        var reloader = services.GetRequiredService<ConfigReloader>();
        var active = services.GetServices<IConfigChecker>().Select(checker => checker.Kind).ToHashSet();

        api.Get("/v1/config", "Every effective value with the place it comes from.", ConfigJson.Default.ConfigView,
            context => ConfigViewBuilder.View(store.Current, options.ConfigDirectory, context.Query("key")),
            ("key", "only this key and what is below it", "http"));
        api.Get("/v1/config/problems", "Everything that is wrong in the files.", ConfigJson.Default.ProblemEntryArray,
            _ => [.. store.Problems.Distinct().Select(ProblemEntry.Of)]);
        api.Get("/v1/modules", "Every object of the configuration and whether something runs it.", ConfigJson.Default.ModuleViewArray,
            _ => ConfigViewBuilder.Modules(store.Current, active, store.Problems));
        api.Get("/v1/packs", "Every pack with its levels, objects and parameters.", ConfigJson.Default.PackViewArray,
            _ => ConfigViewBuilder.Packs(store.Current));
        api.Get("/v1/packs/{name}", "One pack.", ConfigJson.Default.PackView, context =>
        {
            var packs = ConfigViewBuilder.Packs(store.Current);
            return Array.Find(packs, pack => pack.Name == context.Part("name"))
                ?? throw ApiProblem.NotFound("pack", context.Part("name"), "opsbro packs list", packs.Select(pack => pack.Name));
        }, ("name", "a pack", Kind.NameOf(() => store.Current.Packs.Select(pack => pack.Name), "linux")));
        api.Change("POST", "/v1/agent/reload", "Read the files again and take over what changed.", ConfigJson.Default.ReloadView,
            context => reloader.Reload(context.RequestAborted));
        api.Legacy("/packs", "Packs by level.", ConfigJson.Default.DictionaryStringDictionaryStringJsonElementArray, _ => ByLevel(store.Current));
    }

    /// <inheritdoc/>
    public IEnumerable<Command> Verbs(ApiClient api, Terminal terminal) =>
    [
        Verb.Noun("config", "The configuration files: check them, see what holds and why.", ConfigVerbs.Show(api, terminal)),
        PackVerbs.Create(api, terminal),
    ];

    /// <summary>The original's shape: level, pack, then what pack.yml says and the directory.</summary>
    static Dictionary<string, Dictionary<string, JsonElement[]>> ByLevel(Configuration configuration)
    {
        var levels = ConfigFiles.Levels.ToDictionary(level => level, _ => new Dictionary<string, JsonElement[]>());
        foreach (var pack in configuration.Packs)
        {
            var about = new Dictionary<string, string>
            {
                ["name"] = pack.Name,
                ["version"] = pack.Version,
                ["description"] = pack.Description,
            };
            foreach (var level in pack.Levels)
            {
                levels[level.Level][pack.Name] =
                [
                    JsonSerializer.SerializeToElement(about, ApiJson.Default.DictionaryStringString),
                    JsonSerializer.SerializeToElement(level.Directory, ApiJson.Default.String),
                ];
            }
        }
        return levels;
    }
}
