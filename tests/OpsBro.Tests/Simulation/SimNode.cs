using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;

namespace OpsBro.Tests.Simulation;

/// <summary>A simulated host with its agent: the engine, what its files keep, and the world that the engine is told of.</summary>
sealed partial class SimNode(SimCluster cluster, int index) : IGossipOutput
{
    GossipEngine? engine;

    /// <summary>Its number.</summary>
    public int Index { get; } = index;

    /// <summary>Its name: <c>n</c> and its number, unless the scenario gives it another one.</summary>
    public string Name { get; set; } = NameOf(index);

    /// <summary>The keys of its file; null without encryption.</summary>
    public Keyring? Keys { get; } = cluster.FirstKeys();

    /// <summary>What its snapshot file holds.</summary>
    public SimSnapshot Snapshot { get; private set; } = new([], 0, 0, 0);

    /// <summary>What the last query about keys came to.</summary>
    public KeysNews? KeysAnswer { get; private set; }

    /// <summary>Names that two nodes claim, as this one was told.</summary>
    public List<ConflictNews> Conflicts { get; } = [];

    /// <summary>Where it listens.</summary>
    public PeerAddress Address { get; } = AddressOf(index);

    /// <summary>The running engine.</summary>
    public GossipEngine Engine => engine ?? throw new InvalidOperationException($"{Name} does not run");

    /// <summary>The process is there, stopped or not.</summary>
    public bool IsRunning => engine is not null;

    /// <summary>The process is stopped (SIGSTOP): what comes waits in the kernel.</summary>
    public bool IsPaused { get; private set; }

    /// <summary>The host is off: nobody refuses a connection.</summary>
    public bool IsHostDown { get; private set; }

    /// <summary>Counts the processes that ran here.</summary>
    public int Life { get; private set; }

    /// <summary>The incarnation that the agent's file holds.</summary>
    public uint SavedIncarnation { get; private set; }

    /// <summary>When the engine wants to be called next.</summary>
    public TimeSpan Due { get; private set; } = TimeSpan.MaxValue;

    /// <summary>When the simulator will next look at it.</summary>
    public TimeSpan WakeAt { get; set; } = TimeSpan.MaxValue;

    /// <summary>Packets sent, of datagrams and streams.</summary>
    public long PacketsSent { get; set; }

    /// <summary>Bytes sent, with IP headers.</summary>
    public long BytesSent { get; set; }

    /// <summary>How often each event of a user arrived.</summary>
    public Dictionary<string, int> Events { get; } = [];

    /// <summary>What waits while the process is stopped: datagrams and streams, as they came.</summary>
    public Queue<SimEvent> Inbox { get; } = [];

    /// <summary>Joins that failed, and leaves that ended.</summary>
    public int JoinsFailed { get; private set; }

    /// <summary>It said goodbye and everything was sent.</summary>
    public bool HasLeft { get; private set; }

    /// <summary>The name of a node by its number.</summary>
    public static string NameOf(int index) => $"n{index}";

    /// <summary>The number of a node by its name; -1 when it is none of ours.</summary>
    public static int IndexOf(string name) => name is ['n', .. var digits] && int.TryParse(digits, out var index) ? index : -1;

    /// <summary>The address of a node by its number: 10.0.0.0/8, two numbers apart so that a name and an address never look alike.</summary>
    public static PeerAddress AddressOf(int index)
    {
        ReadOnlySpan<byte> bytes = [10, (byte)(index >> 16), (byte)(index >> 8), (byte)index];
        return PeerAddress.Of(bytes, 7946);
    }

    /// <summary>Starts the agent. Without an incarnation it takes what its file and its clock say.</summary>
    public void Start(uint? incarnation = null)
    {
        Life++;
        (IsHostDown, IsPaused, HasLeft) = (false, false, false);
        SavedIncarnation = incarnation ?? Math.Max(SavedIncarnation + 1, SimOptions.ClockAtStart + (uint)cluster.Now.TotalSeconds);
        engine = cluster.Engine(this, SavedIncarnation);
        StartState();
        cluster.Views.Set(Index, Index, MemberStatus.Alive);
        Settle();
    }

