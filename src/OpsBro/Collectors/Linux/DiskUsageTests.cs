using OpsBro.Collectors;
using OpsBro.Collectors.Linux;
using OpsBro.Core.Expressions;
using OpsBro.Platform;

namespace OpsBro.Tests.Linux;

public class DiskUsageTests
{
    const long Megabyte = 1024 * 1024;

    static readonly FileSystemSpace space = new(1000 * Megabyte, 400 * Megabyte, 300 * Megabyte, 5000, 1000, false, "");

    /// <summary>Answers come at once here; this is for those that shall not come.</summary>
    static readonly TimeSpan patience = TimeSpan.FromMilliseconds(20);

    [Fact]
    public void Every_file_system_of_data_is_there_once_under_its_mount_point()
    {
        using var host = new RecordedHost("3.10");

        var data = host.Run(new DiskUsage(_ => space, DiskUsage.Patience));

        Assert.Equal(["/", "/boot", "/data/with blank", "/mnt/backup.2024"], data.Keys());
        Assert.Equal("nfs4", data.Text("/mnt/backup.2024", "type"));
        Assert.Equal("filer.example.com:/export/backup", data.Text("/mnt/backup.2024", "device"));
    }

    [Fact]
    public void Room_is_in_megabytes_and_shares_are_rounded_up_as_df_does()
    {
        using var host = new RecordedHost("4.19");

        var data = host.Run(new DiskUsage(_ => space, DiskUsage.Patience));

        Assert.Equal(1000, data.Number("/", "total"));
        Assert.Equal(600, data.Number("/", "used"));
        Assert.Equal(300, data.Number("/", "available"));
        Assert.Equal(67, data.Number("/", "pct_used"));
        Assert.Equal(4000, data.Number("/", "inodes_used"));
        Assert.Equal(80, data.Number("/", "inodes_pct_used"));
    }

    [Fact]
    public void Subvolumes_are_places_of_their_own_and_the_root_of_a_container_counts()
    {
        using var laptop = new RecordedHost("6.1");
        using var container = new RecordedHost("5.10");

        Assert.Equal(["/", "/boot", "/boot/efi", "/home"], laptop.Run(new DiskUsage(_ => space, DiskUsage.Patience)).Keys());
        Assert.Equal(["/", "/data"], container.Run(new DiskUsage(_ => space, DiskUsage.Patience)).Keys());
    }

    [Fact]
    public void A_mount_that_hangs_is_named_and_left_alone_until_it_answers()
    {
        using var host = new RecordedHost("3.10");
        using var server = new ManualResetEventSlim();
        using var isBack = new ManualResetEventSlim();
        var asked = 0;
        var collector = new DiskUsage(path =>
        {
            if (path != "/mnt/backup.2024") return space;
            Interlocked.Increment(ref asked);
            server.Wait();
            isBack.Set();
            return space;
        }, patience);

        var (first, outcome) = RecordedHost.Run(collector, host.Files);
        var (second, _) = RecordedHost.Run(collector, host.Files, 10);

        Assert.Equal("/mnt/backup.2024 (nfs4 filer.example.com:/export/backup): has not answered since 2026-09-21T14:13:20Z", outcome.Problem);
        Assert.Equal("has not answered since 2026-09-21T14:13:20Z", second.Text("/mnt/backup.2024", "problem"));
        Assert.Equal(1, asked);
        foreach (var data in new[] { first, second })
            Assert.All(["/", "/boot", "/data/with blank"], mount => Assert.Equal(67, data.Number(mount, "pct_used")));

        server.Set();
        isBack.Wait();
        Value third;
        do (third, outcome) = RecordedHost.Run(collector, host.Files, 20);
        while (outcome.Problem is not null);   // its thread ends a moment after its answer

        Assert.Equal(67, third.Number("/mnt/backup.2024", "pct_used"));
    }

    [Fact]
    public void A_mount_that_may_not_be_looked_at_says_so()
    {
        using var host = new RecordedHost("4.19");
        var collector = new DiskUsage(path => path == "/boot" ? FileSystemSpace.Of("/proc/no/such") : space, DiskUsage.Patience);

        var (data, outcome) = RecordedHost.Run(collector, host.Files);

        Assert.Equal("/boot (vfat /dev/mmcblk0p1): it is not there", outcome.Problem);
        Assert.Equal("it is not there", data.Text("/boot", "problem"));
    }

    [Fact]
    public void This_host_has_a_root_with_room()
    {
        using var files = new HostFiles();

        var (data, _) = RecordedHost.Run(new DiskUsage(), files);

        Assert.InRange(data.Number("/", "pct_used"), 0, 100);
        Assert.True(data.Number("/", "total") > 0);
    }
}
