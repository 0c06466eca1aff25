using static OpsBro.Core.Graphite.FunctionGroup;
using static OpsBro.Core.Graphite.Param;
using static OpsBro.Core.Graphite.ParamType;

namespace OpsBro.Core.Graphite.Functions;

/// <summary>The same series at other times, and marks in time.</summary>
static class Times
{
    /// <summary>Most shifts of one timeStack: each evaluates its argument again.</summary>
    const int MostShifts = 400;

    static readonly Value[] shifts = [.. new[] { "1h", "6h", "12h", "1d", "2d", "7d", "14d", "30d" }.Select(Value.Of)];

    public static IEnumerable<Function> All { get; } =
    [
        new("timeShift", FunctionGroup.Transform, "The series of an earlier time, shown now; with + before the time: of a later one.",
            [
                Param.Series, Required("timeShift", ParamType.Interval) with { Suggestions = shifts },
                Optional("resetEnd", ParamType.Boolean, Value.Of(true)), Optional("alignDst", ParamType.Boolean, Value.Of(false)),
            ], TimeShift),
        new("timeStack", FunctionGroup.Transform, "The series of several earlier times, shown together.",
            [
                Param.Series, Optional("timeShiftUnit", ParamType.Interval, Value.Of("1d")) with { Suggestions = shifts },
                Optional("timeShiftStart", Integer, Value.Of(0L)), Optional("timeShiftEnd", Integer, Value.Of(7L)),
            ], TimeStack),
        new("timeSlice", FunctionGroup.Transform, "Only what is between two times; all else becomes gaps.",
            [Param.Series, Required("startSliceAt", Date), Optional("endSliceAt", Date, Value.Of("now"))], TimeSlice),
        new("verticalLine", Graph, "A mark at a point in time.",
            [Required("ts", Date), Optional("label", ParamType.String), Optional("color", ParamType.String)], VerticalLine),
    ];

    /// <summary>An interval that goes back unless it says otherwise.</summary>
    static (string Text, long Seconds) Back(FunctionCall call, int index)
    {
        var seconds = Intervals.Signed(call, index);
        var text = call.Text(index);
        return char.IsAsciiDigit(text[0]) ? ("-" + text, -seconds) : (text, seconds);
    }

    static IReadOnlyList<Series> Shifted(FunctionCall call, long seconds)
    {
        var (from, until) = (call.Context.From + seconds, call.Context.Until + seconds);
        if (from < 0) return [];
        return call.Again(call.Context with { From = from, Until = until });
    }

    static List<Series> TimeShift(FunctionCall call)
    {
        if (call.Series() is not [var first, ..]) return [];
        var (text, seconds) = Back(call, 1);
        if (call.Flag(3)) seconds += SummerTime(call, seconds);
        var doesResetEnd = call.Flag(2);
        return
        [
            .. Shifted(call, seconds).Select(s => s.Alias($"timeShift({s.Name}, \"{text}\")").With(first.Start, s.Step, s.Values,
                doesResetEnd ? first.End : s.End - s.Start + first.Start) with { Tags = s.Tags.With("timeShift", text) }),
        ];
    }

    /// <summary>An hour when one of the two times is in summer and the other is not, so that clocks agree.</summary>
    static long SummerTime(FunctionCall call, long seconds)
    {
        var zone = call.Context.Zone;
        bool IsSummer(long time) => zone.IsDaylightSavingTime(DateTimeOffset.FromUnixTimeSeconds(time));
        bool[] here = [IsSummer(call.Context.From), IsSummer(call.Context.Until)];
        bool[] there = [IsSummer(call.Context.From + seconds), IsSummer(call.Context.Until + seconds)];
        if (here[0] != here[1] || there[0] != there[1] || here[0] == there[0]) return 0;
        return here[0] ? 3600 : -3600;
    }

    static List<Series> TimeStack(FunctionCall call)
    {
        if (call.Series() is not [var first, ..]) return [];
        var (text, seconds) = Back(call, 1);
        var (from, until) = (call.Integer(2), call.Integer(3));
        if ((long)until - from > MostShifts) throw call.Refusal($"{(long)until - from} shifts are too many; at most {MostShifts}");
        List<Series> results = [];
        for (var shift = from; shift < until; shift++)
        {
            foreach (var series in Shifted(call, seconds * shift))
            {
                results.Add(series.Named($"timeShift({series.Name}, {text}, {shift})").With(first.Start, series.Step, series.Values, first.End) with
                {
                    Tags = series.Tags.With("timeShiftUnit", text).With("timeShift", $"{shift}"),
                });
            }
        }
        return results;
    }

    static long TimeOf(FunctionCall call, int index) => AtTime.Parse(call.Text(index), call.Context.Zone, call.Context.Now);

    static List<Series> TimeSlice(FunctionCall call)
    {
        var (from, until) = (TimeOf(call, 1), TimeOf(call, 2));
        List<Series> results = [];
        foreach (var series in call.Series())
        {
            var values = new double[series.Values.Length];
            for (var i = 0; i < values.Length; i++)
            {
                // reckoned from the start of the request, not of the series, as in graphite-web: up to one step too late
                var time = call.Context.From + ((long)i * series.Step);
                values[i] = time >= from && time <= until ? series.Values[i] : double.NaN;
            }
            results.Add(series.Alias($"timeSlice({series.Name}, {from}, {until})").WithValues(values) with
            {
                Tags = series.Tags.With("timeSliceStart", $"{from}").With("timeSliceEnd", $"{until}"),
            });
        }
        return results;
    }

    static List<Series> VerticalLine(FunctionCall call)
    {
        var time = TimeOf(call, 0);
        if (time < call.Context.From || time > call.Context.Until) throw call.Refusal($"{call[0].Shown} is not within the time that is shown");
        var options = SeriesTags.None.With("drawAsInfinite", "True");
        if (call.TextOrNull(2) is { } color) options = options.With("color", color);
        return [new Series { Name = call.TextOrNull(1) ?? "None", Start = time, Step = 1, Values = [1, 1], EndAt = time, Options = options }];
    }
}
