namespace OpsBro.Gossip;

/// <summary>What rules may ask of the cluster (<c>gossip_…</c> functions): answers at once, on any thread.</summary>
internal sealed class ClusterAnswers(Cluster cluster, MemberViews members, GossipJournal journal, TimeProvider time)
{
    /// <summary>An event counts as seen for so long.</summary>
    public static readonly TimeSpan RecentEvent = TimeSpan.FromSeconds(300);

    /// <summary>Longest wait for the pool: a rule has a deadline of its own.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>The zone of a node; empty when it is not known.</summary>
    public string ZoneOf(string node)
    {
        if (node.Length == 0 || node == cluster.Parts.Uuid) return cluster.Options.Zone;
        return All().FirstOrDefault(m => m.Name == node || (m.Id.Length > 0 && node.StartsWith(m.Id, StringComparison.Ordinal)))?.Zone ?? "";
    }

    /// <summary>Members of a group and in a state; both may be left out. Null when this agent is in no cluster.</summary>
    public int? Count(string group, string state)
    {
        if (cluster.Own is null) return null;
        var wanted = state is "dead" ? "failed" : state is "leave" ? "left" : state;
        return All().Count(m => (group.Length == 0 || m.Groups.Contains(group)) && (wanted.Length == 0 || m.State == wanted));
    }

    /// <summary>True when an event of that name arrived within <see cref="RecentEvent"/>.</summary>
    public bool HasEvent(string name) => journal.Events.Any(e => e.Name == name && time.GetUtcNow() - e.At < RecentEvent);

    MemberView[] All()
    {
        try
        {
            var asked = members.All();
            return asked.Wait(Patience) ? asked.Result : [];
        }
        catch (AggregateException e) when (e.InnerException is PoolClosedException)
        {
            return [];
        }
    }
}
