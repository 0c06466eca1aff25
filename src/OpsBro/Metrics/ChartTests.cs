using OpsBro.Metrics;

namespace OpsBro.Tests.Metrics;

/// <summary>Charts and sparklines, drawn for a pipe, for a terminal and for a locale without signs.</summary>
public class ChartTests
{
    static readonly double?[] ramp = [0, 1, 2, 3, null, 5, 6, 7];

    [Theory]
    [InlineData(8, true, "▁▂▃▄ ▆▇█")]
    [InlineData(4, true, "▁▃▆█")]
    [InlineData(8, false, "_.-~ +*#")]
    public void A_sparkline_goes_from_least_to_greatest_with_gaps(int width, bool isUtf8, string line) =>
        Assert.Equal(line, Sparkline.Of(ramp, width, isUtf8));

    [Fact]
    public void A_sparkline_of_nothing_or_of_one_height_is_no_error()
    {
        Assert.Equal("", Sparkline.Of([], 10, true));
        Assert.Equal("  ", Sparkline.Of([null, null], 10, true));
        Assert.Equal("▅▅", Sparkline.Of([3, 3], 10, true));
    }

    [Theory]
    [InlineData(true, false, 1)]
    [InlineData(true, true, 3)]
    [InlineData(false, false, 3)]
    [InlineData(true, false, 12)]
    public void A_chart_fits_its_width_and_has_axes_and_a_legend(bool isUtf8, bool hasColour, int series)
    {
        const int width = 60, height = 12, from = 1_700_000_000, until = from + 600;
        var all = Enumerable.Range(0, series).Select(i =>
            new ChartSeries($"s{i}", from + 10, 10, [.. Enumerable.Range(0, 60).Select(t => (double?)(t * (i + 1)))]));

        var lines = new Chart(width, height, isUtf8, hasColour).Lines(from, until, [.. all]).ToList();

        Assert.Equal(height + 2 + Math.Min(series, Chart.MaxSeries), lines.Count);
        Assert.All(lines.Take(height + 2), line => Assert.InRange(OpsBro.Cli.Terminal.VisibleLength(line), 1, width));
        Assert.Equal(hasColour, lines.Exists(line => line.Contains('\e')));
        Assert.Contains("22:13:20", lines[height + 1]);
        Assert.Contains("22:23:20Z", lines[height + 1]);
        Assert.StartsWith(Chart.Short(59 * Math.Min(series, Chart.MaxSeries)), lines[0].TrimStart());
        if (!isUtf8) Assert.All(lines, line => Assert.True(line.All(char.IsAscii), line));
    }

    [Fact]
    public void Lines_without_colours_are_letters()
    {
        ChartSeries Line(string name, double value) => new(name, 10, 10, [value, value, value]);

        var lines = new Chart(40, 5, true, false).Lines(0, 30, [Line("low", 1), Line("high", 9)]).ToList();

        Assert.Contains("bbb", lines[0]);
        Assert.Contains("aaa", string.Concat(lines.Skip(1).Take(4)));
        Assert.Equal(" a low  last 1", lines[^2]);
        Assert.Equal(" b high  last 9", lines[^1]);
    }

    [Fact]
    public void A_chart_without_values_says_so() =>
        Assert.Equal(["no values in this time"], new Chart(40, 5, true, false).Lines(0, 30, [new ChartSeries("a", 0, 10, [null])]));

    [Theory]
    [InlineData(0, "0")]
    [InlineData(0.12345, "0.1235")]
    [InlineData(12.345, "12.35")]
    [InlineData(123.45, "123.5")]
    [InlineData(12345, "12.35k")]
    [InlineData(4.56e6, "4.56M")]
    [InlineData(-2.5e9, "-2.5G")]
    [InlineData(0.000012, "1.2e-5")]
    public void Numbers_are_short(double value, string text) => Assert.Equal(text, Chart.Short(value));
}
