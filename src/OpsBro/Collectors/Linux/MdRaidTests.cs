using OpsBro.Collectors.Linux;

namespace OpsBro.Tests.Linux;

public class MdRaidTests
{
    [Fact]
    public void An_array_that_lacks_a_disk_is_not_healthy_and_shows_its_rebuild()
    {
        using var host = new RecordedHost("4.19");

        var data = host.Run(new MdRaid());

        Assert.Equal(["md0", "md1", "md12"], data.Keys());
        Assert.False(data.At("md0", "healthy").AsBool);
        Assert.Equal(1, data.Number("md0", "degraded"));
        Assert.Equal(50, data.Number("md0", "sync_pct"));
        Assert.Equal("recover", data.Text("md0", "sync_action"));
        Assert.True(data.At("md1", "healthy").AsBool);
        Assert.Equal(7, data.Number("md12", "disks"));
        Assert.Equal(128, data.Number("md12", "mismatches"));
        Assert.DoesNotContain("sync_pct", data.At("md12").Keys());
    }
}
