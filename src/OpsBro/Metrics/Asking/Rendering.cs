using OpsBro.Api;
using OpsBro.Core.Graphite;

namespace OpsBro.Metrics.Asking;

/// <summary>What a request for values gave.</summary>
/// <param name="Series">In the order of the targets, already put together to the points that were asked for.</param>
/// <param name="From">Start, Unix seconds.</param>
/// <param name="Until">End, Unix seconds.</param>
/// <param name="Zone">The caller's zone.</param>
/// <param name="Unanswered">Hosts that did not answer.</param>
internal sealed record Rendered(IReadOnlyList<Series> Series, long From, long Until, TimeZoneInfo Zone, IReadOnlyCollection<string> Unanswered);

/// <summary>Works out the targets of a request: for <c>/render</c> and for <c>/v1/metrics/query</c>.</summary>
internal sealed class Rendering(MetricAsk ask, EventRoutes events, TimeProvider time)
{
    /// <summary>Requests that are worked out at the same time; the others wait.</summary>
    public const int MaxAtOnce = 8;

    /// <summary>Points that a request may always work out: 8 MB.</summary>
    const long LeastComputed = 1_000_000;

    /// <summary>Longest time to work out one request.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    /// <summary>Time that is asked for when the request does not say: a day, as graphite-web.</summary>
    public static readonly TimeSpan DefaultSpan = TimeSpan.FromDays(1);

    static readonly int atOnce = Math.Clamp(Environment.ProcessorCount, 2, MaxAtOnce);

    /// <summary>Threads that the pool has at once, without a wait.</summary>
    static readonly int poolThreads = PoolThreads();

    readonly SemaphoreSlim places = new(atOnce);
    int isOneHere;

    static int PoolThreads()
    {
        ThreadPool.GetMinThreads(out var threads, out _);
        return threads;
    }

    /// <summary>Points that one request may work out when all that run at once may take half of a host's memory.</summary>
    public static long MostComputed(long memory, int atOnce) =>
        memory <= 0 ? GraphiteLimits.ComputedPoints : Math.Clamp(memory / 2 / atOnce / sizeof(double), LeastComputed, GraphiteLimits.ComputedPoints);

    /// <summary>Works out a request.</summary>
    /// <param name="request">With <c>target</c>, <c>from</c>, <c>until</c>, <c>tz</c> and what belongs to them.</param>
    /// <param name="points">Name of the value that says how many points a series has at most.</param>
    /// <param name="cancel">Ends when the caller goes.</param>
    /// <exception cref="ApiProblem">A value is wrong, or it takes too long.</exception>
    /// <exception cref="GraphiteException">A target is wrong, or costs too much.</exception>
    public async Task<Rendered> Of(AskRequest request, string points, CancellationToken cancel)
    {
        var zone = AskTimes.Zone(request);
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        var from = AskTimes.Of(request, "from", now - (long)DefaultSpan.TotalSeconds, zone, now);
        var until = AskTimes.Of(request, "until", now, zone, now);
        if (from == until) throw ApiProblem.Bad($"from and until are both {from}; ask for a time that is not empty");
        if (from > until) (from, until) = (until, from);   // graphite-web takes them in either order
        var most = request.Count(points);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        if (!await places.WaitAsync(Longest, cancel))
            throw new ApiProblem(503, $"more requests than this agent works out at once wait for {Longest.TotalSeconds:0} s already; ask again, or less often");
        try
        {
            patience.CancelAfter(Longest);
            var source = new AskedSource(ask, patience.Token);
            var context = new RenderContext
            {
                From = from,
                Until = until,
                Now = now,
                Source = source,
                Zone = zone,
                MaxDataPoints = most,
                XFilesFactor = XFilesFactor(request),
                Template = request.Names.Where(name => name.StartsWith("template[", StringComparison.Ordinal) && name.EndsWith(']'))
                    .ToDictionary(name => name[9..^1], name => request.Text(name) ?? ""),
                Events = events.Times,
                Seed = (ulong)now,
                Cost = new RenderCost { MostComputed = MostComputed(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, atOnce) },
                Cancel = patience.Token,
            };
            // it may wait for other hosts and work for seconds, and the rest of the agent needs the threads of the pool: one request at a
            // time may have one of them, the others get threads of their own, which cost as much as a small answer
            if (poolThreads < 2 || Interlocked.Exchange(ref isOneHere, 1) != 0)
                return await Task.Factory.StartNew(Work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            try
            {
                return Work();
            }
            finally
            {
                Volatile.Write(ref isOneHere, 0);
            }

            Rendered Work()
            {
                List<Series> series = [];
                foreach (var target in request.Texts("target"))
                    if (!string.IsNullOrWhiteSpace(target)) series.AddRange(TargetEvaluator.Default.Evaluate(target, context));
                return new Rendered(Consolidation.Fit(series, most), from, until, zone, source.Unanswered);
            }
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new ApiProblem(422, $"the request takes longer than {Longest.TotalSeconds:0} s; ask for fewer series or a shorter time");
        }
        finally
        {
            places.Release();
        }
    }

    static double? XFilesFactor(AskRequest request)
    {
        if (request.Text("xFilesFactor") is not { } text) return null;
        return double.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var factor) && factor is >= 0 and <= 1
            ? factor
            : throw ApiProblem.Bad($"xFilesFactor is \"{text}\"; write a number from 0 to 1");
    }
}