    /// <summary>Ends the process, as kill -9 or a power cut does.</summary>
    public void Stop(bool hostToo)
    {
        Snapshot = TakeSnapshot();
        engine = null;
        StopState();
        (IsHostDown, IsPaused, Due) = (hostToo, false, TimeSpan.MaxValue);
        Inbox.Clear();
        cluster.Views.Forget(Index);
    }

    /// <summary>Members, those that failed included, and clocks: what the agent writes all the time.</summary>
    SimSnapshot TakeSnapshot() => engine is null || !cluster.KeepsSnapshots ? Snapshot : new(
        [.. engine.Members().Where(m => m.Status != MemberStatus.Left && m.Name != Name).Select(m => m.Address)],
        engine.Clock, engine.EventClock, engine.QueryClock);

    /// <summary>Tries the addresses of its snapshot until one answers.</summary>
    public void Rejoin()
    {
        Engine.Seeds(Snapshot.Addresses);
        Settle();
    }

    /// <summary>Stops the process (SIGSTOP).</summary>
    public void Pause() => IsPaused = true;

    /// <summary>Lets it go on (SIGCONT): its loop sees first that it is late, then what came, then what is due.</summary>
    public void Resume()
    {
        IsPaused = false;
        if (engine is null) return;
        if (Due < cluster.Now) engine.Late(cluster.Now - Due, cluster.Now);
        while (Inbox.TryDequeue(out var waiting)) cluster.Deliver(waiting);
        Settle();
    }

    /// <summary>Calls the engine with what is due; after everything that happened to it.</summary>
    public void Settle()
    {
        if (engine is null) return;
        var state = TickState();   // first: what it sends leaves in the same round
        Due = engine.Tick(cluster.Now);
        if (state < Due) Due = state;
        cluster.WakeUp(this, Due);
    }

    void IGossipOutput.Packet(PeerAddress to, ReadOnlySpan<byte> datagram)
    {
        PacketsSent++;
        BytesSent += datagram.Length + SimOptions.UdpHeaders;
        cluster.Send(this, to, datagram);
    }

    void IGossipOutput.Dial(long id, PeerAddress to, ReadOnlyMemory<byte> request, bool expectsAnswer, TimeSpan timeout) =>
        cluster.Dial(this, id, to, request, expectsAnswer, timeout);

    void IGossipOutput.Nonce(Span<byte> nonce)
    {
        for (var i = 0; i < nonce.Length; i++) nonce[i] = (byte)cluster.Chance.Next();
    }

    void IGossipOutput.Happened(GossipNews news)
    {
        switch (news)
        {
            case MemberNews member:
                Note(member);
                break;
            case EventNews arrived:
                Events[arrived.Name] = Events.GetValueOrDefault(arrived.Name) + 1;
                break;
            case IncarnationNews raised:
                cluster.Require(raised.Incarnation > SavedIncarnation, $"{Name} lowered its incarnation from {SavedIncarnation} to {raised.Incarnation}");
                SavedIncarnation = raised.Incarnation;
                break;
            case JoinNews { Error.Length: > 0 }:
                JoinsFailed++;
                break;
            case KeysNews keys:
                KeysAnswer = keys;
                break;
            case ConflictNews conflict:
                Conflicts.Add(conflict);
                break;
            case LeftNews:
                HasLeft = true;
                break;
        }
    }

    void Note(MemberNews news)
    {
        NoteState(news);
        var subject = IndexOf(news.Member.Name);
        if (subject < 0 || subject >= cluster.Nodes.Count) return;
        var status = news.Change switch
        {
            MemberChange.Join => MemberStatus.Alive,
            MemberChange.Leave => MemberStatus.Left,
            MemberChange.Failed => MemberStatus.Failed,
            MemberChange.Reap => MemberStatus.None,
            _ => news.Member.Status,
        };
        if (status == MemberStatus.Failed) cluster.Views.Failures.Add(new(cluster.Now, Index, subject, news.Cause));
        cluster.Views.Set(Index, subject, status);
    }
}

/// <summary>What is left of an agent's memory when it starts again.</summary>
/// <param name="Addresses">Members, those that failed included.</param>
/// <param name="Clock">Lamport time of members.</param>
/// <param name="EventClock">Lamport time of events.</param>
/// <param name="QueryClock">Lamport time of queries.</param>
sealed record SimSnapshot(IReadOnlyList<PeerAddress> Addresses, ulong Clock, ulong EventClock, ulong QueryClock);
