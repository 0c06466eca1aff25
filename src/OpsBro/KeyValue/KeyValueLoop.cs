using System.Security.Cryptography;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpsBro.Agent;
using OpsBro.Config;
using OpsBro.Core.KeyValue;
using OpsBro.Detectors;
using OpsBro.Events;
using OpsBro.Gossip;
using OpsBro.NodeState;
using OpsBro.Platform;
using OpsBro.Storage;

namespace OpsBro.KeyValue;

/// <summary>
/// The engine of keys and values, and the process around it. One lock: requests, links and the disk enter it on their own threads, so that
/// a value that is here is read without a change of thread. What the engine causes only puts something down: nothing of it comes back in.
/// Who has made it write leaves the lock and commits, unless another does: a write alone changes no thread either.
/// </summary>
internal sealed partial class KeyValueLoop : IHostedService
{
    /// <summary>A file that cannot be had is tried again after so long.</summary>
    public static readonly TimeSpan TryAgain = TimeSpan.FromSeconds(5);

    /// <summary>The view of the members is looked at again after so long, though nobody told of a change.</summary>
    public static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(5);

    /// <summary>News of members are gathered so long.</summary>
    static readonly TimeSpan gather = TimeSpan.FromMilliseconds(50);

    const int StackBytes = 256 * 1024;

    readonly AgentState self;
    readonly ConfigStore config;
    readonly Cluster cluster;
    readonly Groups groups;
    readonly Readiness readiness;
    readonly EventRing ring;
    readonly Telemetry telemetry;
    readonly TimeProvider time;
    readonly ILogger<KeyValueLoop> logger;
    readonly KeyValueSight sight;
    readonly Lock gate = new();
    readonly Dictionary<ulong, KeyWaiter> waiting = [];
    readonly AutoResetEvent wake = new(false);
    readonly SemaphoreSlim news = new(0, 1);
    readonly CancellationTokenSource stop = new();
    readonly Feed<MemberChanged>.Subscription members;
    readonly Feed<NodeChanged>.Subscription nodes;
    readonly Thread thread;
    readonly Action finishing;
    KeyValueEngine? engine;
    KeyLog? file;
    KeyValueSight.View? view;
    KeyValueResult? submitted;
    ulong lastId, submitting;
    TimeSpan wakesAt;
    bool areWatchesOther, isHurried;
    Task following = Task.CompletedTask;
    volatile string name = "", notReady = "the agent has just started; ask again in a moment", broken = "", aside = "", announcement = "";
    volatile bool needsLinks, mustReopen, isCalled;

    /// <summary>Makes the loop, and registers it with the cluster.</summary>
    public KeyValueLoop(
        AgentState self, ConfigStore config, Cluster cluster, NodeBook book, Groups groups, Readiness readiness, EventRing ring,
        Feed<MemberChanged> memberFeed, Feed<NodeChanged> nodeFeed, Telemetry telemetry, TimeProvider time, ILoggerFactory loggers)
    {
        (this.self, this.config, this.cluster, this.groups, this.readiness, this.ring, this.telemetry, this.time) =
            (self, config, cluster, groups, readiness, ring, telemetry, time);
        logger = loggers.CreateLogger<KeyValueLoop>();
        sight = new KeyValueSight(cluster, book, groups);
        Watches = new KeyWatches(WatchesChanged);
        (members, nodes) = (memberFeed.Subscribe(), nodeFeed.Subscribe());
        cluster.Parts.Facts.Add((KeyValueSight.Fact, () => announcement));
        cluster.Parts.Troubles.Add(() => Problems);
        cluster.Parts.Links.Register(LinkKind.KeyValue, Received, Finish);
        ring.Declare(KeyValueComponent.Noun);
        readiness.Expect(KeyValueComponent.Noun);
        finishing = FinishNow;
        thread = new Thread(Run, StackBytes) { IsBackground = true, Name = KeyValueComponent.Noun };
    }

    /// <summary>Who waits for changes.</summary>
    public KeyWatches Watches { get; }

    /// <summary>Why nothing can be asked now; empty when it can.</summary>
    public string NotReady
    {
        get
        {
            lock (gate) return engine is null || view is null ? notReady : "";
        }
    }

    Links Links => cluster.Parts.Links;

