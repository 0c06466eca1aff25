using OpsBro.Collectors;
using OpsBro.Platform;

namespace OpsBro.Tests.Linux;

public class ThisHostTests
{
    /// <summary>The built-in collectors of src/OpsBro/Collectors/Linux.</summary>
    internal static IEnumerable<ICollector> Collectors() =>
        CollectorCatalogue.Create().Where(c => c.GetType().Namespace == "OpsBro.Collectors.Linux");

    public static TheoryData<string> Names() => [.. Collectors().Select(c => c.Name)];

    [Theory, MemberData(nameof(Names))]
    public void A_collector_writes_only_documented_keys_and_possible_values_here(string name)
    {
        var collector = Collectors().Single(c => c.Name == name);
        using var host = new HostFiles();

        var (first, outcome) = RecordedHost.Run(collector, host, 0);
        var (second, again) = RecordedHost.Run(collector, host, 10);

        Assert.Empty(first.Undocumented(collector));
        Assert.Empty(second.Undocumented(collector));
        Assert.True(second.Keys().Length > 0 || (outcome.NotEligible ?? again.NotEligible) is not null, $"{name} says nothing and does not say why");
        Assert.All(second.Leaves(), leaf =>
            Assert.False(leaf.Value.IsNumber && !double.IsFinite(leaf.Value.ToDouble()), string.Join(" > ", leaf.Keys)));
    }

    [Theory, InlineData("3.10"), InlineData("4.19"), InlineData("6.1"), InlineData("6.18")]
    public void Every_collector_writes_only_documented_keys_on_a_recorded_kernel(string kernel)
    {
        using var host = new RecordedHost(kernel);
        foreach (var collector in Collectors())
        {
            host.Run(collector, 0);
            Assert.Empty(host.Run(collector, 10).Undocumented(collector));
        }
    }

    [Fact]
    public void Every_documented_key_is_written_on_some_recorded_kernel()
    {
        var written = Collectors().ToDictionary(c => c.Name, _ => new List<string[]>());
        foreach (var kernel in RecordedHost.Kernels)
        {
            using var host = new RecordedHost(kernel)
                .WithLink("/proc/812/fd/5", "socket:[16123]").WithLink("/proc/812/fd/6", "socket:[17203]");
            var collectors = Collectors().ToArray();
            foreach (var collector in collectors) host.Run(collector, 0);
            var java = System.Text.Encoding.ASCII.GetString(RecordedHost.Recorded("6.1", "/proc/977/stat"));
            host.With("/proc/977/stat", java.Replace(" 912031 81203 ", " 912931 81203 "));   // it took CPU
            host.With("/proc/stat", CpuStatsTests.Busier(RecordedHost.Recorded(kernel, "/proc/stat")));
            foreach (var collector in collectors)
                written[collector.Name].AddRange(host.Run(collector, 10).Leaves().Select(leaf => leaf.Keys));
        }

        var never = from collector in Collectors()
                    where collector.Name is not ("systemd" or "interfaces")   // ask a program and the kernel; their own tests do this
                    from key in collector.Keys
                    where !written[collector.Name].Any(keys => Trees.Covers(key, keys))
                    select $"{collector.Name}: {key.Path}";

        Assert.Equal(["sshd: host_dsa_key_pub", "sshd: host_ecdsa_key_pub"], never);
    }

    [Theory, MemberData(nameof(Names))]
    public void A_collector_that_finds_nothing_says_why(string name)
    {
        var collector = Collectors().Single(c => c.Name == name);
        using var host = new RecordedHost();

        var (data, outcome) = RecordedHost.Run(collector, host.Files);

        Assert.True(outcome.NotEligible is { Length: > 0 } || data.Keys().Length > 0);
    }
}
