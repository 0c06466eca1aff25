using System.Text;

namespace OpsBro.Core.Statsd;

/// <summary>Who takes what is flushed.</summary>
public interface IStatsdOutput
{
    /// <summary>One number. The name is the report's buffer: copy what is kept.</summary>
    void Add(ReadOnlySpan<byte> name, double value);
}

/// <summary>
/// Makes the numbers of an ended interval, under the reference daemon's names and, in the same order of operations, with the same doubles.
/// For one thread at a time.
/// </summary>
public sealed class StatsdReport
{
    readonly StatsdSettings settings;
    readonly TimerFigures figures;
    readonly byte[] counterPrefix, countPrefix, timerPrefix, gaugePrefix, setPrefix, suffix;
    readonly string ownPrefix;
    byte[] buffer = new byte[StatsdLimits.MaxName + 256];
    IStatsdOutput output = null!;

    /// <summary>A report of such settings.</summary>
    public StatsdReport(StatsdSettings settings)
    {
        this.settings = settings;
        figures = new TimerFigures(settings);
        suffix = Bytes(settings.GlobalSuffix.Length > 0 ? $".{settings.GlobalSuffix}" : "");
        (counterPrefix, countPrefix) = settings switch
        {
            { LegacyNames: true } => (Bytes("stats.gauges."), Bytes("stats.gauges.")),
            { LegacyNamespace: true } => (Bytes("stats."), Bytes("stats_counts.")),
            _ => (Prefix(settings.PrefixCounter), Prefix(settings.PrefixCounter)),
        };
        var isFixed = settings.LegacyNames || settings.LegacyNamespace;
        timerPrefix = isFixed ? Bytes("stats.timers.") : Prefix(settings.PrefixTimer);
        gaugePrefix = isFixed ? Bytes("stats.gauges.") : Prefix(settings.PrefixGauge);
        setPrefix = isFixed ? Bytes("stats.sets.") : Prefix(settings.PrefixSet);
        ownPrefix = isFixed || settings.GlobalPrefix.Length == 0 ? "" : $"{settings.GlobalPrefix}.";
    }

    byte[] Prefix(string kind) => Bytes(string.Concat(((string[])[settings.GlobalPrefix, kind]).Where(p => p.Length > 0).Select(p => $"{p}.")));

    static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>The daemon keeps its own counters when it deletes idle ones, and all that are named like them.</summary>
    internal static bool IsKept(ReadOnlySpan<byte> name) =>
        name.IndexOf("packets_received"u8) >= 0 || name.IndexOf("metrics_received"u8) >= 0 || name.IndexOf("bad_lines_seen"u8) >= 0;

    /// <summary>Writes every number of an interval.</summary>
    /// <param name="interval">It is sorted in place: write it once.</param>
    /// <param name="lagSeconds">By how much the flush came late; null for the first one.</param>
    /// <param name="to">Who takes them.</param>
    public void Write(StatsdInterval interval, double? lagSeconds, IStatsdOutput to)
    {
        output = to;
        var count = WriteCounters(interval) + WriteTimers(interval) + WriteGauges(interval) + WriteSets(interval);
        if (lagSeconds is { } lag)
        {
            Put(gaugePrefix, Bytes($"{settings.PrefixStats}.timestamp_lag"), default, lag);
            count++;
        }
        if (settings.LegacyNamespace) Put(Bytes($"{settings.PrefixStats}.numStats"), default, default, count);
        else Put(Bytes(ownPrefix), Bytes(settings.PrefixStats), ".numStats"u8, count);
    }

    /// <summary>Writes how long the flush took, in milliseconds, as the daemon does.</summary>
    public void WriteTime(double milliseconds, IStatsdOutput to)
    {
        output = to;
        Put(Bytes(settings.LegacyNamespace ? "stats." : ownPrefix), Bytes(settings.PrefixStats), ".processing_time"u8, milliseconds);
    }

    int WriteCounters(StatsdInterval interval)
    {
        var written = 0;
        var isOld = settings is { LegacyNamespace: true, LegacyNames: false };
        var rate = isOld ? default : ".rate"u8;
        var count = isOld ? default : ".count"u8;
        for (var at = 0; at < interval.CounterCount; at++)
        {
            var name = interval.CounterNames[at];
            if (settings.DeleteCounters && !interval.CounterSeen[at] && !IsKept(name)) continue;
            var value = interval.Counters[at];
            Put(counterPrefix, name, rate, value / settings.IntervalSeconds);
            if (settings.FlushCounts) Put(countPrefix, name, count, value);
            written++;
        }
        return written;
    }

    int WriteTimers(StatsdInterval interval)
    {
        var written = 0;
        for (var at = 0; at < interval.TimerCount; at++)
        {
            ref var timer = ref interval.Timers[at];
            if (settings.DeleteTimers && timer.Weight == 0) continue;
            var name = interval.TimerNames[at];
            var values = timer.Values.AsSpan(0, timer.Count);
            foreach (var (figure, value) in figures.Of(name, values, timer.Weight)) Put(timerPrefix, name, figure, value);
            written++;
        }
        return written;
    }

    int WriteGauges(StatsdInterval interval)
    {
        var written = 0;
        for (var at = 0; at < interval.GaugeCount; at++)
        {
            var name = interval.GaugeNames[at];
            if (settings.LegacyNames)
            {
                if (!interval.GaugeSeen[at]) continue;
                ref var gauge = ref interval.GaugeFigures[at];
                Put(gaugePrefix, name, default, gauge.Sum / gauge.Count);
                Put(gaugePrefix, name, ".min"u8, gauge.Least);
                Put(gaugePrefix, name, ".max"u8, gauge.Most);
            }
            else if (interval.HasGauge[at]) Put(gaugePrefix, name, default, interval.Gauges[at]);
            else continue;
            written++;
        }
        return written;
    }

    int WriteSets(StatsdInterval interval)
    {
        var written = 0;
        for (var at = 0; at < interval.SetCount; at++)
        {
            if (settings.DeleteSets && !interval.SetSeen[at]) continue;
            Put(setPrefix, interval.SetNames[at], ".count"u8, interval.SetCounts[at]);
            written++;
        }
        return written;
    }

    /// <summary>Prefix, name, figure, suffix, and the tags of the name behind them.</summary>
    void Put(ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> name, ReadOnlySpan<byte> figure, double value)
    {
        var semicolon = name.IndexOf((byte)';');
        var tags = semicolon < 0 ? default : name[semicolon..];
        if (semicolon >= 0) name = name[..semicolon];
        var length = prefix.Length + name.Length + figure.Length + suffix.Length + tags.Length;
        if (length > buffer.Length) buffer = new byte[length];
        var at = buffer.AsSpan();
        prefix.CopyTo(at);
        name.CopyTo(at = at[prefix.Length..]);
        figure.CopyTo(at = at[name.Length..]);
        suffix.CopyTo(at = at[figure.Length..]);
        tags.CopyTo(at[suffix.Length..]);
        // minus zero becomes zero, as it is written
        output.Add(buffer.AsSpan(0, length), value + 0.0);
    }
}
