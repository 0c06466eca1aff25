using OpsBro.Core.Expressions;
using OpsBro.Platform;

namespace OpsBro.Collectors;

/// <summary>A moment on both clocks.</summary>
/// <param name="Now">Monotonic, for intervals and deadlines.</param>
/// <param name="Utc">Wall clock, for people.</param>
internal readonly record struct Moment(TimeSpan Now, DateTimeOffset Utc);

/// <summary>One run of one collector, from its start to its end, however late that is.</summary>
/// <param name="collector">What runs.</param>
/// <param name="host">The collector's own view of the host's files; its last source is what a stuck run waits for.</param>
/// <param name="parameters">What <c>{{parameters.x}}</c> reads.</param>
/// <param name="started">When it was handed out.</param>
/// <param name="patience">Its deadline, counted from then.</param>
internal sealed class CollectorTask(ICollector collector, HostFiles host, Value parameters, Moment started, TimeSpan patience) : IDisposable
{
    readonly CancellationTokenSource deadline = new();

    /// <summary>What runs.</summary>
    public ICollector Collector => collector;

    /// <summary>The collector's own view of the host's files.</summary>
    public HostFiles Host => host;

    /// <summary>What <c>{{parameters.x}}</c> reads.</summary>
    public Value Parameters => parameters;

    /// <summary>When it was handed out.</summary>
    public Moment Started => started;

    /// <summary>How long it may take.</summary>
    public TimeSpan Deadline => patience;

    /// <summary>Ends at the deadline.</summary>
    public CancellationToken Cancel => deadline.Token;

    /// <summary>True once the deadline has passed.</summary>
    public bool IsLate { get; set; }

    /// <summary>Tells the run that its time is over, on another thread: what it wakes must not hold up the schedule.</summary>
    public void Expire()
    {
        IsLate = true;
        _ = deadline.CancelAsync();
    }

    /// <inheritdoc/>
    public void Dispose() => deadline.Dispose();
}

/// <summary>How a run ended.</summary>
/// <param name="Outcome">What the collector answered; of no meaning when <paramref name="Error"/> is there.</param>
/// <param name="Data">The tree; None when nothing was written.</param>
/// <param name="Error">What it threw, in one line; null when it answered.</param>
/// <param name="Took">Wall time of the run.</param>
internal sealed record CollectorResult(Outcome Outcome, Value Data, string? Error, TimeSpan Took);

/// <summary>What the schedule asks of the world. The loop does it with threads, a test with a list.</summary>
internal interface ICollectorWork
{
    /// <summary>Runs the task on some thread and tells the schedule with <see cref="CollectorSchedule.Ended"/>.</summary>
    void Start(CollectorTask task);

    /// <summary>Makes the snapshot the newest of its collector.</summary>
    void Publish(CollectorSnapshot snapshot);

    /// <summary>The state is another than before.</summary>
    void Changed(CollectorSnapshot snapshot, CollectorState before, Moment moment);

    /// <summary>The collector is not there any more.</summary>
    void Removed(string name);
}
