using System.Globalization;
using System.Text.Json;
using OpsBro.Core.Graphite;

namespace OpsBro.Tests.Graphite;

/// <summary>One series of an answer of <c>/render</c>, from either side.</summary>
sealed record RenderedSeries(string Name, SortedDictionary<string, string> Tags, (double Value, long Time)[] Points)
{
    /// <summary>Largest difference of two values, as a part of the greater: sums are added in other orders.</summary>
    const double Tolerance = 1e-9;

    /// <summary>What graphite-web answered.</summary>
    public static RenderedSeries[] Read(string json) =>
    [
        .. JsonDocument.Parse(json).RootElement.EnumerateArray().Select(s => new RenderedSeries(
            s.GetProperty("target").GetString() ?? "None", // a line without label: null there
            Sorted(s.GetProperty("tags").EnumerateObject().Select(t => KeyValuePair.Create(t.Name, t.Value.ToString()))),
            [.. s.GetProperty("datapoints").EnumerateArray().Select(p => (NumberOf(p[0]), p[1].GetInt64()))])),
    ];

    /// <summary>What we answer.</summary>
    public static RenderedSeries[] Of(IReadOnlyList<Series> series, int? maxDataPoints) =>
    [
        .. Consolidation.Fit(series, maxDataPoints).Select(s => new RenderedSeries(
            s.Name,
            Sorted(s.Tags),
            [.. s.Values.Select((v, i) => (v, s.Start + ((long)i * s.Step)))])),
    ];

    /// <summary>The first thing in which two answers differ; null when they are alike.</summary>
    public static string? Difference(RenderedSeries[] theirs, RenderedSeries[] ours)
    {
        if (theirs.Length != ours.Length)
            return $"{theirs.Length} series, not {ours.Length}\n    theirs {Names(theirs)}\n    ours   {Names(ours)}";
        for (var i = 0; i < ours.Length; i++)
            if (Difference(theirs[i], ours[i]) is { } difference) return $"series {i} of {ours.Length}, {difference}";
        return null;
    }

    static string Names(RenderedSeries[] series) => string.Join(" | ", series.Select(s => s.Name));

    static string? Difference(RenderedSeries theirs, RenderedSeries ours)
    {
        if (theirs.Name != ours.Name) return $"name\n    theirs {theirs.Name}\n    ours   {ours.Name}";
        if (!theirs.Tags.SequenceEqual(ours.Tags)) return $"{ours.Name}: tags\n    theirs {Shown(theirs.Tags)}\n    ours   {Shown(ours.Tags)}";
        var length = Math.Min(theirs.Points.Length, ours.Points.Length);
        for (var i = 0; i < length; i++)
        {
            if (theirs.Points[i].Time == ours.Points[i].Time && AreAlike(theirs.Points[i].Value, ours.Points[i].Value)) continue;
            return $"{ours.Name}: point {i} of {theirs.Points.Length} and {ours.Points.Length}\n    theirs {Shown(theirs, i)}\n    ours   {Shown(ours, i)}";
        }
        return theirs.Points.Length == ours.Points.Length ? null
            : $"{ours.Name}: {theirs.Points.Length} points, not {ours.Points.Length}\n    theirs {Shown(theirs, length)}\n    ours   {Shown(ours, length)}";
    }

    static bool AreAlike(double a, double b) =>
        a.Equals(b) || a == b || Math.Abs(a - b) <= Tolerance * Math.Max(Math.Abs(a), Math.Abs(b)) || (Math.Abs(a) < 1e-300 && Math.Abs(b) < 1e-300);

    static string Shown(SortedDictionary<string, string> tags) => string.Join(", ", tags.Select(t => $"{t.Key}={t.Value}"));

    static string Shown(RenderedSeries series, int index) =>
        string.Join(" ", series.Points.Skip(Math.Max(0, index - 1)).Take(4).Select(p => $"{p.Time - OracleData.Now}:{Shown(p.Value)}"));

    static string Shown(double value) => double.IsNaN(value) ? "null" : value.ToString("R", CultureInfo.InvariantCulture);

    static double NumberOf(JsonElement value) => value.ValueKind == JsonValueKind.Null ? double.NaN : value.GetDouble();

    static SortedDictionary<string, string> Sorted(IEnumerable<KeyValuePair<string, string>> tags) =>
        new(tags.ToDictionary(t => t.Key, t => t.Value), StringComparer.Ordinal);
}
