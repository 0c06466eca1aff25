using System.Globalization;

namespace OpsBro.Core.Graphite;

/// <summary>
/// The time forms of <c>from</c> and <c>until</c>, those of at(1) as graphite-web 1.1.8 reads them:
/// <code>
/// time      := digits (Unix seconds; eight that make a date are one) | [reference] [("+" | "-") offset]
/// reference := "now" | [clock] [day]
/// clock     := H":"MM["am"|"pm"] | H"am" | H"pm" | "noon" | "midnight" | "teatime"
/// day       := "today" | "yesterday" | "tomorrow" | MM"/"DD"/"YY[YY] | YYYYMMDD | month day | weekday
/// offset    := (number unit)+     unit begins with s, min, h, d, w, mon (30 days) or y (365 days)
/// </code>
/// Case, spaces, commas and underscores do not matter. 12pm is 0:00 there, and so it is here.
/// </summary>
public static class AtTime
{
    const int DateDigits = 8;
    const int LongestText = 100;
    const long MostSeconds = 253_402_300_799; // the end of year 9999

    static readonly string[] months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    static readonly string[] weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

    static readonly (string Unit, int Seconds)[] units =
        [("s", 1), ("min", 60), ("h", 3600), ("d", 86_400), ("w", 7 * 86_400), ("mon", 30 * 86_400), ("y", 365 * 86_400)];

    /// <summary>The time that a text means, in Unix seconds.</summary>
    /// <exception cref="GraphiteException">The text is no time.</exception>
    public static long Parse(string text, TimeZoneInfo zone, long now)
    {
        try
        {
            if (text.Length <= LongestText && TryParse(Plain(text), zone, now) is { } seconds and >= 0 and <= MostSeconds) return seconds;
        }
        catch (ArgumentOutOfRangeException)
        {
            // a date or clock that does not exist, such as 30 February: refused below
        }
        var shown = text.Length <= LongestText ? text : text[..LongestText] + "…";
        throw new GraphiteException($"\"{shown}\" is no time; write Unix seconds, now, -1h, today, midnight-1d, 18:30_20261127, 20261127 or 11/27/26");
    }

    static string Plain(string text) =>
        text.Trim().ToLowerInvariant().Replace("_", "", StringComparison.Ordinal).Replace(",", "", StringComparison.Ordinal)
            .Replace(" ", "", StringComparison.Ordinal);

    static long? TryParse(string text, TimeZoneInfo zone, long now)
    {
        if (text.Length > 0 && IsDigits(text) && !IsDate(text))
            return long.TryParse(text, CultureInfo.InvariantCulture, out var seconds) ? seconds : null;
        var sign = text.IndexOf('+', StringComparison.Ordinal);
        if (sign < 0) sign = text.IndexOf('-', StringComparison.Ordinal);
        if (sign < 0) return Reference(text, zone, now);
        if (!TryOffset(text[sign..], out var offset)) return null;
        return Reference(text[..sign], zone, now) + offset;
    }

    static bool IsDate(string text) =>
        text.Length == DateDigits && Number(text[..4]) > 1900 && Number(text[4..6]) < 13 && Number(text[6..]) < 32;

    static bool IsDigits(string text) => text.All(char.IsAsciiDigit);

    static int Number(string digits) =>
        digits.Length is > 0 and < 10 && IsDigits(digits)
            ? int.Parse(digits, CultureInfo.InvariantCulture)
            : throw new ArgumentOutOfRangeException(nameof(digits));

    static long? Reference(string text, TimeZoneInfo zone, long now)
    {
        if (text is "" or "now") return now;
        var local = TimeZoneInfo.ConvertTime(DateTimeOffset.FromUnixTimeSeconds(now), zone).DateTime;
        var (clock, day) = Clock(text);
        if (Day(day, local.Date) is not { } date) return null;
        var time = date.Add(clock);
        // an hour that comes twice is the later one, one that does not come at all is reckoned in standard time, as pytz does
        return new DateTimeOffset(time, zone.GetUtcOffset(DateTime.SpecifyKind(time, DateTimeKind.Unspecified))).ToUnixTimeSeconds();
    }

