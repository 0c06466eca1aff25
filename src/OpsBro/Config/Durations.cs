using System.Globalization;

namespace OpsBro.Config;

/// <summary>Durations as operators write them: <c>250ms</c>, <c>10s</c>, <c>5m</c>, <c>1h30m</c>, <c>2d</c>; a bare number is seconds.</summary>
internal static class Durations
{
    static readonly (string Unit, double Milliseconds)[] units =
        [("ms", 1), ("s", 1_000), ("min", 60_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000), ("w", 604_800_000)];

    /// <summary>Longest duration taken, in days: a year and a day.</summary>
    public const int MostDays = 366;

    /// <summary>Reads a duration; false when the text is none, negative, or longer than <see cref="MostDays"/>.</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        var rest = text.AsSpan().Trim();
        if (rest.IsEmpty) return false;
        double milliseconds = 0;
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExcept("0123456789.");
            var number = digits < 0 ? rest : rest[..digits];
            if (!double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount)) return false;
            rest = digits < 0 ? [] : rest[digits..];
            var letters = rest.IndexOfAny("0123456789.");
            var unit = letters < 0 ? rest : rest[..letters];
            rest = letters < 0 ? [] : rest[letters..];
            if (!TryFactor(unit, isWhole: milliseconds == 0 && rest.IsEmpty, out var factor)) return false;
            milliseconds += amount * factor;
        }
        if (milliseconds > TimeSpan.FromDays(MostDays).TotalMilliseconds) return false;
        duration = TimeSpan.FromMilliseconds(milliseconds);
        return true;
    }

    static bool TryFactor(ReadOnlySpan<char> unit, bool isWhole, out double factor)
    {
        factor = 1_000;
        if (unit.IsEmpty) return isWhole;
        foreach (var (name, milliseconds) in units)
        {
            if (!unit.SequenceEqual(name)) continue;
            factor = milliseconds;
            return true;
        }
        return false;
    }

    /// <summary>The shortest text that reads back as the same duration, for instance <c>90s</c> or <c>5m</c>.</summary>
    public static string Text(TimeSpan duration)
    {
        var milliseconds = duration.TotalMilliseconds;
        foreach (var (unit, factor) in new[] { ("d", 86_400_000d), ("h", 3_600_000), ("m", 60_000), ("s", 1_000) })
            if (milliseconds >= factor && milliseconds % factor == 0)
                return string.Create(CultureInfo.InvariantCulture, $"{milliseconds / factor}{unit}");
        return string.Create(CultureInfo.InvariantCulture, $"{milliseconds}ms");
    }
}
