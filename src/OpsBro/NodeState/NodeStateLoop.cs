using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpsBro.Agent;
using OpsBro.Checks;
using OpsBro.Config;
using OpsBro.Core.Gossip;
using OpsBro.Core.NodeState;
using OpsBro.Detectors;
using OpsBro.Gossip;
using OpsBro.Platform;

namespace OpsBro.NodeState;

/// <summary>
/// Drives the one <see cref="NodeStateEngine"/> of this agent on a thread of its own: the pools, which have threads of their own, put down
/// what comes and carry what goes. It sleeps until news, or until the engine's or its own next moment. Others read <see cref="NodeBook"/>.
/// </summary>
internal sealed partial class NodeStateLoop : IHostedService
{
    /// <summary>Messages that wait for the thread; further ones are dropped and counted, and the rounds repair it.</summary>
    public const int MaxMessages = 2_048;

    /// <summary>Bytes of them.</summary>
    public const long MaxMessageBytes = 8 * 1024 * 1024;

    /// <summary>Our own state is compared again after so long, when the loop is awake anyway: addresses change without news.</summary>
    public static readonly TimeSpan LookAgain = TimeSpan.FromMinutes(5);

    /// <summary>Questions that wait for the thread; further ones are refused.</summary>
    public const int MaxQuestions = 256;

    static readonly TimeSpan longestSleep = TimeSpan.FromHours(1);

    const int StackBytes = 512 * 1024;

    readonly AgentState self;
    readonly ConfigStore config;
    readonly Groups groups;
    readonly CheckLoop checks;
    readonly Feed<CheckChanged> checkFeed;
    readonly Feed<NodeChanged> changes;
    readonly Cluster cluster;
    readonly NodeBook book;
    readonly TimeProvider clock;
    readonly ILogger<NodeStateLoop> logger;
    readonly OwnFacts facts;
    readonly OwnState own = new();
    readonly GenerationFile generation;
    readonly Meter meter;
    readonly AutoResetEvent wake = new(false);
    readonly ConcurrentQueue<(PoolPlane Plane, byte[] Body)> messages = [];
    readonly ConcurrentQueue<TaskCompletionSource<Glance>> questions = [];
    readonly PoolPlane?[] opened = new PoolPlane?[NodeStateLimits.MaxPools];
    readonly PoolPlane?[] planes = new PoolPlane?[NodeStateLimits.MaxPools];
    readonly HashSet<(string Zone, string Name)> touched = [];
    readonly NodeStateShare share = new();
    readonly CancellationTokenSource stop = new();
    readonly Thread thread;
    NodeStateEngine? engine;
    GossipOptions options = new();
    ZoneTree tree = ZoneTree.Flat;
    TimeSpan now, lookedAt;
    int version = -1, waiting;
    long waitingBytes;
    volatile bool isDirty = true, isOver;
    volatile string broken = "";

    /// <summary>Makes the loop, and has each pool that opens from now on speak NodeState.</summary>
    public NodeStateLoop(
        AgentState self, ConfigStore config, Groups groups, CheckLoop checks, Feed<CheckChanged> checkFeed, Feed<NodeChanged> changes,
        Cluster cluster, NodeBook book, Telemetry telemetry, TimeProvider clock, ILogger<NodeStateLoop> logger)
    {
        (this.self, this.config, this.groups, this.checks, this.checkFeed, this.changes, this.cluster, this.book, this.clock, this.logger) =
            (self, config, groups, checks, checkFeed, changes, cluster, book, clock, logger);
        facts = new OwnFacts(self, config, groups, checks, cluster.Parts.Facts);
        generation = new GenerationFile(Path.Join(self.Options.DataDirectory, "nodestate", "generation"));
        meter = telemetry.Of("nodestate", "loop");
        cluster.Parts.PlaneOf = pool => new PoolPlane(this, pool, pool.Settings.Zone == cluster.Options.Zone ? 0 : 1);
        cluster.Parts.Troubles.Add(() => Problems);
        cluster.Parts.SayAgain = Dirty;
        thread = new Thread(Run, StackBytes) { IsBackground = true, Name = "nodestate" };
    }

    /// <summary>What the operator should mend.</summary>
    public IEnumerable<string> Problems =>
        ((string[])[broken, generation.Problem]).Where(problem => problem.Length > 0).Concat(own.Problems);

