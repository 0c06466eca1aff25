using System.CommandLine;
using System.Globalization;
using OpsBro.Cli;

namespace OpsBro.Metrics.Listeners;

/// <summary>The nouns <c>graphite</c> and <c>intake</c>: what came by the ways in other than statsd, and what was wrong with it.</summary>
internal sealed class IntakeVerbs(ApiClient api, Terminal terminal)
{
    /// <summary>The Graphite listener.</summary>
    public Command Graphite() => Verb.Noun("graphite", "Numbers that others send by Graphite's lines and pickles.",
        Verb.Reading("state", "What the listener does, and the last lines that it could not read.", async (_, cancel) =>
        {
            var view = await api.Get("/v1/graphite", IntakeJson.Default.GraphiteView, cancel);
            if (terminal.Json) terminal.PrintJson(view, IntakeJson.Default.GraphiteView);
            else Print(view);
            return 0;
        }));

    void Print(GraphiteView view)
    {
        terminal.Section("graphite");
        if (!view.Enabled)
        {
            terminal.Line("graphite is off; write \"graphite: {enabled: true}\" into agent.yml");
            return;
        }
        foreach (var place in view.Listens) terminal.Field("Listens", place);
        foreach (var problem in view.Problems) terminal.Line(Tone.Warning, problem);
        terminal.Field("Connections", Text($"{view.Connections}"));
        terminal.Field("Came", Text($"{view.Lines} lines, {view.Pickles} pickles, {view.Packets} datagrams; {view.BadLines} could not be read"));
        terminal.Field("Numbers", Text($"{view.Accepted} taken; refused: {Refused(view.Refused)}"));
        (string What, long Count, string Way)[] losses =
        [
            ("datagrams that the kernel dropped", view.KernelDrops, "raise graphite.receive_buffer and net.core.rmem_max, or send by TCP"),
            ("connections sent away", view.RefusedConnections, "raise graphite.max_connections"),
            ("connections cut", view.CutConnections, "they were silent for graphite.idle_timeout, or sent a pickle above graphite.max_pickle"),
        ];
        foreach (var (what, count, way) in losses)
            if (count > 0) terminal.Line(Tone.Warning, Text($"{count} {what}; {way}"));
        if (view.BadSamples.Length == 0) return;
        terminal.Section("lines that could not be read");
        terminal.Table(["AT", "FAULT", "LINE"], view.BadSamples.Select(s => (string[])
            [s.At.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture), s.Reason, Terminal.OneLine(s.Line)]));
    }

    /// <summary>The ways in over HTTP.</summary>
    public Command Intake() => Verb.Noun("intake", "Numbers that others send by Prometheus remote write, OTLP and InfluxDB's lines.",
        Verb.Reading("state", "What came by each way, and what was wrong with it.", async (_, cancel) =>
        {
            var views = await api.Get("/v1/intake", IntakeJson.Default.IntakeWayViewArray, cancel);
            if (terminal.Json) terminal.PrintJson(views, IntakeJson.Default.IntakeWayViewArray);
            else
            {
                terminal.Table(["WAY", "REQUESTS", "BAD", "BUSY", "TAKEN", "REFUSED", "SKIPPED", "LAST PROBLEM"], views.Select(v => (string[])
                [
                    v.Way, Text($"{v.Requests}"), Text($"{v.BadRequests}"), Text($"{v.Busy}"), Text($"{v.Accepted}"), Refused(v.Refused),
                    Text($"{v.Skipped}"), v.LastProblem.Length == 0 ? "-" : Terminal.OneLine(v.LastProblem),
                ]));
            }
            return 0;
        }));

    static string Refused(Dictionary<string, long> refused) =>
        refused.Count == 0 ? "0" : string.Join(", ", refused.Select(r => Text($"{r.Value} {r.Key.Replace('_', ' ')}")));

    static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
