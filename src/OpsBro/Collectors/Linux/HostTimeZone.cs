using OpsBro.Platform;

namespace OpsBro.Collectors.Linux;

/// <summary>The host's time zone. Sources: /etc/localtime (tzfile(5)) and where it points, /etc/timezone.</summary>
internal sealed class HostTimeZone : ICollector
{
    /// <summary>What holds the zones: a link's target below it is the zone's name.</summary>
    const string Zones = "zoneinfo/";

    /// <inheritdoc/>
    public string Name => "timezone";

    /// <inheritdoc/>
    public string Summary => "The host's time zone, from /etc/localtime.";

    /// <inheritdoc/>
    public TimeSpan Interval => TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    public IReadOnlyList<KeyDoc> Keys { get; } =
    [
        new("timezone", "", "Short name of the summer time, or of the only time where there is none: CEST, UTC."),
        new("standard", "", "Short name of the standard time: CET, UTC."),
        new("name", "", "Name of the zone: Europe/Paris; empty when it cannot be told."),
        new("utc_offset", "s", "How far the host's clock is ahead of UTC now; 0 when the zone's name cannot be told."),
    ];

    /// <inheritdoc/>
    public Outcome Collect(CollectorRun run)
    {
        var link = run.Host.TryReadLink("/etc/localtime", out var target) ? System.Text.Encoding.UTF8.GetString(target) : null;
        var name = NameOf(link, run.Host.ReadText("/etc/timezone"));
        var (standard, summer) = run.Host.TryRead("/etc/localtime", out var file) ? ShortNames(file) : ("UTC", "UTC");
        run.Data.Set("timezone", summer);
        run.Data.Set("standard", standard);
        run.Data.Set("name", name);
        var offset = TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) ? zone.GetUtcOffset(run.UtcNow) : TimeSpan.Zero;
        run.Data.Set("utc_offset", (long)offset.TotalSeconds);
        return Outcome.Ok;
    }

    /// <summary>The zone's name: what the link points to below zoneinfo, else what /etc/timezone says, else empty.</summary>
    internal static string NameOf(string? link, string? file)
    {
        var at = link?.IndexOf(Zones, StringComparison.Ordinal) ?? -1;
        if (at >= 0) return link![(at + Zones.Length)..].Replace("posix/", "", StringComparison.Ordinal);
        return file?.Split('\n')[0].Trim() ?? "";
    }

    /// <summary>
    /// Standard and summer name of the rule that ends a file of version 2 and later: <c>CET-1CEST,M3.5.0,M10.5.0/3</c>, <c>UTC0</c> or
    /// <c>&lt;+03&gt;-3</c>. Where there is no summer time both are the same; a file without a rule is UTC.
    /// </summary>
    internal static (string Standard, string Summer) ShortNames(ReadOnlySpan<byte> file)
    {
        var rule = file.EndsWith("\n"u8) ? file[..^1] : default;
        rule = rule[(rule.LastIndexOf((byte)'\n') + 1)..];
        var standard = TakeName(ref rule);
        if (standard.Length == 0) return ("UTC", "UTC");
        rule = rule[LengthWithin(rule, "+-0123456789:"u8)..];
        var summer = TakeName(ref rule);
        return (standard, summer.Length > 0 ? summer : standard);
    }

    static string TakeName(ref ReadOnlySpan<byte> rule)
    {
        var isQuoted = rule.StartsWith("<"u8);
        var length = isQuoted ? rule.IndexOf((byte)'>') + 1 : LengthWithin(rule, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);
        var name = isQuoted && length > 1 ? rule[1..(length - 1)] : rule[..length];
        rule = rule[length..];
        return System.Text.Encoding.ASCII.GetString(name);
    }

    static int LengthWithin(ReadOnlySpan<byte> text, ReadOnlySpan<byte> letters)
    {
        var end = text.IndexOfAnyExcept(letters);
        return end < 0 ? text.Length : end;
    }
}
