using OpsBro.Agent;

namespace OpsBro.Gossip;

/// <summary>What <c>agent info</c> says of the cluster; asks the pool and does not wait long.</summary>
internal sealed class ClusterSummary(Cluster cluster)
{
    /// <summary>Longest wait for the pool: the screen must come even when gossip hangs.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>What the operator should mend.</summary>
    public IEnumerable<string> Problems => cluster.Problems();

    /// <summary>The picture of now.</summary>
    public ClusterInfo Now()
    {
        var (options, pool) = (cluster.Options, cluster.Own);
        var (members, health) = pool is null ? ([], 0) : Ask(pool);
        return new ClusterInfo
        {
            State = cluster.State,
            Name = cluster.Name,
            Address = pool?.Settings.Advertise.ToString() ?? "",
            Listens = pool?.Settings.Bind.ToString() ?? "",
            Above = cluster.Parent is { } above ? $"{above.Settings.Zone} at {above.Settings.Advertise}" : "",
            DetectPort = options is { IsEnabled: true, IsDetectable: true } ? options.DetectPort : 0,
            Rpc = options.Rpc is { IsEnabled: true, Listen: var place } ? place.ToString() : "",
            IsProxy = options.IsProxy,
            Members = members,
            Encrypted = pool?.IsEncrypted ?? false,
            KeyFingerprint = pool?.KeyFingerprint ?? "",
            Health = health,
        };
    }

    static (Dictionary<string, int> Members, int Health) Ask(GossipPool pool)
    {
        try
        {
            var asked = Both(pool);
            return asked.Wait(Patience) ? asked.Result : ([], 0);
        }
        catch (AggregateException e) when (e.InnerException is PoolClosedException)
        {
            return ([], 0);   // it closed meanwhile; the state says so
        }
    }

    static async Task<(Dictionary<string, int>, int)> Both(GossipPool pool)
    {
        var picture = await pool.Members();
        var glance = await pool.Look();
        return (picture.Members.CountBy(GossipJournal.Word).OrderBy(c => c.Key, StringComparer.Ordinal).ToDictionary(c => c.Key, c => c.Value), glance.Health);
    }
}
