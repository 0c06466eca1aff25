using System.CommandLine;
using System.Globalization;
using OpsBro.Cli;
using OpsBro.Config;

namespace OpsBro.Detectors;

/// <summary>The verbs <c>detectors list|state|run|history|wait-group</c>.</summary>
internal static class DetectorVerbs
{
    static readonly Option<bool> why = new("--why") { Description = "Show which rule and which values gave each group." };

    static readonly Option<int> limit = new("--limit")
    {
        Description = "How many changes, the newest first.",
        DefaultValueFactory = _ => DetectorsComponent.DefaultLimit,
    };

    static readonly Option<string?> since = new("--since") { Description = "Only the last while, for instance 2h." };

    /// <summary>Columns of a table that a person looks at.</summary>
    const int MaxGroups = 32, MaxRule = 64;

    /// <summary>The noun with its verbs.</summary>
    public static IEnumerable<Command> All(ApiClient api, Terminal terminal)
    {
        var detector = Verb.Name("NAME", "The detector; all of them when it is left out.",
            async cancel => (await Detectors(api, cancel)).Select(d => d.Name), isOptional: true);
        // groups that are not there yet are what one waits for: those that rules may give are offered too
        var group = Verb.Name("GROUP", "The group to wait for.",
            async cancel => (await Detectors(api, cancel))
                .SelectMany(d => d.Groups.Where(g => !g.Contains('{')).Concat(d.GroupsNow)).Distinct());
        var node = NodeNames.Argument(api);
        yield return Verb.Noun("detectors", "What the host is: rules that give the agent its groups.",
            Verb.Reading("list", "List the detectors with their rules.",
                (args, cancel) => List(api, terminal, args.GetValue(Verb.Json), cancel)),
            Verb.Reading("state", "Show the groups of this agent, or of another node.",
                (args, cancel) => args.GetValue(node) is { } other
                    ? StateOf(api, terminal, other, args.GetValue(why), cancel)
                    : State(api, terminal, args.GetValue(why), args.GetValue(Verb.Json), cancel), node, why),
            Verb.Reading("run", "Ask the rules now and show what they say; changes nothing.",
                (args, cancel) => Run(api, terminal, args.GetValue(detector), args.GetValue(Verb.Json), cancel), detector),
            Verb.Reading("history", "Show which groups came and went.",
                (args, cancel) => History(api, terminal, args, cancel), limit, since),
            Verb.Waiting("wait-group", "Wait until this agent has a group.",
                (args, cancel) => Wait(api, terminal, args.GetValue(group)!, Verb.TimeoutOf(args), cancel), group));
    }

    static Task<DetectorJson[]> Detectors(ApiClient api, CancellationToken cancel) =>
        api.Get("/v1/detectors", DetectorsJson.Default.DetectorJsonArray, cancel);

    static async Task<int> List(ApiClient api, Terminal terminal, bool asJson, CancellationToken cancel)
    {
        var detectors = await Detectors(api, cancel);
        if (asJson)
        {
            terminal.PrintJson(detectors, DetectorsJson.Default.DetectorJsonArray);
            return 0;
        }
        terminal.Table(["NAME", "STATE", "PACK", "INTERVAL", "GROUPS", "RULE"], detectors.Select(d => (string[])
        [
            d.Name, terminal.Paint(ToneOf(d.State), d.State), d.Pack ?? "-", Interval(d.IntervalSeconds),
            Cut(terminal, string.Join(", ", d.Groups), MaxGroups), Cut(terminal, OneLine(d.ApplyIf ?? ""), MaxRule),
        ]));
        foreach (var broken in detectors.Where(d => d.Problem is not null && d.State is not "pending"))
            terminal.Line(Tone.Warning, $"{broken.Name}: {broken.Problem}");
        return 0;
    }

    static async Task<int> State(ApiClient api, Terminal terminal, bool withWhy, bool asJson, CancellationToken cancel)
    {
        var groups = await api.Get("/v1/groups", DetectorsJson.Default.GroupJsonArray, cancel);
        if (asJson)
        {
            terminal.PrintJson(groups, DetectorsJson.Default.GroupJsonArray);
            return 0;
        }
        terminal.Section("groups");
        foreach (var group in groups)
        {
            terminal.Line($" * {terminal.Paint(Tone.Good, group.Name)}");
            if (!withWhy) continue;
            foreach (var reason in group.Why) PrintReason(terminal, reason);
        }
        if (!withWhy) terminal.More("opsbro detectors state --why");
        return 0;
    }

