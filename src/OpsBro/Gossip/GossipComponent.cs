using System.CommandLine;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpsBro.Api;
using OpsBro.Cli;
using OpsBro.Config;
using OpsBro.Gossip.Detect;
using OpsBro.Gossip.Handlers;
using OpsBro.Gossip.Keys;
using OpsBro.Gossip.Rpc;
using OpsBro.Gossip.Zones;
using OpsBro.Storage;

namespace OpsBro.Gossip;

/// <summary>
/// The cluster: every agent knows every agent. Verbs <c>gossip …</c>, routes <c>/v1/members</c>, <c>/v1/events</c>, <c>/v1/gossip/…</c>.
/// </summary>
internal sealed class GossipComponent : IComponent
{
    /// <summary>Lines of the history and events shown unless told otherwise.</summary>
    public const int DefaultLimit = 100;

    /// <inheritdoc/>
    public string Name => "gossip";

    /// <inheritdoc/>
    public void AddTo(IServiceCollection services, AgentOptions options)
    {
        services.AddSingleton<IConfigChecker, GossipChecker>().AddSingleton<IConfigChecker, ZoneChecker>();
        services.AddSingleton(s => new Feed<MemberChanged>("members", s.GetRequiredService<Telemetry>()));
        services.AddSingleton(s => new Feed<MemberSuspected>("suspicions", s.GetRequiredService<Telemetry>()));
        services.AddSingleton(s => new Feed<UserEventArrived>("events", s.GetRequiredService<Telemetry>()));
        services.AddSingleton(s => new Feed<QueryArrived>("queries", s.GetRequiredService<Telemetry>()));
        services.AddSingleton(s => new Feed<PoolNews>("pool_news", s.GetRequiredService<Telemetry>()));
        services.AddSingleton(s => new Feed<PoolEvent>("pool_events", s.GetRequiredService<Telemetry>()));
        services.AddSingleton<GossipJournal>().AddSingleton<ClusterParts>().AddSingleton<Cluster>().AddSingleton<GossipActions>();
        services.AddSingleton<MemberViews>();
        services.AddSingleton<ClusterAnswers>().AddSingleton<ClusterSummary>();
        services.AddSingleton<KeyActions>().AddSingleton<ZoneActions>();
        services.AddHostedService<PoolEvents>();   // before the cluster: it hears of the first member
        services.AddHostedService(s => s.GetRequiredService<Cluster>());
        services.AddSingleton<DetectResponder>().AddSingleton<Detection>().AddSingleton<LegacyNodes>().AddSingleton<LegacyGossip>();
        services.AddHostedService(s => s.GetRequiredService<DetectResponder>()).AddHostedService<AutoDetect>();
        services.AddHostedService<KeyRotation>();
        services.AddHostedService<RpcServer>().AddHostedService<HandlerRunner>();
    }

