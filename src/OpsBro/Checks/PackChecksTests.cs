using OpsBro.Checks;
using OpsBro.Collectors;
using OpsBro.Config;
using OpsBro.Core.Checks;
using OpsBro.Core.Expressions;
using static OpsBro.Tests.Checks.CheckFixture;

namespace OpsBro.Tests.Checks;

/// <summary>The checks of the packs that ship, as they are in packs/.</summary>
public sealed class PackChecksTests
{
    readonly CollectorStore collectors = new();
    readonly Dictionary<string, CheckDefinition> checks = [];
    readonly List<Problem> problems = [];

    public PackChecksTests()
    {
        var configuration = ConfigLoader.Load(
            new AgentOptions { ConfigDirectory = "/nowhere", DataDirectory = "/nowhere", ShippedPacks = Repository.PathOf("packs") },
            environment: new Dictionary<string, string>());
        var binder = new CheckBinder(FunctionTable.Pure(), collectors, () => configuration.Agent, () => new CheckSettings());
        foreach (var one in configuration.Of("check"))
            if (binder.Bind(one, problems) is { } check) checks[check.Id] = check;
    }

    void Publish(string name, Value tree) =>
        collectors.Publish(new CollectorSnapshot(name, CollectorState.Ok, tree, Utc, Now, TimeSpan.FromSeconds(10), ""));

    string Judge(string id)
    {
        var result = Run(checks[id]);
        return $"{result.State.Word()} | {result.Output}";
    }

    [Fact]
    public void Every_check_binds()
    {
        Assert.Empty(problems);
        Assert.Superset(
            new HashSet<string> { "linux/cpu", "linux/memory", "linux/load", "linux/disks", "linux/inodes", "linux/swap", "linux/units", "linux/clock" },
            checks.Keys.ToHashSet());
        Assert.Superset(new HashSet<string> { "redis/redis", "redis/memory", "redis/persistence" }, checks.Keys.ToHashSet());
    }

    [Fact]
    public void Every_check_is_unknown_without_data() =>
        Assert.All(checks.Values.Where(c => c.Kind is ExpressionCheck), c => Assert.Equal(CheckState.Unknown, Run(c).State));

    [Theory]
    [InlineData(60.0, 10.0, "ok | OK: processors are 30% in use")]
    [InlineData(10.0, 5.0, "warning | Warning: processors are 85% in use (warning from 85%)")]
    [InlineData(2.0, 0.5, "critical | Critical: processors are 98% in use (critical from 95%)")]
    public void Cpu(double idle, double iowait, string judged)
    {
        Publish("cpustats", Tree(("cpu_all.%idle", idle), ("cpu_all.%iowait", iowait)));

        Assert.Equal(judged, Judge("linux/cpu"));
    }

    [Theory]
    [InlineData(50.0, "ok | OK: memory is 50% used, 4096 MB are left of 8192")]
    [InlineData(90.0, "warning | Warning: memory is 90% used, 4096 MB are left of 8192 (warning from 85%)")]
    [InlineData(96.4, "critical | Critical: memory is 96% used, 4096 MB are left of 8192 (critical from 95%)")]
    public void Memory(double used, string judged)
    {
        Publish("memory", Tree(("used", used), ("phys_available", 4096 * 1024), ("phys_total", 8192 * 1024)));

        Assert.Equal(judged, Judge("linux/memory"));
    }

    [Theory]
    [InlineData(1.5, "ok | OK: load is 1.50 on 4 processors")]
    [InlineData(8.0, "warning | Warning: load is 8.00 on 4 processors, 2.00 each (warning from 2)")]
    [InlineData(20.0, "critical | Critical: load is 20.00 on 4 processors, 5.00 each (critical from 4)")]
    public void Load(double load, string judged)
    {
        Publish("loadaverage", Tree(("load5", load)));
        Publish("system", Tree(("cpu_count", 4)));

        Assert.Equal(judged, Judge("linux/load"));
    }

    static (string, object)[] Mount(string mount, int used, int inodes = 10, bool readOnly = false, int inodesTotal = 1000) =>
    [
        ($"{mount}|pct_used", used), ($"{mount}|read_only", readOnly), ($"{mount}|inodes_pct_used", inodes), ($"{mount}|inodes_total", inodesTotal),
    ];

