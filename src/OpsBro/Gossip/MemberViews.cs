using OpsBro.Config;
using OpsBro.Core.Gossip;
using OpsBro.Core.NodeState;
using OpsBro.NodeState;
using OpsBro.Platform;

namespace OpsBro.Gossip;

/// <summary>Puts together what is known of the members: the pools' pictures, their tags, and what each node says of itself.</summary>
/// <param name="cluster">The pools.</param>
/// <param name="book">What the nodes say, those of other zones too.</param>
/// <param name="config">The zones.</param>
/// <param name="time">Wall clock.</param>
internal sealed class MemberViews(Cluster cluster, NodeBook book, ConfigStore config, TimeProvider time)
{
    (Configuration For, ZoneTree Tree)? made;

    /// <summary>The zones that are configured.</summary>
    ZoneTree Tree
    {
        get
        {
            var current = config.Current;
            if (made is { } known && known.For == current) return known.Tree;
            var tree = ZoneObjects.Tree(current);
            made = (current, tree);
            return tree;
        }
    }

    /// <summary>
    /// Every member of every pool and every node of the zones that this one may see, sorted by zone and name. A proxy node, which is in two
    /// pools, stands in its own zone.
    /// </summary>
    public async Task<MemberView[]> All()
    {
        var views = new Dictionary<(string Zone, string Name), MemberView>();
        var own = cluster.Options.Zone;
        foreach (var pool in cluster.Pools)
        {
            var picture = await pool.Members();
            foreach (var member in picture.Members)
            {
                if (!IsShown(pool.Settings.Zone, member)) continue;
                var view = Of(member, pool.Settings.Zone, picture.At);
                views.TryAdd((view.Zone, view.Name), view);
            }
        }
        // a cluster that this node has left, or that is switched off, is not looked at
        if (views.Count > 0)
        {
            var (tree, vouched) = (Tree, book.Vouched());
            foreach (var node in book.All)
            {
                if (views.ContainsKey((node.Zone, node.Name)) || !tree.Sees(own, node.Zone, node.Map.IsProxy)) continue;
                views.Add((node.Zone, node.Name), Of(node, vouched.TryGetValue((node.Zone, node.Name), out var said) ? said : null));
            }
        }
        return [.. views.Values.OrderBy(v => v.Zone, StringComparer.Ordinal).ThenBy(v => v.Name, StringComparer.Ordinal)];
    }

    /// <summary>
    /// Whether a member of a pool is for this zone's eyes: a proxy node hears all of its parent's pool, and yet a zone sees of those above
    /// the proxies only, and of its brothers nothing.
    /// </summary>
    public bool IsShown(string poolZone, Member member) => poolZone == cluster.Options.Zone
        || Tree.Sees(cluster.Options.Zone, ZoneOf(poolZone, member), member.Tag("px") == "1");

    /// <summary>The zone that a member says it is of; that of its pool when it does not say.</summary>
    public static string ZoneOf(string poolZone, Member member) => member.Tag("zn") is { Length: > 0 } said ? said : poolZone;

    /// <summary>One node of a zone; null when nobody knows it.</summary>
    public async ValueTask<MemberView?> One(string zone, string name)
    {
        foreach (var pool in cluster.Pools)
        {
            var picture = await pool.Members();
            if (InOrder(picture.Members, name) is { } member && ZoneOf(pool.Settings.Zone, member) == zone && IsShown(pool.Settings.Zone, member))
                return Of(member, pool.Settings.Zone, picture.At);
        }
        return book.Find(zone, name) is { } node ? Of(node, null) : null;
    }

    static Member? InOrder(IReadOnlyList<Member> members, string name)
    {
        for (var (low, high) = (0, members.Count - 1); low <= high;)
        {
            var middle = (low + high) / 2;
            var order = string.CompareOrdinal(members[middle].Name, name);
            if (order == 0) return members[middle];
            if (order < 0) low = middle + 1;
            else high = middle - 1;
        }
        return null;
    }

    /// <summary>A member as it is at a change.</summary>
    public MemberView Of(MemberChanged change) => Of(change.Member, change.Zone, Monotonic.Now);

