using System.CommandLine;
using System.CommandLine.Completions;
using System.Globalization;
using OpsBro.Cli;
using OpsBro.Metrics.Asking;

namespace OpsBro.Metrics;

/// <summary>The verbs of the noun <c>metrics</c>: they ask the API and print.</summary>
internal sealed class MetricVerbs(ApiClient api, Terminal terminal)
{
    /// <summary>Names that completion asks for.</summary>
    const int MaxCompleted = 500;

    /// <summary>Values of a sparkline.</summary>
    const int SparkWidth = 20;

    /// <summary>Columns of a chart that goes into a pipe.</summary>
    const int PipeWidth = 100;

    /// <summary>Rows of a chart.</summary>
    const int ChartHeight = 14;

    readonly Option<string?> from = new("--from") { Description = "Start: -1h, 18:30, yesterday, Unix seconds. An hour ago unless given." };
    readonly Option<string?> until = new("--until") { Description = "End, in the same forms; now unless given." };

    /// <summary>The noun with its verbs.</summary>
    public Command Noun() => Verb.Noun("metrics", "The numbers that this agent keeps: list, query, chart, export.",
        List(), Query(), Top(), Export(), Sources(), Status());

    Command List()
    {
        var pattern = Pattern("Which ones: * ? [a-c] {x,y}; a branch takes all below it. All when left out.");
        var limit = new Option<int?>("--limit") { Description = "How many at most." };
        return Verb.Reading("list", "Names of the series.", async (args, cancel) =>
        {
            var path = $"/v1/metrics?pattern={Escaped(args.GetValue(pattern))}" + (args.GetValue(limit) is { } most ? $"&limit={most}" : "");
            var view = await api.Get(path, AskingJson.Default.MetricNamesView, cancel);
            if (terminal.Json)
            {
                terminal.PrintJson(view, AskingJson.Default.MetricNamesView);
                return 0;
            }
            foreach (var name in view.Names) terminal.Line(name);
            if (view.Names.Length < view.Total) terminal.Note($"{view.Total - view.Names.Length} more; narrow the pattern, or give a higher --limit");
            if (view.Total == 0) terminal.Note("no series; see opsbro metrics sources");
            Unanswered(view.Unanswered);
            return 0;
        }, pattern, limit);
    }

    Command Query()
    {
        var targets = new Argument<string[]>("target")
        {
            Description = "Patterns of names or Graphite functions, for instance 'cpustats.cpu_all.*' or 'sumSeries(web*.requests)'.",
            Arity = ArgumentArity.OneOrMore,
            HelpName = "target",
        };
        targets.CompletionSources.Add(Names);
        var points = new Option<int?>("--points") { Description = "Most points a series; their mean, unless consolidateBy says otherwise." };
        var chart = new Option<bool>("--chart") { Description = "Draw the series." };
        return Verb.Reading("query", "Last, least, mean and greatest value of series, and how they went.", async (args, cancel) =>
        {
            var asked = args.GetValue(targets)!;
            var path = "/v1/metrics/query?" + string.Join('&', asked.Select(target => $"target={Uri.EscapeDataString(target)}")) + SpanOf(args, "-1h")
                + (args.GetValue(points) is { } most ? $"&points={most}" : "");
            var view = await api.Get(path, AskingJson.Default.MetricQueryView, cancel);
            if (terminal.Json)
            {
                terminal.PrintJson(view, AskingJson.Default.MetricQueryView);
                return 0;
            }
            if (view.Series.Length == 0) terminal.Note($"nothing matches {string.Join(' ', asked)}; see opsbro metrics list");
            else if (args.GetValue(chart)) Draw(view);
            else Print(view);
            Unanswered(view.Unanswered);
            return 0;
        }, targets, from, until, points, chart);
    }

    void Print(MetricQueryView view) => terminal.Table(["SERIES", "LAST", "MIN", "AVG", "MAX", "COURSE"], view.Series.Select(series =>
    {
        var known = series.Values.OfType<double>().ToArray();
        string[] numbers = known.Length == 0 ? ["-", "-", "-", "-"] : [Number(known[^1]), Number(known.Min()), Number(known.Average()), Number(known.Max())];
        return (string[])[series.Name, .. numbers, Sparkline.Of(series.Values, SparkWidth, terminal.IsUtf8)];
    }));

    void Draw(MetricQueryView view)
    {
        var chart = new Chart(terminal.Width == int.MaxValue ? PipeWidth : terminal.Width - 1, ChartHeight, terminal.IsUtf8, terminal.HasColour);
        foreach (var line in chart.Lines(view.From, view.Until, [.. view.Series.Select(s => new ChartSeries(s.Name, s.Start, s.Step, s.Values))]))
            terminal.Line(line);
        if (view.Series.Length > Chart.MaxSeries)
            terminal.Note($"{view.Series.Length - Chart.MaxSeries} more series are not drawn; narrow the target, or use highestMax(…, {Chart.MaxSeries})");
    }

