using OpsBro.Collectors.Linux;
using OpsBro.Core.Expressions;
using OpsBro.Platform;

namespace OpsBro.Tests.Linux;

public class CpuStatsTests
{
    [Fact]
    public void The_times_between_two_runs_become_percentages()
    {
        using var host = new RecordedHost();
        var collector = new CpuStats();

        host.With("/proc/stat", "cpu  100 0 100 1000 0 0 0 0 0 0\ncpu0 100 0 100 1000 0 0 0 0 0 0\nintr 5\n").Run(collector);
        host.With("/proc/stat", "cpu  130 10 120 1030 10 0 0 0 0 0\ncpu0 130 10 120 1030 10 0 0 0 0 0\nintr 5\n");
        var data = host.Run(collector, 10);

        Assert.Equal(30, data.Number("cpu_all", "%user"));
        Assert.Equal(10, data.Number("cpu_all", "%nice"));
        Assert.Equal(20, data.Number("cpu_all", "%system"));
        Assert.Equal(30, data.Number("cpu0", "%idle"));
        Assert.Equal(10, data.Number("cpuall", "%iowait"));
    }

    [Fact]
    public void The_first_run_has_nothing_to_compare_with()
    {
        using var host = new RecordedHost("6.1");

        Assert.Empty(host.Run(new CpuStats()).Keys());
    }

    [Fact]
    public void Time_of_guests_is_not_counted_twice()
    {
        using var host = new RecordedHost();
        var collector = new CpuStats();

        host.With("/proc/stat", "cpu  0 0 0 0 0 0 0 0 0 0\n").Run(collector);
        var data = host.With("/proc/stat", "cpu  60 0 0 40 0 0 0 0 50 0\n").Run(collector, 10);

        Assert.Equal(10, data.Number("cpu_all", "%user"));
        Assert.Equal(50, data.Number("cpu_all", "%guest"));
        Assert.Equal(100, SumOf(data, "cpu_all"), 6);
    }

    [Theory, InlineData("3.10", 4), InlineData("4.19", 2), InlineData("6.1", 2), InlineData("6.18", 2)]
    public void Each_processor_of_each_kernel_sums_up_to_100(string kernel, int cpus)
    {
        using var host = new RecordedHost(kernel);
        var collector = new CpuStats();
        host.Run(collector);
        host.With("/proc/stat", Busier(RecordedHost.Recorded(kernel, "/proc/stat")));

        var data = host.Run(collector, 10);

        Assert.Equal(cpus + 2, data.Keys().Length);
        Assert.All(data.Keys(), cpu => Assert.Equal(100, SumOf(data, cpu), 6));
    }

    [Fact]
    public void A_processor_switched_off_has_no_values_and_one_switched_on_gets_them_in_its_second_run()
    {
        using var host = new RecordedHost();
        var collector = new CpuStats();
        const string both = "cpu  {0} 0 0 {0} 0 0 0\ncpu0 {0} 0 0 {0} 0 0 0\ncpu1 {0} 0 0 {0} 0 0 0\n";
        const string one = "cpu  {0} 0 0 {0} 0 0 0\ncpu0 {0} 0 0 {0} 0 0 0\n";
        string[][] seen = [.. new[] { both, both, one, both, both }.Select((text, i) =>
            host.With("/proc/stat", string.Format(null, text, 100 * (i + 1))).Run(collector, i * 10).Keys())];

        Assert.Contains("cpu1", seen[1]);
        Assert.DoesNotContain("cpu1", seen[2]);
        Assert.DoesNotContain("cpu1", seen[3]);
        Assert.Contains("cpu1", seen[4]);
    }

    [Fact]
    public void Idle_time_that_goes_back_by_a_tick_is_no_idle_time()
    {
        using var host = new RecordedHost();
        var collector = new CpuStats();

        host.With("/proc/stat", "cpu  0 0 0 1000 5 0 0 0 0 0\n").Run(collector);
        var data = host.With("/proc/stat", "cpu  10 0 0 1000 4 0 0 0 0 0\n").Run(collector, 10);

        Assert.Equal(100, data.Number("cpu_all", "%user"));
        Assert.Equal(0, data.Number("cpu_all", "%iowait"));
    }

    [Fact]
    public void Reading_and_parsing_allocates_nothing()
    {
        using var host = new RecordedHost("3.10");
        var times = new CpuStats.CpuTimes();
        var percent = new double[10];
        void Once()
        {
            times.Read(host.Files.Read("/proc/stat"));
            times.TryPercent(0, percent);
        }
        Once();
        Once();

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++) Once();

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    static double SumOf(Value data, string cpu) => data.At(cpu).Leaves().Sum(leaf => leaf.Value.ToDouble());

    /// <summary>The same processors a moment later.</summary>
    internal static string Busier(byte[] stat) =>
        string.Join('\n', System.Text.Encoding.ASCII.GetString(stat).Split('\n').Select(Busier));

    static string Busier(string line)
    {
        if (!line.StartsWith("cpu", StringComparison.Ordinal)) return line;
        var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return $"{fields[0]} {string.Join(' ', fields.Skip(1).Select((f, i) => long.Parse(f, null) + ((i + 1) * 7)))}";
    }
}
