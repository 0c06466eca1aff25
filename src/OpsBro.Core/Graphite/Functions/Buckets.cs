using static OpsBro.Core.Graphite.FunctionGroup;
using static OpsBro.Core.Graphite.Param;
using static OpsBro.Core.Graphite.ParamType;

namespace OpsBro.Core.Graphite.Functions;

/// <summary>Many points in time become one: sums of hours, means of days.</summary>
static class Buckets
{
    const int Minute = 60, Hour = 3600, Day = 86_400;

    static readonly Param interval = Required("intervalString", ParamType.Interval);
    static readonly Param how = Optional("func", AggFunc, Value.Of("sum"));

    public static IEnumerable<Function> All { get; } =
    [
        new("summarize", FunctionGroup.Transform, "One point an interval, at whole multiples of it or, with alignToFrom, from the start on.",
            [Param.Series, interval, how, Optional("alignToFrom", ParamType.Boolean, Value.Of(false))], Summarize),
        new("smartSummarize", FunctionGroup.Transform, "One point an interval from the start on; alignTo begins at a whole minute, hour, day and so on.",
            [Param.Series, interval, how, Optional("alignTo", ParamType.String)], SmartSummarize),
        new("hitcount", FunctionGroup.Transform, "How often something happened in each interval, of values that say how often a second.",
            [Param.Series, interval, Optional("alignToInterval", ParamType.Boolean, Value.Of(false))], HitCount),
    ];

    static List<Series> Summarize(FunctionCall call)
    {
        var seconds = Intervals.Positive(call, 1);
        var isAlignedToFrom = call.Flag(3);
        var suffix = isAlignedToFrom ? ", true" : "";
        List<Series> results = [];
        foreach (var series in call.Series())
        {
            var start = isAlignedToFrom ? series.Start : Intervals.Border(series.Start, seconds);
            var end = isAlignedToFrom ? series.End : Intervals.Border(series.End, seconds) + seconds;
            var values = Bucketed(call, series, start, end, seconds);
            results.Add(Named(call, series, suffix).With(start, seconds, values, end));
        }
        return results;
    }

    static List<Series> SmartSummarize(FunctionCall call)
    {
        var seconds = Intervals.Positive(call, 1);
        var list = call.Series();
        if (call.TextOrNull(3) is { } text && !bool.TryParse(text, out _))
        {
            var (unit, weekday) = AlignmentOf(call, text);
            list = [.. call.Again(call.Context with { From = Intervals.StartOf(call.Context.From, call.Context.Zone, unit, weekday) })];
        }
        List<Series> results = [];
        foreach (var series in list)
        {
            var values = Bucketed(call, series, series.Start, series.End, seconds);
            results.Add(Named(call, series, "").With(series.Start, seconds, values));
        }
        return results;
    }

    static (string Unit, int Weekday) AlignmentOf(FunctionCall call, string text)
    {
        var weekday = 1;
        var word = text;
        if (text.Length > 1 && text[^1] is >= '1' and <= '7' && text.StartsWith('w')) (word, weekday) = (text[..^1], text[^1] - '0');
        foreach (var unit in new[] { "s", "min", "h", "d", "w", "mon", "y" })
            if (word.StartsWith(unit, StringComparison.Ordinal)) return (unit, weekday);
        throw call.Refusal($"alignTo is \"{text}\"; it may be seconds, minutes, hours, days, weeks (weeks7: from Sunday), months or years");
    }

    static Series Named(FunctionCall call, Series series, string suffix)
    {
        var name = call.Function.Name;
        var (text, function) = (call.Text(1), call.Text(2));
        return series.Named($"{name}({series.Name}, \"{text}\", \"{function}\"{suffix})") with
        {
            Tags = series.Tags.With(name, text).With(name + "Function", function),
        };
    }

    /// <summary>One value for each interval from start to end, of the values that are there.</summary>
    static double[] Bucketed(FunctionCall call, Series series, long start, long end, int seconds)
    {
        var count = Count(call, end - start, seconds);
        var function = Aggregation.Get(Filter.Plain(call, 2));
        var values = new double[count];
        var bucket = new List<double>();
        var at = 0;
        var length = Math.Clamp((series.End - series.Start + series.Step - 1) / series.Step, 0, series.Values.Length); // what is later is not shown
        for (var i = 0; i < count; i++)
        {
            bucket.Clear();
            var points = 0;
            for (; at < length && series.Start + ((long)at * series.Step) - start < (i + 1L) * seconds; at++)
            {
                points++;
                if (!double.IsNaN(series.Values[at])) bucket.Add(series.Values[at]);
            }
            values[i] = Aggregation.IsEnough(bucket.Count, points, call.Context.XFilesFactor ?? series.XFilesFactor)
                ? function(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(bucket)) : double.NaN;
        }
        return values;
    }

    static int Count(FunctionCall call, long time, int seconds)
    {
        var count = Math.Max(0, (time + seconds - 1) / seconds);
        if (count > GraphiteLimits.PointsOfOneSeries)
            throw call.Refusal($"{call[1].Shown} makes more than {GraphiteLimits.PointsOfOneSeries} points of this time; write a longer interval");
        call.Context.Cost.Compute(count);
        return (int)count;
    }

    static List<Series> HitCount(FunctionCall call)
    {
        var seconds = Intervals.Positive(call, 1);
        var isAligned = call.Flag(2);
        var list = call.Series();
        if (isAligned && seconds >= Minute)
        {
            var unit = seconds >= Day ? "d" : seconds >= Hour ? "h" : "min";
            list = call.Again(call.Context with { From = Intervals.StartOf(call.Context.From, call.Context.Zone, unit) });
        }
        List<Series> results = [];
        foreach (var series in list)
        {
            long start, end;
            int count;
            if (isAligned)
            {
                count = (int)Math.Min(GraphiteLimits.PointsOfOneSeries, ((series.End - series.Start) / seconds) + 1);
                (start, end) = (series.Start, series.Start + ((long)count * seconds));
            }
            else
            {
                count = Count(call, series.End - series.Start, seconds);
                (start, end) = (series.End - ((long)count * seconds), series.End);
            }
            var text = call.Text(1);
            var name = $"hitcount({series.Name}, \"{text}\"{(isAligned ? ", true" : "")})";
            results.Add(series.Named(name).With(start, seconds, Hits(series, start, seconds, count), end) with { Tags = series.Tags.With("hitcount", text) });
        }
        return results;
    }

    /// <summary>Each value times the seconds that its step has in each interval.</summary>
    static double[] Hits(Series series, long start, int seconds, int count)
    {
        var hits = new double[count];
        Array.Fill(hits, double.NaN);
        for (var i = 0; i < series.Values.Length; i++)
        {
            if (double.IsNaN(series.Values[i])) continue;
            var from = series.Start + ((long)i * series.Step) - start;
            var until = from + series.Step;
            for (var b = Math.Max(0, from / seconds); b < count && b * seconds < until; b++)
            {
                var overlap = Math.Min(until, (b + 1) * seconds) - Math.Max(from, b * seconds);
                if (overlap <= 0) continue;
                hits[b] = (double.IsNaN(hits[b]) ? 0 : hits[b]) + (series.Values[i] * overlap);
            }
        }
        return hits;
    }
}
