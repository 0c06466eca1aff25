using System.CommandLine;
using System.Globalization;
using OpsBro.Cli;

namespace OpsBro.Gossip;

/// <summary>The verbs <c>gossip members|history|wait-members</c>.</summary>
internal static class MemberVerbs
{
    /// <summary>Columns that groups get on a narrow terminal.</summary>
    const int LeastGroups = 10;

    /// <summary><c>members</c>.</summary>
    public static Command Members(ApiClient api, Terminal terminal)
    {
        var detail = new Option<bool>("--detail") { Description = "Also id, incarnation, protocols, tags and every group." };
        return Verb.Reading("members", "The members of the cluster, as this agent sees them.", async (args, cancel) =>
        {
            var members = await api.Get("/v1/members", GossipJson.Default.MemberViewArray, cancel);
            if (terminal.Json) terminal.PrintJson(members, GossipJson.Default.MemberViewArray);
            else foreach (var zone in members.GroupBy(m => m.Zone)) Print(terminal, zone.Key, [.. zone], args.GetValue(detail));
            if (members.Length == 0 && !terminal.Json)
                terminal.Note("no members: gossip does not run here, or this node has left the cluster; see opsbro gossip info");
            return 0;
        }, detail);
    }

    static readonly string[] heads = ["NAME", "STATE", "SINCE", "ADDRESS", "CHECKS", "RTT", "VERSION"];

    /// <summary>Prints the members of a zone: a line each, or with detail, for a person, a block each.</summary>
    public static void Print(Terminal terminal, string zone, MemberView[] members, bool withDetail)
    {
        terminal.Section($"zone {zone}");
        if (withDetail && terminal.IsInteractive)
        {
            foreach (var member in members) Block(terminal, member);
            return;
        }
        var rows = members.Select(m => Row(terminal, m)).ToList();
        if (withDetail)
        {
            terminal.Table([.. heads, "GROUPS", "LAST STATE", "ID", "INCARNATION", "PROTOCOLS", "TAGS"],
                members.Zip(rows, (m, row) => (string[])[.. row, Groups(m, int.MaxValue), .. Detail(m)]));
            return;
        }
        // groups are the long ones: they get what is left of the line
        var room = terminal.Width;
        if (room != int.MaxValue)
            room -= heads.Index().Sum(head => rows.Select(row => Terminal.VisibleLength(row[head.Index])).Append(head.Item.Length).Max() + 2);
        terminal.Table([.. heads, "GROUPS"], members.Zip(rows, (m, row) => (string[])[.. row, Groups(m, Math.Max(room, LeastGroups))]));
    }

    static string[] Row(Terminal terminal, MemberView m) =>
    [
        NameOf(m), terminal.State(m.State), terminal.IsInteractive ? Age(DateTimeOffset.UtcNow - m.Since) : Time(m.Since),
        GossipVerbs.Place(m.Address, m.Port), Checks(terminal, m),
        m.RoundTripMs is { } trip ? Milliseconds(trip) : "-", m.Version.Length > 0 ? m.Version : "serf",
    ];

    static void Block(Terminal terminal, MemberView m)
    {
        terminal.Line($"{NameOf(m)}  {terminal.State(m.State)} since {Time(m.Since)}");
        terminal.Field("Address", GossipVerbs.Place(m.Address, m.Port));
        if (m.CheckState.Length > 0) terminal.Field("Checks", Checks(terminal, m));
        if (m.RoundTripMs is { } trip) terminal.Field("Round trip", Milliseconds(trip));
        terminal.Field("Version", m.Version.Length > 0 ? m.Version : "serf");
        terminal.Field("Groups", Groups(m, int.MaxValue));
        var detail = Detail(m);
        foreach (var (name, value) in new[] { "Last state", "Id", "Incarnation", "Protocols", "Tags" }.Zip(detail)) terminal.Field(name, value);
    }

    /// <summary>A span of time in two or three characters and a unit: what fits a column.</summary>
    public static string Age(TimeSpan age) => age switch
    {
        { TotalDays: >= 2 } => $"{(int)age.TotalDays} d",
        { TotalHours: >= 2 } => $"{(int)age.TotalHours} h",
        { TotalMinutes: >= 2 } => $"{(int)age.TotalMinutes} min",
        _ => $"{Math.Max(0, (int)age.TotalSeconds)} s",
    };

    static string NameOf(MemberView m) => string.Concat(
        m.DisplayName.Length > 0 && m.DisplayName != m.Name ? $"{m.Name} [{m.DisplayName}]" : m.Name, m.IsProxy ? " (proxy)" : "", m.IsSelf ? " *" : "");

