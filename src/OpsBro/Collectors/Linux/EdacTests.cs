using OpsBro.Collectors.Linux;

namespace OpsBro.Tests.Linux;

public class EdacTests
{
    [Fact]
    public void Errors_are_counted_by_controller_and_in_all()
    {
        using var host = new RecordedHost("3.10");

        var data = host.Run(new Edac());

        Assert.Equal(15, data.Number("corrected"));
        Assert.Equal(1, data.Number("uncorrected"));
        Assert.Equal("Sandy Bridge Socket#0", data.Text("controllers", "mc0", "name"));
    }
}
