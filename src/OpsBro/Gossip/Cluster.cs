using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpsBro.Config;
using OpsBro.Core.Gossip;
using OpsBro.Detectors;

namespace OpsBro.Gossip;

/// <summary>
/// This agent's place in the cluster: the pool of its zone, and, for a proxy node, that of the zone above. Follows the configuration and
/// the groups; a clean stop says goodbye. Nothing here holds up the agent's start.
/// </summary>
internal sealed partial class Cluster : IHostedService
{
    /// <summary>A pool that could not be opened is tried again after so long.</summary>
    public static readonly TimeSpan TryAgain = TimeSpan.FromSeconds(10);

    /// <summary>Groups must be the same for so long before they become a tag, which is told to everyone.</summary>
    public static readonly TimeSpan TagsAfter = TimeSpan.FromSeconds(10);

    readonly ConfigStore config;
    readonly ClusterParts parts;
    readonly Groups groups;
    readonly ILogger<Cluster> logger;
    readonly SemaphoreSlim turn = new(1, 1);
    readonly CancellationTokenSource stop = new();
    readonly Timer again, tagTimer;
    readonly Lock stopGate = new();
    Task? stopping;
    volatile GossipOptions options = new();
    volatile ZonePool? own;
    volatile ZonePool? parent;
    volatile bool isOut;

    /// <summary>A cluster of what other slices give.</summary>
    public Cluster(ConfigStore config, ClusterParts parts, Groups groups, ILogger<Cluster> logger)
    {
        (this.config, this.parts, this.groups, this.logger) = (config, parts, groups, logger);
        // our name is asked for before the pools are made; what is wrong in the section is told then
        options = GossipOptions.Read(config.Current.Agent, []);
        again = new Timer(_ => Refresh());
        tagTimer = new Timer(_ => Refresh());
    }

    /// <summary>The configuration that is followed.</summary>
    public GossipOptions Options => options;

    /// <summary>The pool of our own zone; null when gossip is off or cannot be opened.</summary>
    public GossipPool? Own => own?.Pool;

    /// <summary>The pool of the zone above, where a proxy node speaks for its zone; null for all others.</summary>
    public GossipPool? Parent => parent?.Pool;

    /// <summary>Every pool that runs.</summary>
    public IEnumerable<GossipPool> Pools
    {
        get
        {
            if (Own is { } first) yield return first;
            if (Parent is { } second) yield return second;
        }
    }

    /// <summary>What all pools share.</summary>
    public ClusterParts Parts => parts;

    /// <summary>Our name in the cluster.</summary>
    public string Name => parts.NameOf(options);

    /// <summary>True after <c>gossip leave</c>, until the next <c>gossip join</c>.</summary>
    public bool IsOut => isOut;

    /// <summary>running, left, broken or off.</summary>
    public string State => this switch
    {
        { options.IsEnabled: false } => "off",
        { isOut: true } => "left",
        { Own: { Broken.Length: 0 } } => "running",
        _ => "broken",
    };

