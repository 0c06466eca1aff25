using OpsBro.Collectors.Linux;

namespace OpsBro.Tests.Linux;

public class ConntrackTests
{
    [Fact]
    public void The_table_is_compared_with_its_size_and_losses_are_summed_over_the_cpus()
    {
        using var host = new RecordedHost("4.19");
        var collector = new Conntrack();
        Span<long> sums = stackalloc long[3];

        var data = host.Run(collector);
        Conntrack.Parse(RecordedHost.Recorded("4.19", "/proc/net/stat/nf_conntrack"), sums);

        Assert.Equal(73.43, data.Number("pct_used"), 2);
        Assert.Equal([17, 3, 12], sums.ToArray());
    }

    [Fact]
    public void Drops_are_a_rate()
    {
        const string headings = "entries insert_failed drop early_drop\n";
        using var host = new RecordedHost("4.19").With("/proc/net/stat/nf_conntrack", headings + "1 0 0 0\n1 0 0 0\n");
        var collector = new Conntrack();

        host.Run(collector, 0);
        host.With("/proc/net/stat/nf_conntrack", headings + "1 0 a 0\n1 0 a 5\n");
        var data = host.Run(collector, 10);

        Assert.Equal(2, data.Number("drop/s"));
        Assert.Equal(0.5, data.Number("early_drop/s"));
    }
}