    /// <summary>The last state of a node that is gone is no news.</summary>
    static string Checks(Terminal terminal, MemberView m) => m.CheckState.Length == 0 ? "-"
        : m.IsStale ? terminal.Paint(Tone.Dim, $"{m.CheckState.ToUpperInvariant()} (stale)")
        : terminal.State(m.CheckState);

    static string[] Detail(MemberView m) =>
    [
        m is { IsStale: true, AgeSeconds: { } age } ? $"stale, {Config.Durations.Text(TimeSpan.FromSeconds(Math.Round(age)))} old" : "now",
        m.Id.Length > 0 ? m.Id : "-", m.Incarnation.ToString(CultureInfo.InvariantCulture), string.Join('.', m.Protocols),
        string.Join(' ', m.Tags.OrderBy(t => t.Key, StringComparer.Ordinal).Select(t => $"{t.Key}={t.Value}")),
    ];

    /// <summary>As many groups as fit, and how many there are when some do not.</summary>
    public static string Groups(MemberView m, int room)
    {
        var all = string.Join(',', m.Groups);
        if (m.Groups.Length == 0) return "-";
        if (all.Length <= room) return all;
        var rest = $",… ({m.Groups.Length})";
        var shown = m.Groups.Length - 1;
        while (shown > 0 && m.Groups.Take(shown).Sum(g => g.Length + 1) - 1 + rest.Length > room) shown--;
        return shown == 0 ? $"{m.Groups.Length} groups" : string.Join(',', m.Groups.Take(shown)) + rest;
    }

    static string Milliseconds(double trip) => string.Create(CultureInfo.InvariantCulture, $"{trip:0.##} ms");

    static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary><c>history [NODE]</c>.</summary>
    public static Command History(ApiClient api, Terminal terminal)
    {
        var node = GossipVerbs.Member(api, "Only about this node.", isOptional: true);
        var limit = new Option<int>("--limit")
        {
            Description = "How many lines, the newest first.",
            DefaultValueFactory = _ => GossipComponent.DefaultLimit,
        };
        var since = new Option<string?>("--since") { Description = "Only the last while, for instance 2h." };
        return Verb.Reading("history", "Who joined, failed, left, and who suspected whom and why.", async (args, cancel) =>
        {
            var path = $"/v1/gossip/history?limit={args.GetValue(limit)}";
            if (args.GetValue(node) is { } name) path += $"&node={Uri.EscapeDataString(name)}";
            if (args.GetValue(since) is { } while_) path += $"&since={Uri.EscapeDataString(while_)}";
            var lines = await api.Get(path, GossipJson.Default.GossipHistoryViewArray, cancel);
            if (terminal.Json) terminal.PrintJson(lines, GossipJson.Default.GossipHistoryViewArray);
            else
            {
                terminal.Table(["TIME", "NODE", "WHAT", "WHY"], lines.Reverse().Select(l => (string[])
                [
                    Time(l.At), l.Node, l.From.Length > 0 ? $"{l.From} → {terminal.State(l.To)}" : terminal.State(l.To), l.Text,
                ]));
            }
            return 0;
        }, node, limit, since);
    }

    /// <summary><c>wait-members</c>.</summary>
    public static Command Wait(ApiClient api, Terminal terminal)
    {
        var name = new Option<string?>("--name") { Description = "Wait for the member of this name." };
        var displayName = new Option<string?>("--display-name") { Description = "Wait for the member that people call so." };
        var group = new Option<string?>("--group") { Description = "Wait for members of this group." };
        var count = new Option<int>("--count") { Description = "How many members at least.", DefaultValueFactory = _ => 1 };
        return Verb.Waiting("wait-members", "Wait until members are alive; exit 0, or 2 when it takes too long.", (args, cancel) =>
        {
            var (wanted, called, of, least) = (args.GetValue(name), args.GetValue(displayName), args.GetValue(group), args.GetValue(count));
            string[] words =
            [
                .. wanted is null ? [] : new[] { $"member {wanted}" }, .. called is null ? [] : new[] { $"member [{called}]" },
                .. of is null ? [] : new[] { $"group {of}" },
            ];
            return terminal.WaitUntil(words.Length > 0 ? string.Join(" and ", words) : "members", async token =>
            {
                var members = await api.Get("/v1/members", GossipJson.Default.MemberViewArray, token);
                var found = members.Count(m => m.State is "alive" && (wanted is null || m.Name == wanted)
                    && (called is null || m.DisplayName == called) && (of is null || m.Groups.Contains(of)));
                return (found >= least, least > 1 || found > 1 ? $"{found} of {least} alive" : found == 1 ? "alive" : "not alive");
            }, Verb.TimeoutOf(args), cancel);
        }, name, displayName, group, count);
    }
}
