using System.Text;

namespace OpsBro.Core.Statsd;

/// <summary>What became of the packets, since the aggregate was made.</summary>
/// <param name="Packets">Packets taken.</param>
/// <param name="Lines">Lines in them.</param>
/// <param name="BadLines">Lines, or values of lines, that could not be read.</param>
/// <param name="Metrics">Different metrics now.</param>
/// <param name="RefusedMetrics">Values of new metrics that were dropped because <see cref="StatsdLimits.MaxMetrics"/> was reached.</param>
/// <param name="RefusedTimerValues">Values of timers beyond <see cref="StatsdLimits.MaxTimerValues"/>.</param>
/// <param name="RefusedMembers">Members of sets beyond <see cref="StatsdLimits.MaxSetMembers"/>.</param>
public sealed record StatsdCounts(
    long Packets, long Lines, long BadLines, int Metrics, long RefusedMetrics, long RefusedTimerValues, long RefusedMembers)
{
    /// <summary>Before anything came.</summary>
    public static StatsdCounts None { get; } = new(0, 0, 0, 0, 0, 0, 0);

    /// <summary>Both together, with the metrics of <paramref name="later"/>.</summary>
    public StatsdCounts With(StatsdCounts later) => new(Packets + later.Packets, Lines + later.Lines, BadLines + later.BadLines, later.Metrics,
        RefusedMetrics + later.RefusedMetrics, RefusedTimerValues + later.RefusedTimerValues, RefusedMembers + later.RefusedMembers);
}

/// <summary>
/// Adds up what packets bring, until <see cref="Swap"/> hands out the interval. For one thread at a time; in the steady state a packet
/// allocates nothing.
/// </summary>
public sealed class StatsdAggregate : IStatsdSink
{
    /// <summary>Spellings of names kept for each metric: the same name with its tags, or with characters that are taken out.</summary>
    const int Spellings = 2;

    /// <summary>Bytes of all names are at most this for each metric on average.</summary>
    const int NameBytes = 128;

    /// <summary>Bytes of all members are at most this for each member on average.</summary>
    const int MemberBytes = 64;

    /// <summary>Idle metrics are taken out of the tables once these are so full: one part of this many.</summary>
    const int ForgetsFrom = 2;

    readonly StatsdSettings settings;
    readonly StatsdLimits limits;
    readonly IStatsdNotes notes;
    readonly ulong seed;
    readonly byte[] nameBuffer = new byte[StatsdLimits.MaxName];
    readonly ByteTable spellings;
    readonly byte[][] ownNames;
    int[] metricOf = new int[64];
    ByteTable names;
    Metric[] metrics = new Metric[64];
    KindNames counters = new(), gauges = new(), timers = new(), sets = new();
    double[] gaugeValues = [];
    bool[] hasGauge = [];
    int[] gaugeLife = [];
    StatsdInterval current;
    StatsdInterval? spare;
    Metric refused;
    long packets, lines, bad, refusedMetrics, refusedValues, refusedMembers;
    StatsdCounts before = StatsdCounts.None;

    /// <summary>An empty one.</summary>
    /// <param name="settings">What is made of the values.</param>
    /// <param name="limits">How much it holds.</param>
    /// <param name="notes">Who is told of what is no number.</param>
    /// <param name="seed">A random number of this process.</param>
    public StatsdAggregate(StatsdSettings settings, StatsdLimits limits, IStatsdNotes notes, ulong seed)
    {
        (this.settings, this.limits, this.notes, this.seed) = (settings, limits, notes, seed);
        spellings = new ByteTable(seed, limits.MaxMetrics * Spellings, Room(limits.MaxMetrics * Spellings, NameBytes));
        names = NewNames();
        current = NewInterval();
        // the daemon's own counters are there from the start
        ownNames =
        [
            .. ((string[])["bad_lines_seen", "packets_received", "metrics_received"]).Select(n => Encoding.UTF8.GetBytes($"{settings.PrefixStats}.{n}")),
        ];
        foreach (var name in ownNames) CountOwn(name, 0);
    }

    /// <summary>What became of the packets.</summary>
    public StatsdCounts Counts => new(packets, lines, bad, MetricCount, refusedMetrics, refusedValues, refusedMembers);

    int MetricCount => counters.Count + gauges.Count + timers.Count + sets.Count;

    static int Room(int count, int each) => (int)Math.Min((long)count * each + StatsdLimits.MaxName, Array.MaxLength);

    ByteTable NewNames() => new(seed, limits.MaxMetrics, Room(limits.MaxMetrics, NameBytes));

    StatsdInterval NewInterval() => new(new ByteTable(seed, limits.MaxSetMembers, Room(limits.MaxSetMembers, MemberBytes)));

