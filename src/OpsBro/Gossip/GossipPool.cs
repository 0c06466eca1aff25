using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using OpsBro.Core.Gossip;
using OpsBro.Core.Wire;
using OpsBro.Platform;

namespace OpsBro.Gossip;

/// <summary>
/// One zone's pool: a thread of its own owns the engine, the UDP socket and NodeState's part; streams and commands come to it as work.
/// It sleeps until a datagram, a command or the engine's next moment. All public members may be used from any thread.
/// </summary>
internal sealed partial class GossipPool : IDisposable
{
    /// <summary>Work that may wait for the thread; further commands are refused.</summary>
    public const int MaxWork = 4096;

    /// <summary>Datagrams taken before the engine's own due work gets its turn.</summary>
    public const int MaxBatch = 256;

    /// <summary>The engine is told when this process was late by so much: its own fault, not a peer's.</summary>
    public static readonly TimeSpan LateFrom = TimeSpan.FromMilliseconds(100);

    /// <summary>Longest time that the goodbye may take.</summary>
    public static readonly TimeSpan LeavePatience = AgentHost.StopPatience - TimeSpan.FromSeconds(2);

    const int StackBytes = 512 * 1024;

    readonly ILogger<GossipPool> logger;
    readonly GossipJournal journal;
    readonly Keyring? keys;
    readonly DatagramSocket socket;
    readonly GossipStreams streams;
    readonly GossipEngine engine;
    readonly Thread thread;
    readonly ConcurrentQueue<Action<TimeSpan>> work = [];
    readonly byte[] datagram = GC.AllocateUninitializedArray<byte>(WireLimits.MaxPacket);
    readonly FaultBook faults = new();
    readonly IncarnationFile incarnation;
    readonly Dictionary<string, MemberStatus> statuses = new(StringComparer.Ordinal);
    GossipFault? lastFault;
    TimeSpan now, due;
    int waiting;
    volatile bool isClosing;
    volatile string broken = "";