    /// <summary>The engine at a glance.</summary>
    /// <param name="Nodes">Nodes known.</param>
    /// <param name="Bytes">Of all maps.</param>
    /// <param name="OwnBytes">Of what this node says.</param>
    /// <param name="Generation">Of this node's map.</param>
    /// <param name="Counters">What was counted, by name.</param>
    internal sealed record Glance(int Nodes, long Bytes, int OwnBytes, ulong Generation, IReadOnlyDictionary<string, long> Counters);

    /// <summary>Asks the loop how the engine is; from any thread.</summary>
    public Task<Glance> Ask()
    {
        var question = new TaskCompletionSource<Glance>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (questions.Count >= MaxQuestions || isOver) question.SetException(new PoolClosedException());
        else questions.Enqueue(question);
        wake.Set();
        // the thread may have ended in between: then nobody else answers
        if (isOver) RefuseQuestions();
        return question.Task;
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        config.Published += Dirty;
        groups.Published += Dirty;
        checks.ListChanged += Dirty;
        _ = FollowChecks(checkFeed.Subscribe());
        thread.Start();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        if (stop.IsCancellationRequested) return Task.CompletedTask;   // the host says it twice
        config.Published -= Dirty;
        groups.Published -= Dirty;
        checks.ListChanged -= Dirty;
        stop.Cancel();
        wake.Set();
        if (!thread.ThreadState.HasFlag(ThreadState.Unstarted)) thread.Join();
        return Task.CompletedTask;
    }

    /// <summary>Only that something changed is of interest: the checks themselves are looked at.</summary>
    async Task FollowChecks(Feed<CheckChanged>.Subscription subscription)
    {
        using (subscription)
        {
            try
            {
                await foreach (var change in subscription.Items.ReadAllAsync(stop.Token))
                    if (change.Standing.IsHard || change.Transition.Flapping is not null) Dirty();
            }
            catch (OperationCanceledException)
            {
                // the agent stops
            }
        }
    }

    void Dirty()
    {
        isDirty = true;
        wake.Set();
    }

    /// <summary>Wakes the loop; from any thread.</summary>
    public void Wake() => wake.Set();

    /// <summary>A pool has opened; on its thread.</summary>
    public void Opened(PoolPlane plane)
    {
        Volatile.Write(ref opened[plane.Index], plane);
        Dirty();
    }

    /// <summary>A message came in; on the pool's thread.</summary>
    public void Received(PoolPlane plane, ReadOnlySpan<byte> body)
    {
        if (isOver || Volatile.Read(ref waiting) >= MaxMessages || Interlocked.Read(ref waitingBytes) + body.Length > MaxMessageBytes)
        {
            meter.Drop();
            return;
        }
        Interlocked.Increment(ref waiting);
        Interlocked.Add(ref waitingBytes, body.Length);
        messages.Enqueue((plane, body.ToArray()));
        wake.Set();
    }

    void Run()
    {
        try
        {
            Rounds();
        }
        // the border of the loop: the agent and its gossip run on, and say what happened
        catch (Exception e)
        {
            LogBroken(logger, e);
            broken = $"NodeState stopped by a fault of the program ({e.GetType().Name}: {e.Message}): the others keep what this node said last, and this "
                + "one what they said; see opsbro agent log show nodestate, and restart the agent";
        }
        finally
        {
            isOver = true;
            messages.Clear();
            RefuseQuestions();
        }
    }

    void RefuseQuestions()
    {
        while (questions.TryDequeue(out var left)) left.TrySetException(new PoolClosedException());
    }

    void Rounds()
    {
        var due = TimeSpan.Zero;
        while (!stop.IsCancellationRequested)
        {
            var sleep = due - Monotonic.Now;
            if (sleep > TimeSpan.Zero) wake.WaitOne(sleep < longestSleep ? RoundUp(sleep) : longestSleep);
            var began = now = Monotonic.Now;
            TakePools();
            while (messages.TryDequeue(out var message)) Take(message.Plane, message.Body);
            SayOwn();
            while (questions.TryDequeue(out var question)) question.TrySetResult(Look());
            due = engine is null ? TimeSpan.MaxValue : engine.Tick(now);
            Publish();
            foreach (var other in (TimeSpan[])[own.Due, HeldDue])
                if (other < due) due = other;
            meter.Ran(Monotonic.Now - began);
        }
    }