    /// <summary>Adds one packet.</summary>
    public void Take(ReadOnlySpan<byte> packet)
    {
        packets++;
        lines += StatsdParser.Read(packet, this);
    }

    /// <inheritdoc/>
    public void Value(ReadOnlySpan<byte> name, ReadOnlySpan<byte> tags, StatsdKind kind, double value, double rate, bool isSigned)
    {
        ref var metric = ref MetricOf(name, tags);
        switch (kind)
        {
            case StatsdKind.Timer:
                if (Place(ref metric, ref metric.Timer, timers) is >= 0 and var timer) AddTime(ref current.Timers[timer], value, rate);
                break;
            case StatsdKind.Gauge:
                if (Place(ref metric, ref metric.Gauge, gauges) is >= 0 and var gauge) SetGauge(gauge, value, isSigned);
                break;
            default:
                if (Place(ref metric, ref metric.Counter, counters) is not (>= 0 and var counter)) break;
                current.Counters[counter] += value * (1 / rate);
                current.CounterSeen[counter] = true;
                break;
        }
    }

    void AddTime(ref TimerValues timer, double value, double rate)
    {
        timer.Weight += 1 / rate;
        if (current.TimerValueCount >= limits.MaxTimerValues)
        {
            refusedValues++;
            return;
        }
        current.TimerValueCount++;
        if (timer.Values is null) timer.Values = new double[8];
        else if (timer.Count == timer.Values.Length) Array.Resize(ref timer.Values, timer.Count * 2);
        timer.Values[timer.Count++] = value;
    }

    void SetGauge(int gauge, double value, bool isSigned)
    {
        ref var now = ref gaugeValues[gauge];
        now = isSigned && hasGauge[gauge] ? now + value : value;
        hasGauge[gauge] = true;
        gaugeLife[gauge] = settings.GaugesMaxTtl;
        current.GaugeSeen[gauge] = true;
        if (!settings.LegacyNames) return;
        ref var figures = ref current.GaugeFigures[gauge];
        figures.Least = figures.Count == 0 ? now : Math.Min(figures.Least, now);
        figures.Most = figures.Count == 0 ? now : Math.Max(figures.Most, now);
        figures.Sum += now;
        figures.Count++;
    }

    /// <inheritdoc/>
    public void Member(ReadOnlySpan<byte> name, ReadOnlySpan<byte> tags, ReadOnlySpan<byte> member)
    {
        ref var metric = ref MetricOf(name, tags);
        if (Place(ref metric, ref metric.Set, sets) is not (>= 0 and var set)) return;
        current.SetSeen[set] = true;
        var hash = current.Members.Hash(set, member, default);
        if (current.Members.Find(hash, set, member, default) >= 0) return;
        if (current.Members.Add(hash, set, member, default) >= 0) current.SetCounts[set]++;
        else refusedMembers++;
    }

    /// <inheritdoc/>
    public void Event(StatsdEvent happened) => notes.Event(happened);

    /// <inheritdoc/>
    public void ServiceCheck(StatsdServiceCheck check) => notes.ServiceCheck(check);

    /// <inheritdoc/>
    public void Bad(ReadOnlySpan<byte> line, StatsdFault fault)
    {
        bad++;
        notes.Bad(line, fault);
    }

    /// <summary>The metrics of a name, as it is spelt.</summary>
    ref Metric MetricOf(ReadOnlySpan<byte> name, ReadOnlySpan<byte> tags)
    {
        var hash = spellings.Hash(0, name, tags);
        var spelling = spellings.Find(hash, 0, name, tags);
        if (spelling >= 0) return ref metrics[metricOf[spelling]];
        return ref NewSpelling(hash, name, tags);
    }

    ref Metric NewSpelling(ulong hash, ReadOnlySpan<byte> name, ReadOnlySpan<byte> tags)
    {
        refused = Metric.Refused;
        var length = StatsdText.WriteName(name, tags, nameBuffer);
        if (length < 0)
        {
            Bad(name, StatsdFault.NameTooLong);
            return ref refused;
        }
        var clean = nameBuffer.AsSpan(0, length);
        var cleanHash = names.Hash(0, clean, default);
        var number = names.Find(cleanHash, 0, clean, default);
        if (number < 0)
        {
            number = MetricCount < limits.MaxMetrics ? names.Add(cleanHash, 0, clean, default) : -1;
            if (number < 0)
            {
                refusedMetrics++;
                return ref refused;
            }
            if (number == metrics.Length) Array.Resize(ref metrics, number * 2);
            metrics[number] = new Metric(clean.ToArray());
        }
        var spelling = spellings.Add(hash, 0, name, tags);
        if (spelling < 0)
        {
            // full: the spellings that are in use come back by themselves
            spellings.Clear();
            spelling = spellings.Add(hash, 0, name, tags);
        }
        if (spelling >= metricOf.Length) Array.Resize(ref metricOf, spelling * 2);
        if (spelling >= 0) metricOf[spelling] = number;
        return ref metrics[number];
    }

