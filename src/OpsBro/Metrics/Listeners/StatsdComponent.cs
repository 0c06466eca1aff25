using System.CommandLine;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using OpsBro.Agent;
using OpsBro.Api;
using OpsBro.Cli;
using OpsBro.Config;

namespace OpsBro.Metrics.Listeners;

/// <summary>Statsd: numbers, events and service checks of the applications on this host and others.</summary>
internal sealed class StatsdComponent : IComponent
{
    /// <inheritdoc/>
    public string Name => "statsd";

    /// <inheritdoc/>
    public void AddTo(IServiceCollection services, AgentOptions options)
    {
        services.AddSingleton<StatsdBook>().AddSingleton<StatsdListener>();
        services.AddHostedService(s => s.GetRequiredService<StatsdListener>()).AddSingleton<IListener>(s => s.GetRequiredService<StatsdListener>());
        services.AddSingleton<IConfigChecker, StatsdChecker>();
    }

    /// <inheritdoc/>
    public void MapTo(ApiRoutes api, IServiceProvider services)
    {
        var listener = services.GetRequiredService<StatsdListener>();
        var book = services.GetRequiredService<StatsdBook>();
        api.Get("/v1/statsd", "What the statsd listener does: packets, lines that could not be read, limits, flushes.",
            StatsdJson.Default.StatsdView, _ => listener.Now());
        api.Get("/v1/statsd/events", "The last events that came by statsd (DogStatsD), newest first.",
            StatsdJson.Default.StatsdEventViewArray, _ => book.Events());
        api.Get("/v1/statsd/checks", "The latest state of each service check that came by statsd (DogStatsD).",
            StatsdJson.Default.StatsdCheckViewArray, _ => book.Checks());
    }

    /// <inheritdoc/>
    public IEnumerable<Command> Verbs(ApiClient api, Terminal terminal)
    {
        yield return Verb.Noun("statsd", "Numbers, events and service checks that applications send to statsd.",
            State(api, terminal), Events(api, terminal), Checks(api, terminal));
    }

    static Command State(ApiClient api, Terminal terminal) =>
        Verb.Reading("state", "What the listener does, and the last lines that it could not read.", async (_, cancel) =>
        {
            var view = await api.Get("/v1/statsd", StatsdJson.Default.StatsdView, cancel);
            if (terminal.Json) terminal.PrintJson(view, StatsdJson.Default.StatsdView);
            else Print(terminal, view);
            return 0;
        });

    static void Print(Terminal terminal, StatsdView view)
    {
        terminal.Section("statsd");
        if (!view.Enabled)
        {
            terminal.Line("statsd is off; write \"statsd: {enabled: true}\" into agent.yml");
            return;
        }
        foreach (var place in view.Listens) terminal.Field("Listens", place);
        foreach (var problem in view.Problems) terminal.Line(Tone.Warning, problem);
        terminal.Field("Packets", Text(view.Packets));
        terminal.Field("Lines", $"{Text(view.Lines)}, {Text(view.BadLines)} could not be read");
        terminal.Field("Metrics", Text(view.Metrics));
        terminal.Field("Flushes", view.LastFlush is { } last
            ? string.Create(CultureInfo.InvariantCulture,
                $"{view.Flushes}, every {view.Interval} s; the last at {last.At.UtcDateTime:HH:mm:ss}Z with {last.Numbers} numbers in {last.Milliseconds} ms")
            : $"none yet, every {view.Interval} s");
        if (view.Connections > 0) terminal.Field("Connections", Text(view.Connections));
        if (view.Events + view.ServiceChecks > 0) terminal.Field("Events", $"{Text(view.Events)}, and {Text(view.ServiceChecks)} service checks");
        (string What, long Count, string Way)[] losses =
        [
            ("datagrams that the kernel dropped", view.KernelDrops, "raise statsd.receive_buffer (net.core.rmem_max when the agent is not root)"),
            ("datagrams that were cut", view.CutPackets, "raise statsd.max_packet, or send shorter ones"),
            ("values of metrics for which there was no room", view.RefusedMetrics, "raise statsd.max_metrics, or set delete_idle"),
            ("values of timers beyond the limit", view.RefusedTimerValues, "raise statsd.max_timer_values, or send with a sample rate"),
            ("members of sets beyond the limit", view.RefusedSetMembers, "raise statsd.max_set_members"),
            ("connections sent away", view.RefusedConnections, "raise statsd.tcp_connections or statsd.tcp_line"),
            ("service checks without room", view.RefusedServiceChecks, $"{StatsdBook.MaxChecks} are kept"),
            ("numbers of the last flush that the store refused", view.LastFlush?.Refused ?? 0, "see opsbro metrics"),
        ];
        foreach (var (what, count, way) in losses)
            if (count > 0) terminal.Line(Tone.Warning, $"lost: {Text(count)} {what}; {way}");
        if (view.BadSamples.Length == 0) return;
        terminal.Section("lines that could not be read");
        terminal.Table(["AT", "FAULT", "LINE"], view.BadSamples.Select(s => (string[])[Time(s.At), s.Fault, s.Line]));
    }

    static Command Events(ApiClient api, Terminal terminal) =>
        Verb.Reading("events", "The last events that applications sent, newest first.", async (_, cancel) =>
        {
            var events = await api.Get("/v1/statsd/events", StatsdJson.Default.StatsdEventViewArray, cancel);
            if (terminal.Json) terminal.PrintJson(events, StatsdJson.Default.StatsdEventViewArray);
            else
            {
                terminal.Table(["AT", "TYPE", "TITLE", "TEXT", "HOST", "TAGS"], events.Select(e => (string[])
                    [Time(e.ReceivedAt), e.AlertType, .. new[] { e.Title, e.Text, e.Host, string.Join(',', e.Tags) }.Select(Terminal.OneLine)]));
            }
            return 0;
        });

    static Command Checks(ApiClient api, Terminal terminal) =>
        Verb.Reading("checks", "The latest state of each service check that applications sent.", async (_, cancel) =>
        {
            var checks = await api.Get("/v1/statsd/checks", StatsdJson.Default.StatsdCheckViewArray, cancel);
            if (terminal.Json) terminal.PrintJson(checks, StatsdJson.Default.StatsdCheckViewArray);
            else
            {
                terminal.Table(["AT", "NAME", "STATE", "HOST", "MESSAGE", "TAGS"], checks.Select(c => (string[])
                    [Time(c.ReceivedAt), Terminal.OneLine(c.Name), terminal.State(c.Status),
                        .. new[] { c.Host, c.Message, string.Join(',', c.Tags) }.Select(Terminal.OneLine)]));
            }
            return 0;
        });

    static string Text(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
