using OpsBro.Core.Wire;

namespace OpsBro.Metrics.Listeners;

/// <summary>
/// Takes the samples of Prometheus remote write 1.0, a message of prometheus/prompb (remote.proto, types.proto):
/// <code>
/// WriteRequest = { timeseries = 1: TimeSeries*, metadata = 3 }
/// TimeSeries   = { labels = 1: Label*, samples = 2: Sample*, exemplars = 3, histograms = 4 }
/// Label        = { name = 1: text, value = 2: text }
/// Sample       = { value = 1: double, timestamp = 2: int64, milliseconds }
/// </code>
/// The label <c>__name__</c> is the path, the others are tags. NaN, which marks a series that ended or a quantile of nothing, is
/// skipped, as are infinite values and native histograms.
/// </summary>
internal sealed class RemoteWriteReader(MetricStore store, MetricSource source)
{
    /// <summary>Labels of one series.</summary>
    const int MaxLabels = 64;

    readonly SeriesNameWriter name = new();

    /// <summary>Takes a message.</summary>
    public IntakeResult Take(ReadOnlySpan<byte> message)
    {
        var result = new IntakeResult();
        var request = new ProtoReader(message);
        while (request.Next())
        {
            if (request.Field == 1) TakeSeries(request.Data, ref result);
        }
        if (request.IsDamaged) result.Problem = "the body is no WriteRequest of Prometheus remote write 1.0: its fields do not end where they should";
        return result;
    }

    void TakeSeries(ReadOnlySpan<byte> bytes, ref IntakeResult result)
    {
        if (!TryName(bytes, ref result)) return;
        var series = new ProtoReader(bytes);
        while (series.Next())
        {
            if (series.Field == 4) result.Skipped++;
            if (series.Field != 2) continue;
            var (value, milliseconds) = (0.0, 0L);
            var sample = new ProtoReader(series.Data);
            while (sample.Next())
            {
                if (sample.Field == 1) value = sample.Double;
                else if (sample.Field == 2) milliseconds = sample.Int64;
            }
            if (sample.IsDamaged) result.Problem = "a sample is damaged";
            else if (!double.IsFinite(value)) result.Skipped++;
            else IntakeNumbers.Add(store, source, name.Written, IntakeNumbers.Seconds(milliseconds, 1000), value, ref result);
        }
    }

    bool TryName(ReadOnlySpan<byte> bytes, ref IntakeResult result)
    {
        name.Clear();
        var (labels, samples) = (0, 0);
        // the path first, wherever its label stands
        for (var isPath = true; ; isPath = false)
        {
            var series = new ProtoReader(bytes);
            while (series.Next())
            {
                if (isPath && series.Field == 2) samples++;
                if (series.Field != 1) continue;
                if (isPath && ++labels > MaxLabels) continue;
                ReadOnlySpan<byte> key = default, value = default;
                var label = new ProtoReader(series.Data);
                while (label.Next())
                {
                    if (label.Field == 1) key = label.Data;
                    else if (label.Field == 2) value = label.Data;
                }
                if (label.IsDamaged) return Refuse("a label is damaged", samples, ref result);
                if (key.SequenceEqual("__name__"u8) != isPath) continue;
                if (isPath) name.Path(value);
                else name.Tag(key, value);
            }
            if (series.IsDamaged) return Refuse("a series is damaged", samples, ref result);
            if (labels > MaxLabels) return Refuse($"a series has more than {MaxLabels} labels", samples, ref result);
            if (name.Length == 0) return Refuse("a series has no label __name__", samples, ref result);
            if (!isPath) return true;
        }
    }

    static bool Refuse(string why, int samples, ref IntakeResult result)
    {
        result.Problem = why;
        result.Refused += samples;
        return false;
    }
}

/// <summary>What all ways in do with a number.</summary>
internal static class IntakeNumbers
{
    /// <summary>Hands one to the store, and counts.</summary>
    public static void Add(MetricStore store, MetricSource source, ReadOnlySpan<byte> name, long at, double value, ref IntakeResult result)
    {
        if (store.Add(source, name, at, value)) result.Taken++;
        else
        {
            result.Refused++;
            if (result.Problem.Length == 0)
                result.Problem = $"{MetricName.Readable(name)} at {at}: the name or the time is none that is kept, or there are too many series; "
                    + "/v1/intake counts which";
        }
    }

    /// <summary>Whole seconds of a time in finer units, rounded down.</summary>
    public static long Seconds(long time, long unitsPerSecond)
    {
        var seconds = Math.DivRem(time, unitsPerSecond, out var rest);
        return rest < 0 ? seconds - 1 : seconds;
    }
}
