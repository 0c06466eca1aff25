using OpsBro.Core.Expressions;

namespace OpsBro.Evaluator;

/// <summary>Functions about the agent's groups and its cluster. An agent on its own is a cluster of one.</summary>
internal static class ClusterFunctions
{
    static readonly string[] clouds = ["docker-container", "alibaba", "azure", "digitalocean", "ec2", "google-cloud", "scaleway", "synology"];

    /// <summary>Adds all of them.</summary>
    public static void AddTo(FunctionTable table, WorldHooks hooks)
    {
        Add(table, "gossip", "is_in_group(group)", "True when the agent has the group.", a => Value.Of(hooks.HasGroup(a.Text(0))));
        Add(table, "gossip", "is_in_static_group(group)", "True when the agent has the group by agent.yml, not by a detector alone.",
            a => Value.Of(hooks.HasStaticGroup(a.Text(0))));
        Add(table, "gossip", "gossip_get_zone(node_uuid='')", "The zone of this agent, or of a node by its name or id; '' for one that is not known.",
            a => Value.Of(a.Text(0).Length == 0 ? hooks.Zone() : hooks.ZoneOf(a.Text(0))));
        Add(table, "gossip", "gossip_count_nodes(group='', state='')",
            "How many members have the group and the state (alive, suspect, leaving, left, failed); both may be left out.",
            a => Value.Of(hooks.CountMembers(a.Text(0), a.Text(1)) ?? Alone(hooks, a.Text(0), a.Text(1))));
        Add(table, "gossip", "gossip_have_event_type(event_type)", "True when an event of that name arrived within the last five minutes.",
            a => Value.Of(hooks.HasEvent(a.Text(0))));
        Add(table, "compliance", "compliance_get_state_of_rule(rule_name)", "The state of a compliance rule, or 'UNKNOWN'.",
            _ => Value.Of("UNKNOWN"));
        Add(table, "hosting", "hosting_driver_is_active(driver_name)",
            "True when the agent runs there: a cloud's or container's group such as 'ec2'; 'on-premise' when it is in none.", Hosting(hooks));
    }

    /// <summary>An agent in no cluster is a cluster of one.</summary>
    static int Alone(WorldHooks hooks, string group, string state) =>
        (group.Length == 0 || hooks.HasGroup(group)) && state is "" or "alive" ? 1 : 0;

    static void Add(FunctionTable table, string group, string prototype, string summary, Func<Arguments, Value> call) =>
        table.Add(new FunctionDoc(prototype[..prototype.IndexOf('(')], group, prototype, summary), call);

    static Func<Arguments, Value> Hosting(WorldHooks hooks) => a => Value.Of(a.Text(0) switch
    {
        "on-premise" => !clouds.Any(hooks.HasGroup),
        var driver => clouds.Contains(driver) && hooks.HasGroup(driver),
    });
}
