using OpsBro.Collectors.Linux;

namespace OpsBro.Tests.Linux;

public class ProcessesTests
{
    [Fact]
    public void Processes_are_counted_by_state()
    {
        using var host = new RecordedHost("3.10");

        var data = host.Run(new Processes());

        Assert.Equal(5, data.Number("total"));
        Assert.Equal(1, data.Number("kernel"));
        Assert.Equal(1, data.Number("running"));
        Assert.Equal(2, data.Number("sleeping"));
        Assert.Equal(1, data.Number("blocked"));
        Assert.Equal(1, data.Number("zombie"));
        Assert.Equal(8, data.Number("threads"));
        Assert.Equal(32768, data.Number("pid_max"));
    }

    [Fact]
    public void Traced_and_idle_ones_of_newer_kernels_are_known()
    {
        using var host = new RecordedHost("6.1");

        var data = host.Run(new Processes());

        Assert.Equal(1, data.Number("stopped"));
        Assert.Equal(1, data.Number("idle"));
        var top = data.At("top_memory").AsList[0];
        Assert.Equal("java", top.Text("name"));
        Assert.Equal(512031.0 * Environment.SystemPageSize, top.Number("memory_bytes"));
        Assert.Equal(87, top.Number("threads"));
    }

    [Fact]
    public void The_hungriest_are_those_that_took_most_cpu_since_the_last_run()
    {
        using var host = new RecordedHost();
        var collector = new Processes();
        for (var pid = 1; pid <= 20; pid++) host.With($"/proc/{pid}/stat", Line(pid, ticks: 1000, started: 5));

        var first = host.Run(collector, 0);
        for (var pid = 1; pid <= 20; pid++) host.With($"/proc/{pid}/stat", Line(pid, ticks: 1000 + pid * 10, started: 5));
        host.With("/proc/7/stat", Line(7, ticks: 9999, started: 60));   // another process under a used number
        var top = host.Run(collector, 10).At("top_cpu").AsList;

        Assert.Empty(first.At("top_cpu").AsList);
        Assert.Equal(Processes.TopCount, top.Count);
        Assert.Equal([20, 19, 18, 17, 16, 15, 14, 13, 12, 11], top.Select(p => (int)p.Number("pid")));
        Assert.Equal(20, top[0].Number("cpu%"));
    }

    [Fact]
    public void A_name_may_hold_blanks_and_parentheses()
    {
        Assert.True(Processes.TryParse(RecordedHost.Recorded("3.10", "/proc/812/stat"), out var stat));

        Assert.True(stat.Name.SequenceEqual("nginx: worker (1)"u8));
        Assert.Equal((byte)'R', stat.State);
        Assert.Equal(81203 + 12031, stat.Ticks);
    }

    [Theory, InlineData(""), InlineData("1 (x"), InlineData("1 (x) S 1 2"), InlineData(")("), InlineData("1 (a) Sleeping 1 1")]
    public void A_cut_line_is_not_understood(string line) =>
        Assert.False(Processes.TryParse(System.Text.Encoding.UTF8.GetBytes(line), out _));

    [Fact]
    public void Reading_and_parsing_a_process_allocate_nothing()
    {
        using var host = new RecordedHost("6.1");
        var read = 0;
        for (var i = 0; i < 5; i++)
            read += host.Files.TryReadProcess(977, "stat"u8, out var warm) && Processes.TryParse(warm, out _) ? 1 : 0;

        var before = GC.GetAllocatedBytesForCurrentThread();
        read += host.Files.TryReadProcess(977, "stat"u8, out var text) && Processes.TryParse(text, out _) ? 1 : 0;

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(6, read);
    }

    static string Line(int pid, int ticks, int started) =>
        $"{pid} (p{pid}) S 1 1 1 0 -1 4194560 0 0 0 0 {ticks} 0 0 0 20 0 1 0 {started} 4096 {pid} 1 1 1 0\n";
}
