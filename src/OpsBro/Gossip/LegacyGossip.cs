using Microsoft.AspNetCore.Http;
using OpsBro.Api;
using OpsBro.Storage;

namespace OpsBro.Gossip;

/// <summary>
/// The original's routes of the cluster: same paths, same shapes, its words for states. Those that change something or ask other nodes were
/// for its local socket, and are for the socket or a token here.
/// </summary>
internal sealed class LegacyGossip(
    MemberViews members, LegacyNodes nodeRecords, GossipActions actions, GossipJournal journal, HistoryLog history, Cluster cluster, TimeProvider time)
{
    /// <summary>Changes that the history shows.</summary>
    public const int MaxChanges = 1_000;

    /// <summary>Maps them.</summary>
    public void MapTo(ApiRoutes api)
    {
        var json = GossipJson.Default;
        const string off = "Gossip is off, or this node has left the cluster.";
        ApiParameter name = ("name", "id or name of a node", Kind.NameOf(() => [cluster.Name], "web-1"));
        api.Raw("GET", "/agent/members", "The members by id.", Right.Read,
                async context => await ApiRoutes.Write(context, await Members(), json.DictionaryStringLegacyNode), isLegacy: true)
            .Gives(json.DictionaryStringLegacyNode);
        api.Legacy("/agent/members/history", "Who came, was suspected, died and left, by seconds.", json.LegacyMembersHistoryArray,
            _ => Changes(history.Read(GossipJournal.HistoryKind, null, MaxChanges, null)));
        Ask(api, "/agent/query/guess/{name}", "The member of a name or an id, or null.",
                async context => await ApiRoutes.Write(context, (await Guess(context.Part("name")))!, json.LegacyNode), name)
            .Gives(json.LegacyNode, orNull: true);
        Ask(api, "/agent/join/{**host}", "Join host or host:port.", async context =>
        {
            var joins = await actions.Join(new JoinRequest { Addresses = [context.Part("host")] }, context.RequestAborted);
            await ApiRoutes.Write(context, joins.All(j => j.Joined), json.Boolean);
        }, ("host", "address of another agent", "127.0.0.2:7946")).Gives(json.Boolean).Fails(409, off);
        Ask(api, "/agent/leave/{name}", "Leave, for this node's id; make a failed member one that left, for another's.", async context =>
        {
            var done = await actions.Leave(new LeaveRequest { Node = await NodeOf(context.Part("name")) }, context.RequestAborted);
            await ApiRoutes.Write(context, new LegacyAnswer { Success = done.Ok, Text = done.Message }, json.LegacyAnswer);
        }, ("name", "id or name of a node", Kind.NameOf(() => [cluster.Parts.Uuid]))).Gives(json.LegacyAnswer)
            .Fails(404, "There is no member of that name.").Fails(409, off);
        Ask(api, "/agent/ping/{name}", "Ask a member whether it is there.",
                async context => await ApiRoutes.Write(context, await Ping(context.Part("name")), json.LegacyAnswer), name)
            .Gives(json.LegacyAnswer).Fails(409, off);
        Ask(api, "/agent/event/{name}", "The last event of a name within five minutes, or null.",
                async context => await ApiRoutes.Write(context, Event(context.Part("name"))!, json.LegacyEvent), ("name", "an event", "deploy"))
            .Gives(json.LegacyEvent, orNull: true);
        api.Raw("POST", "/agent/event", "Tell all members an event: the form field event_type.", Right.Write, async context =>
        {
            var done = await actions.Fire(new EventRequest { Name = await TypeOf(context.Request) });
            await ApiRoutes.Write(context, new LegacyAnswer { Success = done.Ok, Text = done.Message }, json.LegacyAnswer);
        }, isLegacy: true)
            .Takes("application/x-www-form-urlencoded", "event_type=deploy", """{"type":"object","properties":{"event_type":{"type":"string"}}}""")
            .Gives(json.LegacyAnswer).Fails(409, off);
    }

    /// <summary>Those of a name that is not there answer so with 200, as the original does.</summary>
    static ApiRoute Ask(ApiRoutes api, string path, string summary, RequestDelegate handler, ApiParameter part) =>
        api.Raw("GET", path, summary, Right.Write, handler, true, part).Never(404);

    async Task<Dictionary<string, LegacyNode>> Members()
    {
        var nodes = new Dictionary<string, LegacyNode>(StringComparer.Ordinal);
        foreach (var member in await members.All())
        {
            var node = nodeRecords.Of(member);
            nodes[node.Uuid] = node;
        }
        return nodes;
    }

    async Task<LegacyNode?> Guess(string name) => await members.Find(name) is { } member ? nodeRecords.Of(member) : null;

    /// <summary>The name that goes with a name or an id.</summary>
    async Task<string> NodeOf(string name) => name == cluster.Parts.Uuid ? cluster.Name : (await members.Find(name))?.Name ?? name;

    async Task<LegacyAnswer> Ping(string name)
    {
        try
        {
            var ping = await actions.Ping(name);
            return ping.RoundTripMs is null ? new LegacyAnswer { Error = $"{ping.Node} does not answer" } : new LegacyAnswer { State = Word(ping.State) };
        }
        catch (ApiProblem e) when (e.Status == 404)
        {
            return new LegacyAnswer { Error = e.Message };
        }
    }

    LegacyEvent? Event(string name)
    {
        var last = journal.Events.LastOrDefault(e => e.Name == name && time.GetUtcNow() - e.At < ClusterAnswers.RecentEvent);
        return last is null ? null : new LegacyEvent("", new LegacyPayload(last.Name), last.At.ToUnixTimeSeconds(), $"{last.Zone}-{last.LTime}-{last.Name}");
    }

    static async Task<string> TypeOf(HttpRequest request)
    {
        if (!request.HasFormContentType) throw ApiProblem.Bad("send the form field event_type, as application/x-www-form-urlencoded");
        try
        {
            var form = await request.ReadFormAsync(request.HttpContext.RequestAborted);
            return form["event_type"].ToString() is { Length: > 0 } type ? type : throw ApiProblem.Bad("the form field event_type is missing");
        }
        catch (InvalidDataException e)
        {
            throw ApiProblem.Bad($"the form cannot be read: {e.Message}");
        }
    }

    /// <summary>The changes of state in the history, oldest second first, in the original's words.</summary>
    /// <param name="entries">The newest first.</param>
    public static LegacyMembersHistory[] Changes(IEnumerable<HistoryEntry> entries) =>
    [
        .. from entry in entries.Reverse()
           let change = ChangeOf(entry)
           where change is not null
           group change by entry.At.ToUnixTimeSeconds() into second
           orderby second.Key
           select new LegacyMembersHistory(second.Key, [.. second]),
    ];

    /// <summary>Null for what is no change of state: a conflict, a member that is forgotten.</summary>
    static LegacyMemberChange? ChangeOf(HistoryEntry entry)
    {
        var (before, after) = entry switch
        {
            { From: "", To: "suspect" } => ("alive", "suspect"),
            { From: "", To: "refute" } => ("suspect", "alive"),
            { From: "", To: "alive" } => ("unknown", "alive"),
            { From: "" } => ("", ""),
            _ => (Word(entry.From), Word(entry.To)),
        };
        return after is "alive" or "suspect" or "dead" or "leave" && before != after
            ? new LegacyMemberChange("node-state-change", entry.Name, entry.Name, "", before, after)
            : null;
    }

    /// <summary>A state in the original's word.</summary>
    public static string Word(string state) => state switch
    {
        "failed" => "dead",
        "left" or "leaving" => "leave",
        _ => state,
    };
}
