using OpsBro.Core.KeyValue;

namespace OpsBro.Tests.Simulation.KeyValue;

/// <summary>A story with claims: the tests play it for 20 seeds, <c>./dev sim</c> for as many as one likes.</summary>
/// <param name="Name">One word, for the command line.</param>
/// <param name="Claim">What holds.</param>
/// <param name="Play">Plays it with a seed; throws <see cref="SimException"/> where the claim does not hold.</param>
sealed record KeyValueScenario(string Name, string Claim, Func<ulong, KeyValueSimulation> Play)
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<KeyValueScenario> All { get; } =
    [
        new("kv-calm", "with ring changes one at a time the store is linearizable, loses nothing and brings nothing back", OneAtATime.Play),
        new("kv-storm", "kills, partitions, bad networks, clocks, disks: compare and set is linearizable, nothing is lost, all converge", Storm.Play),
        new("kv-churn", "the same with members that join, leave and return, several at once (compare and set left out)", Storm.PlayChurn),
        new("kv-alone", "without a member each agent keeps what it is given, and hands it over when members appear", Alone.Play),
        new("kv-full", "a store that is full refuses, keeps to its limit, takes removals, and takes values again when there is room", Full.Play),
        new("kv-hours", "removals are forgotten after an hour or more, and nothing comes back with a node that was away", Hours.Play),
        new("kv-deaf", "what is handed over or forgotten is known to all that must know it, though some hear nothing", Deaf.Play),
        new("kv-sides", "what two sides of a partition wrote stands side by side until somebody writes again", Sides.Play),
        new("kv-pair", "what two nodes that fail at once had is unavailable, never said to be absent", Pair.Play),
        new("kv-orphan", "what a coordinator that died had written on its disk alone does not win over what was read after it", Orphan.Play),
        new("kv-two", "with ring changes two at a time it is linearizable as well, loses nothing and brings nothing back", TwoAtOnce.Play),
        new("kv-duel", "compare and set is linearizable while several coordinators work on one key", Duel.Play),
    ];

    /// <summary>A run, set up: clocks, network, disks, all settled.</summary>
    public static KeyValueSimulation Begin(ulong seed, int leastMembers, int mostMembers, int mostOthers, long room = KeyValueLimits.DefaultStore)
    {
        var choice = new Core.Gossip.Chance(seed ^ 0x5eed);
        var run = new KeyValueSimulation(leastMembers + choice.Below(mostMembers - leastMembers + 1), choice.Below(mostOthers + 1), seed);
        foreach (var node in run.Nodes)
        {
            node.MaxStore = room;
            node.Skew = choice.Below(4_001) - 2_000;
            node.Drift = (choice.Fraction() - 0.5) * 0.001;
            if (choice.Below(4) == 0) node.Disk = TimeSpan.FromMilliseconds(30);
        }
        run.StartAll();
        return run;
    }
}