    Command Top()
    {
        var pattern = Pattern("Which ones; all when left out.");
        var by = Verb.OptionOf("--by", "What counts: the greatest value, the mean, the newest, or how far it moved.", "max", "avg", "last", "change");
        var limit = new Option<int?>("--limit") { Description = "How many." };
        return Verb.Reading("top", "The series that are highest, or moved most.", async (args, cancel) =>
        {
            var path = $"/v1/metrics/top?pattern={Escaped(args.GetValue(pattern))}{SpanOf(args, null)}"
                + (args.GetValue(by) is { } measure ? $"&by={measure}" : "") + (args.GetValue(limit) is { } most ? $"&limit={most}" : "");
            var views = await api.Get(path, AskingJson.Default.MetricTopViewArray, cancel);
            if (terminal.Json) terminal.PrintJson(views, AskingJson.Default.MetricTopViewArray);
            else
            {
                terminal.Table(["SERIES", "LAST", "MIN", "AVG", "MAX", "CHANGE", "COURSE"], views.Select(v => (string[])
                [
                    v.Name, Number(v.Last), Number(v.Min), Number(v.Average), Number(v.Max), Number(v.Change),
                    Sparkline.Of(v.Values, SparkWidth, terminal.IsUtf8),
                ]));
            }
            await SayUnanswered(args.GetValue(pattern), cancel);
            return 0;
        }, pattern, by, limit, from, until);
    }

    Command Export()
    {
        var pattern = Pattern("Which ones; all when left out.");
        var format = Verb.OptionOf("--format", "How: a JSON object a line (unless given), or …", "ndjson", "csv", "graphite", "prometheus");
        return Verb.Acting("export", "Every kept number of a time, one a line.", async (args, cancel) =>
        {
            var path = $"/v1/metrics/export?pattern={Escaped(args.GetValue(pattern))}{SpanOf(args, null)}"
                + (args.GetValue(format) is { } wanted ? $"&format={wanted}" : "");
            await SayUnanswered(args.GetValue(pattern), cancel);
            await foreach (var line in api.Lines(path, cancel)) terminal.Line(line);
            return 0;
        }, pattern, format, from, until);
    }

    Command Sources() => Verb.Reading("sources", "Who brings numbers, and what became of them.", async (_, cancel) =>
    {
        var views = await api.Get("/v1/metrics/sources", AskingJson.Default.MetricSourceViewArray, cancel);
        if (terminal.Json) terminal.PrintJson(views, AskingJson.Default.MetricSourceViewArray);
        else
        {
            terminal.Table(["SOURCE", "SERIES", "ACCEPTED", "REFUSED", "LAST REFUSED"], views.Select(v => (string[])
            [
                v.Name, v.Series.ToString(CultureInfo.InvariantCulture), v.Accepted.ToString(CultureInfo.InvariantCulture),
                v.Refused.Count == 0 ? "0" : string.Join(", ", v.Refused.Select(r => $"{r.Value} {r.Key.Replace('_', ' ')}")),
                v.LastRefused.Count == 0 ? "-" : string.Join(", ", v.LastRefused.Values.Distinct()),
            ]));
            // a pipe gets one table; status is a verb of its own
            if (!terminal.IsInteractive) return 0;
            terminal.Line();
            (await api.Get("/v1/metrics/status", StoreJson.Default.MetricStatus, cancel)).Print(terminal);
        }
        return 0;
    });

    Command Status() => Verb.Reading("status", "How the store does: series, memory, disk, tiers, and whose names are most.", async (_, cancel) =>
    {
        var status = await api.Get("/v1/metrics/status", StoreJson.Default.MetricStatus, cancel);
        if (terminal.Json) terminal.PrintJson(status, StoreJson.Default.MetricStatus);
        else status.Print(terminal);
        return 0;
    });

    Argument<string?> Pattern(string description)
    {
        var pattern = new Argument<string?>("pattern") { Description = description, Arity = ArgumentArity.ZeroOrOne, HelpName = "pattern" };
        pattern.CompletionSources.Add(Names);
        return pattern;
    }

    /// <summary>The names that begin as the word does, up to its next dot: as a shell completes paths.</summary>
    IEnumerable<CompletionItem> Names(CompletionContext context)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(500));
        try
        {
            var word = context.WordToComplete;
            var view = api.Get($"/v1/metrics?limit={MaxCompleted}&prefix={Uri.EscapeDataString(word)}", AskingJson.Default.MetricNamesView, patience.Token)
                .GetAwaiter().GetResult();
            return view.Names.Select(name =>
                    name.IndexOf('.', Math.Min(word.Length, name.Length)) is >= 0 and var dot && view.Total > 1 ? name[..(dot + 1)] : name)
                .Distinct().Select(name => new CompletionItem(name));
        }
        catch (Exception e) when (e is CliError or OperationCanceledException)
        {
            return [];   // completion never prints: without an agent there are no live names
        }
    }

    string SpanOf(ParseResult args, string? otherwise)
    {
        var start = args.GetValue(from) ?? otherwise;
        return (start is null ? "" : $"&from={Uri.EscapeDataString(start)}")
            + (args.GetValue(until) is { } end ? $"&until={Uri.EscapeDataString(end)}" : "");
    }

    static string Escaped(string? text) => Uri.EscapeDataString(text ?? "");

    /// <summary>A number for a person; exactly into a pipe.</summary>
    string Number(double value) => terminal.IsInteractive ? Chart.Short(value) : NumberText.Text(value);

    /// <summary>Says whose series are missing from what is only lines of numbers.</summary>
    async Task SayUnanswered(string? pattern, CancellationToken cancel) =>
        Unanswered((await api.Get($"/v1/metrics?limit=1&pattern={Escaped(pattern)}", AskingJson.Default.MetricNamesView, cancel)).Unanswered);

    void Unanswered(string[] hosts)
    {
        if (hosts.Length > 0) terminal.Note($"did not answer: {string.Join(", ", hosts)}; what they keep is missing here");
    }
}
