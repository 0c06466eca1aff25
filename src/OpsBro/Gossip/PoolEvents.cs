using Microsoft.Extensions.Hosting;
using OpsBro.Core.Gossip;
using OpsBro.Platform;

namespace OpsBro.Gossip;

/// <summary>Members, events and queries of a pool in the order in which they happened: published on a <see cref="Feed{T}"/>.</summary>
/// <param name="Pool">Where.</param>
/// <param name="News">What: <see cref="MemberNews"/>, <see cref="EventNews"/> or <see cref="QueryNews"/>.</param>
internal sealed record PoolNews(GossipPool Pool, GossipNews News);

/// <summary>An event in Serf's sense, bursts gathered: published on a <see cref="Feed{T}"/> for event handlers and RPC streams.</summary>
/// <param name="Pool">Where; a query is answered there.</param>
/// <param name="Event">What.</param>
internal sealed record PoolEvent(GossipPool Pool, GossipEvent Event);

/// <summary>Gathers bursts of news, for each pool alone, before programs are started or woken for them.</summary>
internal sealed class PoolEvents(Feed<PoolNews> news, Feed<PoolEvent> events, Cluster cluster) : BackgroundService
{
    // from the very start: the first news of a pool is our own join
    readonly Feed<PoolNews>.Subscription arrivals = news.Subscribe();
    readonly Dictionary<GossipPool, EventCoalescer> coalescers = [];

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using (arrivals)
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                await Wait(coalescers.Values.Min(c => c.Due), stoppingToken);
                while (arrivals.Items.TryRead(out var one)) Of(one.Pool).Add(one.News, Monotonic.Now);
                foreach (var coalescer in coalescers.Values) coalescer.Tick(Monotonic.Now);
                ForgetClosed();
            }
        }
    }

    /// <summary>Until there is news, or <paramref name="due"/>.</summary>
    async Task Wait(TimeSpan? due, CancellationToken stop)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(stop);
        if (due is { } at) waiting.CancelAfter(at > Monotonic.Now ? at - Monotonic.Now : TimeSpan.Zero);
        try
        {
            await arrivals.Items.WaitToReadAsync(waiting.Token);
        }
        catch (OperationCanceledException)
        {
            // it is time, or the agent stops: the caller looks
        }
    }

    EventCoalescer Of(GossipPool pool)
    {
        if (coalescers.TryGetValue(pool, out var known)) return known;
        return coalescers[pool] = new EventCoalescer(one => events.Publish(new PoolEvent(pool, one)));
    }

    void ForgetClosed()
    {
        if (coalescers.Count < 2) return;
        var open = cluster.Pools.ToList();
        foreach (var pool in coalescers.Keys.Where(pool => pool.IsOver && !open.Contains(pool)).ToList()) coalescers.Remove(pool);
    }
}
