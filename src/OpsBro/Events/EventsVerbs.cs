using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using OpsBro.Cli;

namespace OpsBro.Events;

/// <summary>The verbs <c>events watch|state</c>.</summary>
internal static class EventsVerbs
{
    static readonly (string Option, string Parameter, string Description)[] filters =
    [
        ("--topic", "topics", "Only these topics: member, group, check, event, kv."),
        ("--node", "node", "Only about these nodes; * stands for any letters."),
        ("--zone", "zone", "Only about nodes of these zones."),
        ("--group", "group", "Only about nodes of these groups."),
        ("--check", "check", "Only these checks."),
        ("--state", "state", "Only what is now in these states."),
        ("--key", "key", "Only these keys."),
        ("--prefix", "prefix", "Only keys that begin like this."),
    ];

    /// <summary><c>events</c>.</summary>
    public static Command Of(ApiClient api, Terminal terminal) => Verb.Noun("events", "What changes in the cluster, as it happens.",
        Watch(api, terminal), State(api, terminal));

    static Command Watch(ApiClient api, Terminal terminal)
    {
        var chosen = filters.Select(f => (f.Parameter, Option: new Option<string[]>(f.Option) { Description = f.Description, DefaultValueFactory = _ => [] }))
            .ToList();
        var since = new Option<string?>("--since") { Description = "Begin after the change with this number; 0 begins with the whole state." };
        var count = new Option<int>("--count") { Description = "End after so many lines.", DefaultValueFactory = _ => int.MaxValue };
        return Verb.Reading("watch", "Print each change as it happens; with --json one JSON object a line. Ends with Ctrl-C.", async (args, cancel) =>
        {
            var query = chosen.Where(c => args.GetValue(c.Option)!.Length > 0)
                .Select(c => $"{c.Parameter}={Uri.EscapeDataString(string.Join(',', args.GetValue(c.Option)!))}")
                .Append(args.GetValue(since) is { } number ? $"since={Uri.EscapeDataString(number)}" : "").Where(part => part.Length > 0).ToList();
            var path = StreamWelcome.Path + (query.Count > 0 ? "?" + string.Join('&', query) : "");
            var left = args.GetValue(count);
            if (left < 1) throw new CliError(2, $"--count is {left}; write 1 or more");
            var type = "";
            await foreach (var line in api.Lines(path, cancel))
            {
                if (line.StartsWith("event: ", StringComparison.Ordinal)) type = line[7..];
                if (!line.StartsWith("data: ", StringComparison.Ordinal)) continue;
                if (type == "hello") continue;
                terminal.Line(terminal.Json ? line[6..] : Text(type, line[6..]));
                if (--left == 0) break;
            }
            return 0;
        }, [.. chosen.Select(c => c.Option), since, count]);
    }

    /// <summary>One line for people.</summary>
    public static string Text(string type, string json)
    {
        using var document = JsonDocument.Parse(json);
        var item = document.RootElement;
        string Of(string name) => item.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? Terminal.OneLine($"{value}") : "";
        if (type is "snapshot" or "snapshot-done") return $"{type} {Of("sequence")} {Of("reason")}".TrimEnd();
        var at = item.TryGetProperty("at", out var time) && time.TryGetDateTimeOffset(out var when)
            ? when.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture)
            : "";
        var what = type switch
        {
            "member" => $"{Of("node")} {Of("change")} ({Of("status")}, {Of("address")}); {Of("cause")}",
            "group" => $"{Of("node")} {(Of("change") == "added" ? "+" : "-")}{Of("group")}; {Of("cause")}",
            "check" => $"{Of("node")} {Of("check")} {(Of("before") is { Length: > 0 } before ? before : "new")} → {Of("state")}"
                + $"{(Of("is_hard") == "True" ? "" : " (soft)")}; {Of("output")}",
            "event" => $"{Of("name")} {Of("payload")}{Of("payload_base64")}",
            _ => Terminal.OneLine(json),
        };
        return $"{at} {type} {what}".TrimStart();
    }

    static Command State(ApiClient api, Terminal terminal) =>
        Verb.Reading("state", "What the stream and the websocket port do.", async (_, cancel) =>
        {
            var view = await api.Get("/v1/stream/state", EventsJson.Default.StreamStateView, cancel);
            if (terminal.Json) terminal.PrintJson(view, EventsJson.Default.StreamStateView);
            else Print(terminal, view);
            return 0;
        });

    static void Print(Terminal terminal, StreamStateView view)
    {
        terminal.Section("events");
        if (!view.Enabled) terminal.Line("the websocket port is off; write \"websocket: {enabled: true}\" into agent.yml");
        foreach (var place in view.Listens) terminal.Field("Listens", place);
        foreach (var problem in view.Problems) terminal.Line(Tone.Warning, problem);
        terminal.Field("Readers", $"{view.Clients} of {view.MaxClients}, and {view.ApiClients} on the API's port and socket");
        terminal.Field("Newest change", Text(view.Sequence));
        terminal.Field("Kept", string.Create(CultureInfo.InvariantCulture, $"{view.Kept:N0} changes, {view.KeptBytes / 1024:N0} KiB"));
        terminal.Field("Topics", string.Join(", ", view.Topics));
        if (!view.Enabled) return;
        terminal.Field("Since the start", string.Create(CultureInfo.InvariantCulture,
            $"{view.Welcomed:N0} welcomed, {view.Refused:N0} refused, {view.CutOff:N0} cut off, {view.SentBytes / 1024:N0} KiB sent"));
    }

    static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
