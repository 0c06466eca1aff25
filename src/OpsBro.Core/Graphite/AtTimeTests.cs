using System.Globalization;
using OpsBro.Core.Graphite;

namespace OpsBro.Tests.Graphite;

/// <summary>Time forms, at Tuesday 2023-11-14 22:13:20 UTC; the expected times are those of graphite-web 1.1.8.</summary>
public class AtTimeTests
{
    const long Now = 1_700_000_000;

    static string Shown(string text, TimeZoneInfo zone) =>
        DateTimeOffset.FromUnixTimeSeconds(AtTime.Parse(text, zone, Now)).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    [Theory]
    [InlineData("1700000000", "2023-11-14 22:13:20")]
    [InlineData("0", "1970-01-01 00:00:00")]
    [InlineData("now", "2023-11-14 22:13:20")]
    [InlineData("", "2023-11-14 22:13:20")]
    [InlineData("-1h", "2023-11-14 21:13:20")]
    [InlineData("+90s", "2023-11-14 22:14:50")]
    [InlineData("-2d", "2023-11-12 22:13:20")]
    [InlineData("now-1d12h30min", "2023-11-13 09:43:20")]
    [InlineData("-1week", "2023-11-07 22:13:20")]
    [InlineData("-1mon", "2023-10-15 22:13:20")]
    [InlineData("-1year", "2022-11-14 22:13:20")]
    [InlineData("-3seconds", "2023-11-14 22:13:17")]
    [InlineData("-3minutes", "2023-11-14 22:10:20")]
    [InlineData("today", "2023-11-14 00:00:00")]
    [InlineData("midnight", "2023-11-14 00:00:00")]
    [InlineData("midnight-1d", "2023-11-13 00:00:00")]
    [InlineData("midnight+1d", "2023-11-15 00:00:00")]
    [InlineData("noon", "2023-11-14 12:00:00")]
    [InlineData("teatime yesterday", "2023-11-13 16:00:00")]
    [InlineData("noon_tomorrow", "2023-11-15 12:00:00")]
    [InlineData("YESTERDAY", "2023-11-13 00:00:00")]
    [InlineData("18:30_20231101", "2023-11-01 18:30:00")]
    [InlineData("6pm today", "2023-11-14 18:00:00")]
    [InlineData("8:05am", "2023-11-14 08:05:00")]
    [InlineData("8:05pm_yesterday", "2023-11-13 20:05:00")]
    [InlineData("12pm", "2023-11-14 00:00:00")]
    [InlineData("20230228", "2023-02-28 00:00:00")]
    [InlineData("02/28/23", "2023-02-28 00:00:00")]
    [InlineData("2/28/1999", "1999-02-28 00:00:00")]
    [InlineData("1/1/70", "1970-01-01 00:00:00")]
    [InlineData("jan 5", "2023-01-05 00:00:00")]
    [InlineData("noon december31", "2023-12-31 12:00:00")]
    [InlineData("monday", "2023-11-13 00:00:00")]
    [InlineData("tue", "2023-11-14 00:00:00")]
    [InlineData("wednesday", "2023-11-08 00:00:00")]
    [InlineData("99991231", "9999-12-31 00:00:00")]
    public void Forms_are_read(string text, string time) => Assert.Equal(time, Shown(text, TimeZoneInfo.Utc));

    [Theory]
    [InlineData("today", "2023-11-13 23:00:00")]
    [InlineData("20230701", "2023-06-30 22:00:00")]
    [InlineData("02:30_20230326", "2023-03-26 01:30:00")] // does not exist: reckoned in winter time
    [InlineData("02:30_20231029", "2023-10-29 01:30:00")] // exists twice: winter time
    [InlineData("20230326+3h", "2023-03-26 02:00:00")]
    public void Days_are_those_of_the_zone(string text, string time) =>
        Assert.Equal(time, Shown(text, TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin")));

    [Theory]
    [InlineData("soon")]
    [InlineData("-1")]
    [InlineData("-1x")]
    [InlineData("-h")]
    [InlineData("-1d-2h")]
    [InlineData("25:00")]
    [InlineData("20230230")]
    [InlineData("13/1/23")]
    [InlineData("jan")]
    [InlineData("-99999999y")]
    [InlineData("99999999999999999999")]
    public void What_is_no_time_is_refused(string text) =>
        Assert.StartsWith($"\"{text}\" is no time; write", Assert.Throws<GraphiteException>(() => AtTime.Parse(text, TimeZoneInfo.Utc, Now)).Message,
            StringComparison.Ordinal);
}