    /// <summary>Opens the sockets and makes the engine; nothing is sent yet.</summary>
    /// <exception cref="SocketException">The address is taken, or not of this host.</exception>
    public GossipPool(
        PoolSettings settings, IReadOnlyList<byte[]> keys, IReadOnlyList<KeyValuePair<string, string>> tags, IncarnationFile incarnation,
        KeyringFile keyring, SnapshotFile? snapshot, SnapshotContents past, GossipJournal journal, Telemetry telemetry, TimeProvider time,
        ILogger<GossipPool> logger)
    {
        (Settings, this.incarnation, Keyring, Snapshot, this.journal, this.logger) = (settings, incarnation, keyring, snapshot, journal, logger);
        Meter = telemetry.Of("gossip", settings.Zone);
        socket = new DatagramSocket(settings.Bind);
        streams = new GossipStreams(settings.Bind, settings.Profile.StreamTimeout, Accept, telemetry.Of("gossip", "streams"));
        try
        {
            streams.Start();
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }
        this.keys = keys.Count > 0 ? new Keyring(keys) : null;
        KeyChanged();
        now = Monotonic.Now;
        engine = new GossipEngine(new GossipSettings
        {
            Name = settings.Name,
            Advertise = settings.Advertise,
            Profile = settings.Profile,
            Tags = tags,
            Incarnation = incarnation.Start(time.GetUtcNow()),
            Keys = this.keys,
            Label = Encoding.UTF8.GetBytes(settings.Label),
            Compress = settings.Compress,
            Clock = past.Clock,
            EventClock = past.EventClock,
            QueryClock = past.QueryClock,
        }, new Chance(BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)))), this, now);
        thread = new Thread(Run, StackBytes) { IsBackground = true, Name = $"gossip {settings.Zone}" };
    }

    /// <summary>What it was started with.</summary>
    public PoolSettings Settings { get; }

    /// <summary>The keys on disk.</summary>
    public KeyringFile Keyring { get; }

    /// <summary>The members on disk; null when they are not kept.</summary>
    public SnapshotFile? Snapshot { get; }

    /// <summary>Rounds of the thread, and datagrams that the kernel did not take.</summary>
    public Meter Meter { get; }

    /// <summary>True when what is sent is encrypted.</summary>
    public bool IsEncrypted => keys is not null;

    /// <summary>Fingerprint of the primary key; empty without encryption.</summary>
    public string KeyFingerprint { get; private set; } = "";

    /// <summary>True once this node has left: the pool answers no more.</summary>
    public bool HasLeft { get; private set; }

    /// <summary>Why the pool stopped by itself; empty while it runs.</summary>
    public string Broken => broken;

    /// <summary>True once it closes, for whatever reason.</summary>
    public bool IsOver => isClosing;

    /// <summary>What speaks NodeState on this pool; set before <see cref="Start"/>, null for none.</summary>
    public IPoolPlane? Plane { get; set; }

    /// <summary>What answers questions of other agents; null for none.</summary>
    public Questions? Questions { get; set; }

    /// <summary>What makes links on this pool; null for none.</summary>
    public Links? Links { get; set; }

    /// <summary>Begins.</summary>
    public void Start()
    {
        Links?.Begin(this, All());
        thread.Start();
    }

    void Run()
    {
        try
        {
            now = Monotonic.Now;
            Plane?.Start(engine, now);
            due = Tick();
            while (!isClosing)
            {
                socket.Wait(due - Monotonic.Now);
                Round();
            }
        }
        // the border of the pool: the agent runs on, and says what happened
        catch (Exception e)
        {
            LogBroken(logger, Settings.Zone, e);
            broken = $"the gossip of zone {Settings.Zone} stopped by a fault of the program ({e.GetType().Name}: {e.Message}); see opsbro agent log "
                + "show gossip, and restart the agent";
        }
        finally
        {
            isClosing = true;
            Plane?.Ended();
            Links?.End(this);
            streams.Dispose();
            FailAll("the pool is closed");
            RefuseWork();
            socket.Dispose();
            keys?.Dispose();
        }
    }

    void Round()
    {
        var began = now = Monotonic.Now;
        if (began - due >= LateFrom) engine.Late(began - due, began);
        for (var i = 0; i < MaxBatch && socket.Receive(datagram, out var from) is >= 0 and var length; i++)
        {
            engine.Receive(from, datagram.AsSpan(0, length), now);
            NoteFault();
        }
        while (work.TryDequeue(out var one))
        {
            Interlocked.Decrement(ref waiting);
            now = Monotonic.Now;
            one(now);
            NoteFault();
        }
        now = Monotonic.Now;
        // the last datagram of a long round waited so long for us
        if (now - began >= LateFrom) engine.Late(now - began, now);
        due = Tick();
        Snapshot?.Clocks(engine.Clock, engine.EventClock, engine.QueryClock);
        Meter.Ran(Monotonic.Now - began);
    }

    TimeSpan Tick()
    {
        var next = engine.Tick(now);
        return Plane?.Tick(now) is { } planes && planes < next ? planes : next;
    }

    void NoteFault()
    {
        if (engine.Counters.LastFault is not { } fault || fault == lastFault) return;
        lastFault = fault;
        faults.Add(fault);
    }

    /// <summary>Has the thread do something with the engine.</summary>
    /// <exception cref="PoolClosedException">The pool is closed, or too much waits.</exception>
    public Task<T> Ask<T>(Func<GossipEngine, TimeSpan, T> ask)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var isTaken = Post(at =>
        {
            if (isClosing)
            {
                done.TrySetException(new PoolClosedException());
                return;
            }
            try
            {
                done.TrySetResult(ask(engine, at));
            }
            // the border of a command: its caller is told, and the pool runs on
            catch (Exception e)
            {
                done.TrySetException(e);
            }
        });
        if (!isTaken) done.TrySetException(new PoolClosedException());
        return done.Task;
    }

    bool Post(Action<TimeSpan> action)
    {
        if (isClosing || Interlocked.Increment(ref waiting) > MaxWork)
        {
            if (!isClosing) Interlocked.Decrement(ref waiting);
            Meter.Drop();
            return false;
        }
        work.Enqueue(action);
        socket.Wake();
        // the thread may have ended in between: then nobody else tells who waits
        if (isClosing) RefuseWork();
        return true;
    }

    /// <summary>Work that nobody does any more: each piece sees that the pool is closed, and says so.</summary>
    void RefuseWork()
    {
        while (work.TryDequeue(out var left)) left(Monotonic.Now);
    }

    async Task<StreamReply> Accept(PeerAddress from, ReadOnlyMemory<byte> frame)
    {
        try
        {
            var (answer, question, hello) = await Ask((e, at) =>
            {
                (asked, greeting) = ([], []);
                return (e.Accept(from, frame, at), asked, greeting);
            });
            if (hello.Length > 0 && Links is not null)
            {
                var (welcome, keep) = Links.Answer(this, from, hello);
                return new StreamReply(await Ask((e, _) => e.SealWelcome(welcome)), keep);
            }
            if (question.Length == 0 || Questions is null) return new StreamReply(answer);
            var reply = await Questions.Answer(Settings.Zone, question);
            return new StreamReply(await Ask((e, _) => e.SealAnswer(reply)));
        }
        catch (PoolClosedException e)
        {
            throw new IOException(e.Message);
        }
        // the border of a stream: its peer is sent away, and the pool runs on
        catch (Exception e)
        {
            LogStream(logger, Settings.Zone, from.ToString(), e);
            throw new IOException("a fault of the program");
        }
    }

    /// <summary>Says goodbye, and waits until that is done or the patience ends.</summary>
    public async Task Leave(CancellationToken cancel)
    {
        try
        {
            await Ask((e, at) =>
            {
                e.Leave(at);
                return true;
            });
            await left.Task.WaitAsync(LeavePatience, cancel);
        }
        catch (Exception e) when (e is PoolClosedException or TimeoutException or OperationCanceledException)
        {
            LogNotSaid(logger, Settings.Zone, e.Message);
        }
    }

    /// <summary>Ends the thread and closes the sockets, without a goodbye.</summary>
    public void Dispose()
    {
        isClosing = true;
        if (thread.ThreadState.HasFlag(ThreadState.Unstarted))
        {
            streams.Dispose();
            socket.Dispose();
            keys?.Dispose();
        }
        else
        {
            socket.Wake();
            thread.Join(LeavePatience);
        }
        Snapshot?.Dispose();
    }

    [LoggerMessage(LogLevel.Error, "the gossip of zone {Zone} stopped by a fault of the program")]
    static partial void LogBroken(ILogger logger, string zone, Exception e);

    [LoggerMessage(LogLevel.Error, "zone {Zone}: a stream of {Peer} ended by a fault of the program")]
    static partial void LogStream(ILogger logger, string zone, string peer, Exception e);

    [LoggerMessage(LogLevel.Warning, "zone {Zone}: the others perhaps do not know that this node leaves: {Reason}")]
    static partial void LogNotSaid(ILogger logger, string zone, string reason);
}

/// <summary>A command came when the pool was closed, or so busy that it takes no more.</summary>
internal sealed class PoolClosedException() : Exception("this agent's gossip is not running");

/// <summary>What speaks NodeState on a pool. All is called on the pool's thread.</summary>
internal interface IPoolPlane
{
    /// <summary>The pool begins.</summary>
    void Start(GossipEngine engine, TimeSpan now);

    /// <summary>A message of type 200 came in; valid during the call only.</summary>
    void Received(PeerAddress from, ReadOnlySpan<byte> body, TimeSpan now);

    /// <summary>A member changed.</summary>
    void Changed(MemberNews news, TimeSpan now);

    /// <summary>Does what is due; returns when it must be called next.</summary>
    TimeSpan Tick(TimeSpan now);

    /// <summary>The pool has closed.</summary>
    void Ended();
}
