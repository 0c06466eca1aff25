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

    /// <summary>Seconds since 2020 at the start of the run, from which agents take their first incarnation.</summary>
    public const uint ClockAtStart = 217_000_000;

    /// <summary>Datagrams that wait for a process that is stopped; the kernel's buffer holds no more.</summary>
    public const int SocketBuffer = 900;

    /// <summary>Bytes of IPv4 and UDP headers.</summary>
    public const int UdpHeaders = 28;
}