    Moment Now => new(Monotonic.Now, time.GetUtcNow().ToUnixTimeMilliseconds());

    KeyValueOptions Options => KeyValueOptions.Read(config.Current.Agent, []);

    /// <summary>What the operator should mend.</summary>
    public IEnumerable<string> Problems
    {
        get
        {
            if (broken.Length > 0) yield return broken;
            if (aside.Length > 0) yield return aside;
            if (file?.Problem is { Length: > 0 } problem) yield return problem;
            if (Look(engine => engine.Doubt, "") is { Length: > 0 } doubt) yield return $"keys and values: {doubt}";
            if (needsLinks && Links.Problem is { Length: > 0 } cut) yield return $"keys and values: {cut}";
        }
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        config.Published += Look;
        groups.Published += Look;
        following = Task.WhenAll(Follow(), Each(members, _ => true), Each(nodes, KeyValueSight.Matters));
        thread.Start();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (stop.IsCancellationRequested) return;   // the host says it twice
        config.Published -= Look;
        groups.Published -= Look;
        await stop.CancelAsync();
        Call();
        if (!thread.ThreadState.HasFlag(ThreadState.Unstarted) && !thread.Join(KeyLog.StopPatience))
            LogHangs(logger, self.Options.KeyValueFile, KeyLog.StopPatience.TotalSeconds);
        await following;
        End("the agent stops");
    }

    /// <summary>Commits what waits, which may answer some of those who wait, and takes the engine out.</summary>
    void End(string why)
    {
        file?.Dispose();
        Close(why);
    }

    /// <summary>Takes the engine out, and tells everyone who waits.</summary>
    void Close(string why)
    {
        KeyWaiter[] left;
        lock (gate)
        {
            (engine, notReady) = (null, why);
            left = [.. waiting.Values];
            waiting.Clear();
        }
        foreach (var waiter in left) waiter.Answer(new KeyValueResult(KeyValueStatus.Unavailable, why));
    }

    /// <summary>The members as they are seen, this one too when it is one.</summary>
    public IReadOnlyList<KeyValueMember> Members
    {
        get
        {
            lock (gate) return view?.Members ?? [];
        }
    }

    void Run()
    {
        try
        {
            Open();
            while (!stop.IsCancellationRequested)
            {
                if (mustReopen)
                {
                    mustReopen = false;
                    End("keys and values are opened anew; ask again in a moment");
                    Open();
                }
                isCalled = false;
                Sleep(Round());
            }
        }
        // the border of the loop
        catch (Exception e)
        {
            Break(e);
        }
    }

    /// <summary>What the engine holds cannot be trusted any more: the agent runs on without it, and says what happened.</summary>
    void Break(Exception e)
    {
        LogBroken(logger, e);
        broken = $"keys and values stopped by a fault of the program ({e.GetType().Name}: {e.Message}); "
            + "see opsbro agent log show keyvalue, and restart the agent";
        Close(broken);
        readiness.Done(KeyValueComponent.Noun);
    }

    /// <summary>Until a time, or a call; meanwhile what lingers is ended.</summary>
    void Sleep(TimeSpan due)
    {
        while (!isCalled)
        {
            TimeSpan until;
            lock (gate) until = lingersUntil < due ? lingersUntil : due;
            var sleep = until - Monotonic.Now;
            // whole milliseconds, rounded up: a wait that ends early would only turn round until it is time
            if (sleep > TimeSpan.Zero) wake.WaitOne((int)Math.Ceiling(sleep.TotalMilliseconds));
            EndLinger();
            if (Monotonic.Now >= due) return;
        }
    }

    void Call()
    {
        isCalled = true;
        wake.Set();
    }

    TimeSpan Round()
    {
        TimeSpan due;
        string said;
        Caused caused;
        lock (gate)
        {
            if (engine is null) return Monotonic.Now + TryAgain;
            if (areWatchesOther)
            {
                areWatchesOther = false;
                engine.Watch(Watches.Prefixes(), Now);
            }
            wakesAt = due = engine.Tick(Now);
            said = engine.Announcement;
            isHurried = true;
            caused = TakeCaused();
        }
        Start(caused);
        file!.Look();
        file.CommitLater();   // without this thread nobody is told that the disk hangs
        Announce(said);
        return due;
    }

