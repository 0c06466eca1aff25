using OpsBro.Config;

namespace OpsBro.Tests.Config;

public class DurationsTests
{
    [Theory]
    [InlineData("250ms", 250)]
    [InlineData("10s", 10_000)]
    [InlineData("10", 10_000)]
    [InlineData("0.5", 500)]
    [InlineData("1m", 60_000)]
    [InlineData("5min", 300_000)]
    [InlineData("1h30m", 5_400_000)]
    [InlineData(" 2d ", 172_800_000)]
    public void What_operators_write_is_read(string text, double milliseconds)
    {
        Assert.True(Durations.TryParse(text, out var duration));
        Assert.Equal(milliseconds, duration.TotalMilliseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("10 sec")]
    [InlineData("-1s")]
    [InlineData("1h30")]
    [InlineData("s")]
    [InlineData("1..5s")]
    [InlineData("999999999d")]
    public void What_is_no_duration_is_refused(string text) => Assert.False(Durations.TryParse(text, out _));

    [Theory]
    [InlineData("90s")]
    [InlineData("5m")]
    [InlineData("250ms")]
    [InlineData("2d")]
    public void The_text_of_a_duration_reads_back(string text)
    {
        Assert.True(Durations.TryParse(text, out var duration));
        Assert.Equal(text, Durations.Text(duration));
    }
}
