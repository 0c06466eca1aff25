using OpsBro.Collectors.Linux;

namespace OpsBro.Tests.Linux;

public class LoadAverageTests
{
    [Fact]
    public void The_means_and_the_tasks_are_read()
    {
        using var host = new RecordedHost("3.10");

        var data = host.Run(new LoadAverage());

        Assert.Equal(0.52, data.Number("load1"));
        Assert.Equal(0.58, data.Number("load5"));
        Assert.Equal(0.59, data.Number("load15"));
        Assert.Equal(3, data.Number("running"));
        Assert.Equal(412, data.Number("tasks"));
    }

    [Fact]
    public void Something_else_is_refused() => Assert.Throws<FormatException>(() => LoadAverage.Parse("0.5 0.5"u8));
}
