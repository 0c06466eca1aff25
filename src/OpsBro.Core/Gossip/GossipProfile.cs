namespace OpsBro.Core.Gossip;

/// <summary>
/// Every constant of the protocol that depends on the network. Page: serf-wire.md A12. <c>opsbro gossip tuning</c> prints them.
/// </summary>
public sealed record GossipProfile
{
    /// <summary>For one data centre; the default.</summary>
    public static GossipProfile Lan { get; } = new();

    /// <summary>For far networks.</summary>
    public static GossipProfile Wan { get; } = new()
    {
        Name = "wan",
        ProbeInterval = TimeSpan.FromSeconds(5),
        ProbeTimeout = TimeSpan.FromSeconds(3),
        SuspicionMult = 6,
        GossipInterval = TimeSpan.FromMilliseconds(500),
        GossipNodes = 4,
        GossipToTheDeadTime = TimeSpan.FromSeconds(60),
        PushPullInterval = TimeSpan.FromSeconds(60),
        StreamTimeout = TimeSpan.FromSeconds(30),
    };

    /// <summary>For one machine.</summary>
    public static GossipProfile Local { get; } = new()
    {
        Name = "local",
        ProbeTimeout = TimeSpan.FromMilliseconds(200),
        IndirectChecks = 1,
        SuspicionMult = 3,
        RetransmitMult = 2,
        GossipInterval = TimeSpan.FromMilliseconds(100),
        GossipToTheDeadTime = TimeSpan.FromSeconds(15),
        PushPullInterval = TimeSpan.FromSeconds(15),
        StreamTimeout = TimeSpan.FromSeconds(1),
    };

    /// <summary>lan, wan or local.</summary>
    public string Name { get; init; } = "lan";

    /// <summary>Time between two probes.</summary>
    public TimeSpan ProbeInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Time after which a probe asks others; the most, when round trips are known to be shorter.</summary>
    public TimeSpan ProbeTimeout { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Peers that are asked to probe for us.</summary>
    public int IndirectChecks { get; init; } = 3;

    /// <summary>Probe intervals, times log10 of the members, until a suspect is dead when others confirm it.</summary>
    public int SuspicionMult { get; init; } = 4;

    /// <summary>Times that, when nobody confirms it.</summary>
    public int SuspicionMaxTimeoutMult { get; init; } = 6;

    /// <summary>A rumour is sent so often, times log10 of the members.</summary>
    public int RetransmitMult { get; init; } = 4;

    /// <summary>Time between two rounds of rumours.</summary>
    public TimeSpan GossipInterval { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Members that a round goes to.</summary>
    public int GossipNodes { get; init; } = 3;

    /// <summary>A dead member is still told rumours for so long.</summary>
    public TimeSpan GossipToTheDeadTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Time between two exchanges of the whole state, up to 32 members.</summary>
    public TimeSpan PushPullInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest time of a stream: dial, request and answer.</summary>
    public TimeSpan StreamTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The three profiles.</summary>
    public static IReadOnlyList<GossipProfile> All { get; } = [Lan, Wan, Local];

    /// <summary>A profile by its name; null when there is none.</summary>
    public static GossipProfile? Of(string name) => All.FirstOrDefault(profile => profile.Name == name);
}
