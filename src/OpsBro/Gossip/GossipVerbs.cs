using System.CommandLine;
using System.Globalization;
using OpsBro.Api;
using OpsBro.Cli;
using OpsBro.Gossip.Keys;
using OpsBro.Gossip.Zones;

namespace OpsBro.Gossip;

/// <summary>The verbs of the noun <c>gossip</c>, and the short forms <c>members</c>, <c>join</c>, <c>leave</c>, <c>event</c>.</summary>
internal static class GossipVerbs
{
    /// <summary>Everything.</summary>
    public static IEnumerable<Command> All(ApiClient api, Terminal terminal)
    {
        yield return Verb.Noun("gossip", "The cluster: every agent knows every agent.",
            MemberVerbs.Members(api, terminal), Join(api, terminal), Leave(api, terminal), Ping(api, terminal), MemberVerbs.History(api, terminal),
            KeyVerbs.Create(api, terminal), ZoneVerbs.Create(api, terminal),
            EventVerbs.Events(api, terminal), EventVerbs.Query(api, terminal), MemberVerbs.Wait(api, terminal), Info(api, terminal),
            Detect.DetectApi.Verb(api, terminal), Tuning(api, terminal));
        yield return MemberVerbs.Members(api, terminal);
        yield return Join(api, terminal);
        yield return Leave(api, terminal);
        yield return EventVerbs.Event(api, terminal);
    }

    /// <summary>An argument that completes to members' names.</summary>
    public static Argument<string?> Member(ApiClient api, string description, bool isOptional = false) => Verb.Name("node", description,
        async cancel => (await api.Get("/v1/members", GossipJson.Default.MemberViewArray, cancel)).Select(m => m.Name), isOptional);

    static Command Join(ApiClient api, Terminal terminal)
    {
        var hosts = new Argument<string[]>("host") { Description = "host, host:port or name/host:port.", Arity = ArgumentArity.OneOrMore, HelpName = "host" };
        var replay = new Option<bool>("--replay") { Description = "Be told the events of the past as well." };
        return Verb.Reading("join", "Join the cluster of other agents (or of Serf's).", async (args, cancel) =>
        {
            var request = new JoinRequest { Addresses = args.GetValue(hosts), Replay = args.GetValue(replay) };
            var joins = await api.Change("POST", "/v1/gossip/join", request, GossipJson.Default.JoinRequest, GossipJson.Default.JoinViewArray, cancel);
            if (terminal.Json) terminal.PrintJson(joins, GossipJson.Default.JoinViewArray);
            else
            {
                foreach (var join in joins)
                    if (join.Joined) terminal.Line($"joined {join.Address}");
                    else terminal.Note($"error: {join.Address}: {join.Error}");
            }
            return joins.Any(join => join.Joined) ? 0 : 2;
        }, hosts, replay);
    }

    static Command Leave(ApiClient api, Terminal terminal)
    {
        var node = Member(api, "A failed member; this node when it is left out.", isOptional: true);
        var prune = new Option<bool>("--prune") { Description = "Forget the member at once." };
        return Verb.Acting("leave", "Leave the cluster, or make a failed member one that left.", async (args, cancel) =>
        {
            var request = new LeaveRequest { Node = args.GetValue(node), Prune = args.GetValue(prune) };
            var done = await api.Change("POST", "/v1/gossip/leave", request, GossipJson.Default.LeaveRequest, ApiJson.Default.DoneView, cancel);
            terminal.Line(done.Message);
            return 0;
        }, node, prune);
    }

    static Command Ping(ApiClient api, Terminal terminal)
    {
        var node = Member(api, "The member.");
        return Verb.Reading("ping", "Ask a member whether it is there; exit 0, or 2 when it does not answer.", async (args, cancel) =>
        {
            var ping = await api.Change("POST", $"/v1/gossip/ping/{Uri.EscapeDataString(args.GetValue(node)!)}", GossipJson.Default.PingView, cancel);
            if (terminal.Json) terminal.PrintJson(ping, GossipJson.Default.PingView);
            else if (ping.RoundTripMs is { } trip)
                terminal.Line(string.Create(CultureInfo.InvariantCulture, $"{ping.Node} answers after {trip:0.###} ms; it is {ping.State}"));
            else terminal.Note($"error: {ping.Node} does not answer; it is {ping.State}");
            return ping.RoundTripMs is null ? 2 : 0;
        }, node);
    }

    static Command Info(ApiClient api, Terminal terminal) =>
        Verb.Reading("info", "This agent's gossip at a glance.", async (_, cancel) =>
        {
            var info = await api.Get("/v1/gossip", GossipJson.Default.GossipView, cancel);
            if (terminal.Json) terminal.PrintJson(info, GossipJson.Default.GossipView);
            else Print(terminal, info);
            return 0;
        });

    static void Print(Terminal terminal, GossipView info)
    {
        terminal.Section("gossip");
        terminal.Field("State", info.State);
        terminal.Field("Name", info.Name);
        terminal.Field("Zone", info.IsProxy ? $"{info.Zone} (proxy node)" : info.Zone);
        if (info.Seeds.Length > 0) terminal.Field("Seeds", string.Join(", ", info.Seeds));
        terminal.Field("Detection", info.DetectPort > 0 ? $"UDP port {info.DetectPort}" : "off");
        foreach (var pool in info.Pools)
        {
            terminal.Section($"zone {pool.Zone}");
            terminal.Field("Address", $"{Place(pool.Address, pool.Port)} (listens on {pool.Listens}, UDP and TCP)");
            terminal.Field("Profile", pool.Profile);
            terminal.Field("Encryption", pool.Encrypted ? $"AES-GCM, key {pool.KeyFingerprint}, {pool.Keys} keys" : "none");
            terminal.Field("Members", string.Join(", ", pool.Members.Select(m => $"{m.Value} {m.Key}")));
            terminal.Field("Health", pool.Health == 0 ? "well" : $"{pool.Health} of 7: this node itself is slow or badly connected");
            foreach (var (name, count) in pool.Counters)
                if (count > 0) terminal.Field(name, count.ToString(CultureInfo.InvariantCulture));
        }
        foreach (var problem in info.Problems) terminal.Line(Tone.Warning, problem);
    }

    /// <summary>Address and port as one writes them.</summary>
    public static string Place(string address, int port) =>
        string.Create(CultureInfo.InvariantCulture, $"{(address.Contains(':') ? $"[{address}]" : address)}:{port}");

    static Command Tuning(ApiClient api, Terminal terminal) =>
        Verb.Reading("tuning", "Every constant of the protocol.", async (_, cancel) =>
        {
            var all = await api.Get("/v1/gossip/tuning", GossipJson.Default.TuningViewArray, cancel);
            if (terminal.Json) terminal.PrintJson(all, GossipJson.Default.TuningViewArray);
            else terminal.Table(["NAME", "LAN", "WAN", "LOCAL", "MEANING"], all.Select(t => (string[])[t.Name, t.Lan, t.Wan, t.Local, t.Meaning]));
            return 0;
        });
}
