using System.Text.Json;
using OpsBro.Checks;
using OpsBro.Core.Checks;
using OpsBro.Core.NodeState;
using OpsBro.Detectors;
using OpsBro.Gossip;
using OpsBro.NodeState;

namespace OpsBro.Events;

/// <summary>The record of a node at one moment: as JSON for readers, and its groups for filters.</summary>
internal sealed record NodeRecord(byte[] Json, IReadOnlyList<string> Groups)
{
    /// <summary>Of the original's shape.</summary>
    public static NodeRecord Of(LegacyNode node) => new(JsonSerializer.SerializeToUtf8Bytes(node, GossipJson.Default.LegacyNode), node.Groups);
}

/// <summary>Makes the records that go with changes. Our own is made of what this agent knows itself, which is ahead of what others were told.</summary>
internal sealed class NodeRecords(MemberViews views, LegacyNodes nodes, Cluster cluster, Groups groups, CheckLoop checks)
{
    /// <summary>Of a member that changed.</summary>
    public NodeRecord Of(MemberChanged change) => Record(views.Of(change), null);

    /// <summary>Of another node that said something; null when it is not known.</summary>
    public async ValueTask<NodeRecord?> Of(NodeMap map, bool isGone) =>
        await Find(map.Zone, map.Name) is { } view ? Record(view, new KnownNode(map, isGone ? Platform.Monotonic.Now : null)) : null;

    /// <summary>Of this node.</summary>
    public async ValueTask<NodeRecord> Own()
    {
        var (zone, name) = (cluster.Options.Zone, cluster.Name);
        return await Find(zone, name) is { } view
            ? Record(view, null)
            : NodeRecord.Of(Mine(new LegacyNode(cluster.Parts.Uuid, name, "", "", 0, "alive", 0, zone, cluster.Options.IsProxy, [],
                new Dictionary<string, string>(), new Dictionary<string, LegacyCheckState>(), "gossip::alive")));
    }

    /// <summary>Every node that is known, ourselves too, each with its view.</summary>
    public async Task<IReadOnlyList<(MemberView View, NodeRecord Record)>> All()
    {
        try
        {
            return [.. (await views.All()).Select(view => (view, Record(view, null)))];
        }
        catch (PoolClosedException)
        {
            return [];   // the cluster is left at this moment: there is nobody to be seen
        }
    }

    NodeRecord Record(MemberView view, KnownNode? said) => NodeRecord.Of(view.IsSelf ? Mine(nodes.Of(view)) : nodes.Of(view, said));

    /// <summary>With our groups and checks as they are.</summary>
    LegacyNode Mine(LegacyNode node)
    {
        var mine = checks.All.Where(c => c.IsActive && c.Standing is not { HardState: CheckState.Pending }).ToList();
        return node with
        {
            Groups = [.. groups.Current.Select(g => g.Name)],
            Services = mine.Where(c => c.Definition.IsService).ToDictionary(c => c.Definition.Source.Id, c => c.Standing.HardState.Word()),
            Checks = mine.Where(c => !c.Definition.IsService)
                .ToDictionary(c => c.Definition.Source.Id, c => LegacyNodes.StateOf(c.Standing.HardState)),
        };
    }

    /// <summary>One node; null when nobody knows it, and while the cluster is left.</summary>
    public async ValueTask<MemberView?> Find(string zone, string name)
    {
        try
        {
            return await views.One(zone, name);
        }
        catch (PoolClosedException)
        {
            return null;   // its changes are told all the same, without its record
        }
    }

    /// <summary>A suspected member, or one that is so no longer.</summary>
    public async ValueTask<(MemberView View, NodeRecord Record)?> Suspected(MemberSuspected suspicion)
    {
        // the pool's zone is not always the member's: a proxy node of another zone is in our pool as well
        var all = cluster.Pools.Where(p => p.Settings.Zone == suspicion.Zone);
        foreach (var pool in all)
        {
            if (await Member(pool, suspicion.Name) is not { } zone || await Find(zone, suspicion.Name) is not { } view) continue;
            // by the time that we look it may have gone on
            var then = view with { State = suspicion.IsSuspected ? "suspect" : "alive" };
            return (then, Record(then, null));
        }
        return null;
    }

    static async ValueTask<string?> Member(GossipPool pool, string name)
    {
        try
        {
            var picture = await pool.Members();
            return picture.Members.FirstOrDefault(m => m.Name == name) is { } member ? MemberViews.ZoneOf(pool.Settings.Zone, member) : null;
        }
        catch (PoolClosedException)
        {
            return null;   // nobody is suspected in a pool that is closed
        }
    }
}
