using System.CommandLine;
using OpsBro.Cli;
using OpsBro.Config;

namespace OpsBro.Checks;

/// <summary>The verbs of the noun <c>monitoring</c>: they ask the API and print.</summary>
internal sealed class MonitoringVerbs(ApiClient api, Terminal terminal)
{
    /// <summary>Further lines of one check that <c>state</c> shows: one plugin that talks must not hide the others.</summary>
    const int MaxLongLines = 20;

    /// <summary>The noun with its verbs.</summary>
    public Command Noun() => Verb.Noun("monitoring", "How this host is: checks and their states.",
        State(), List(), History(), Run(), WaitOk());

    Command State()
    {
        var problems = new Option<bool>("--problems") { Description = "Only what is warning, critical or unknown, the worst first." };
        var node = NodeNames.Argument(api);
        return Verb.Reading("state", "The state of each check, by pack.", async (args, cancel) =>
        {
            if (args.GetValue(node) is { } other) return await StateOf(other, args.GetValue(problems), cancel);
            var checks = await All(cancel);
            if (args.GetValue(problems)) checks = Problems(checks);
            if (terminal.Json) return Print(checks);
            PrintParts(checks, args.GetValue(problems));
            terminal.More("opsbro monitoring history NAME");
            return 0;
        }, node, problems);
    }

    /// <summary>Another node's checks, as they are known here.</summary>
    async Task<int> StateOf(string node, bool problemsOnly, CancellationToken cancel)
    {
        var known = await api.Get($"/v1/members/{Uri.EscapeDataString(node)}/checks", ChecksJson.Default.NodeChecksView, cancel);
        if (problemsOnly) known = known with { Checks = Problems(known.Checks) };
        if (terminal.Json)
        {
            terminal.PrintJson(known, ChecksJson.Default.NodeChecksView);
            return 0;
        }
        if (NodeNames.Note(known.Node, known.State, known.IsKnown, known.AgeSeconds) is { Length: > 0 } note) terminal.Note(note);
        if (known.IsKnown) PrintParts(known.Checks, problemsOnly);
        return 0;
    }

    static CheckView[] Problems(CheckView[] checks) => [.. checks.Where(c => Rank(c.State) > 1).OrderByDescending(c => Rank(c.State))];

    void PrintParts(CheckView[] checks, bool problemsOnly)
    {
        PrintPart("Services", checks.Where(c => c.IsService), problemsOnly);
        PrintPart("Checks", checks.Where(c => !c.IsService), problemsOnly);
    }

    Command List()
    {
        var all = new Option<bool>("--all") { Description = "Also the checks of groups that this agent does not have." };
        return Verb.Reading("list", "Each check: what it runs, how often, for which group.", async (args, cancel) =>
        {
            var checks = await All(cancel, args.GetValue(all));
            if (terminal.Json) return Print(checks);
            terminal.Table(["ID", "KIND", "STATE", "INTERVAL", "GROUP", "DEFINED IN"],
                from c in checks
                select new[]
                {
                    c.Id, c.Kind, c.IsActive ? terminal.State(c.State) : "inactive",
                    Durations.Text(TimeSpan.FromSeconds(c.IntervalSeconds)), c.IfGroup, c.Place,
                });
            return 0;
        }, all);
    }

    Command History()
    {
        var name = Name(isOptional: true);
        var since = new Option<string?>("--since") { Description = "Only the last, for instance 2h." };
        var limit = new Option<int?>("--limit") { Description = "How many at most." };
        return Verb.Reading("history", "Changes of states, oldest first.", async (args, cancel) =>
        {
            var query = (args.GetValue(name) is { } n ? $"&name={Uri.EscapeDataString(n)}" : "")
                        + (args.GetValue(since) is { } s ? $"&since={Uri.EscapeDataString(s)}" : "")
                        + (args.GetValue(limit) is { } l ? $"&limit={l}" : "");
            var changes = await api.Get($"/v1/checks/history?{query}", ChecksJson.Default.CheckChangeViewArray, cancel);
            // nothing may be the history of a slip of the pen: ask, and let the agent say so
            if (changes.Length == 0 && args.GetValue(name) is { } wanted) await api.Get(PathOf(wanted), ChecksJson.Default.CheckView, cancel);
            if (terminal.Json) terminal.PrintJson(changes, ChecksJson.Default.CheckChangeViewArray);
            else
                foreach (var c in changes.Reverse())
                    terminal.Line($"{c.At.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ} {c.Id} {terminal.State(c.OldState)} {Arrow} "
                                  + terminal.State(c.State) + " " + terminal.Paint(Tone.Dim, c.Output));
            return 0;
        }, name, since, limit);
    }

