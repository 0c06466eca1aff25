using System.CommandLine;
using System.Globalization;
using OpsBro.Cli;

namespace OpsBro.Gossip;

/// <summary>The verbs <c>gossip members|history|wait-members</c>.</summary>
internal static class MemberVerbs
{
    /// <summary>Groups shown of a member unless all are asked for.</summary>
    const int MaxGroups = 8;

    /// <summary><c>members</c>.</summary>
    public static Command Members(ApiClient api, Terminal terminal)
    {
        var detail = new Option<bool>("--detail") { Description = "Also id, incarnation, protocols, tags and every group." };
        return Verb.Reading("members", "The members of the cluster, as this agent sees them.", async (args, cancel) =>
        {
            var members = await api.Get("/v1/members", GossipJson.Default.MemberViewArray, cancel);
            if (terminal.Json) terminal.PrintJson(members, GossipJson.Default.MemberViewArray);
            else foreach (var zone in members.GroupBy(m => m.Zone)) Print(terminal, zone.Key, [.. zone], args.GetValue(detail));
            return 0;
        }, detail);
    }

    static void Print(Terminal terminal, string zone, MemberView[] members, bool withDetail)
    {
        terminal.Section($"zone {zone}");
        string[] heads = ["NAME", "STATE", "SINCE", "ADDRESS", "CHECKS", "RTT", "VERSION", "GROUPS"];
        terminal.Table(withDetail ? [.. heads, "LAST STATE", "ID", "INCARNATION", "PROTOCOLS", "TAGS"] : heads, members.Select(m => (string[])
        [
            NameOf(m), terminal.State(m.State), Time(m.Since), GossipVerbs.Place(m.Address, m.Port),
            Checks(terminal, m), m.RoundTripMs is { } trip ? Milliseconds(trip) : "-",
            m.Version.Length > 0 ? m.Version : "serf", Groups(m, withDetail || !terminal.IsInteractive),
            .. withDetail ? Detail(m) : [],
        ]));
    }

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

    static string Groups(MemberView m, bool all) => m.Groups.Length switch
    {
        0 => "-",
        > MaxGroups when !all => $"{string.Join(',', m.Groups.Take(MaxGroups))},… ({m.Groups.Length})",
        _ => string.Join(',', m.Groups),
    };

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
                .. of is null ? [] : new[] { $"members of group {of}" },
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
