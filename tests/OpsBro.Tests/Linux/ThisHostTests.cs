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

    [Theory, MemberData(nameof(Names))]
    public void A_collector_writes_only_documented_keys_on_every_recorded_kernel(string name)
    {
        foreach (var kernel in RecordedHost.Kernels)
        {
            var collector = Collectors().Single(c => c.Name == name);
            using var host = new RecordedHost(kernel);

            RecordedHost.Run(collector, host.Files, 0);
            var (data, _) = RecordedHost.Run(collector, host.Files, 10);

            Assert.Empty(data.Undocumented(collector));
        }
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