    /// <summary>What the operator should mend, one line each.</summary>
    public IEnumerable<string> Problems() =>
        [.. own?.Problems() ?? [], .. parent?.Problems() ?? [], .. parts.Links.Troubles, .. parts.Troubles.SelectMany(trouble => trouble())];

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        config.Published += Refresh;
        groups.Published += GroupsChanged;
        await Follow();
    }

    void GroupsChanged() => tagTimer.Change(TagsAfter, Timeout.InfiniteTimeSpan);

    void Refresh() => _ = Task.Run(async () =>
    {
        try
        {
            await Follow();
        }
        // nobody waits for it: a fault of the program must not end in silence
        catch (Exception e)
        {
            LogFault(logger, e);
            again.Change(TryAgain, Timeout.InfiniteTimeSpan);
        }
    });

    /// <summary>Takes over what changed in files of keys, now.</summary>
    public Task LookAgain() => Follow();

    /// <summary>Makes the pools what the configuration says.</summary>
    async Task Follow()
    {
        try
        {
            await turn.WaitAsync(stop.Token);
        }
        catch (OperationCanceledException)
        {
            return;
        }
        try
        {
            var problems = new List<Problem>();
            var current = config.Current;
            var next = GossipOptions.Read(current.Agent, problems);
            // a slip of the pen does not end a cluster
            if (problems.Any(p => !p.IsWarning) && own is not null) next = options with { Seeds = next.Seeds, ParentSeeds = next.ParentSeeds };
            parts.KeyFiles.Check(current.Agent, next, next.IsProxy ? ParentOf(next.Zone) : null, problems);
            config.Report("gossip", problems);
            var zoneProblems = new List<Problem>();
            ZoneObjects.Check(current, zoneProblems);
            config.Report("zone", zoneProblems);
            options = next;
            if (!next.IsEnabled || isOut)
            {
                await CloseAll(forGood: false);
                return;
            }
            if (own is { } old && old.Zone != next.Zone)
            {
                LogZone(logger, old.Zone, next.Zone);
                await CloseAll(forGood: false);
            }
            own ??= new ZonePool(next.Zone, parts);
            await own.Apply(next, next.Port, isOwn: true, Tags(next));
            await FollowParent(next);
            if (own.Problem.Length > 0 || parent?.Problem.Length > 0) again.Change(TryAgain, Timeout.InfiniteTimeSpan);
        }
        finally
        {
            turn.Release();
        }
    }

    async Task FollowParent(GossipOptions next)
    {
        var wanted = next.IsProxy ? ParentOf(next.Zone) : null;
        if (parent is { } old && old.Zone != wanted)
        {
            await old.Leave(forGood: false, stop.Token);
            await old.DisposeAsync();
            parent = null;
        }
        if (wanted is null) return;
        parent ??= new ZonePool(wanted, parts);
        await parent.Apply(next, next.ParentPort, isOwn: false, Tags(next));
    }

    /// <summary>The zone above; null at the top.</summary>
    public string? ParentOf(string zone) => ZoneObjects.Tree(config.Current).ParentOf(zone);

    /// <summary>Leaves the cluster on purpose: it does not come back by itself. The agent runs on.</summary>
    public async Task Leave(CancellationToken cancel)
    {
        await turn.WaitAsync(cancel);
        try
        {
            isOut = true;
            await CloseAll(forGood: true);
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Opens the pool again after <see cref="Leave"/>.</summary>
    public async Task ComeBack()
    {
        if (!isOut) return;
        isOut = false;
        await Follow();
    }

    async Task CloseAll(bool forGood)
    {
        foreach (var one in (ZonePool?[])[parent, own])
        {
            if (one is null) continue;
            await one.Leave(forGood, stop.Token);
            await one.DisposeAsync();
        }
        (own, parent) = (null, null);
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        // others took all the time that there was, and a goodbye takes some: the host says it once more, with time
        if (cancellationToken.IsCancellationRequested) return Task.FromCanceled(cancellationToken);
        // it may come while we still say goodbye: who comes later waits for the same end
        lock (stopGate) return stopping ??= End(cancellationToken);
    }

    async Task End(CancellationToken cancellationToken)
    {
        config.Published -= Refresh;
        groups.Published -= GroupsChanged;
        await stop.CancelAsync();
        await turn.WaitAsync(cancellationToken);   // and keeps it: nothing is opened any more
        await again.DisposeAsync();
        await tagTimer.DisposeAsync();
        // both at once: the stop has a deadline
        await Task.WhenAll(((ZonePool?[])[parent, own]).Select(async one =>
        {
            if (one is null) return;
            await one.Leave(forGood: false, cancellationToken);
            await one.DisposeAsync();
        }));
    }

    [LoggerMessage(LogLevel.Error, "the configuration of gossip was not taken over by a fault of the program; it is tried again")]
    static partial void LogFault(ILogger logger, Exception e);

    [LoggerMessage(LogLevel.Information, "the zone of this node is {Now}; it was {Before}")]
    static partial void LogZone(ILogger logger, string before, string now);
}
