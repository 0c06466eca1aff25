using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using OpsBro.Agent;
using OpsBro.Api;
using OpsBro.Cli;
using OpsBro.Config;

namespace OpsBro.Dns;

/// <summary>DNS: programs that know nothing of OpsBro find the nodes that are alive and well by their groups and services.</summary>
internal sealed class DnsComponent : IComponent
{
    /// <inheritdoc/>
    public string Name => "dns";

    /// <inheritdoc/>
    public void AddTo(IServiceCollection services, AgentOptions options)
    {
        services.AddSingleton<DnsFeeds>().AddSingleton<DnsPictures>().AddSingleton<DnsLoop>().AddSingleton<DnsActions>();
        services.AddHostedService(s => s.GetRequiredService<DnsLoop>()).AddSingleton<IListener>(s => s.GetRequiredService<DnsLoop>());
        services.AddSingleton<IConfigChecker, DnsChecker>();
    }

    /// <inheritdoc/>
    public void MapTo(ApiRoutes api, IServiceProvider services)
    {
        var actions = services.GetRequiredService<DnsActions>();
        api.Get("/v1/dns", "What the DNS server does: where it listens, what it counted, how many names it has.",
            DnsJson.Default.DnsView, _ => actions.Now());
        api.Get("/v1/dns/names", "Every name that leads to something, without the domain and the third label.",
            DnsJson.Default.StringArray, _ => actions.Names());
        api.Get("/v1/dns/query", "The answer of the DNS server to a question, and every node that has the name, with the reason when it is left out.",
            DnsJson.Default.DnsAnswerView,
            context => actions.Ask(context.Query("name")!, context.Query("type") ?? "A", context.QueryFlag("near")),
            ("name", "the name; the domain may be left out", Kind.Text.Required, "opsbro"),
            ("type", "A, AAAA, SRV, TXT, PTR, SOA, NS or ANY", Kind.Text.Else("A"), "NS"),
            ("near", "nearest first, whatever the configuration says", Kind.Flag));
    }

    /// <inheritdoc/>
    public IEnumerable<Command> Verbs(ApiClient api, Terminal terminal) => [DnsVerbs.All(api, terminal)];
}