    Command Run()
    {
        var name = Name();
        return Verb.Reading("run", "Run one check now; exit 0 when it is ok, else 2.", async (args, cancel) =>
        {
            var check = await api.Change("POST", $"{PathOf(args.GetValue(name)!)}/run", ChecksJson.Default.CheckView, cancel);
            if (terminal.Json) terminal.PrintJson(check, ChecksJson.Default.CheckView);
            else PrintCheck(check, check.Id.Length);
            return check.State == "ok" ? 0 : 2;
        }, name);
    }

    Command WaitOk()
    {
        var name = Name();
        return Verb.Waiting("wait-ok", "Wait until a check is ok; exit 0, or 2 when it takes too long.", (args, cancel) =>
            terminal.WaitUntil($"check {args.GetValue(name)}", async token =>
            {
                var check = await api.Get(PathOf(args.GetValue(name)!), ChecksJson.Default.CheckView, token);
                return (check is { State: "ok", IsActive: true }, check.IsActive ? check.State : "inactive");
            }, Verb.TimeoutOf(args), cancel), name);
    }

    static string PathOf(string name) => $"/v1/checks/{Uri.EscapeDataString(name)}";

    Argument<string?> Name(bool isOptional = false) => Verb.Name("name", "The check, by id or name.",
        async cancel => (await All(cancel)).SelectMany(c => new[] { c.Id, c.Name }).Distinct(), isOptional);

    Task<CheckView[]> All(CancellationToken cancel, bool withInactive = false) =>
        api.Get(withInactive ? "/v1/checks?all=1" : "/v1/checks", ChecksJson.Default.CheckViewArray, cancel);

    int Print(CheckView[] checks)
    {
        terminal.PrintJson(checks, ChecksJson.Default.CheckViewArray);
        return 0;
    }

    static int Rank(string state) => Core.Checks.CheckStates.Severity(Core.Checks.CheckStates.Of(state));

    string Arrow => terminal.IsUtf8 ? "→" : "->";

    void PrintPart(string title, IEnumerable<CheckView> checks, bool problemsOnly)
    {
        var part = checks.ToList();
        terminal.Section(title);
        if (part.Count == 0) terminal.Line(problemsOnly ? "No problems" : $"No {title.ToLowerInvariant()}");
        var width = part.Select(c => Title(c).Length).DefaultIfEmpty().Max();
        foreach (var pack in part.GroupBy(c => c.Pack))
        {
            terminal.Line(pack.Key.Length > 0 ? $"* Pack {pack.Key}" : "* Own configuration");
            foreach (var check in pack) PrintCheck(check, width, MaxLongLines);
        }
    }

    static string Title(CheckView check) => check.DisplayName == check.Name ? check.Id : $"{check.Id} [{check.DisplayName}]";

    void PrintCheck(CheckView check, int width, int mostLines = int.MaxValue)
    {
        var title = terminal.IsInteractive ? Title(check).PadRight(width) : Title(check);
        var attempt = check.IsHard || check.State == "ok" ? "" : $" (attempt {check.Attempt} of {check.MaxAttempts})";
        var flapping = check.IsFlapping ? " flapping" : "";
        var since = terminal.Paint(Tone.Dim, check.State == "pending" ? "" : $" since {check.Since.LocalDateTime:yyyy-MM-dd HH:mm:ss}");
        terminal.Line($"  - {title} {terminal.State(check.State)}{attempt}{flapping}{since}");
        if (check.Output.Length > 0) terminal.Line($"    | {check.Output}");
        var lines = check.LongOutput.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        foreach (var line in lines.Take(mostLines)) terminal.Line($"    | {line}");
        if (lines.Length > mostLines)
            terminal.Line($"    | {lines.Length - mostLines} more lines; \"opsbro monitoring run {check.Id}\" shows them");
    }
}