    void Announce(string said)
    {
        if (said == announcement) return;
        announcement = said;
        cluster.Parts.SayAgain();
    }

    /// <summary>Reads the file and makes the engine; waits while the file cannot be had, for what it holds is not known then.</summary>
    void Open()
    {
        while (!stop.IsCancellationRequested)
        {
            var opened = new KeyLog(self.Options.KeyValueFile, GiveRows, Persisted, DiskChanged, time, telemetry, logger);
            try
            {
                Begin(opened, opened.Load());
                return;
            }
            catch (IOException e)
            {
                opened.Dispose();
                notReady = broken = e.Message;
                readiness.Done(KeyValueComponent.Noun);   // the agent is of use without it
            }
            wake.WaitOne(TryAgain);
        }
    }

    void Begin(KeyLog opened, IReadOnlyList<StoredRow> rows)
    {
        lock (gate)
        {
            file = opened;
            if (opened.Aside.Length > 0)
            {
                aside = $"{self.Options.KeyValueFile} was damaged and begun anew; what is left of it is {opened.Aside}. Keys come back from the other nodes "
                    + "of group kv that have them; what only this one had is lost";
            }
            broken = "";
            name = cluster.Name;
            engine = new KeyValueEngine(Settings(), this, rows, Now) { DiskProblem = opened.Problem };
            if (view is not null) engine.Members(view.Members, Now);
            areWatchesOther = true;
        }
        opened.CommitLater();
        Look();
    }

    KeyValueSettings Settings() => new()
    {
        Name = name,
        Id = self.Identity.Uuid,
        FreshStoreId = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))),
        Seed = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))),
        MaxStore = Options.MaxSize,
    };

    /// <summary>Watches came or went: the loop tells the engine, for this may be called from anywhere.</summary>
    void WatchesChanged()
    {
        lock (gate) areWatchesOther = true;
        Call();
    }

    /// <summary>Follows who is a member.</summary>
    async Task Follow()
    {
        try
        {
            while (!stop.IsCancellationRequested)
            {
                await LookAround();
                await news.WaitAsync(readiness.State == "ok" ? LookAgain : gather, stop.Token);
                await Task.Delay(gather, time, stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // the agent stops
        }
        // the border of the task: members that nobody follows any more would be worse than none
        catch (Exception e)
        {
            Break(e);
        }
    }

    async Task LookAround()
    {
        var others = readiness.Waiting;
        if (await sight.Look(isSettled: others is [] or [KeyValueComponent.Noun], announcement, Look(there => there.Known, [])) is not { } seen) return;
        var isBlind = seen is { Members.Count: 0, Silent: > 0 };   // somebody is there who may keep the keys
        string said;
        lock (gate)
        {
            if (isBlind && view is null)
            {
                notReady = $"{seen.Silent} members have not said yet whether they keep keys and values; ask again in a moment";
                return;
            }
            var isOther = view is null || !view.Members.SequenceEqual(seen.Members);
            view = seen;
            needsLinks = seen.Members.Any(m => m.Standing != MemberStanding.Left && m.Id != self.Identity.Uuid);
            if (engine is null) return;
            engine.MaxStore = Options.MaxSize;
            mustReopen |= name != cluster.Name;   // another name is another node
            if (isOther) engine.Members(seen.Members, Now);
            said = engine.Announcement;
        }
        Announce(said);
        Call();   // the next round commits what the engine wrote
        readiness.Done(KeyValueComponent.Noun);
    }

    async Task Each<T>(Feed<T>.Subscription subscription, Func<T, bool> matters)
    {
        using (subscription)
        {
            try
            {
                await foreach (var item in subscription.Items.ReadAllAsync(stop.Token))
                    if (matters(item)) Look();
            }
            catch (OperationCanceledException)
            {
                // the agent stops
            }
        }
    }

    void Look()
    {
        try
        {
            news.Release();
        }
        catch (SemaphoreFullException)
        {
            // it will look anyway
        }
    }

    [LoggerMessage(LogLevel.Error, "keys and values stopped by a fault of the program")]
    static partial void LogBroken(ILogger logger, Exception e);

    [LoggerMessage(LogLevel.Error, "{File} could not be opened: the disk has not answered for {Seconds} s, and is not waited for any longer")]
    static partial void LogHangs(ILogger logger, string file, double seconds);
}