    static (TimeSpan Clock, string Day) Clock(string text)
    {
        int hour = 0, minute = 0;
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon is 1 or 2)
        {
            (hour, minute) = (Number(text[..colon]), Number(text.Substring(colon + 1, Math.Min(2, text.Length - colon - 1))));
            text = text[Math.Min(text.Length, colon + 3)..];
            if (text.StartsWith("pm", StringComparison.Ordinal)) hour = (hour + 12) % 24;
            if (text.StartsWith("am", StringComparison.Ordinal) || text.StartsWith("pm", StringComparison.Ordinal)) text = text[2..];
        }
        foreach (var (half, later) in new[] { ("am", 0), ("pm", 12) })
        {
            var at = text.IndexOf(half, StringComparison.Ordinal);
            if (at is not (1 or 2)) continue;
            hour = later == 0 ? Number(text[..at]) : (Number(text[..at]) + later) % 24;
            text = text[(at + 2)..];
        }
        foreach (var (word, at) in new[] { ("noon", 12), ("midnight", 0), ("teatime", 16) })
        {
            if (!text.StartsWith(word, StringComparison.Ordinal)) continue;
            (hour, minute) = (at, 0);
            text = text[word.Length..];
            break;
        }
        if (hour > 23 || minute > 59) throw new ArgumentOutOfRangeException(nameof(text));
        return (new TimeSpan(hour, minute, 0), text);
    }

    static DateTime? Day(string text, DateTime today)
    {
        if (text is "" or "today") return today;
        if (text == "yesterday") return today.AddDays(-1);
        if (text == "tomorrow") return today.AddDays(1);
        if (text.Split('/') is [var m, var d, var y])
        {
            var year = Number(y);
            if (year < 1900) year += 1900;
            if (year < 1970) year += 100;
            return new DateTime(year, Number(m), Number(d));
        }
        if (text.Length == DateDigits && IsDigits(text)) return new DateTime(Number(text[..4]), Number(text[4..6]), Number(text[6..]));
        if (text.Length < 3) return null;
        var month = Array.IndexOf(months, text[..3]);
        if (month >= 0)
        {
            var digits = text.Length - text.AsSpan().TrimEnd("0123456789").Length;
            return new DateTime(today.Year, month + 1, Number(text[^Math.Min(2, digits)..]));
        }
        var weekday = Array.IndexOf(weekdays, text[..3]);
        return weekday < 0 ? null : today.AddDays(-(((int)today.DayOfWeek - weekday + 7) % 7));
    }

    /// <summary>The seconds of an offset or interval such as <c>-1h</c>, <c>5min</c>, <c>1d12h</c>.</summary>
    public static bool TryOffset(string text, out long seconds)
    {
        seconds = 0;
        if (text.Length is 0 or > LongestText) return text.Length == 0;
        var at = text[0] is '+' or '-' ? 1 : 0;
        if (at == 0 && !char.IsAsciiDigit(text[0])) return false;
        while (at < text.Length)
        {
            var digits = at;
            while (at < text.Length && char.IsAsciiDigit(text[at])) at++;
            if (!long.TryParse(text.AsSpan(digits, at - digits), NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return false;
            var letters = at;
            while (at < text.Length && char.IsAsciiLetter(text[at])) at++;
            var unit = text[letters..at];
            var unitSeconds = units.FirstOrDefault(u => unit.StartsWith(u.Unit, StringComparison.Ordinal)).Seconds;
            if (unitSeconds == 0 || number > MostSeconds / unitSeconds) return false;
            seconds += number * unitSeconds;
        }
        if (seconds > MostSeconds) return false;
        if (text[0] == '-') seconds = -seconds;
        return true;
    }
}