    MemberView Of(Member member, string poolZone, TimeSpan at)
    {
        var zone = ZoneOf(poolZone, member);
        var known = book.Find(zone, member.Name);
        var isGone = member.Status is MemberStatus.Failed or MemberStatus.Left;
        return new MemberView
        {
            Name = member.Name,
            DisplayName = known?.Fact(KnownNode.DisplayName) ?? "",
            Zone = zone,
            State = GossipJournal.Word(member),
            Since = time.GetUtcNow() - (Monotonic.Now - member.Since),
            Address = member.Address.ToIPAddress().ToString(),
            Port = member.Address.Port,
            IsSelf = member.Name == cluster.Name,
            IsProxy = member.Tag("px") == "1",
            Groups = known is not null
                ? [.. known.Groups.Select(g => g.Name)]
                : [.. (member.Tag("g") ?? "").TrimEnd('+').Split(',', StringSplitOptions.RemoveEmptyEntries)],
            CheckState = known?.Worst ?? "",
            RoundTripMs = member.RoundTrip is { } trip ? Math.Round(trip.TotalMilliseconds, 3) : null,
            Version = known?.Fact(KnownNode.Version) is { Length: > 0 } version ? version : member.Tag("v") ?? "",
            Id = member.Tag("id") ?? "",
            Incarnation = member.Incarnation,
            Protocols =
            [
                member.Versions.ProtocolMin, member.Versions.ProtocolMax, member.Versions.ProtocolCur,
                member.Versions.DelegateMin, member.Versions.DelegateMax, member.Versions.DelegateCur,
            ],
            Tags = Distinct(member.Tags),
            IsStale = known is not null && (isGone || known.IsStale),
            AgeSeconds = known is null ? null : Seconds(isGone ? known.Age ?? at - member.Since : known.Age),
        };
    }

    /// <summary>A node whose gossip is not heard here: another zone's, or one that the pool has forgotten.</summary>
    MemberView Of(KnownNode node, MemberValue? said)
    {
        SeedAddress? address = SeedAddress.TryParse(node.Fact(KnownNode.Address), 0, out var told) ? told : null;
        var state = !node.IsStale ? "alive" : said is { State: not "alive" } gone ? gone.State : "failed";
        var gap = node.Age ?? TimeSpan.Zero;
        return new MemberView
        {
            Name = node.Name,
            DisplayName = node.Fact(KnownNode.DisplayName),
            Zone = node.Zone,
            State = state,
            Since = said is { } value && value.State == state ? value.Since
                : node.IsStale ? time.GetUtcNow() - gap
                : KnownNode.Time(node.Fact(KnownNode.Started)) ?? time.GetUtcNow(),
            Address = address?.Host ?? "",
            Port = address?.Port ?? 0,
            IsSelf = false,
            IsProxy = node.Map.IsProxy,
            Groups = [.. node.Groups.Select(g => g.Name)],
            CheckState = node.Worst,
            RoundTripMs = null,
            Version = node.Fact(KnownNode.Version),
            Id = node.Fact(KnownNode.Uuid) is { Length: > 16 } uuid ? uuid[..16] : "",
            Incarnation = 0,
            Protocols = [],
            Tags = new Dictionary<string, string>(),
            IsStale = node.IsStale,
            AgeSeconds = Seconds(node.Age),
        };
    }

    static double? Seconds(TimeSpan? age) => age is { } time ? Math.Round(Math.Max(time.TotalSeconds, 0), 1) : null;

    /// <summary>A peer may send a name twice; the last one counts.</summary>
    static Dictionary<string, string> Distinct(IReadOnlyList<KeyValuePair<string, string>> tags)
    {
        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in tags) map[key] = value;
        return map;
    }

    /// <summary>One member by its name, one of our own zone first; or by the beginning of its id; or as people call it.</summary>
    public async Task<MemberView?> Find(string name)
    {
        var all = await All();
        return all.FirstOrDefault(m => m.Name == name && m.Zone == cluster.Options.Zone) ?? all.FirstOrDefault(m => m.Name == name)
            ?? all.FirstOrDefault(m => m.Id.Length > 0 && name.StartsWith(m.Id, StringComparison.Ordinal))
            ?? (all.Where(m => m.DisplayName == name).ToList() is [var only] ? only : null);
    }

    /// <summary>The whole id of a member; empty when it did not say it.</summary>
    public string UuidOf(MemberView member) => book.Find(member.Zone, member.Name)?.Fact(KnownNode.Uuid) ?? "";

    /// <summary>A member with all that it says of itself.</summary>
    public MemberView WithState(MemberView member)
    {
        if (book.Find(member.Zone, member.Name) is not { } known) return member;
        return member with
        {
            Checks = [.. known.Checks.Select(MemberCheckView.Of)],
            Services = [.. known.Services.Select(MemberCheckView.Of)],
            Facts = known.Facts,
        };
    }
}
