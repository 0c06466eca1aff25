using OpsBro.Collectors;
using OpsBro.Collectors.Linux;
using OpsBro.Config;
using OpsBro.Core.Expressions;
using OpsBro.Detectors;
using OpsBro.Evaluator;
using OpsBro.Platform;

namespace OpsBro.Tests.Detectors;

/// <summary>
/// The shipped rules on the files of whole machines, through the real collectors and functions. A fixture is one text: a line
/// <c>groups: …</c> with all that must be found, then files, each after <c>=== /path</c>, as such machines have them.
/// </summary>
public class ShippedDetectorsTests : IDisposable
{
    readonly string root = Directory.CreateTempSubdirectory("opsbro-host-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    public static TheoryData<string> Machines =>
        [.. Directory.GetFiles(Repository.PathOf("src", "OpsBro", "Detectors", "fixtures"), "*.txt")
            .Select(f => Path.GetFileNameWithoutExtension(f)!).Order()];

    [Theory, MemberData(nameof(Machines))]
    public void Each_machine_is_recognised_by_its_files(string machine)
    {
        var expected = Unpack(machine);
        var collectors = Collect(new HostSystem(), new DmiDecode());

        var found = Detect(collectors, ["system", "containers", "clouds", "raspberry-pi", "vmware-tools"]);

        // the architecture is that of the machine the test runs on
        Assert.Equal(expected, found.Where(g => g is not ("x86_64" or "aarch64")));
    }

    [Fact]
    public void Every_shipped_detector_binds_without_a_problem()
    {
        var bound = DetectorBinder.BindAll(Shipped(), Functions());

        Assert.Empty(bound.SelectMany(d => d.Problems));
        Assert.True(bound.Count > 60, $"{bound.Count} detectors");
    }

    [Fact]
    public void No_shipped_detector_asks_the_network()
    {
        string[] functions = ["check_tcp", "host_to_ip", "ip_to_host"];

        Assert.DoesNotContain(
            DetectorBinder.BindAll(Shipped(), Functions()), d => functions.Any(f => d.Rule!.Text.Contains(f)));
    }

    [Theory]
    [InlineData("redis", "/etc/redis/redis.conf")]
    [InlineData("nginx", "/usr/sbin/nginx")]
    [InlineData("apache", "/usr/sbin/httpd")]
    [InlineData("mongodb", "/etc/mongod.conf")]
    [InlineData("postfix", "/etc/postfix/main.cf")]
    [InlineData("haproxy", "/etc/haproxy/haproxy.cfg")]
    public void An_application_is_found_by_its_file(string group, string file)
    {
        Write(file, "");

        Assert.Equal([group], Detect(new CollectorStore(), [group]));
    }

    [Theory]
    [InlineData("redis", 6379)]
    [InlineData("mysql", 3306)]
    [InlineData("postgresql", 5432)]
    [InlineData("memcached", 11211)]
    [InlineData("rabbitmq", 5672)]
    [InlineData("mongodb", 27017)]
    public void An_application_is_found_by_its_port(string group, int port)
    {
        var collectors = new CollectorStore();
        var data = new DataWriter();
        data.Set("ports", Value.ListOf([Value.Of(22), Value.Of(port)]));
        collectors.Publish(Snapshot("openports", CollectorState.Ok, data.Tree, ""));

        Assert.Equal([group], Detect(collectors, [group]));
    }

    static FunctionTable Functions()
    {
        Environment.SetEnvironmentVariable("KUBERNETES_SERVICE_HOST", null);   // the test itself may run in a pod
        return WorldFunctions.Table(new WorldHooks(_ => false, _ => false, () => "internet", TimeProvider.System));
    }

    static Configuration Shipped(string? packs = null) => ConfigLoader.Load(
        new AgentOptions
        {
            ConfigDirectory = "/nonexistent", DataDirectory = "/nonexistent", ShippedPacks = packs ?? Repository.PathOf("packs"),
        },
        environment: new Dictionary<string, string>());

    /// <summary>The shipped packs with every path in their rules below <see cref="root"/>.</summary>
    Configuration ShippedFor(string[] packs)
    {
        var copies = Path.Join(root, "packs");
        foreach (var file in packs.SelectMany(pack => Directory.GetFiles(Repository.PathOf("packs", pack, "detectors"))))
        {
            var copy = Path.Join(copies, Path.GetRelativePath(Repository.PathOf("packs"), file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.WriteAllText(copy, File.ReadAllText(file).Replace("'/", $"'{root}/"));
        }
        return Shipped(copies);
    }

    /// <summary>Runs the engine until no rule changes its mind: an <c>if_group</c> may wait for another rule's group.</summary>
    string[] Detect(CollectorStore collectors, string[] packs)
    {
        var configuration = ShippedFor(packs);
        var engine = new DetectorEngine();
        engine.Take(DetectorBinder.BindAll(configuration, Functions()), TimeSpan.Zero);
        var groups = new HashSet<string>();
        for (var round = 0; round < 5; round++)
        {
            var now = TimeSpan.FromSeconds(round);
            foreach (var rule in engine.Start(now, groups.Contains))
            {
                var verdict = rule.Program.Evaluate(new RuleReferences(collectors, configuration.Agent, rule.Body, rule.Pack, now));
                Assert.Equal("", verdict.Data == DataState.NotYet ? "" : verdict.Problem);
                engine.Finish(rule, verdict, now);
            }
            groups = [.. engine.Given.Select(g => g.Group)];
        }
        return [.. groups.Order(StringComparer.Ordinal)];
    }

    CollectorStore Collect(params ICollector[] collectors)
    {
        var store = new CollectorStore();
        using var host = new HostFiles(root);
        foreach (var collector in collectors)
        {
            var data = new DataWriter();
            var outcome = collector.Collect(new CollectorRun(host, data, TimeSpan.Zero, default, default));
            store.Publish(outcome.NotEligible is { } reason
                ? Snapshot(collector.Name, CollectorState.NotEligible, Value.None, reason)
                : Snapshot(collector.Name, CollectorState.Ok, data.Tree, ""));
        }
        return store;
    }

    static CollectorSnapshot Snapshot(string name, CollectorState state, Value data, string problem) =>
        new(name, state, data, default, TimeSpan.Zero, TimeSpan.FromSeconds(10), problem);

    IEnumerable<string> Unpack(string machine)
    {
        var text = File.ReadAllText(Repository.PathOf("src", "OpsBro", "Detectors", "fixtures", $"{machine}.txt"));
        var parts = text.Split("\n=== ");
        foreach (var part in parts.Skip(1))
        {
            var end = part.IndexOf('\n');
            Write(end < 0 ? part : part[..end], end < 0 ? "" : part[(end + 1)..] + "\n");
        }
        return parts[0]["groups: ".Length..].Split(' ').Select(g => g.Trim()).Order(StringComparer.Ordinal);
    }

    void Write(string path, string content)
    {
        var file = root + path;
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, content);
    }
}
