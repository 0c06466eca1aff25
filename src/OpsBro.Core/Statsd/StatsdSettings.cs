namespace OpsBro.Core.Statsd;

/// <summary>Values of the timers whose name holds a text are counted in bins: the daemon's <c>histogram</c>.</summary>
/// <param name="Metric">Part of the name; empty for all.</param>
/// <param name="Bins">Upper limits, not themselves inside, in order; infinity takes the rest. None: no bins for these.</param>
public sealed record StatsdHistogram(string Metric, IReadOnlyList<double> Bins)
{
    /// <summary>The same settings do the same.</summary>
    public bool Equals(StatsdHistogram? other) => other is not null && Metric == other.Metric && Bins.SequenceEqual(other.Bins);

    /// <inheritdoc/>
    public override int GetHashCode() => Bins.Count;
}

/// <summary>What is made of the values, and under which names: the daemon's options, with its defaults but for <see cref="LegacyNamespace"/>.</summary>
public sealed record StatsdSettings
{
    /// <summary>Seconds between two flushes: what rates divide by.</summary>
    public int IntervalSeconds { get; init; } = 10;

    /// <summary>Percentiles of timers, each above -100 and at most 100, not 0: a negative one is of the greatest values.</summary>
    public IReadOnlyList<double> Percentiles { get; init; } = [99];

    /// <summary>Bins; the first whose text the name holds counts.</summary>
    public IReadOnlyList<StatsdHistogram> Histograms { get; init; } = [];

    /// <summary>Figures of timers that are flushed; none for all.</summary>
    public IReadOnlyList<string> TimerMetrics { get; init; } = [];

    /// <summary>Before each name.</summary>
    public string GlobalPrefix { get; init; } = "stats";

    /// <summary>After each name, without its dot.</summary>
    public string GlobalSuffix { get; init; } = "";

    /// <summary>Before counters.</summary>
    public string PrefixCounter { get; init; } = "counters";

    /// <summary>Before timers.</summary>
    public string PrefixTimer { get; init; } = "timers";

    /// <summary>Before gauges.</summary>
    public string PrefixGauge { get; init; } = "gauges";

    /// <summary>Before sets.</summary>
    public string PrefixSet { get; init; } = "sets";

    /// <summary>Name of statsd's own numbers.</summary>
    public string PrefixStats { get; init; } = "statsd";

    /// <summary>The daemon's oldest names: <c>stats.X</c> for rates and <c>stats_counts.X</c>.</summary>
    public bool LegacyNamespace { get; init; }

    /// <summary>The names and gauges of the original OpsBro.</summary>
    public bool LegacyNames { get; init; }

    /// <summary>Counters are flushed as <c>count</c> too, not only as <c>rate</c>.</summary>
    public bool FlushCounts { get; init; } = true;

    /// <summary>Idle counters are not flushed.</summary>
    public bool DeleteCounters { get; init; }

    /// <summary>Idle timers are not flushed.</summary>
    public bool DeleteTimers { get; init; }

    /// <summary>Idle sets are not flushed.</summary>
    public bool DeleteSets { get; init; }

    /// <summary>Idle gauges are forgotten.</summary>
    public bool DeleteGauges { get; init; }

    /// <summary>Flushes that a gauge outlives without a value when idle ones are forgotten.</summary>
    public int GaugesMaxTtl { get; init; } = 1;

    /// <summary>True when a metric that nobody sends any more may be forgotten.</summary>
    public bool Forgets => DeleteCounters || DeleteTimers || DeleteSets || DeleteGauges;

    /// <summary>Equality of records compares lists by what they are; here what they hold counts.</summary>
    public bool SaysTheSameAs(StatsdSettings other) =>
        (this with { Percentiles = other.Percentiles, Histograms = other.Histograms, TimerMetrics = other.TimerMetrics }) == other
        && Percentiles.SequenceEqual(other.Percentiles) && Histograms.SequenceEqual(other.Histograms) && TimerMetrics.SequenceEqual(other.TimerMetrics);
}
