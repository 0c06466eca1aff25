using System.CommandLine;
using System.Globalization;
using OpsBro.Cli;
using OpsBro.Config;

namespace OpsBro.Metrics.Exporters;

/// <summary>The verbs of the noun <c>forward</c>: they ask the API and print.</summary>
internal sealed class ForwardVerbs(ApiClient api, Terminal terminal)
{
    /// <summary>The noun with its verbs.</summary>
    public Command Noun() => Verb.Noun("forward", "Where this agent passes its numbers on to.", State(), Test());

    Command State() => Verb.Reading("state", "How each sink does: what it has, what waits for it, what it refused.", async (_, cancel) =>
    {
        var sinks = await All(cancel);
        if (terminal.Json)
        {
            terminal.PrintJson(sinks, ForwardJson.Default.ForwardViewArray);
            return 0;
        }
        if (sinks.Length == 0)
        {
            terminal.Note("no sink is configured; write the section \"forward\" into agent.yml (docs/forward.md)");
            return 0;
        }
        terminal.Table(["NAME", "KIND", "STATE", "BEHIND", "SENT", "REFUSED", "LOST", "TARGET"],
            from sink in sinks
            select new[]
            {
                sink.Name, sink.Kind, terminal.State(sink.State), Behind(sink), Text(sink.SentPoints), Text(sink.RefusedPoints), Text(sink.LostPoints),
                sink.Target,
            });
        foreach (var sink in sinks)
        {
            if (sink.State == "down") terminal.Line($"{sink.Name}: since {sink.Since.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}: {sink.LastError}");
            foreach (var (reason, points) in sink.Refused) terminal.Line($"{sink.Name}: {points} points refused: {reason}");
            if (sink.LostPoints > 0) terminal.Line($"{sink.Name}: {sink.LostPoints} points lost: the queue was full");
        }
        return 0;
    });

    Command Test()
    {
        var name = Verb.Name("name", "The sink.", async cancel => (await All(cancel)).Select(sink => sink.Name));
        return Verb.Reading("test", $"Send one point, {ForwardComponent.TestSeries}, and say what the sink answers; exit 2 when it does not take it.",
            async (args, cancel) =>
            {
                var path = $"/v1/forward/{Uri.EscapeDataString(args.GetValue(name)!)}/test";
                var said = await api.Change("POST", path, ForwardJson.Default.ForwardTestView, cancel);
                if (terminal.Json) terminal.PrintJson(said, ForwardJson.Default.ForwardTestView);
                else terminal.Line($"{said.Name} ({said.Target}): {said.Answer} in {Durations.Text(TimeSpan.FromSeconds(said.TookSeconds))}");
                return said.Ok ? 0 : 2;
            }, name);
    }

    Task<ForwardView[]> All(CancellationToken cancel) => api.Get("/v1/forward", ForwardJson.Default.ForwardViewArray, cancel);

    static string Behind(ForwardView sink) => sink.BehindPoints == 0
        ? "0"
        : sink.BehindSeconds == 0 ? Text(sink.BehindPoints) : $"{Text(sink.BehindPoints)} ({Durations.Text(TimeSpan.FromSeconds(sink.BehindSeconds))})";

    static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
