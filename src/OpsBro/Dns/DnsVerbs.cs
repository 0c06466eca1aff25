using System.CommandLine;
using System.Globalization;
using OpsBro.Api;
using OpsBro.Cli;
using OpsBro.Core.Dns;

namespace OpsBro.Dns;

/// <summary>The verbs of the noun <c>dns</c>.</summary>
internal static class DnsVerbs
{
    /// <summary>Everything.</summary>
    public static Command All(ApiClient api, Terminal terminal) =>
        Verb.Noun("dns", "Nodes, groups and services as names of DNS.",
            State(api, terminal), Query(api, terminal), Explain(api, terminal), Names(api, terminal));

    static Command State(ApiClient api, Terminal terminal) =>
        Verb.Reading("state", "What the DNS server does.", async (_, cancel) =>
        {
            var view = await api.Get("/v1/dns", DnsJson.Default.DnsView, cancel);
            if (terminal.Json) terminal.PrintJson(view, DnsJson.Default.DnsView);
            else Print(terminal, view);
            return 0;
        });

    static void Print(Terminal terminal, DnsView view)
    {
        terminal.Section("dns");
        if (!view.Enabled) terminal.Line("dns is off; write \"dns: {enabled: true}\" into agent.yml");
        foreach (var place in view.Listens) terminal.Field("Listens", place);
        foreach (var problem in view.Problems) terminal.Line(Tone.Warning, problem);
        terminal.Field("Domain", view.Domain);
        terminal.Field("Names", Text(view.Names));
        terminal.Field("Nodes", $"{Text(view.Nodes)}, {Text(view.Alive)} alive");
        if (view.PictureAt is { } at)
            terminal.Field("Picture", string.Create(CultureInfo.InvariantCulture, $"of {at.UtcDateTime:HH:mm:ss}Z, made in {view.PictureMs} ms"));
        if (view.Enabled)
        {
            terminal.Field("Queries", $"{Text(view.UdpQueries)} by UDP, {Text(view.TcpQueries)} by TCP");
            terminal.Field("Answers", view.Rcodes.Count == 0 ? "none yet" : string.Join(", ", view.Rcodes.Select(r => $"{Text(r.Value)} {r.Key}")));
        }
        if (view.Forwarders.Length > 0) terminal.Field("Forwards", $"{Text(view.Forwarded)} to {string.Join(", ", view.Forwarders)}");
        (string What, long Count, string Way)[] others =
        [
            ("answers by UDP were cut", view.Cut, "their clients ask again by TCP"),
            ("queries were over the limit of their network", view.Limited, "TCP and clients with cookies are not limited, or raise dns.rate_limit"),
            ("answers or queries were lost", view.Lost, "the kernel did not take them, or they were longer than any query"),
            ("connections were sent away", view.RefusedConnections, "raise dns.tcp_connections"),
            ("questions to other servers found no answer", view.ForwardFailed, "see dns.forwarders"),
            ("questions to other servers found no place", view.ForwardOverflows, "the forwarders are slow, or ask this server"),
            ("faults of the program", view.Faults, "see opsbro agent log"),
        ];
        foreach (var (what, count, way) in others)
            if (count > 0) terminal.Line(Tone.Warning, $"{Text(count)} {what}: {way}");
        if (view.Unnamed.Length > 0) terminal.Line(Tone.Warning, $"no names of DNS: {string.Join(", ", view.Unnamed.Select(Terminal.OneLine))}");
        terminal.More("opsbro dns list");
    }

    static Command Query(ApiClient api, Terminal terminal)
    {
        var (name, type, near) = Arguments(api);
        return Verb.Reading("query", "Ask the DNS server of this agent; exit 0, or 2 when there is no answer.", async (args, cancel) =>
        {
            var view = await Ask(api, args.GetValue(name)!, args.GetValue(type) ?? "A", args.GetValue(near), cancel);
            if (terminal.Json) terminal.PrintJson(view, DnsJson.Default.DnsAnswerView);
            else if (view.Answers.Length > 0)
            {
                terminal.Table(["NAME", "TYPE", "TTL", "DATA"], view.Answers.Concat(view.Additionals).Select(r => (string[])
                    [r.Name, r.Type, r.Ttl.ToString(CultureInfo.InvariantCulture), Terminal.OneLine(r.Data)]));
            }
            else
            {
                terminal.Note($"{view.Name} {view.Type}: {view.Rcode}, no answer");
                foreach (var node in view.Nodes) if (!node.Answers) terminal.Note($"{node.Name} is left out: {node.Reason}");
            }
            return view.Answers.Length > 0 ? 0 : 2;
        }, name, type, near);
    }

    static Command Explain(ApiClient api, Terminal terminal)
    {
        var (name, _, near) = Arguments(api);
        return Verb.Reading("explain", "Every node that has a name, nearest first, and why one is left out of the answer.", async (args, cancel) =>
        {
            var view = await Ask(api, args.GetValue(name)!, "A", args.GetValue(near), cancel);
            if (terminal.Json) terminal.PrintJson(view, DnsJson.Default.DnsAnswerView);
            else if (view.Nodes.Length == 0) terminal.Note($"{view.Name}: {view.Rcode}, no node has that name; see opsbro dns list");
            else
            {
                terminal.Table(["NODE", "ZONE", "STATE", "RTT", "ANSWER"], view.Nodes.Select(n => (string[])
                [
                    n.Name, n.Zone, terminal.State(n.State), n.RoundTripMs is { } trip ? string.Create(CultureInfo.InvariantCulture, $"{trip:0.###} ms") : "-",
                    n.Answers ? "yes" : $"no: {n.Reason}",
                ]));
            }
            return view.Nodes.Length == 0 ? 2 : 0;
        }, name, near);
    }

    static Command Names(ApiClient api, Terminal terminal) =>
        Verb.Reading("list", "Every name that leads to something; any label, or a zone's name, may stand before the domain.", async (_, cancel) =>
        {
            var names = await api.Get("/v1/dns/names", DnsJson.Default.StringArray, cancel);
            if (terminal.Json) terminal.PrintJson(names, DnsJson.Default.StringArray);
            else foreach (var name in names) terminal.Line(name);
            return 0;
        });

    static (Argument<string?> Name, Argument<string?> Type, Option<bool> Near) Arguments(ApiClient api)
    {
        var name = Verb.Name("name", "A name, for instance web.group; the domain may be left out.",
            async cancel => await api.Get("/v1/dns/names", DnsJson.Default.StringArray, cancel));
        var type = new Argument<string?>("type")
        {
            Description = "A when it is left out, AAAA, SRV, TXT, PTR, SOA, NS, ANY.",
            HelpName = "type",
            Arity = ArgumentArity.ZeroOrOne,
        };
        type.CompletionSources.Add([.. DnsWords.Types.Take(8).Select(t => t.Word)]);
        return (name, type, new Option<bool>("--near") { Description = "Nearest first, whatever the configuration says." });
    }

    static Task<DnsAnswerView> Ask(ApiClient api, string name, string type, bool isNearestFirst, CancellationToken cancel) => api.Get(
        $"/v1/dns/query?name={Uri.EscapeDataString(name)}&type={Uri.EscapeDataString(type)}&near={(isNearestFirst ? "true" : "false")}",
        DnsJson.Default.DnsAnswerView, cancel);

    static string Text(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