    /// <summary>The number of a metric among those of its kind; -1 when there is no room for it.</summary>
    int Place(ref Metric metric, ref int place, KindNames kind)
    {
        if (place >= 0) return place;
        if (place == Metric.NoRoom) return -1;
        if (MetricCount >= limits.MaxMetrics)
        {
            refusedMetrics++;
            return -1;
        }
        place = kind.Add(metric.Name);
        Fit();
        return place;
    }

    void Fit()
    {
        current.Fit(counters.Count, gauges.Count, timers.Count, sets.Count, settings.LegacyNames);
        StatsdInterval.Fit(ref gaugeValues, gauges.Count);
        StatsdInterval.Fit(ref hasGauge, gauges.Count);
        StatsdInterval.Fit(ref gaugeLife, gauges.Count);
    }

    /// <summary>Ends the interval and hands it out, for <see cref="StatsdReport"/>; the next one begins. Takes no longer than copying the gauges.</summary>
    public StatsdInterval Swap()
    {
        CountOwn(ownNames[0], bad - before.BadLines);
        CountOwn(ownNames[1], packets - before.Packets);
        CountOwn(ownNames[2], lines - before.Lines);
        before = Counts;
        var ended = current;
        ended.End(counters, gauges, timers, sets, gaugeValues, hasGauge);
        current = spare ?? NewInterval();
        spare = null;
        if (settings.DeleteGauges) AgeGauges();
        if (settings.Forgets && MetricCount > limits.MaxMetrics / ForgetsFrom) Forget(ended);
        Fit();
        return ended;
    }

    /// <summary>Takes an interval back once it is flushed: the next but one uses its room. Clear it before, off this thread.</summary>
    public void Return(StatsdInterval interval) => spare ??= interval;

    void CountOwn(byte[] name, long count)
    {
        ref var metric = ref MetricOf(name, default);
        if (Place(ref metric, ref metric.Counter, counters) is >= 0 and var counter) current.Counters[counter] += count;
    }

    void AgeGauges()
    {
        for (var gauge = 0; gauge < gauges.Count; gauge++)
            if (hasGauge[gauge] && --gaugeLife[gauge] < 1) (hasGauge[gauge], gaugeValues[gauge]) = (false, 0);
    }

    /// <summary>Makes the tables anew with the metrics that are flushed again though nobody sends them, and those that were sent just now.</summary>
    void Forget(StatsdInterval ended)
    {
        var (oldMetrics, oldCount, oldGauges, oldHas, oldLife) = (metrics, names.Count, gaugeValues, hasGauge, gaugeLife);
        (names, metrics) = (NewNames(), new Metric[64]);
        (counters, gauges, timers, sets) = (new(), new(), new(), new());
        (gaugeValues, hasGauge, gaugeLife) = ([], [], []);
        spellings.Clear();
        for (var old = 0; old < oldCount; old++)
        {
            ref var was = ref oldMetrics[old];
            var keepsCounter = was.Counter >= 0 && (!settings.DeleteCounters || ended.CounterSeen[was.Counter] || StatsdReport.IsKept(was.Name));
            var keepsGauge = was.Gauge >= 0 && (!settings.DeleteGauges || oldHas[was.Gauge]);
            var keepsTimer = was.Timer >= 0 && (!settings.DeleteTimers || ended.Timers[was.Timer].Weight > 0);
            var keepsSet = was.Set >= 0 && (!settings.DeleteSets || ended.SetSeen[was.Set]);
            if (!keepsCounter && !keepsGauge && !keepsTimer && !keepsSet) continue;
            ref var metric = ref MetricOf(was.Name, default);
            if (keepsCounter) Place(ref metric, ref metric.Counter, counters);
            if (keepsTimer) Place(ref metric, ref metric.Timer, timers);
            if (keepsSet) Place(ref metric, ref metric.Set, sets);
            if (!keepsGauge) continue;
            var gauge = Place(ref metric, ref metric.Gauge, gauges);
            (gaugeValues[gauge], hasGauge[gauge], gaugeLife[gauge]) = (oldGauges[was.Gauge], oldHas[was.Gauge], oldLife[was.Gauge]);
        }
    }

    /// <summary>A name, and its place among the metrics of each kind.</summary>
    struct Metric(byte[] name)
    {
        public const int None = -1, NoRoom = -2;

        public byte[] Name = name;
        public int Counter = None, Gauge = None, Timer = None, Set = None;

        public static Metric Refused => new([]) { Counter = NoRoom, Gauge = NoRoom, Timer = NoRoom, Set = NoRoom };
    }
}
