using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using OpsBro.Api;
using OpsBro.Cli;

namespace OpsBro;

/// <summary>
/// A capability of the agent: its services and loops, its part of the HTTP API, its verbs. Components.cs lists them in start order.
/// A reload needs no method: each loop compares <see cref="Config.ConfigStore"/>'s version at its tick and takes over what changed.
/// </summary>
internal interface IComponent
{
    /// <summary>The noun: folder, configuration section, CLI noun, URL segment, metric prefix, log category.</summary>
    string Name { get; }

    /// <summary>Registers services and loops (hosted services).</summary>
    void AddTo(IServiceCollection services, AgentOptions options) { }

    /// <summary>Maps its routes.</summary>
    void MapTo(ApiRoutes api, IServiceProvider services) { }

    /// <summary>Its CLI verbs: they ask the API and print. No logic of the agent runs in the client.</summary>
    IEnumerable<Command> Verbs(ApiClient api, Terminal terminal) => [];
}
