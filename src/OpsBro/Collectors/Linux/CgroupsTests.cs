using OpsBro.Collectors.Linux;

namespace OpsBro.Tests.Linux;

public class CgroupsTests
{
    [Fact]
    public void Version_2_shows_two_levels_and_a_third_for_pods()
    {
        using var host = new RecordedHost("6.1");

        var data = host.Run(new Cgroups());

        Assert.Equal(2, data.Number("version"));
        Assert.Equal(0, data.Number("skipped"));
        Assert.Equal(
            [
                "init.scope", "kubepods.slice", "system.slice", "user.slice", "kubepods.slice/kubepods-burstable.slice",
                "system.slice/docker-4f1c0a2b.scope", "system.slice/nginx.service",
                "kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice",
            ], data.At("groups").Keys());
        var container = data.At("groups", "system.slice/docker-4f1c0a2b.scope");
        Assert.Equal(50, container.Number("memory_pct"));
        Assert.Equal(209715200, container.Number("memory_limit_bytes"));
        Assert.Equal(2, container.Number("oom_kills"));
        Assert.Equal(17, container.Number("pids"));
        Assert.DoesNotContain("memory_limit_bytes", data.At("groups", "user.slice").Keys());
    }

    [Fact]
    public void Cpu_and_disk_are_rates()
    {
        using var host = new RecordedHost("6.1");
        var collector = new Cgroups();

        host.Run(collector, 0);
        host.With("/sys/fs/cgroup/user.slice/cpu.stat", "usage_usec 15012031\nthrottled_usec 500000\n");
        host.With("/sys/fs/cgroup/user.slice/io.stat", "259:0 rbytes=10000 wbytes=500 rios=1\n253:1 rbytes=1000 wbytes=2000 rios=1\n");
        var group = host.Run(collector, 10).At("groups", "user.slice");

        Assert.Equal(150, group.Number("cpu%"));
        Assert.Equal(50, group.Number("throttled_ms/s"));
        Assert.Equal(1000, group.Number("read_bytes/s"));
        Assert.Equal(50, group.Number("write_bytes/s"));
    }

    [Fact]
    public void Version_1_is_read_from_its_separate_controllers()
    {
        using var host = new RecordedHost("3.10");
        var collector = new Cgroups();

        host.Run(collector, 0);
        host.With("/sys/fs/cgroup/cpu,cpuacct/docker/4f1c0a2b/cpuacct.usage", "5120312031\n");
        var data = host.Run(collector, 10);

        Assert.Equal(1, data.Number("version"));
        Assert.Equal(["docker", "system.slice", "docker/4f1c0a2b", "system.slice/nginx.service"], data.At("groups").Keys());
        Assert.Equal(50, data.Number("groups", "docker/4f1c0a2b", "cpu%"));
        Assert.Equal(50, data.Number("groups", "docker/4f1c0a2b", "memory_pct"));
        Assert.DoesNotContain("memory_limit_bytes", data.At("groups", "docker").Keys());
    }

    [Fact]
    public void A_host_with_too_many_groups_shows_the_first_and_says_how_many_it_left_out()
    {
        using var host = new RecordedHost().With("/sys/fs/cgroup/cgroup.controllers", "cpu memory\n");
        for (var i = 0; i < Cgroups.MaxGroups + 30; i++) host.With($"/sys/fs/cgroup/system.slice/s{i}.service/memory.current", "1\n");

        var data = host.Run(new Cgroups());

        Assert.Equal(Cgroups.MaxGroups, data.Number("count"));
        Assert.Equal(31, data.Number("skipped"));
    }
}
