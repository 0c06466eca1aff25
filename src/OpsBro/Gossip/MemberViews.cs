using OpsBro.Core.Gossip;
using OpsBro.Platform;

namespace OpsBro.Gossip;

/// <summary>What NodeState knows of a node, where it knows it; the tags are asked for the rest.</summary>
/// <param name="DisplayName">How people call it.</param>
/// <param name="Groups">Its groups; null when not known.</param>
/// <param name="CheckState">The worst state of its checks; empty when not known.</param>
/// <param name="Version">Of OpsBro; empty when not known.</param>
internal sealed record MemberFacts(string DisplayName, IReadOnlyList<string>? Groups, string CheckState, string Version);

/// <summary>Puts together what is known of the members: the pools' pictures, their tags, and NodeState.</summary>
/// <param name="cluster">The pools.</param>
/// <param name="facts">What NodeState knows of a node of a zone; null when nothing. The one place where it joins in.</param>
/// <param name="time">Wall clock.</param>
internal sealed class MemberViews(Cluster cluster, Func<string, string, MemberFacts?> facts, TimeProvider time)
{
    /// <summary>Every member of every pool, sorted by zone and name. A proxy node, which is in two pools, stands in its own zone.</summary>
    public async Task<MemberView[]> All()
    {
        var views = new Dictionary<(string Zone, string Name), MemberView>();
        foreach (var pool in cluster.Pools)
        {
            var picture = await pool.Members();
            foreach (var member in picture.Members)
            {
                var view = Of(member, pool, picture.At);
                views.TryAdd((view.Zone, view.Name), view);
            }
        }
        return [.. views.Values.OrderBy(v => v.Zone, StringComparer.Ordinal).ThenBy(v => v.Name, StringComparer.Ordinal)];
    }

    MemberView Of(Member member, GossipPool pool, TimeSpan at)
    {
        var zone = member.Tag("zn") is { Length: > 0 } said ? said : pool.Settings.Zone;
        var known = facts(zone, member.Name);
        return new MemberView
        {
            Name = member.Name,
            DisplayName = known?.DisplayName ?? "",
            Zone = zone,
            State = GossipJournal.Word(member),
            Since = time.GetUtcNow() - (Monotonic.Now - member.Since),
            Address = member.Address.ToIPAddress().ToString(),
            Port = member.Address.Port,
            IsSelf = member.Name == pool.Settings.Name,
            IsProxy = member.Tag("px") == "1",
            Groups = known?.Groups is { } groups ? [.. groups] : [.. (member.Tag("g") ?? "").TrimEnd('+').Split(',', StringSplitOptions.RemoveEmptyEntries)],
            CheckState = known?.CheckState ?? "",
            RoundTripMs = member.RoundTrip is { } trip ? Math.Round(trip.TotalMilliseconds, 3) : null,
            Version = known?.Version is { Length: > 0 } version ? version : member.Tag("v") ?? "",
            Id = member.Tag("id") ?? "",
            Incarnation = member.Incarnation,
            Protocols =
            [
                member.Versions.ProtocolMin, member.Versions.ProtocolMax, member.Versions.ProtocolCur,
                member.Versions.DelegateMin, member.Versions.DelegateMax, member.Versions.DelegateCur,
            ],
            Tags = Distinct(member.Tags),
        };
    }

    /// <summary>A peer may send a name twice; the last one counts.</summary>
    static Dictionary<string, string> Distinct(IReadOnlyList<KeyValuePair<string, string>> tags)
    {
        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in tags) map[key] = value;
        return map;
    }

    /// <summary>One member by its name, or by the beginning of its id.</summary>
    public async Task<MemberView?> Find(string name)
    {
        var all = await All();
        return all.FirstOrDefault(m => m.Name == name) ?? all.FirstOrDefault(m => m.Id.Length > 0 && name.StartsWith(m.Id, StringComparison.Ordinal));
    }
}
