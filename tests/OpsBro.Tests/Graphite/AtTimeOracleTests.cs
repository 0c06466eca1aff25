using System.Text.Json.Nodes;
using OpsBro.Core.Graphite;

namespace OpsBro.Tests.Graphite;

/// <summary>Texts for <c>from</c> and <c>until</c> mean the same moment to us and to graphite-web, or are refused by both.</summary>
public sealed class AtTimeOracleTests
{
    const int Texts = 600;

    static readonly string[] references =
    [
        "now", "", "today", "yesterday", "tomorrow", "noon", "midnight", "teatime", "noon yesterday", "midnight_tomorrow", "10:30", "6pm", "6pm today", "12am",
        "12pm", "8:50am", "23:59_20231101", "20231114", "00:00_20240229", "11/14/23", "04:00_11/14/2023", "january 8", "mar 3", "monday", "fri", "9am sunday",
        "1699999000", "0", "24:00", "nonsense", "32:61", "20231301",
    ];

    static readonly string[] offsets =
    [
        "", "-1h", "-5min", "-30s", "+1d", "-2w", "-3mon", "-1y", "-1d12h", "-90seconds", "-10minutes", "-1hours", "+2days", "-1months", "-7years", "-1x", "-h",
        "-", "+5",
    ];

    [Theory, InlineData("UTC"), InlineData("Europe/Paris"), InlineData("America/New_York")]
    public void A_text_is_the_same_moment(string zone)
    {
        var random = new Random(zone.Length);
        using var oracle = GraphiteOracle.Over(new OracleData(1));
        var texts = Enumerable.Range(0, Texts).Select(_ => references[random.Next(references.Length)] + offsets[random.Next(offsets.Length)])
            .Distinct().ToArray();
        var questions = texts.Select(t => new JsonObject { ["time"] = t, ["now"] = OracleData.Now, ["zone"] = zone }).ToArray();

        var differences = texts.Zip(oracle.AskAll(questions)).Select(a =>
        {
            var theirs = a.Second.TryGetProperty("epoch", out var epoch) ? $"{epoch.GetInt64() - OracleData.Now}" : "refused";
            var ours = Ours(a.First, zone);
            return theirs == ours ? null : $"\"{a.First}\": theirs {theirs} ({a.Second}), ours {ours}";
        }).Where(d => d is not null).ToArray();

        Assert.InRange(texts.Length, 300, Texts);
        Assert.True(differences.Length == 0, string.Join("\n", differences));
    }

    static string Ours(string text, string zone)
    {
        try
        {
            return $"{AtTime.Parse(text, TimeZoneInfo.FindSystemTimeZoneById(zone), OracleData.Now) - OracleData.Now}";
        }
        catch (GraphiteException)
        {
            return "refused";
        }
    }
}
