using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpsBro.Agent;
using OpsBro.Api;
using OpsBro.Cli;
using OpsBro.Config;

namespace OpsBro.KeyValue;

/// <summary>Small data in the cluster: kept three times by the members of group <c>kv</c>, asked for on any agent.</summary>
internal sealed class KeyValueComponent : IComponent
{
    /// <summary>The noun.</summary>
    public const string Noun = "kv";

    /// <inheritdoc/>
    public string Name => Noun;

    /// <inheritdoc/>
    public void AddTo(IServiceCollection services, AgentOptions options)
    {
        services.AddSingleton<IConfigChecker, KeyValueChecker>();
        services.AddSingleton<KeyValueLoop>().AddSingleton<KeyStreams>();
        services.AddHostedService(s => s.GetRequiredService<KeyValueLoop>());
    }

    /// <inheritdoc/>
    public void MapTo(ApiRoutes api, IServiceProvider services)
    {
        var (loop, streams) = (services.GetRequiredService<KeyValueLoop>(), services.GetRequiredService<KeyStreams>());
        var time = services.GetRequiredService<TimeProvider>();
        new KeyLists(loop, streams, time).MapTo(api);
        new KeyBatches(loop, time).MapTo(api);
        new KeyRoutes(loop, streams, time).MapTo(api);
        new KeyState(loop, services.GetRequiredService<AgentState>().Identity.Uuid).MapTo(api);
    }

    /// <inheritdoc/>
    public IEnumerable<Command> Verbs(ApiClient api, Terminal terminal) => [new KeyValueVerbs(api, terminal).Noun()];
}
