using OpsBro.Collectors.Linux;
using OpsBro.Core.Expressions;

namespace OpsBro.Tests.Linux;

public class HostSystemTests
{
    [Theory]
    [InlineData("3.10", "web01", "web01.example.com", "centos", "7", 4)]
    [InlineData("4.19", "buster.lan", "buster.lan", "debian", "10", 2)]
    [InlineData("5.10", "d1f0c2a9be11", "d1f0c2a9be11", "alpine", "3.18.4", 2)]
    [InlineData("6.1", "laptop", "laptop.home.example", "debian", "12", 2)]
    public void Names_distribution_and_processors_are_read(string kernel, string name, string fullName, string id, string version, int cpus)
    {
        using var host = new RecordedHost(kernel);

        var data = host.Run(new HostSystem());

        Assert.Equal(name, data.Text("hostname"));
        Assert.Equal(fullName, data.Text("fqdn"));
        Assert.Equal(id, data.Text("os", "linux", "id"));
        Assert.Equal(version, data.Text("os", "linux", "version"));
        Assert.Equal(long.Parse(version.Split('.')[0], null), data.Number("os", "linux", "major_version"));
        Assert.Equal(cpus, data.Number("cpu_count"));
    }

    [Fact]
    public void Processors_of_other_architectures_have_a_name_too()
    {
        Assert.Equal(("Raspberry Pi 4 Model B Rev 1.2", 0), HostSystem.Processor(RecordedHost.Recorded("4.19", "/proc/cpuinfo")));
        Assert.Equal(("Intel(R) Xeon(R) CPU E5-2680 v3 @ 2.50GHz", 2494.222), HostSystem.Processor(RecordedHost.Recorded("3.10", "/proc/cpuinfo")));
        Assert.Equal(("", 0), HostSystem.Processor([]));
    }

    [Fact]
    public void Uptime_and_boot_are_in_seconds()
    {
        using var host = new RecordedHost("3.10");

        var data = host.Run(new HostSystem());

        Assert.Equal(8640000, data.Number("uptime"));
        Assert.Equal(1571212019, data.Number("boot_time"));
    }

    [Theory, InlineData("0-3,8,10-11", 7), InlineData("0", 1), InlineData("x", 0), InlineData("3-1", 0)]
    public void A_list_of_processors_is_counted(string list, int count) => Assert.Equal(count, HostSystem.CountOf(list));

    [Fact]
    public void A_rolling_distribution_has_no_version()
    {
        using var host = new RecordedHost("6.1").With("/etc/os-release", "NAME='Arch Linux'\nID=arch\n");

        var data = host.Run(new HostSystem());

        Assert.Equal("Arch Linux", data.Text("os", "linux", "name"));
        Assert.Equal(ValueKind.String, data.At("os", "linux", "major_version").Kind);
    }
}
