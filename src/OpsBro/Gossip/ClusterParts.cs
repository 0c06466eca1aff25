using Microsoft.Extensions.Logging;
using OpsBro.Agent;
using OpsBro.Gossip.Keys;

namespace OpsBro.Gossip;

/// <summary>What every pool of this agent needs, made once.</summary>
internal sealed class ClusterParts(
    AgentState self, GossipJournal journal, Telemetry telemetry, TimeProvider time, ILogger<GossipPool> logger)
{
    /// <summary>What happens is told here.</summary>
    public GossipJournal Journal => journal;

    /// <summary>Counters.</summary>
    public Telemetry Telemetry => telemetry;

    /// <summary>Wall clock.</summary>
    public TimeProvider Time => time;

    /// <summary>The pools' log.</summary>
    public ILogger<GossipPool> PoolLogger => logger;

    /// <summary>One for all pools: the node is the same in each.</summary>
    public IncarnationFile Incarnation { get; } = new(Path.Join(self.Options.DataDirectory, "gossip", "incarnation"));

    /// <summary>Makes what speaks NodeState on a pool; null for none.</summary>
    public Func<GossipPool, IPoolPlane?> PlaneOf { get; set; } = _ => null;

    /// <summary>What other slices have this node say of itself: short facts by name, asked on NodeState's thread.</summary>
    public List<(string Name, Func<string> Value)> Facts { get; } = [];

    /// <summary>Has NodeState look at the facts again; from any thread.</summary>
    public Action SayAgain { get; set; } = () => { };

    /// <summary>What answers other agents' questions; filled while the agent is put together.</summary>
    public Questions Questions { get; } = new(telemetry);

    /// <summary>Streams of messages between the agents of our zone; takers are registered while the agent is put together.</summary>
    public Links Links { get; } = new(telemetry, logger);

    /// <summary>Who else in this slice knows of something to mend; filled while the agent is put together.</summary>
    public List<Func<IEnumerable<string>>> Troubles { get; } = [];

    /// <summary>The node's id.</summary>
    public string Uuid => self.Identity.Uuid;

    /// <summary>Where configured keys stand.</summary>
    public KeyFiles KeyFiles { get; } = new(self.Options);

    /// <summary>Where a zone's files stand: a node that changes its zone does not meet its old members.</summary>
    public string DirectoryOf(string zone) => KeyFiles.DirectoryOf(zone);

    /// <summary>Our name in the cluster: the configured one, or the host's with what peers do not take replaced.</summary>
    public string NameOf(GossipOptions options) => options.Name.Length > 0
        ? options.Name
        : GossipOptions.IsName(self.Identity.Name) ? self.Identity.Name : Safe(self.Identity.Name);

    static string Safe(string name)
    {
        var safe = string.Concat(name.Take(GossipOptions.MaxName).Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' ? c : '-'));
        return safe.Length > 0 ? safe : "node";
    }
}