    /// <inheritdoc/>
    public void MapTo(ApiRoutes api, IServiceProvider services)
    {
        var members = services.GetRequiredService<MemberViews>();
        var actions = services.GetRequiredService<GossipActions>();
        var journal = services.GetRequiredService<GossipJournal>();
        var history = services.GetRequiredService<HistoryLog>();
        var json = GossipJson.Default;
        ApiParameter name = ("name", "a member", Kind.NameOf(() => [services.GetRequiredService<Cluster>().Name], "web-1"));
        const string off = "Gossip is off, or this node has left the cluster.";
        api.Get("/v1/members", "The members of the cluster, as this agent sees them.", json.MemberViewArray, context => Members(members, context),
            ("zone", "only this zone", "internet"), ("state", "only this state", Kind.OneOf("alive", "suspect", "leaving", "left", "failed")),
            ("group", "only members of this group", "linux"));
        api.Get("/v1/members/{name}", "One member with its groups, services, checks and facts.", json.MemberView,
            async context => members.WithState(await actions.Known(context.Part("name"))), name);
        api.Get("/v1/events", "The last events of users, newest first.", json.EventViewArray, context => Events(journal, context),
            ("name", "only this event", "deploy"), ("limit", "how many at most", Kind.Number(1..GossipJournal.MaxEvents, DefaultLimit)));
        api.Change("POST", "/v1/events", "Tell all members an event.", json.EventRequest, ApiJson.Default.DoneView, (_, request) => actions.Fire(request))
            .WithBody(json.EventRequest, new EventRequest { Name = "deploy", Payload = "shop 2.4" }).Fails(409, off);
        api.Get("/v1/gossip", "This agent's gossip at a glance.", json.GossipView, _ => actions.Look());
        api.Get("/v1/gossip/tuning", "Every constant of the protocol.", json.TuningViewArray, _ => Tuning.All);
        api.Get("/v1/gossip/history", "Who joined, failed, left, suspected whom and why, newest first.", json.GossipHistoryViewArray,
            context => History(history, context), ("node", "only about this node", name.Kind),
            ("limit", "how many at most", Kind.Number(1..HistoryLog.MaxRead, DefaultLimit)), ("since", "only the last while", Kind.Duration));
        api.Change("POST", "/v1/gossip/join", "Join other agents, by their addresses.", json.JoinRequest, json.JoinViewArray,
                (context, request) => actions.Join(request, context.RequestAborted))
            .WithBody(json.JoinRequest, new JoinRequest { Addresses = ["127.0.0.2:7946"] }).Fails(409, off);
        api.Change("POST", "/v1/gossip/leave", "Leave the cluster, or make a failed member one that left.", json.LeaveRequest, ApiJson.Default.DoneView,
                (context, request) => actions.Leave(request, context.RequestAborted))
            .WithBody(json.LeaveRequest, new LeaveRequest()).Fails(404, "There is no member of that name.")
            .Fails(409, "The member has not failed, or gossip is off.");
        api.Change("POST", "/v1/gossip/ping/{name}", "Ping a member.", json.PingView, context => actions.Ping(context.Part("name")), name).Fails(409, off);
        api.Change("POST", "/v1/gossip/query", "Ask the members, and wait for their answers.", json.QueryBody, json.QueryView,
                (context, body) => actions.Query(body, context.RequestAborted))
            .WithBody(json.QueryBody, new QueryBody { Name = "uptime", Ack = true, TimeoutSeconds = 1 }).Fails(409, off);
        DetectApi.MapTo(api, services.GetRequiredService<Detection>());
        services.GetRequiredService<LegacyGossip>().MapTo(api);
        KeyRoutes.Map(api, services);
    }

    static async Task<MemberView[]> Members(MemberViews members, HttpContext context)
    {
        var (zone, state, group) = (context.Query("zone"), context.Query("state"), context.Query("group"));
        return
        [
            .. (await members.All()).Where(m => (zone is null || m.Zone == zone) && (state is null || m.State == state)
                && (group is null || m.Groups.Contains(group))),
        ];
    }

    static EventView[] Events(GossipJournal journal, HttpContext context)
    {
        var name = context.Query("name");
        var limit = context.QueryNumber("limit");
        return [.. journal.Events.Reverse().Where(e => name is null || e.Name == name).Take(limit).Select(EventView.Of)];
    }

    static GossipHistoryView[] History(HistoryLog history, HttpContext context)
    {
        DateTimeOffset? since = context.Query("since") is null ? null : DateTimeOffset.UtcNow - context.QueryDuration("since", default);
        var limit = context.QueryNumber("limit");
        return
        [
            .. history.Read(GossipJournal.HistoryKind, context.Query("node"), limit, since)
                .Select(e => new GossipHistoryView(e.At, e.Name, e.From, e.To, e.Text)),
        ];
    }

    /// <inheritdoc/>
    public IEnumerable<Command> Verbs(ApiClient api, Terminal terminal) => GossipVerbs.All(api, terminal);
}
