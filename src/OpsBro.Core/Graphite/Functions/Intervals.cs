namespace OpsBro.Core.Graphite.Functions;

/// <summary>Lengths of time in arguments, and how times are brought to their borders.</summary>
static class Intervals
{
    /// <summary>Shortest and longest interval of a bucket, in seconds.</summary>
    const int Most = int.MaxValue;

    /// <summary>The seconds of an argument such as <c>5min</c>, whatever its sign.</summary>
    /// <exception cref="GraphiteException">It is none, or of no length.</exception>
    public static int Positive(FunctionCall call, int index)
    {
        var seconds = Math.Abs(Signed(call, index));
        return seconds is > 0 and <= Most ? (int)seconds : throw call.Refusal($"{call[index].Shown} is no interval to count in; write for instance '1min'");
    }

    /// <summary>The seconds of an argument such as <c>5min</c> or <c>-1d</c>.</summary>
    /// <exception cref="GraphiteException">It is none.</exception>
    public static long Signed(FunctionCall call, int index) =>
        call[index] is TextValue text && text.Content.Length > 0 && AtTime.TryOffset(text.Content, out var seconds)
            ? seconds : throw call.Refusal($"{call[index].Shown} is no interval; write for instance '5min', '1h' or '-1d'");

    /// <summary>How often <paramref name="by"/> goes into a number, rounded down also below zero.</summary>
    public static long Floor(long number, long by) => (number / by) - (number % by < 0 ? 1 : 0);

    /// <summary>A number rounded down to a multiple.</summary>
    public static long Border(long number, long by) => Floor(number, by) * by;

    /// <summary>The start of the minute, hour, day, week, month or year of a time, in a zone.</summary>
    /// <param name="time">Unix seconds.</param>
    /// <param name="zone">Whose days.</param>
    /// <param name="unit">s, min, h, d, w, mon or y.</param>
    /// <param name="weekday">First day of a week, 1 for Monday to 7.</param>
    public static long StartOf(long time, TimeZoneInfo zone, string unit, int weekday = 1)
    {
        var local = TimeZoneInfo.ConvertTime(DateTimeOffset.FromUnixTimeSeconds(time), zone).DateTime;
        var start = unit switch
        {
            "min" => local.Date.AddMinutes((local.Hour * 60) + local.Minute),
            "h" => local.Date.AddHours(local.Hour),
            "d" => local.Date,
            "w" => local.Date.AddDays(-(((int)local.DayOfWeek - weekday + 7) % 7)),
            "mon" => new DateTime(local.Year, local.Month, 1),
            "y" => new DateTime(local.Year, 1, 1),
            _ => local,
        };
        return new DateTimeOffset(start, zone.GetUtcOffset(start)).ToUnixTimeSeconds();
    }
}
