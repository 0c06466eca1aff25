using OpsBro.Collectors.Linux;

namespace OpsBro.Tests.Linux;

public class FileHandlesTests
{
    [Fact]
    public void Open_files_are_compared_with_the_limit()
    {
        using var host = new RecordedHost("4.19");

        var data = host.Run(new FileHandles());

        Assert.Equal(8931, data.Number("allocated"));
        Assert.Equal(3263112, data.Number("max"));
        Assert.Equal(0.2737, data.Number("pct_used"), 4);
    }

    [Fact]
    public void A_host_without_a_limit_uses_none_of_it()
    {
        using var host = new RecordedHost("6.1");

        Assert.Equal(0, host.Run(new FileHandles()).Number("pct_used"), 6);
    }
}
