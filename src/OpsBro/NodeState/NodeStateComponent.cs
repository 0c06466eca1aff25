using System.Text.Json.Serialization;
using Microsoft.Extensions.DependencyInjection;
using OpsBro.Api;
using OpsBro.Checks;
using OpsBro.Core.Checks;
using OpsBro.Detectors;
using OpsBro.Gossip;

namespace OpsBro.NodeState;

/// <summary>
/// What every node says of itself, known to every node: groups, services, checks, facts. Routes <c>/v1/members/NAME/checks</c> and
/// <c>/groups</c>, for <c>monitoring state NODE</c> and <c>detectors state NODE</c>, and <c>/v1/nodestate</c>.
/// </summary>
internal sealed class NodeStateComponent : IComponent
{
    /// <inheritdoc/>
    public string Name => "nodestate";

    /// <inheritdoc/>
    public void AddTo(IServiceCollection services, AgentOptions options)
    {
        services.AddSingleton<NodeBook>().AddSingleton<NodeStateLoop>();
        services.AddSingleton(s => new Feed<NodeChanged>("nodes", s.GetRequiredService<Telemetry>()));
        services.AddHostedService(s => s.GetRequiredService<NodeStateLoop>());
    }

    /// <inheritdoc/>
    public void MapTo(ApiRoutes api, IServiceProvider services)
    {
        var actions = services.GetRequiredService<GossipActions>();
        var book = services.GetRequiredService<NodeBook>();
        var loop = services.GetRequiredService<NodeStateLoop>();
        var checks = services.GetRequiredService<CheckLoop>();
        var groups = services.GetRequiredService<Groups>();
        ApiParameter name = ("name", "a member", Kind.NameOf(() => [services.GetRequiredService<Cluster>().Name], "web-1"));
        api.Get("/v1/members/{name}/checks", "The checks of a member, as they are known here.", ChecksJson.Default.NodeChecksView,
            async context => Checks(await actions.Known(context.Part("name")), book, checks), name);
        api.Get("/v1/members/{name}/groups", "The groups of a member, as they are known here.", DetectorsJson.Default.NodeGroupsJson,
            async context => Groups(await actions.Known(context.Part("name")), book, groups), name);
        api.Get("/v1/nodestate", "What the nodes say of themselves, in numbers.", NodeStateJson.Default.NodeStateView, _ => Look(loop))
            .Fails(503, "Too many ask the same, or the agent stops.");
    }

    static NodeChecksView Checks(MemberView member, NodeBook book, CheckLoop own)
    {
        var known = book.Find(member.Zone, member.Name);
        CheckView[] views = member.IsSelf
            ? [.. own.All.Where(c => c.IsActive).OrderBy(c => c.Definition.Id, StringComparer.Ordinal).Select(CheckView.Of)]
            : [.. (known?.Checks ?? []).Select(c => Of(c, isService: false)), .. (known?.Services ?? []).Select(c => Of(c, isService: true))];
        return new NodeChecksView(member.Name, member.Zone, member.State, member.IsSelf || known is not null, member.IsStale, member.AgeSeconds, views);
    }

    /// <summary>A check of another node in the shape of our own: its id says its pack, and only its confirmed state is known.</summary>
    static CheckView Of(KnownCheck check, bool isService)
    {
        var pack = check.Value.IsOfPack && check.Id.IndexOf('/', StringComparison.Ordinal) is > 0 and var slash ? check.Id[..slash] : "";
        var name = pack.Length > 0 ? check.Id[(pack.Length + 1)..] : check.Id[(check.Id.LastIndexOf('/') + 1)..];
        var state = check.Value.State.Word();
        return new CheckView
        {
            Id = isService ? $"service:{check.Id}" : check.Id,
            Name = name,
            DisplayName = name,
            Pack = pack,
            IsService = isService,
            State = state,
            HardState = state,
            IsHard = true,
            Attempt = 1,
            IsFlapping = check.Value.IsFlapping,
            Output = check.Value.Output,
            Since = check.Value.Since,
            IsActive = true,
        };
    }

    static NodeGroupsJson Groups(MemberView member, NodeBook book, Groups own)
    {
        var known = book.Find(member.Zone, member.Name);
        NodeGroupJson[] groups = member.IsSelf
            ? [.. own.Current.Select(g => new NodeGroupJson(g.Name, g.Since))]
            : known is not null ? [.. known.Groups.Select(g => new NodeGroupJson(g.Name, g.Since))]
            : [.. member.Groups.Select(g => new NodeGroupJson(g, null))];   // the tags hold some
        return new NodeGroupsJson(
            member.Name, member.Zone, member.State, member.IsSelf || known is not null || groups.Length > 0, member.IsStale, member.AgeSeconds, groups);
    }

    static async Task<NodeStateView> Look(NodeStateLoop loop)
    {
        try
        {
            var now = await loop.Ask();
            return new NodeStateView(now.Nodes, now.Bytes, now.OwnBytes, now.Generation, [.. loop.Problems], now.Counters);
        }
        catch (PoolClosedException)
        {
            throw new ApiProblem(503, "too many ask the same, or the agent stops; ask again");
        }
    }
}

/// <summary>What the nodes say of themselves, in numbers.</summary>
/// <param name="Nodes">Nodes known, this one too.</param>
/// <param name="Bytes">Of all that they say.</param>
/// <param name="OwnBytes">Of what this node says.</param>
/// <param name="Generation">Of this node's map: when its agent started, seconds since 1970, or more.</param>
/// <param name="Problems">What the others are not told, and why.</param>
/// <param name="Counters">What the engine counted, by name.</param>
internal sealed record NodeStateView(
    int Nodes, long Bytes, int OwnBytes, ulong Generation, string[] Problems, IReadOnlyDictionary<string, long> Counters);

/// <summary>JSON of this slice.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(NodeStateView))]
internal sealed partial class NodeStateJson : JsonSerializerContext;
