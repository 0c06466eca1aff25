namespace OpsBro.Tests.Simulation;

/// <summary>A TCP connection of one request: as much of it as gossip can tell.</summary>
/// <param name="Owner">Who dialed.</param>
/// <param name="Life">Which process of that node: one that was started again does not get the answer.</param>
/// <param name="Id">Its number there.</param>
/// <param name="To">Who is dialed; -1 for an address that nobody has.</param>
/// <param name="Request">The request.</param>
/// <param name="ExpectsAnswer">An answer is read before it is closed.</param>
/// <param name="Deadline">When the dialer gives up.</param>
sealed record SimStream(int Owner, int Life, long Id, int To, byte[] Request, bool ExpectsAnswer, TimeSpan Deadline)
{
    /// <summary>Linux sends a SYN again after a second, then after twice as long each time.</summary>
    public static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);

    /// <summary>Time after which a lost packet of an open connection is sent again.</summary>
    public static readonly TimeSpan Resend = TimeSpan.FromMilliseconds(200);

    /// <summary>Bytes of a TCP packet that carries data.</summary>
    public const int Segment = 1_448;

    /// <summary>Bytes of IP and TCP headers with time stamps.</summary>
    public const int Headers = 52;

    /// <summary>Packets without data: SYN, SYN-ACK, ACK, and FIN and its ACK both ways.</summary>
    public const int EmptyPackets = 7;

    /// <summary>Tries so far.</summary>
    public int Tries { get; set; }

    /// <summary>Its end: what came back, null when it failed.</summary>
    public byte[]? Answer { get; set; }

    /// <summary>Why it failed.</summary>
    public string Reason { get; set; } = "";

    /// <summary>The dialer was told how it ended.</summary>
    public bool IsOver { get; set; }

    /// <summary>Packets that carry so many bytes.</summary>
    public static int Segments(int bytes) => (bytes + Segment - 1) / Segment;
}
