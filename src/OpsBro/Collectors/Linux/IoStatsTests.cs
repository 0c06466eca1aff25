using OpsBro.Collectors.Linux;
using OpsBro.Platform;

namespace OpsBro.Tests.Linux;

public class IoStatsTests
{
    const string First = "   8       0 sda 100 10 1000 200 50 5 800 400 0 300 600\n";

    [Theory]
    [InlineData("3.10", "sda sdb fd0 sr0 dm-0 dm-1 cciss/c0d0")]
    [InlineData("4.19", "sda md0 md12 md1 dm-0")]
    [InlineData("6.1", "nvme0n1 nvme1n1 mmcblk0 mmcblk0boot0 zram0 xvda1 nbd0")]
    [InlineData("6.18", "vda zram0")]
    public void Whole_disks_of_any_kind_are_measured_and_partitions_are_not(string kernel, string expected)
    {
        var disks = new CounterMemory(17);

        IoStats.Parse(RecordedHost.Recorded(kernel, "/proc/diskstats"), TimeSpan.FromSeconds(1), disks);

        Assert.Equal(expected.Split(' '), disks.Current.Select(d => d.Name));
    }

    [Fact]
    public void Rates_are_the_growth_between_two_runs_in_each_second()
    {
        using var host = new RecordedHost().With("/proc/diskstats", First);
        var collector = new IoStats();

        var first = host.Run(collector, 0);
        host.With("/proc/diskstats", "   8       0 sda 200 30 3000 700 80 15 1000 900 4 5300 10600 20 0 400 9 30 8\n");
        var disk = host.Run(collector, 10).At("sda");

        Assert.Empty(first.Keys());
        Assert.Equal(10, disk.Number("reads/s"));
        Assert.Equal(2, disk.Number("reads_merged/s"));
        Assert.Equal(3, disk.Number("writes/s"));
        Assert.Equal(1, disk.Number("writes_merged/s"));
        Assert.Equal(200 * 512, disk.Number("read_bytes/s"));
        Assert.Equal(20 * 512, disk.Number("write_bytes/s"));
        Assert.Equal(50, disk.Number("util%"));
        Assert.Equal(1000.0 / 130, disk.Number("await_ms"), 6);
        Assert.Equal(5, disk.Number("read_await_ms"));
        Assert.Equal(1, disk.Number("queue"));
        Assert.Equal(4, disk.Number("in_progress"));
        Assert.Equal(2, disk.Number("discards/s"));
        Assert.Equal(3, disk.Number("flushes/s"));
    }

    [Fact]
    public void A_disk_that_counts_from_zero_again_shows_no_negative_rate()
    {
        using var host = new RecordedHost().With("/proc/diskstats", First);
        var collector = new IoStats();

        host.Run(collector, 0);
        host.With("/proc/diskstats", "   8       0 sda 20 0 40 10 0 0 0 0 0 10 10\n");
        var disk = host.Run(collector, 10).At("sda");

        Assert.Equal(2, disk.Number("reads/s"));
        Assert.All(disk.Leaves(), leaf => Assert.True(leaf.Value.ToDouble() >= 0, leaf.Keys[^1]));
    }

    [Fact]
    public void A_disk_that_comes_back_after_it_was_gone_starts_anew()
    {
        using var host = new RecordedHost().With("/proc/diskstats", First);
        var collector = new IoStats();

        host.Run(collector, 0);
        host.With("/proc/diskstats", "   8      16 sdb 100 10 1000 200 50 5 800 400 0 300 600\n");
        host.Run(collector, 10);
        host.With("/proc/diskstats", First);
        var back = host.Run(collector, 20);

        Assert.Empty(back.Keys());
    }

    [Fact]
    public void A_device_mapper_disk_also_says_its_name()
    {
        using var host = new RecordedHost("3.10");
        var collector = new IoStats();

        host.Run(collector, 0);

        Assert.Equal("centos-root", host.Run(collector, 10).Text("dm-0", "name"));
    }

    [Fact]
    public void A_text_without_a_single_disk_line_is_an_error_and_an_empty_one_is_not()
    {
        using var host = new RecordedHost().With("/proc/diskstats", "what is this\n");
        var collector = new IoStats();

        Assert.Throws<FormatException>(() => host.Run(collector));
        Assert.Empty(host.With("/proc/diskstats", "").Run(collector).Keys());
    }

    [Fact]
    public void Reading_and_parsing_allocate_nothing_once_the_disks_are_known()
    {
        using var host = new RecordedHost("6.1");
        var disks = new CounterMemory(17);
        for (var i = 1; i < 5; i++) IoStats.Parse(host.Files.Read("/proc/diskstats"), TimeSpan.FromSeconds(i), disks);

        var before = GC.GetAllocatedBytesForCurrentThread();
        IoStats.Parse(host.Files.Read("/proc/diskstats"), TimeSpan.FromSeconds(9), disks);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
