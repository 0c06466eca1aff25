using OpsBro.Collectors.Linux;

namespace OpsBro.Tests.Linux;

public class BlockDeviceTests
{
    [Fact]
    public void Each_disk_says_vendor_model_and_size()
    {
        using var host = new RecordedHost("3.10");

        var data = host.Run(new BlockDevice());

        Assert.Equal(["cciss/c0d0", "sda"], data.Keys());
        Assert.Equal("ATA", data.Text("sda", "vendor").Trim());
        Assert.Equal("WDC WD20EARS-00M", data.Text("sda", "model"));
        Assert.Equal("3907029168", data.Text("sda", "size"));
        Assert.Equal(2000398934016, data.Number("sda", "size_bytes"));
        Assert.Equal("deadline", data.Text("sda", "scheduler"));
        Assert.True(data.At("sda", "rotational").AsBool);
    }

    [Fact]
    public void An_nvme_disk_that_the_kernel_made_read_only_is_seen()
    {
        using var host = new RecordedHost("6.1");

        var disk = host.Run(new BlockDevice()).At("nvme0n1");

        Assert.True(disk.At("read_only").AsBool);
        Assert.Equal("S5GXNX0R123456", disk.Text("serial"));
        Assert.Equal("none", disk.Text("scheduler"));
    }

    [Theory]
    [InlineData("[none] mq-deadline", "none"), InlineData("none", "none"), InlineData("][", "][")]
    [InlineData("a b", null), InlineData("", null)]
    public void The_scheduler_is_the_word_in_brackets(string text, string? expected) =>
        Assert.Equal(expected, BlockDevice.SchedulerOf(text));
}
