using OpsBro.Core.Gossip;

namespace OpsBro.Tests.Simulation;

/// <summary>What all nodes of a simulated cluster have in common.</summary>
sealed record SimOptions
{
    /// <summary>The constants of the protocol.</summary>
    public GossipProfile Profile { get; init; } = GossipProfile.Lan;

    /// <summary>Packets and streams are compressed, as in a real agent: slower to simulate, and fewer bytes.</summary>
    public bool Compress { get; init; }

    /// <summary>Nodes say of themselves what NodeState carries.</summary>
    public bool NodeState { get; init; }

    /// <summary>Everything is encrypted, at first with <see cref="FirstKey"/>; each node has its own keyring.</summary>
    public bool Encrypt { get; init; }

    /// <summary>The key of an encrypted cluster.</summary>
    public static byte[] FirstKey { get; } = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];

    /// <summary>Clusters from so many nodes on do not join one another at the start of a scenario: all know all.</summary>
    public const int AssumedFrom = 150;

    /// <summary>Seconds since 2020 at the start of the run, from which agents take their first incarnation.</summary>
    public const uint ClockAtStart = 217_000_000;

    /// <summary>The same for the generation of NodeState, which counts from 1970.</summary>
    public const ulong GenerationAtStart = 1_577_836_800ul + ClockAtStart;

    /// <summary>Datagrams that wait for a process that is stopped; the kernel's buffer holds no more.</summary>
    public const int SocketBuffer = 900;

    /// <summary>Bytes of IPv4 and UDP headers.</summary>
    public const int UdpHeaders = 28;
}