    /// <summary>Another node's groups, as they are known here.</summary>
    static async Task<int> StateOf(ApiClient api, Terminal terminal, string node, bool withWhy, CancellationToken cancel)
    {
        if (withWhy) throw new CliError(2, "why a node has a group is known on that node only; run \"opsbro detectors state --why\" there");
        var known = await api.Get($"/v1/members/{Uri.EscapeDataString(node)}/groups", DetectorsJson.Default.NodeGroupsJson, cancel);
        if (terminal.Json)
        {
            terminal.PrintJson(known, DetectorsJson.Default.NodeGroupsJson);
            return 0;
        }
        if (NodeNames.Note(known.Node, known.State, known.IsKnown, known.AgeSeconds) is { Length: > 0 } note) terminal.Note(note);
        terminal.Section("groups");
        foreach (var group in known.Groups) terminal.Line($" * {terminal.Paint(Tone.Good, group.Name)}");
        return 0;
    }

    static void PrintReason(Terminal terminal, ReasonJson reason)
    {
        switch (reason.Source)
        {
            case "static":
                terminal.Line($"     set in {reason.Place}");
                return;
            case "builtin":
                terminal.Line($"     the agent's zone{(reason.Place is null ? "" : $", set in {reason.Place}")}");
                return;
        }
        terminal.Line($"     {reason.Detector}: {OneLine(reason.Rule!)}");
        foreach (var value in reason.Values) terminal.Line($"       {value.Reference} = {value.Value}");
        terminal.Line(Tone.Dim, $"       {reason.Place}");
    }

    static async Task<int> Run(ApiClient api, Terminal terminal, string? name, bool asJson, CancellationToken cancel)
    {
        // an id holds slashes, which stay: the route takes the rest of the path
        var path = name is null ? "" : "/" + string.Join('/', name.Split('/').Select(Uri.EscapeDataString));
        var runs = await api.Change("POST", $"/v1/detectors/run{path}", DetectorsJson.Default.RunJsonArray, cancel);
        if (asJson)
        {
            terminal.PrintJson(runs, DetectorsJson.Default.RunJsonArray);
            return 0;
        }
        terminal.Table(["NAME", "MATCHED", "GROUPS", "NEW GROUPS"], runs.Select(r => (string[])
        [
            r.Name, Matched(terminal, r), Or(r.Groups), Or(r.NewGroups),
        ]));
        foreach (var broken in runs.Where(r => r.Problem is not null))
            terminal.Line(Tone.Warning, $"{broken.Name}: {broken.Problem}");
        return name is not null && runs.Any(r => r.Problem is not null) ? 2 : 0;
    }

    static string Matched(Terminal terminal, RunJson run) =>
        run.Problem is not null ? terminal.Paint(Tone.Bad, "error") : run.Matched ? terminal.Paint(Tone.Good, "yes")
        : run.Inactive is null ? "no" : "inactive";

    static async Task<int> History(ApiClient api, Terminal terminal, ParseResult args, CancellationToken cancel)
    {
        var path = $"/v1/detectors/history?limit={args.GetValue(limit)}";
        if (args.GetValue(since) is { } while_) path += $"&since={Uri.EscapeDataString(while_)}";
        var changes = await api.Get(path, DetectorsJson.Default.GroupChangeJsonArray, cancel);
        if (args.GetValue(Verb.Json))
        {
            terminal.PrintJson(changes, DetectorsJson.Default.GroupChangeJsonArray);
            return 0;
        }
        terminal.Table(["TIME", "CHANGE", "GROUP", "BY"], changes.Reverse().Select(c => (string[])
        [
            c.At.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture),
            terminal.Paint(c.Change == GroupHistory.Added ? Tone.Good : Tone.Warning, c.Change), c.Group, c.By,
        ]));
        return 0;
    }

    static Task<int> Wait(ApiClient api, Terminal terminal, string group, TimeSpan timeout, CancellationToken cancel)
    {
        return terminal.WaitUntil($"group {group}", Ask, timeout, cancel);

        async Task<(bool, string)> Ask(CancellationToken stop)
        {
            var groups = await api.Get("/v1/groups", DetectorsJson.Default.GroupJsonArray, stop);
            return groups.Any(g => g.Name == group) ? (true, "here") : (false, "not here");
        }
    }

    static Tone ToneOf(string state) => state switch
    {
        "true" => Tone.Good,
        "error" or "stuck" => Tone.Bad,
        "pending" => Tone.Warning,
        _ => Tone.Dim,
    };

    static string Interval(double? seconds) => seconds is { } s ? Durations.Text(TimeSpan.FromSeconds(s)) : "-";

    /// <summary>A person sees the beginning of a long rule; a pipe, and <c>--json</c>, all of it.</summary>
    static string Cut(Terminal terminal, string text, int most) =>
        terminal.IsInteractive && text.Length > most ? $"{text[..(most - 1)]}…" : text;

    static string Or(IReadOnlyList<string> groups) => groups.Count == 0 ? "-" : string.Join(", ", groups);

    /// <summary>A rule may stand on several lines in its file.</summary>
    static string OneLine(string rule) => string.Join(' ', rule.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