    [Fact]
    public void Disks_names_the_worst_of_every_mount()
    {
        Publish("diskusage", Tree([.. Mount("/", 40), .. Mount("/home", 70), .. Mount("/snap/core", 100, readOnly: true)]));
        Assert.Equal("ok | OK: the fullest of 2 disks is /home with 70%", Judge("linux/disks"));

        Publish("diskusage", Tree([.. Mount("/", 91), .. Mount("/home", 93)]));
        Assert.Equal("warning | Warning: /home is 93% full, / is 91% full", Judge("linux/disks"));

        Publish("diskusage", Tree([.. Mount("/", 91), .. Mount("/home", 99), ("/nfs|problem", "no answer")]));
        Assert.Equal("critical | Critical: /nfs does not answer, /home is 99% full", Judge("linux/disks"));

        Publish("diskusage", Tree());
        Assert.Equal("ok | OK: there is no disk to watch", Judge("linux/disks"));
    }

    [Fact]
    public void Inodes_skips_file_systems_without_a_fixed_number()
    {
        Publish("diskusage", Tree([.. Mount("/", 1, inodes: 20), .. Mount("/btrfs", 1, inodes: 0, inodesTotal: 0)]));
        Assert.Equal("ok | OK: / has the most inodes taken, 20%", Judge("linux/inodes"));

        Publish("diskusage", Tree(Mount("/", 1, inodes: 97)));
        Assert.Equal("critical | Critical: / has 97% of its inodes taken", Judge("linux/inodes"));
    }

    [Theory]
    [InlineData(0.0, 0, "ok | OK: this host has no swap")]
    [InlineData(10.0, 2048, "ok | OK: swap is 10% used of 2 MB")]
    [InlineData(60.0, 2048, "warning | Warning: swap is 60% used of 2 MB")]
    [InlineData(95.0, 2048, "critical | Critical: swap is 95% used of 2 MB")]
    public void Swap(double used, int total, string judged)
    {
        Publish("memory", Tree(("swap_used", used), ("swap_total", total)));

        Assert.Equal(judged, Judge("linux/swap"));
    }

    [Fact]
    public void Units_names_those_that_failed()
    {
        Publish("systemd", Tree(("units", 120), ("failed_units", Array.Empty<string>())));
        Assert.Equal("ok | OK: none of 120 units failed", Judge("linux/units"));

        Publish("systemd", Tree(("units", 120), ("failed_units", new[] { "a.service", "b.mount" })));
        Assert.Equal("critical | Critical: 2 failed: a.service, b.mount", Judge("linux/units"));
    }

    [Theory]
    [InlineData(true, 0.2, 1.5, "ok | OK: the clock is right to about 1.5 ms")]
    [InlineData(true, -250.0, 1.5, "warning | Warning: the clock is about 250 ms off (warning from 100)")]
    [InlineData(true, 0.0, 1500.0, "critical | Critical: the clock is about 1500 ms off (critical from 1000)")]
    [InlineData(false, 0.0, 16000.0, "warning | Warning: nothing keeps the clock right; start chrony or systemd-timesyncd")]
    public void Clock(bool synchronized, double offset, double error, string judged)
    {
        Publish("timesync", Tree(("synchronized", synchronized), ("offset_ms", offset), ("estimated_error_ms", error)));

        Assert.Equal(judged, Judge("linux/clock"));
    }

    [Fact]
    public void Redis()
    {
        Publish("redis", Tree(("available", true), ("connexion_latency_ms", 0.4), ("redis_version", "7.0.15"), ("connected_clients", 3),
            ("total_commands_processed/s", 12.4), ("used_memory", 1048576), ("maxmemory", 0), ("role", "master"),
            ("rdb_last_bgsave_status", "ok"), ("aof_last_write_status", "ok")));
        Assert.Equal("ok | OK: redis 7.0.15 answers, 3 clients, 12 commands/s", Judge("redis/redis"));
        Assert.Equal("ok | OK: redis uses 1.0 MB, it has no maxmemory", Judge("redis/memory"));
        Assert.Equal("ok | OK: redis is master, its data is stored", Judge("redis/persistence"));

        Publish("redis", Tree(("available", false), ("problem", "nobody listens on 127.0.0.1:6379")));
        Assert.Equal("critical | Critical: redis does not answer: nobody listens on 127.0.0.1:6379", Judge("redis/redis"));

        Publish("redis", Tree(("used_memory", 90), ("maxmemory", 100), ("role", "slave"), ("master_link_status", "down"), ("rdb_last_bgsave_status", "err")));
        Assert.Equal("warning | Warning: redis uses 90% of its maxmemory (warning from 85%)", Judge("redis/memory"));
        Assert.Equal("critical | Critical: the last dump failed, the link to the master is down", Judge("redis/persistence"));
    }
}