    /// <summary>Waits are counted in whole milliseconds: one that is cut would wake too early, again and again.</summary>
    static TimeSpan RoundUp(TimeSpan wait) => TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds));

    /// <summary>A pool has forgotten a member, or knows it again; on the loop's thread.</summary>
    public void Hide(string zone, string name, bool isHidden) => book.Hide(zone, name, isHidden);

    void Take(PoolPlane plane, byte[] body)
    {
        Interlocked.Decrement(ref waiting);
        Interlocked.Add(ref waitingBytes, -body.Length);
        if (planes[plane.Index] == plane) engine?.Receive(body, now);
    }

    /// <summary>Follows pools that open and close, and who is in them.</summary>
    void TakePools()
    {
        TakeConfiguration();
        for (var i = 0; i < planes.Length; i++)
        {
            var next = Volatile.Read(ref opened[i]);
            if (planes[i] is { } old && (old != next || old.HasEnded))
            {
                if (engine is not null) old.Close(engine, now);
                planes[i] = null;
                isDirty = true;
            }
            if (next is not { HasEnded: false }) continue;
            if (i == 0) EnsureEngine(next.Pool.Settings.Zone, next.Pool.Settings.Name);
            planes[i] = next;
            // who is where is what a proxy tells the other zones
            if (engine is not null && next.Take(engine, clock.GetUtcNow(), now) && options.IsProxy) isDirty = true;
        }
    }

    void TakeConfiguration()
    {
        var current = config.Current;
        if (current.Version == version) return;
        version = current.Version;
        options = GossipOptions.Read(current.Agent, []);
        tree = ZoneObjects.Tree(current);
        engine?.SetTree(tree);
        // a node whose gossip is off says something of itself as well, to who asks it
        if (engine is null) EnsureEngine(options.Zone, cluster.Parts.NameOf(options));
        isDirty = true;
    }

    /// <summary>A node that has another zone or name is another node.</summary>
    void EnsureEngine(string zone, string name)
    {
        if (engine is { Self: { } map } && map.Zone == zone && map.Name == name) return;
        var settings = new NodeStateSettings { Zone = zone, Name = name, Generation = generation.Next(clock.GetUtcNow()), Tree = tree };
        var chance = new Chance(BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))));
        engine = new NodeStateEngine(settings, chance, this, now, share);
        own.Forget();
        touched.Clear();
        held.Clear();
        book.Clear();
        foreach (var plane in planes) plane?.Introduce(engine, now);
        isDirty = true;
    }

    void SayOwn()
    {
        if (engine is null || (!isDirty && now < own.Due && now - lookedAt < LookAgain)) return;
        isDirty = false;
        lookedAt = now;
        var wanted = facts.All(engine.Self, options, planes[0]?.Pool.Settings.Advertise.ToString() ?? "", now);
        wanted.AddRange(Members());
        own.Take(engine, wanted, now);
    }

    /// <summary>
    /// What a proxy tells of those whose gossip only this zone, or only proxies, hear: the zones above of our own members and the proxies
    /// below, our own zone of the proxies above.
    /// </summary>
    IEnumerable<(string Key, string Value)> Members()
    {
        var zone = engine!.Self.Zone;
        if (!options.IsProxy || tree.ParentOf(zone) is not { } above) return [];
        var ours = (planes[0]?.Members ?? []).Where(m => m.Key != engine.Self.Name && (m.Value.Zone == zone || tree.ParentOf(m.Value.Zone) == zone));
        var theirs = (planes[1]?.Members ?? []).Where(m => m.Value.IsProxy && m.Value.Zone == above);
        return ours.Concat(theirs).Select(m => (Key: MemberValue.KeyOf(m.Value.Zone, m.Key), Value: m.Value.Value.ToString()))
            .DistinctBy(m => m.Key).OrderBy(m => m.Key, StringComparer.Ordinal);
    }

    [LoggerMessage(LogLevel.Error, "NodeState stopped by a fault of the program")]
    static partial void LogBroken(ILogger logger, Exception e);
}
