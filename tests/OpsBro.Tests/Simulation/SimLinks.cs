using OpsBro.Core.Gossip;

namespace OpsBro.Tests.Simulation;

/// <summary>The network: how long a packet takes, whether it comes, and which ways are shut. Numbers from 0 to 1 are probabilities.</summary>
sealed class SimLinks(int nodes, Chance chance)
{
    readonly byte[] sides = new byte[nodes];
    readonly bool[] deaf = new bool[nodes];
    readonly bool[] mute = new bool[nodes];
    readonly HashSet<(int From, int To)> cut = [];

    /// <summary>Least time that a packet takes, one way.</summary>
    public TimeSpan Latency { get; set; } = TimeSpan.FromMilliseconds(0.25);

    /// <summary>Most that a packet takes longer, evenly spread: more than the time between packets reorders them.</summary>
    public TimeSpan Jitter { get; set; } = TimeSpan.FromMilliseconds(0.25);

    /// <summary>A packet is lost: a datagram for good, one of a stream until it is sent again.</summary>
    public double Loss { get; set; }

    /// <summary>A datagram comes twice.</summary>
    public double Duplication { get; set; }

    /// <summary>A datagram is recorded by somebody, who sends it once more within <see cref="LongestReplay"/>, to anybody.</summary>
    public double Replay { get; set; }

    /// <summary>Longest time after which it is sent once more.</summary>
    public static readonly TimeSpan LongestReplay = TimeSpan.FromSeconds(100);

    /// <summary>Splits the nodes: those for whom this is true see only each other, and so do the others.</summary>
    public void Partition(Func<int, bool> isOther)
    {
        for (var i = 0; i < nodes; i++) sides[i] = isOther(i) ? (byte)1 : (byte)0;
    }

    /// <summary>Ends the partition.</summary>
    public void Heal() => Array.Clear(sides);

    /// <summary>Nothing comes from one node to another; the way back stays open.</summary>
    public void Cut(int from, int to) => cut.Add((from, to));

    /// <summary>Opens all ways between two nodes.</summary>
    public void Mend()
    {
        cut.Clear();
        Array.Clear(deaf);
        Array.Clear(mute);
    }

    /// <summary>A node can send and does not receive.</summary>
    public void Deafen(int node) => deaf[node] = true;

    /// <summary>A node receives and cannot send.</summary>
    public void Silence(int node) => mute[node] = true;

    /// <summary>The way from one node to another is open.</summary>
    public bool IsOpen(int from, int to) =>
        sides[from] == sides[to] && !deaf[to] && !mute[from] && (cut.Count == 0 || !cut.Contains((from, to)));

    /// <summary>Time of one packet.</summary>
    public TimeSpan Delay() => Latency + chance.Within(Jitter);

    /// <summary>One packet is lost.</summary>
    public bool Loses() => Loss > 0 && chance.Fraction() < Loss;

    /// <summary>One datagram is recorded.</summary>
    public bool Records() => Replay > 0 && chance.Fraction() < Replay;

    /// <summary>One datagram comes twice.</summary>
    public bool Doubles() => Duplication > 0 && chance.Fraction() < Duplication;
}
